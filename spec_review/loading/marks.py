"""On which line of a file is each value?"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any, Protocol

Path = tuple[str, ...]
"""The keys that lead to a place in a file; list indexes are strings of digits."""

BLANK = re.compile(r"[ \t\r\n]*")


class Marks(Protocol):
    """Knows the line of each place."""

    def line(self, path: Path) -> int:
        """The line, counted from 1, of the longest prefix of the path that exists in the file."""
        ...


class YamlMarks:
    """The lines of a YAML file, kept for each mapping and list while it is read."""

    def __init__(self, content: Any, first: int, lines: dict[int, Any]) -> None:
        self._content, self._first, self._lines = content, first, lines

    def line(self, path: Path) -> int:
        """The line, counted from 1, of the longest prefix of the path that exists in the file."""
        value, line = self._content, self._first
        for key in path:
            known = self._lines.get(id(value))
            try:
                step: Any = int(key) if isinstance(value, list) else key
                line, value = known[step], value[step]  # type: ignore[index]
            except (KeyError, IndexError, TypeError, ValueError):
                break
        return line


class JsonMarks:
    """The lines of a JSON text, found by scanning only the objects and arrays on the way to a place."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]
        self._known: dict[Path, dict[str, tuple[int, int]]] = {}
        self._starts: list[int] = []

    def line(self, path: Path) -> int:
        """The line, counted from 1, of the longest prefix of the path that exists in the file."""
        key_at = value_at = self._blank(0)
        for depth, key in enumerate(path):
            found = self._children(path[:depth], value_at).get(key)
            if found is None:
                break
            key_at, value_at = found
        return self.line_at(key_at)

    def line_at(self, offset: int) -> int:
        """The line, counted from 1, of a position in the text."""
        if not self._starts:
            self._starts = [0, *(match.end() for match in re.finditer("\n", self._text))]
        return bisect_right(self._starts, offset)

    def _children(self, path: Path, at: int) -> dict[str, tuple[int, int]]:
        """For each member of the value at a position: where its key and where its value begins."""
        if path not in self._known:
            opening = self._text[at : at + 1]
            members = (
                self._members(at + 1) if opening == "{" else self._items(at + 1) if opening == "[" else ()
            )
            self._known[path] = {key: places for key, *places in members}  # type: ignore[misc]
        return self._known[path]

    def _members(self, at: int) -> Iterator[tuple[str, int, int]]:
        at = self._blank(at)
        while self._text[at] == '"':
            key, end = scanstring(self._text, at + 1, False)
            value_at = self._blank(self._blank(end) + 1)
            yield key, at, value_at
            at = self._next(value_at)

    def _items(self, at: int) -> Iterator[tuple[str, int, int]]:
        at, number = self._blank(at), 0
        while self._text[at] != "]":
            yield str(number), at, at
            at, number = self._next(at), number + 1

    def _next(self, at: int) -> int:
        """The start of the next member, or the closing bracket."""
        end = self._blank(self._scan(self._text, at)[1])
        return self._blank(end + 1) if self._text[end] == "," else end

    def _blank(self, at: int) -> int:
        match = BLANK.match(self._text, at)
        return match.end() if match else at


class TextMarks:
    """The lines of a file that is only a text."""

    def line(self, path: Path) -> int:
        """Always 1: a text has no places."""
        return 1
