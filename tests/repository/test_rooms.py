"""Does every import follow the order of packages in ARCHITECTURE.md?"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

from tests.repository.sources import ROOMS, modules, tree


@dataclass(frozen=True)
class Rule:
    """Files that match `where` must not import `forbidden`, except those that match one of `but_in`."""

    where: str
    forbidden: frozenset[str]
    because: str
    but_in: tuple[str, ...] = ()

    def binds(self, path: Path) -> bool:
        """Whether the rule applies to this file."""
        return _matches(path, self.where) and not any(_matches(path, pattern) for pattern in self.but_in)


def _names(*names: str) -> frozenset[str]:
    return frozenset(names)


RULES = (
    Rule("openapi/**", _names(*ROOMS[1:]), "the document imports no other package of the project"),
    Rule(
        "mock_server/**",
        _names("contract_tests", "spec_review"),
        "the mock does not depend on the checker or the reviewer",
    ),
    Rule(
        "contract_tests/**", _names("mock_server", "spec_review"), "the checker shares no code with the mock"
    ),
    Rule("spec_review/**", _names("mock_server", "contract_tests"), "the reviewer only reads documents"),
    Rule("*/**", _names("tests"), "only tests import tests"),
    Rule("*/**", _names("connexion"), "only the mock uses connexion", but_in=("mock_server/**",)),
    Rule(
        "*/**",
        _names("schemathesis"),
        "only these modules of the checker use schemathesis",
        but_in=("contract_tests/checks/**", "contract_tests/conftest.py", "contract_tests/client/generated*"),
    ),
    Rule(
        "contract_tests/observations/**",
        _names("httpx", "requests", "pytest"),
        "observations are evaluated by pure functions",
    ),
)
# The simulation uses only the standard library.
PURE = "mock_server/simulation/**"
# The order of the modules of a package: each imports only from its own line and the lines above it.
# Modules that are not listed may import every module of the package.
ORDER = {
    "mock_server": (
        ("errors", "settings"),
        ("simulation",),
        ("scenarios",),
        ("storage",),
        ("storage.lmdb",),
        ("sandboxes",),
        ("http",),
        ("faults",),
        ("api",),
        ("control",),
        ("server",),
    ),
    "contract_tests": (
        ("document", "plain_text", "redaction", "settings"),
        ("internal_error",),
        ("observations",),
        ("findings",),
        ("client",),
        ("checks",),
        ("previous",),
        ("baseline", "options"),
        ("report",),
        ("session",),
        ("recordings",),
    ),
    "spec_review": (
        ("deep",),
        ("loading",),
        ("values",),
        ("grade", "change"),
        ("catalogue", "operations", "schema_pair"),
        ("comparison",),
        ("rules",),
        ("curl",),
        ("proof", "version", "extras"),
        ("settings",),
        ("review", "report"),
        ("render",),
    ),
}


def _matches(path: Path, pattern: str) -> bool:
    """Whether a path is under `package/**`, under any package (`*/**`), or matches the file pattern."""
    text = path.as_posix()
    if pattern == "*/**":
        return path.parts[0] in ROOMS
    if pattern.endswith("/**"):
        return text.startswith(pattern.removesuffix("**"))
    return PurePosixPath(text).match(pattern)


def imports(path: Path, module: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and full name of each import, including relative and dynamic imports."""
    for node in ast.walk(module):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=name, level=0):
                yield node.lineno, name or ""
            case ast.ImportFrom(module=name, level=level):
                package = path.parts[:-1][: len(path.parts) - level]
                yield node.lineno, ".".join([*package, *([name] if name else [])])
            case ast.Call(func=ast.Attribute(attr="import_module"), args=[ast.Constant(value=str(name)), *_]):
                yield node.lineno, name
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__"), args=[ast.Constant(value=str(name)), *_]
            ):
                yield node.lineno, name


def wrong_arrows(path: Path, module: ast.Module) -> list[str]:
    """The forbidden imports of a module, one string each with file, line and reason."""
    found = []
    for line, name in imports(path, module):
        package = name.partition(".")[0]
        found += [
            f"{path.as_posix()}:{line}: imports {name}: {rule.because}"
            for rule in RULES
            if rule.binds(path) and package in rule.forbidden
        ]
        if _matches(path, PURE) and package not in {*sys.stdlib_module_names, path.parts[0]}:
            found.append(
                f"{path.as_posix()}:{line}: imports {name}: only the standard library is allowed here"
            )
        if package == path.parts[0] and line_of(name) > line_of(_dotted(path)):
            found.append(f"{path.as_posix()}:{line}: imports {name}: it is below in the order of the package")
    return found


