"""On which line of a file is each value?"""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from functools import cached_property
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any, Protocol

Path = tuple[str, ...]
"""The keys that lead to a place in a file; list indexes are strings of digits."""

BLOCK = 2**16
"""The lines are counted for blocks of this many bytes."""

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


Found = dict[str, tuple[int, int]]
"""For each member of a value: where its key and where its value begins."""


class JsonMarks:
    """The lines of a JSON text, found by scanning only the objects and arrays on the way to a place."""

    def __init__(self, written: bytes, content: Any) -> None:
        self._written, self._content = written, content
        self._scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]
        self._known: dict[Path, Found] = {}
        self._lines = [1]

    @cached_property
    def _text(self) -> str:
        """The text with one character for each byte, which takes little memory."""
        return self._written.removeprefix(BOM_UTF8).decode("latin-1")

    def line(self, path: Path) -> int:
        """The line, counted from 1, of the longest prefix of the path that exists in the file."""
        key_at = value_at = self._blank(0)
        value = self._content
        for depth, key in enumerate(path):
            found = self._children(path[:depth], value_at, value).get(key)
            if found is None:
                break
            key_at, value_at = found
            value = value.get(key) if isinstance(value, dict) else None
        return self.line_at(key_at)

    def line_at(self, offset: int) -> int:
        """The line, counted from 1, of a position in the text."""
        while len(self._lines) <= offset // BLOCK:
            end = len(self._lines) * BLOCK
            self._lines.append(self._lines[-1] + self._text.count("\n", end - BLOCK, end))
        return self._lines[offset // BLOCK] + self._text.count("\n", offset // BLOCK * BLOCK, offset)

    def _children(self, path: Path, at: int, value: Any) -> Found:
        """The members of the value at a position."""
        if path not in self._known:
            self._known[path] = self._indented(at, value) or self._scanned(at)
        return self._known[path]

    def _scanned(self, at: int) -> Found:
        opening = self._text[at : at + 1]
        members = self._members(at + 1) if opening == "{" else self._items(at + 1) if opening == "[" else ()
        return {key: places for key, *places in members}  # type: ignore[misc]

    def _indented(self, at: int, value: Any) -> Found:
        """The members of an object whose keys have lines of their own, all with the same indentation.

        Searching for the indentation is much faster than scanning. The keys must be those of the object, or
        else the result is empty: then the text is written in another way.
        """
        first = self._blank(at + 1)
        start = self._text.rfind("\n", at, first)
        if not isinstance(value, dict) or len(value) < 2 or start < 0 or self._text[first : first + 1] != '"':
            return {}
        opening, found = self._text[start : first + 1], Found()
        for name in value:
            at = self._text.find(opening, at) + len(opening) - 1
            key, end = scanstring(self._text, at + 1, False)
            if at < first or _decoded(key) != name:
                return {}
            found[name] = (at, self._blank(self._blank(end) + 1))
        return found

    def _members(self, at: int) -> Iterator[tuple[str, int, int]]:
        at = self._blank(at)
        while self._text[at] == '"':
            key, end = scanstring(self._text, at + 1, False)
            value_at = self._blank(self._blank(end) + 1)
            yield _decoded(key), at, value_at
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


def _decoded(key: str) -> str:
    """A key that was read with one character for each byte."""
    try:
        return key if key.isascii() else key.encode("latin-1").decode()
    except UnicodeError:  # written with escapes
        return key


class TextMarks:
    """The lines of a file that is only a text."""

    def line(self, path: Path) -> int:
        """Always 1: a text has no places."""
        return 1
