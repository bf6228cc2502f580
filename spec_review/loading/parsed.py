"""What data does a YAML or JSON text hold, and on which line is each value?"""

import re
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import yaml

from spec_review.loading.source import DocumentError

Path = tuple[str, ...]
"""The keys that lead to a place in a file; list indexes are strings of digits."""


class _Core(yaml.resolver.BaseResolver):
    """The core schema of YAML 1.2: `yes`, `12:30` and `2024-01-01` are strings."""


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
    ("merge", r"<<", ["<"]),
):
    _Core.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), _first)

try:
    from yaml.cyaml import CParser  # type: ignore[attr-defined]

    class _Loader(CParser, _Core):
        def __init__(self, text: str) -> None:
            CParser.__init__(self, text)
            _Core.__init__(self)

except ImportError:  # PyYAML built without libyaml

    class _Loader(  # type: ignore[no-redef]
        yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser, yaml.composer.Composer, _Core
    ):
        def __init__(self, text: str) -> None:
            yaml.reader.Reader.__init__(self, text)
            yaml.scanner.Scanner.__init__(self)
            yaml.parser.Parser.__init__(self)
            yaml.composer.Composer.__init__(self)
            _Core.__init__(self)


@dataclass(frozen=True)
class Parsed:
    """The content of a file, and its YAML nodes, which know their lines."""

    name: str
    content: Any
    node: yaml.Node

    def line(self, path: Path) -> int:
        """The line, counted from 1, of the longest prefix of the path that exists in the file."""
        node = self.node
        line = node.start_mark.line + 1
        for key in path:
            step = _step(node, key)
            if step is None:
                break
            line, node = step
        return line


def parse(text: str, name: str) -> Parsed:
    """Read YAML or JSON. Raises `DocumentError` with line and column when the text is invalid."""
    try:
        node = _Loader(text).get_single_node()
        if node is None:
            raise DocumentError(f"{name}: is empty; expected an OpenAPI document")
        return Parsed(name, _Constructor(name).build(node), node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise DocumentError(f"{name}{place}: not YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise DocumentError(f"{name}: not YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise DocumentError(f"{name}: too deeply nested to read") from None


class _Constructor:
    """Builds plain data from nodes; builds an aliased node once, so that nested aliases stay small."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.built: dict[int, Any] = {}
        self.open: set[int] = set()

    def build(self, node: yaml.Node) -> Any:
        if id(node) in self.built:
            return self.built[id(node)]
        if id(node) in self.open:
            raise DocumentError(
                f"{self.name}:{node.start_mark.line + 1}: an alias contains itself; use $ref instead"
            )
        self.open.add(id(node))
        value = self._build(node)
        self.open.discard(id(node))
        self.built[id(node)] = value
        return value

    def _build(self, node: yaml.Node) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item) for item in node.value]
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        result: dict[str, Any] = {}
        lines: dict[Hashable, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if key_node.tag.endswith(":merge"):
                for part in _parts(self.build(value_node)):
                    merged = {**part, **merged}
                continue
            key = _key(key_node, self.name)
            if key in lines:
                raise DocumentError(
                    f"{self.name}:{line}: duplicate key '{key}', first on line {lines[key]}; keep one of them"
                )
            lines[key] = line
            result[key] = self.build(value_node)
        return {**merged, **result} if merged else result


def _parts(merged: Any) -> list[dict[str, Any]]:
    return [part for part in (merged if isinstance(merged, list) else [merged]) if isinstance(part, dict)]


def _key(node: yaml.Node, name: str) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise DocumentError(f"{name}:{node.start_mark.line + 1}: a key must be a string")
    return str(node.value)


def _scalar(node: yaml.Node) -> Any:
    text = str(node.value)
    kind = node.tag.rpartition(":")[2]
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind == "int":
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if kind == "float":
        return float(text.replace(".inf", "inf").replace(".Inf", "inf").replace(".nan", "nan").lower())
    return text


def _step(node: yaml.Node, key: str) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            if key_node.value == key:
                return key_node.start_mark.line + 1, value_node
    if isinstance(node, yaml.SequenceNode) and key.isdigit() and int(key) < len(node.value):
        item = node.value[int(key)]
        return item.start_mark.line + 1, item
    return None
