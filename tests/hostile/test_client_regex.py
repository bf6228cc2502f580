"""Does every regular expression of the mock take linear time, whatever text it meets?"""

import ast
import re
from pathlib import Path

import pytest

from tests.hostile.client_regex import growth, texts
from tests.repository.sources import modules, tree

MOST = 2.4
"""Linear work grows twofold when the text becomes twice as long, quadratic work fourfold."""
METHODS = ("match", "fullmatch", "search", "findall", "finditer", "split", "sub", "subn")

Found = tuple[Path, str, int, str]


def value_of(node: ast.expr) -> str:
    """The text of a pattern that is written in the code. Fails for a pattern that is computed."""
    value = ast.literal_eval(node)
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def patterns() -> list[Found]:
    """Every pattern of the mock: its file, its text, its flags, and the method that uses it."""
    found: list[Found] = []
    for path in modules("mock_server"):
        calls = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
        used = {
            (node.func.value.id, node.func.attr)
            for node in calls
            if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
        }
        names = {
            id(node.value): node.targets[0].id
            for node in ast.walk(tree(path))
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        for node in calls:
            function = node.func
            if not (isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name)):
                continue
            if function.value.id != "re" or function.attr not in ("compile", *METHODS):
                continue
            flags = re.IGNORECASE if "IGNORECASE" in ast.dump(node) else re.RegexFlag(0)
            if function.attr == "compile":
                methods = {method for name, method in used if name == names.get(id(node))}
            else:
                methods = {function.attr}
            for method in (methods & set(METHODS)) or {"fullmatch", "search"}:
                found.append((path, value_of(node.args[0]), int(flags), method))
    return found


def test_the_patterns_are_found() -> None:
    assert len(patterns()) > 5


@pytest.mark.parametrize(
    "found",
    patterns(),
    ids=lambda found: f"{found[0].name}-{found[1][:20]}".encode("ascii", "replace").decode(),
)
def test_a_pattern_takes_linear_time(found: Found) -> None:
    path, pattern, flags, method = found
    for prefix, unit, suffix in texts(pattern):
        factor = growth(pattern, flags, method, prefix, unit, suffix)
        assert factor <= MOST, (
            f"{path}: {pattern!r} takes {factor:.1f} times as long for {unit!r} twice as often"
        )


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        (r"(a+)+b", "match"),
        (r"(?:a|a)*b", "match"),
        (r"(?:\s*;\s*(?:a)?)*\s*,", "match"),
        (r"[0-9]+a?[0-9]*", "fullmatch"),
        (r"\s+$", "search"),
    ],
)
def test_a_pattern_that_backtracks_is_noticed(pattern: str, method: str) -> None:
    assert any(growth(pattern, 0, method, *text) > MOST for text in texts(pattern))