def _dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def line_of(name: str) -> int:
    """The line of a module in the order of its package; one more than the last for modules not listed."""
    room, _, rest = name.partition(".")
    lines = ORDER.get(room, ())
    found = [
        (len(entry), number)
        for number, line in enumerate(lines)
        for entry in line
        if f"{rest}.".startswith(f"{entry}.")
    ]
    return max(found)[1] if found else len(lines)


def imported_modules(path: Path, module: ast.Module) -> Iterator[str]:
    """The modules of its own package that a module imports, also by `from package import module`."""
    known = {_dotted(other) for other in modules(path.parts[0])}
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            parts = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (part if part in known else node.module for part in parts)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def cycles(arrows: dict[str, set[str]]) -> list[list[str]]:
    """The groups of modules that import each other in a cycle."""
    reached: dict[str, set[str]] = {}
    for start in arrows:
        seen: set[str] = set()
        ahead = list(arrows[start])
        while ahead:
            if (name := ahead.pop()) not in seen:
                seen.add(name)
                ahead.extend(arrows.get(name, ()))
        reached[start] = seen
    groups = {
        tuple(sorted({start, *(name for name in seen if start in reached.get(name, ()))}))
        for start, seen in reached.items()
        if start in seen
    }
    return [list(group) for group in sorted(groups)]


@pytest.mark.parametrize("path", modules(), ids=str)
def test_every_import_follows_the_order(path: Path) -> None:
    assert not wrong_arrows(path, tree(path))


@pytest.mark.parametrize("room", ROOMS)
def test_no_package_has_an_import_cycle(room: str) -> None:
    arrows = {
        _dotted(path): set(imported_modules(path, tree(path))) - {_dotted(path)} for path in modules(room)
    }
    assert cycles(arrows) == []


def test_an_import_cycle_is_found() -> None:
    assert cycles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == [["b", "c"]]


def test_every_module_in_an_order_exists() -> None:
    known = {_dotted(path) for room in ORDER for path in modules(room)}
    assert [
        name
        for room, lines in ORDER.items()
        for line in lines
        for name in line
        if f"{room}.{name}" not in known
    ] == []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("openapi/__init__.py", "import mock_server"),
        ("openapi/views.py", "from spec_review import compare"),
        ("mock_server/api/handlers.py", "from contract_tests.observations.sse import parse"),
        ("mock_server/api/handlers.py", "import contract_tests.findings as findings"),
        ("contract_tests/checks/shapes.py", "import mock_server"),
        ("contract_tests/observations/sse.py", "import schemathesis"),
        ("contract_tests/observations/lifecycle.py", "import httpx"),
        ("contract_tests/reporting.py", "from schemathesis import openapi"),
        ("spec_review/cli.py", "from importlib import import_module; import_module('contract_tests.cli')"),
        ("spec_review/rules/paths.py", "import connexion"),
        ("spec_review/rules/paths.py", "from ...mock_server import app"),
        ("mock_server/simulation/playback.py", "import yaml"),
        ("mock_server/simulation/playback.py", "from mock_server.http.cors import Cors"),
        ("mock_server/http/gateway.py", "from mock_server.api.handlers import dispatch"),
        ("mock_server/storage/memory.py", "from mock_server.storage.lmdb.store import LmdbStore"),
        ("mock_server/server/workers.py", "from mock_server.app import create_app"),
        ("contract_tests/findings.py", "from contract_tests.checks import REGISTRY"),
        ("contract_tests/checks/shapes.py", "import contract_tests.session.scheduler"),
        ("spec_review/values/search.py", "from spec_review.comparison import Comparison"),
        ("spec_review/rules/info.py", "from spec_review.render.text import write"),
        ("mock_server/app.py", "from tests import sources"),
    ],
)
def test_a_wrong_import_is_reported_with_its_line(path: str, line: str) -> None:
    findings = wrong_arrows(Path(path), ast.parse(f'"""A module."""\n\n{line}\n'))
    assert len(findings) == 1
    assert findings[0].startswith(f"{path}:3: imports ")


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("openapi/__init__.py", "import yaml"),
        ("mock_server/app.py", "import connexion, openapi"),
        ("mock_server/api/handlers.py", "from . import runs"),
        ("mock_server/api/handlers.py", "from ..storage.protocol import Store"),
        ("mock_server/storage/lmdb/store.py", "from mock_server.storage.protocol import Store"),
        ("mock_server/cli.py", "from mock_server.server.server import serve"),
        ("mock_server/simulation/playback.py", "from mock_server.simulation.scenario import Scenario"),
        ("contract_tests/checks/shapes.py", "import schemathesis"),
        ("contract_tests/conftest.py", "import schemathesis, pytest"),
        ("contract_tests/observations/sse.py", "from openapi import load"),
        ("spec_review/rules/paths.py", "from ..change import Change"),
    ],
)
def test_a_correct_import_is_not_reported(path: str, line: str) -> None:
    assert wrong_arrows(Path(path), ast.parse(line)) == []
