"""Can data that a program reads make it run code?"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repository.sources import modules, tree
from tests.repository.test_rooms import imports

# These formats name classes or hold code, so reading them can run code.
MODULES = frozenset(
    {"pickle", "_pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "jsonpickle", "joblib"}
)
# These loaders of PyYAML create any object that a text names. The safe loaders do not.
YAML = frozenset(
    {"Loader", "CLoader", "FullLoader", "CFullLoader", "UnsafeLoader", "CUnsafeLoader"}
    | {"full_load", "full_load_all", "unsafe_load", "unsafe_load_all"}
)


def dangers(path: Path, module: ast.Module) -> list[str]:
    """The lines of a module where data can run code."""
    imported = [(line, name) for line, name in imports(path, module)]
    found = [(line, name) for line, name in imported if name.partition(".")[0] in MODULES]
    if any(name.partition(".")[0] == "yaml" for _, name in imported):
        found += [(line, name) for line, name in _names(module) if name in YAML]
    return [f"{path.as_posix()}:{line}: {name}" for line, name in found]


def _names(module: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(module):
        match node:
            case ast.Attribute(attr=name):
                yield node.lineno, name
            case ast.ImportFrom(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.Constant(value=str(name)):
                yield node.lineno, name
            case ast.Call(func=ast.Attribute(attr="load" | "load_all"), args=[_], keywords=[]):
                yield node.lineno, "Loader"


@pytest.mark.parametrize("path", modules(), ids=str)
def test_no_module_reads_formats_that_run_code(path: Path) -> None:
    assert dangers(path, tree(path)) == []


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from pickle import loads",
        "import marshal as m",
        "import shelve",
        "from dill import load",
        "import importlib; importlib.import_module('pickle')",
        "import yaml; yaml.load(text, Loader=yaml.Loader)",
        "import yaml; yaml.load(text, yaml.UnsafeLoader)",
        "import yaml; yaml.load(text)",
        "import yaml; yaml.full_load(text)",
        "import yaml; yaml.load(text, Loader=getattr(yaml, 'CLoader'))",
        "from yaml import CFullLoader",
    ],
)
def test_a_dangerous_line_is_found(line: str) -> None:
    found = dangers(Path("mock_server/module.py"), ast.parse(f'"""A module."""\n{line}\n'))
    assert found
    assert found[0].startswith("mock_server/module.py:2: ")


@pytest.mark.parametrize(
    "line",
    [
        "import json; json.load(file)",
        "import yaml; yaml.safe_load(text)",
        "import yaml; yaml.load(text, Loader=getattr(yaml, 'CSafeLoader', yaml.SafeLoader))",
        "class Loader: pass",
    ],
)
def test_a_safe_line_is_accepted(line: str) -> None:
    assert dangers(Path("mock_server/module.py"), ast.parse(line)) == []
