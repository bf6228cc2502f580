"""How are values read from a YAML file, with errors that name the place?

Every error is one line that names the file, the line, the key and what is allowed.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_REQUIRED: Any = object()


class ScenarioError(ValueError):
    """What is wrong with a scenario file, in one line."""


class Fields:
    """A mapping in a file."""

    def __init__(self, node: yaml.Node, where: str, file: Path) -> None:
        self._node, self._where, self._file = node, where, file
        self._values: dict[str, yaml.Node] = {}
        if not isinstance(node, yaml.MappingNode):
            raise self.error("", "must be a mapping")
        for key, value in node.value:
            name, twice = str(key.value), str(key.value) in self._values
            self._values[name] = value
            if twice:
                raise self.error(name, "is a duplicate key")

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def error(self, key: str, problem: str) -> ScenarioError:
        """An error at a key."""
        node = self._values.get(key, self._node)
        where = ".".join(part for part in (self._where, key) if part)
        return ScenarioError(f"{self._file}:{node.start_mark.line + 1}: {where or 'the file'}: {problem}")

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
        found = _plain(self._values[key])
        if not isinstance(found, kind) or (isinstance(found, bool) and kind is not bool):
            raise self.error(key, f"must be {name}, not {found!r}")
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
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            raise self.error(key, "must be a list with at least one entry")
        return list(node.value)

    def _inner(self, node: yaml.Node, where: str) -> "Fields":
        return Fields(node, ".".join(part for part in (self._where, where) if part), self._file)


def read(path: Path, shown: Path) -> Fields:
    """The mapping in a file. Error messages use the path `shown`."""
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ScenarioError(f"{shown}:{line}: not YAML: {error.problem}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{shown}:1: not YAML: {str(error).splitlines()[0]}") from None
    except OSError as error:
        raise ScenarioError(f"{shown}: cannot be read: {error.strerror}") from None
    if node is None:
        raise ScenarioError(f"{shown}:1: the file is empty")
    return Fields(node, "", shown)


def _plain(node: yaml.Node) -> Any:
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_document(node)
    finally:
        loader.dispose()
