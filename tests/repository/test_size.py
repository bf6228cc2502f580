"""Is every folder, module and function small, and is everything public documented?"""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.repository.sources import ROOT, modules, tree

FOLDER_MODULES = 20
MODULE_LINES = 300
FUNCTION_LINES = 25
# Longer functions: "path:name" and the reason.
LONGER: dict[str, str] = {}

Function = ast.FunctionDef | ast.AsyncFunctionDef
Documented = ast.Module | ast.ClassDef | Function


def lines(function: Function) -> int:
    """The number of lines of a function without decorators, signature and docstring."""
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def long_functions(module: ast.Module) -> dict[str, int]:
    """The functions of a module that exceed the limit, with their length."""
    functions = [node for node in ast.walk(module) if isinstance(node, Function)]
    return {node.name: lines(node) for node in functions if lines(node) > FUNCTION_LINES}


def public(node: ast.Module | ast.ClassDef) -> Iterator[Documented]:
    """A module or class and all public definitions in it, methods included."""
    yield node
    for child in node.body:
        if isinstance(child, Function | ast.ClassDef) and not child.name.startswith("_"):
            if isinstance(child, ast.ClassDef):
                yield from public(child)
            else:
                yield child


def silent(module: ast.Module) -> list[str]:
    """The public definitions of a module without a docstring."""
    return [getattr(node, "name", "the module") for node in public(module) if not ast.get_docstring(node)]


def crowded_folders(paths: Iterable[Path]) -> dict[str, int]:
    """The folders with more modules than the limit, with their number."""
    counts = Counter(path.parent.as_posix() for path in paths)
    return {folder: count for folder, count in counts.items() if count > FOLDER_MODULES}


def test_a_folder_has_at_most_20_modules() -> None:
    assert crowded_folders(modules()) == {}


def test_a_crowded_folder_is_found() -> None:
    paths = [Path(f"package/module{number}.py") for number in range(FOLDER_MODULES)]
    assert crowded_folders(paths) == {}
    assert crowded_folders([*paths, Path("package/__init__.py")]) == {"package": FOLDER_MODULES + 1}
    assert crowded_folders([*paths, Path("package/inner/module.py")]) == {}


@pytest.mark.parametrize("path", modules(), ids=str)
def test_a_module_has_at_most_300_lines(path: Path) -> None:
    assert len((ROOT / path).read_text(encoding="utf-8").splitlines()) <= MODULE_LINES


@pytest.mark.parametrize("path", modules(), ids=str)
def test_a_function_has_at_most_25_lines_or_a_reason(path: Path) -> None:
    long = {f"{path.as_posix()}:{name}": count for name, count in long_functions(tree(path)).items()}
    assert {name: count for name, count in long.items() if name not in LONGER} == {}


def test_every_listed_long_function_exists() -> None:
    long = {f"{path.as_posix()}:{name}" for path in modules() for name in long_functions(tree(path))}
    assert set(LONGER) - long == set()


@pytest.mark.parametrize("path", modules(), ids=str)
def test_every_public_definition_has_a_docstring(path: Path) -> None:
    assert silent(tree(path)) == []


def test_a_long_function_is_found_and_docstrings_are_not_counted() -> None:
    body = "\n".join(["    a = 1"] * (FUNCTION_LINES + 1))
    docstring = '    """' + "\n    word" * 40 + '"""\n'
    module = ast.parse(f"def long():\n{docstring}{body}\ndef short():\n{docstring}    return 1\n")
    assert long_functions(module) == {"long": FUNCTION_LINES + 1}


def test_a_missing_docstring_is_found_and_private_names_need_none() -> None:
    module = ast.parse(
        '"""A module."""\ndef _a(): pass\ndef b(): pass\n'
        'class C:\n  "C."\n  def d(self): pass\n  def _e(self): pass'
    )
    assert silent(module) == ["b", "d"]
    assert silent(ast.parse('""""""')) == ["the module"]
