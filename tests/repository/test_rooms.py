"""Does every import follow an arrow of ARCHITECTURE.md?"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

from tests.repository.sources import ROOMS, modules, tree


@dataclass(frozen=True)
class Rule:
    """Files that match `where` import nothing of `forbidden`, except those that match one of `but_in`."""

    where: str
    forbidden: frozenset[str]
    because: str
    but_in: tuple[str, ...] = ()

    def binds(self, path: Path) -> bool:
        """Whether the rule speaks of this file."""
        return _matches(path, self.where) and not any(_matches(path, pattern) for pattern in self.but_in)


def _names(*names: str) -> frozenset[str]:
    return frozenset(names)


RULES = (
    Rule("openapi/**", _names(*ROOMS[1:]), "the document's room imports nothing of ours"),
    Rule(
        "mock_server/**", _names("contract_tests", "spec_review"), "the mock knows no checker and no reviewer"
    ),
    Rule(
        "contract_tests/**", _names("mock_server", "spec_review"), "the checker shares no code with the mock"
    ),
    Rule("spec_review/**", _names("mock_server", "contract_tests"), "the reviewer reads documents only"),
    Rule("*/**", _names("tests"), "tests are the last room: nothing imports them"),
    Rule("*/**", _names("connexion"), "connexion serves the mock alone", but_in=("mock_server/**",)),
    Rule(
        "*/**",
        _names("schemathesis"),
        "schemathesis stays at the checker's edge",
        but_in=("contract_tests/checks/**", "contract_tests/conftest.py", "contract_tests/client/generated*"),
    ),
    Rule(
        "contract_tests/observations/**",
        _names("httpx", "requests", "pytest"),
        "what was seen is read by pure functions",
    ),
)
# What a client sees of a run is computed with the standard library alone.
PURE = "mock_server/simulation/**"
# The packages and modules of a room in their order: each imports only from its own line and those above it.
# What is not listed stands at the room's root and may import everything in it.
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
        ("document", "redaction", "settings"),
        ("observations",),
        ("findings",),
        ("client",),
        ("checks",),
        ("baseline", "options"),
        ("report",),
        ("session",),
        ("recordings",),
    ),
}


def _matches(path: Path, pattern: str) -> bool:
    """Whether a path stands under `room/**`, any of our rooms (`*/**`), or is the file named."""
    text = path.as_posix()
    if pattern == "*/**":
        return path.parts[0] in ROOMS
    if pattern.endswith("/**"):
        return text.startswith(pattern.removesuffix("**"))
    return PurePosixPath(text).match(pattern)


def imports(path: Path, module: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and full name of everything a module imports, relative and dynamic imports included."""
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
    """What this module imports and may not, a line each, naming the place and the reason."""
    found = []
    for line, name in imports(path, module):
        package = name.partition(".")[0]
        found += [
            f"{path.as_posix()}:{line}: imports {name}: {rule.because}"
            for rule in RULES
            if rule.binds(path) and package in rule.forbidden
        ]
        if _matches(path, PURE) and package not in {*sys.stdlib_module_names, path.parts[0]}:
            found.append(f"{path.as_posix()}:{line}: imports {name}: only the standard library belongs here")
        if package == path.parts[0] and line_of(name) > line_of(_dotted(path)):
            found.append(f"{path.as_posix()}:{line}: imports {name}: it stands below in the room's order")
    return found


def _dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def line_of(name: str) -> int:
    """The line of its room's order on which a module stands; the last one for what is not listed."""
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
    """The modules of its own room that a module imports, those named in `from package import` too."""
    known = {_dotted(other) for other in modules(path.parts[0])}
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            parts = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (part if part in known else node.module for part in parts)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def cycles(arrows: dict[str, set[str]]) -> list[list[str]]:
    """The groups of modules that import one another in a circle."""
    reached: dict[str, set[str]] = {}
    for start in arrows:
        seen: set[str] = set()
        ahead = list(arrows[start])
        while ahead:
            if (name := ahead.pop()) not in seen:
                seen.add(name)
                ahead.extend(arrows.get(name, ()))
        reached[start] = seen
    circles = {
        tuple(sorted({start, *(name for name in seen if start in reached.get(name, ()))}))
        for start, seen in reached.items()
        if start in seen
    }
    return [list(circle) for circle in sorted(circles)]


@pytest.mark.parametrize("path", modules(), ids=str)
def test_every_import_follows_an_arrow(path: Path) -> None:
    assert not wrong_arrows(path, tree(path))


@pytest.mark.parametrize("room", ROOMS)
def test_no_module_imports_itself_in_a_circle(room: str) -> None:
    arrows = {
        _dotted(path): set(imported_modules(path, tree(path))) - {_dotted(path)} for path in modules(room)
    }
    assert cycles(arrows) == []


def test_a_circle_of_imports_is_found() -> None:
    assert cycles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == [["b", "c"]]


def test_every_line_of_an_order_names_something_that_is_there() -> None:
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
        ("mock_server/app.py", "from tests import sources"),
    ],
)
def test_a_wrong_arrow_is_caught_and_its_line_named(path: str, line: str) -> None:
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
def test_a_right_arrow_is_left_alone(path: str, line: str) -> None:
    assert wrong_arrows(Path(path), ast.parse(line)) == []
