"""How are values read from a YAML file, with errors that name the place?

Every error is one line that names the file, the line, the key and what is allowed.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from mock_server.scenarios import yaml_text
from mock_server.scenarios.yaml_text import TextError

_LONGEST = 100
"""The number of characters to which a value is cut in a message."""
_REQUIRED: Any = object()


class ScenarioError(ValueError):
    """What is wrong with a scenario file, in one line."""


class Fields:
    """A mapping in a file."""

    def __init__(self, node: yaml.Node, where: str, file: Path) -> None:
        self._node, self._where, self._file = node, where, file
        self._values: dict[str, yaml.Node] = {}
        if not isinstance(node, yaml.MappingNode) or not yaml_text.is_plain(node):
            raise self.error("", "must be a mapping")
        for key, value in node.value:
            name = self._name(key)
            if name in self._values:
                self._values[name] = value
                raise self.error(name, "is a duplicate key")
            self._values[name] = value

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def error(self, key: str, problem: str) -> ScenarioError:
        """An error at a key."""
        return self._error_at(self._values.get(key, self._node).start_mark.line + 1, key, problem)

    def _error_at(self, line: int, key: str, problem: str) -> ScenarioError:
        where = ".".join(part for part in (self._where, key) if part)
        return ScenarioError(_one_line(f"{self._file}:{line}: {where or 'the file'}: {problem}"))

    def _name(self, key: yaml.Node) -> str:
        try:
            return yaml_text.name(key)
        except TextError as error:
            raise self._error_at(error.line, "", str(error)) from None

    def only(self, *allowed: str) -> None:
        """Refuse all other keys."""
        for key in self._values:
            if key not in allowed:
                raise self.error(key, f"is not a key here (allowed: {', '.join(allowed)})")

    def value(self, key: str, kind: type | tuple[type, ...], name: str, default: Any = _REQUIRED) -> Any:
        """The value of a key. `name` is what the error message calls its Python type."""
        if key not in self._values:
            if default is _REQUIRED:
                raise self.error(key, "is missing")
            return default
        try:
            found = yaml_text.plain(self._values[key])
        except TextError as error:
            raise self._error_at(error.line, key, str(error)) from None
        if not isinstance(found, kind) or (isinstance(found, bool) and kind is not bool):
            raise self.error(key, f"must be {name}, not {_cut(repr(found))}")
        return found

    def line(self, key: str) -> str:
        """A string of one line that can be printed."""
        found = self.text(key)
        if not found or not found.isprintable():
            raise self.error(key, f"must be one line of printable text, not {_cut(repr(found))}")
        return found

    def text(self, key: str, default: Any = _REQUIRED) -> str:
        """A string."""
        return str(self.value(key, str, "a string", default))

    def seconds(self, key: str, default: Any = _REQUIRED) -> float:
        """A number of seconds from 0 on."""
        found = self.value(key, (int, float), "a number of seconds", default)
        if not 0 <= found < 1e7:
            raise self.error(key, f"must be from 0 to 10000000 seconds, not {found!r}")
        return float(found)

    def mapping(self, key: str) -> "Fields":
        """A mapping."""
        return self._inner(self._values[key], key)

    def mappings(self, key: str) -> list["Fields"]:
        """A list of mappings."""
        return [self._inner(node, f"{key}[{index}]") for index, node in enumerate(self._list(key))]

    def lists_of_mappings(self, key: str) -> list[list["Fields"]]:
        """A list of lists of mappings."""
        found = []
        for index, node in enumerate(self._list(key)):
            if not isinstance(node, yaml.SequenceNode) or not node.value:
                raise self.error(key, f"[{index}] must be a list with at least one moment")
            found.append([self._inner(item, f"{key}[{index}][{n}]") for n, item in enumerate(node.value)])
        return found

    def _list(self, key: str) -> Sequence[yaml.Node]:
        node = self._values.get(key)
        if node is None:
            raise self.error(key, "is missing")
        if not isinstance(node, yaml.SequenceNode) or not yaml_text.is_plain(node) or not node.value:
            raise self.error(key, "must be a list with at least one entry")
        return list(node.value)

    def _inner(self, node: yaml.Node, where: str) -> "Fields":
        return Fields(node, ".".join(part for part in (self._where, where) if part), self._file)


def read(path: Path, shown: Path) -> Fields:
    """The mapping in a file. Error messages use the path `shown`."""
    try:
        node = yaml_text.compose(yaml_text.read(path))
    except TextError as error:
        raise ScenarioError(_one_line(f"{shown}:{error.line}: {error}")) from None
    except OSError as error:
        raise ScenarioError(_one_line(f"{shown}: cannot be read: {error.strerror}")) from None
    if node is None:
        raise ScenarioError(f"{shown}:1: the file is empty")
    return Fields(node, "", shown)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _one_line(message: str) -> str:
    """A message in which characters that a terminal would obey are escaped."""
    escaped = (one if one.isprintable() else ascii(one)[1:-1] for one in message)
    return "".join(escaped)
