"""How is YAML read that anyone may have written?

PyYAML builds nodes in C, by recursion, and a few aliases can stand for billions of nodes. So the size of the
file is checked before it is read, and its events are checked before nodes are built. Values are those that
JSON has too.
"""

import math
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

LARGEST_FILE = 256 * 1024
DEEPEST = 30
"""Nested lists and mappings."""
MOST_NODES = 10_000
"""Values in a file. What an alias stands for is counted each time."""
_MOST_DIGITS = 18
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"


class TextError(ValueError):
    """What is wrong with a text, and the number of the line, from 1."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line


def read(path: Path) -> str:
    """The text of a file. Raises `OSError`, `TextError`."""
    # Without O_NONBLOCK, opening a pipe would wait for a writer.
    with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise TextError(1, "is not a regular file")
        data = file.read(LARGEST_FILE + 1) if found.st_size <= LARGEST_FILE else b""
    if found.st_size > LARGEST_FILE or len(data) > LARGEST_FILE:
        raise TextError(1, f"has more than {LARGEST_FILE} bytes")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise TextError(1, f"not YAML: {error}") from None


def compose(text: str) -> yaml.Node | None:
    """The root of a YAML text; None if it is empty. Raises `TextError`."""
    try:
        _check(yaml.parse(text, Loader=_LOADER))
        root: yaml.Node | None = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise TextError(line, f"not YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise TextError(1, f"not YAML: {str(error).splitlines()[0]}") from None
    return root


def _check(events: Iterable[yaml.Event]) -> None:
    """Raise `TextError` if the nodes would be too many or too deep. `sizes` has one number for each level."""
    sizes, anchors, known = [0], [""], {}
    for event in events:
        line = event.start_mark.line + 1 if event.start_mark else 1
        anchor = getattr(event, "anchor", None) or ""
        if isinstance(event, yaml.CollectionStartEvent):
            sizes.append(1)
            anchors.append(anchor)
            if len(sizes) > DEEPEST:
                raise TextError(line, f"is nested deeper than {DEEPEST} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            size, ended = sizes.pop(), anchors.pop()
            known[ended] = size
            sizes[-1] += size
        elif isinstance(event, yaml.AliasEvent):
            if anchor not in known:
                raise TextError(line, "an alias stands for something that is not complete")
            sizes[-1] += known[anchor]
        elif isinstance(event, yaml.ScalarEvent):
            known[anchor] = 1
            sizes[-1] += 1
        if sum(sizes) > MOST_NODES:
            raise TextError(line, f"has more than {MOST_NODES} values, aliases included")


def plain(node: yaml.Node) -> Any:
    """The value of a node: what JSON has too, or a number that is not finite. Raises `TextError`."""
    return _plain(node, finite=False)


def _plain(node: yaml.Node, finite: bool = True) -> Any:
    kind = node.tag.removeprefix(_TAG)
    if isinstance(node, yaml.MappingNode) and kind == "map":
        return _mapping(node)
    if isinstance(node, yaml.SequenceNode) and kind == "seq":
        return [_plain(item) for item in node.value]
    try:
        if not isinstance(node, yaml.ScalarNode):
            raise ValueError(kind)
        value = _scalar(kind, node.value)
        if not (finite and isinstance(value, float) and not math.isfinite(value)):
            return value
    except (ValueError, KeyError):
        pass
    raise _unusable(node)


def _mapping(node: yaml.MappingNode) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in node.value:
        named = name(key)
        if named in found:
            raise TextError(key.start_mark.line + 1, f"{named[:40]!r} is a duplicate key")
        found[named] = _plain(value)
    return found


def _unusable(node: yaml.Node) -> TextError:
    """The error for a value that JSON does not have."""
    kind, line = node.tag.removeprefix(_TAG)[:40], node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        return TextError(line, f"{node.value[:40]!r} is read as {kind}; write it in quotes")
    return TextError(line, f"a value of the kind {kind} is not allowed; write a mapping or a list")


def _scalar(kind: str, text: str) -> Any:
    match kind:
        case "str":
            text.encode()  # JSON has no lone surrogates
            return text
        case "null":
            return None
        case "bool":
            return {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}[
                text.lower()
            ]
        case "int" if len(text) <= _MOST_DIGITS and ":" not in text:
            return _integer(text)
        case "float" if ":" not in text:
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    raise ValueError(kind)


def _integer(text: str) -> int:
    """An integer. YAML 1.1 reads one that begins with 0 as octal, unless x or b follows."""
    digits = text.lstrip("+-")
    is_octal = digits[:1] == "0" and digits[1:2] not in ("x", "b")
    return int(text, 8 if is_octal else 0)


def is_plain(node: yaml.Node) -> bool:
    """Whether a node is a mapping, a list or a text without a tag of its own, such as `!!set`."""
    return node.tag in (f"{_TAG}map", f"{_TAG}seq", f"{_TAG}str")


def name(node: yaml.Node) -> str:
    """The key that a node is. Raises `TextError`."""
    if not isinstance(node, yaml.ScalarNode):
        raise TextError(node.start_mark.line + 1, "a key must be a text")
    if not is_plain(node):
        raise _unusable(node)
    return str(_plain(node))
