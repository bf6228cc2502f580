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
        "mock_server/**", _names("contract_tests", "spec_review"), "the mock knows no judge and no reviewer"
    ),
    Rule("contract_tests/**", _names("mock_server", "spec_review"), "the judge shares no code with the mock"),
    Rule("spec_review/**", _names("mock_server", "contract_tests"), "the reviewer reads documents only"),
    Rule("*/**", _names("tests"), "tests are the last room: nothing imports them"),
    Rule("*/**", _names("connexion"), "connexion serves the mock alone", but_in=("mock_server/**",)),
    Rule(
        "*/**",
        _names("schemathesis"),
        "schemathesis stays at the judge's edge",
        but_in=("contract_tests/checks/**", "contract_tests/conftest.py", "contract_tests/engine*"),
    ),
    Rule(
        "contract_tests/lifecycle.py",
        _names("httpx", "requests", "pytest"),
        "what is allowed is said by pure functions",
    ),
    Rule(
        "contract_tests/sse.py",
        _names("httpx", "requests", "pytest"),
        "what is allowed is said by pure functions",
    ),
)
# Playback is a pure function of scenario, record and now: the standard library and its own room's data.
PURE = ("mock_server/playback.py",)
OWN_DATA = frozenset({"mock_server"})


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
        if path.as_posix() in PURE and package not in sys.stdlib_module_names | OWN_DATA:
            found.append(f"{path.as_posix()}:{line}: imports {name}: only the standard library belongs here")
    return found


@pytest.mark.parametrize("path", modules(), ids=str)
def test_every_import_follows_an_arrow(path: Path) -> None:
    assert not wrong_arrows(path, tree(path))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("openapi/__init__.py", "import mock_server"),
        ("openapi/views.py", "from spec_review import compare"),
        ("mock_server/handlers.py", "from contract_tests.observations.sse import parse"),
        ("mock_server/handlers.py", "import contract_tests.findings as findings"),
        ("contract_tests/checks/shapes.py", "import mock_server"),
        ("contract_tests/sse.py", "import schemathesis"),
        ("contract_tests/lifecycle.py", "import httpx"),
        ("contract_tests/reporting.py", "from schemathesis import openapi"),
        ("spec_review/cli.py", "from importlib import import_module; import_module('contract_tests.cli')"),
        ("spec_review/rules/paths.py", "import connexion"),
        ("spec_review/rules/paths.py", "from ...mock_server import app"),
        ("mock_server/playback.py", "import yaml"),
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
        ("mock_server/handlers.py", "from . import playback"),
        ("mock_server/handlers.py", "from .store import Store"),
        ("mock_server/playback.py", "from mock_server.simulation.scenario import Scenario"),
        ("contract_tests/checks/shapes.py", "import schemathesis"),
        ("contract_tests/conftest.py", "import schemathesis, pytest"),
        ("contract_tests/sse.py", "from openapi import load"),
        ("spec_review/rules/paths.py", "from ..change import Change"),
    ],
)
def test_a_right_arrow_is_left_alone(path: str, line: str) -> None:
    assert wrong_arrows(Path(path), ast.parse(line)) == []
