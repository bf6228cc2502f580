"""What data does a YAML text hold? Events are read one by one, so that each limit holds at once."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from spec_review.loading.limits import MAX_DEPTH, MAX_VALUES
from spec_review.loading.numbers import integer, real

INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
REAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
"""The words of the core schema of YAML 1.2: `yes`, `12:30` and `2024-01-01` are strings."""


class NotYaml(Exception):
    """The text is not YAML that can be used; `line` counts from 1."""

    def __init__(self, problem: str, line: int) -> None:
        super().__init__(problem)
        self.problem, self.line = problem, line


@dataclass
class _Open:
    """A mapping or list that is being read."""

    value: Any
    line: int
    anchor: str | None
    lines: Any
    size: int = 1
    key: str | None = None
    key_line: int = 0
    merged: list[tuple[int, Any]] = field(default_factory=list)


class YamlReader:
    """Reads one document; `lines` has the lines of the members of each mapping and list by its id."""

    def __init__(self, text: str) -> None:
        self.lines: dict[int, Any] = {}
        self.first = self.line = 1
        self._events = _events(text)
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._stack: list[_Open] = []
        self._found: list[Any] = []

    def read(self) -> list[Any]:
        """A list with the data of the text; an empty list for an empty text."""
        for event in self._events:
            self.line = _line(event)
            if isinstance(event, yaml.ScalarEvent):
                self._scalar(event)
            elif isinstance(event, yaml.AliasEvent):
                self._alias(event)
            elif isinstance(event, yaml.CollectionStartEvent):
                self._start(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._end()
            elif isinstance(event, yaml.DocumentStartEvent) and self._found:
                raise NotYaml("not YAML: expected a single document; another begins here", _line(event))
        return self._found

    def _start(self, event: yaml.CollectionStartEvent) -> None:
        line = _line(event)
        if len(self._stack) >= MAX_DEPTH:
            raise NotYaml(f"too deeply nested to read: more than {MAX_DEPTH} levels", line)
        if self._stack and isinstance(self._stack[-1].value, dict) and self._stack[-1].key is None:
            raise NotYaml("a key must be a string", line)
        mapping = isinstance(event, yaml.MappingStartEvent)
        opened = _Open({} if mapping else [], line, event.anchor, {} if mapping else [])
        if event.anchor:
            self._anchors[event.anchor] = (opened, 0)
        self._stack.append(opened)

    def _end(self) -> None:
        closed = self._stack.pop()
        for _, part in reversed(closed.merged):
            for inner in part if isinstance(part, list) else [part]:
                self._merge(closed, inner)
        self.lines[id(closed.value)] = closed.lines
        if closed.anchor:
            self._anchors[closed.anchor] = (closed.value, closed.size)
        self._add(closed.value, closed.line, closed.size)

    def _merge(self, closed: _Open, part: Any) -> None:
        if not isinstance(part, dict):
            return
        for key, value in part.items():
            if key not in closed.value:
                closed.value[key] = value
                closed.lines[key] = self.lines[id(part)][key]

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        line = _line(event)
        at = self._stack[-1] if self._stack else None
        if at is not None and isinstance(at.value, dict) and at.key is None:
            self._key(at, event, line)
            return
        value = scalar(event, line)
        if event.anchor:
            self._anchors[event.anchor] = (value, 1)
        self._add(value, line, 1)

    def _key(self, at: _Open, event: yaml.ScalarEvent, line: int) -> None:
        at.key, at.key_line = str(event.value), line
        if event.anchor:
            self._anchors[event.anchor] = (at.key, 1)
        if at.key == "<<" and event.implicit[0]:
            return
        if at.key in at.value:
            raise NotYaml(
                f"duplicate key '{at.key}', first on line {at.lines[at.key]}; keep one of them", line
            )

    def _alias(self, event: yaml.AliasEvent) -> None:
        line = _line(event)
        if event.anchor not in self._anchors:
            raise NotYaml(f"not YAML: found undefined alias '{event.anchor}'", line)
        value, size = self._anchors[event.anchor]
        if isinstance(value, _Open):
            raise NotYaml("an alias contains itself; use $ref instead", line)
        at = self._stack[-1] if self._stack else None
        if at is not None and isinstance(at.value, dict) and at.key is None:
            raise NotYaml("a key must be a string", line)
        self._add(value, line, size)

    def _add(self, value: Any, line: int, size: int) -> None:
        if not self._stack:
            self._found, self.first = [value], line
            return
        at = self._stack[-1]
        at.size += size
        if at.size > MAX_VALUES:
            raise NotYaml(f"more than {MAX_VALUES:,} values, aliases included; split the document", line)
        if isinstance(at.value, list):
            at.value.append(value)
            at.lines.append(line)
            return
        if at.key == "<<":
            at.merged.append((line, value))
        elif at.key is not None:
            at.value[at.key], at.lines[at.key] = value, at.key_line
        at.key = None


def scalar(event: yaml.ScalarEvent, line: int) -> Any:
    """The value of a scalar. Raises `BadNumber` or `NotYaml`."""
    text, tag = str(event.value), event.tag
    if tag is None and not event.implicit[0]:
        return text
    if tag is None or tag == "!":
        return _plain(text) if tag is None else text
    kind = tag.rpartition(":")[2]
    readers: dict[str, Callable[[str], Any]] = {
        "int": integer,
        "float": real,
        "bool": WORDS.__getitem__,
        "null": lambda _: None,
    }
    try:
        return readers.get(kind, str)(text)
    except KeyError:
        raise NotYaml(f"not YAML: '{text}' is not a {kind}", line) from None


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _plain(text: str) -> Any:
    if text in WORDS:
        return WORDS[text]
    if text[0] in "-+.0123456789":
        if INTEGER.fullmatch(text):
            return integer(text)
        if REAL.fullmatch(text):
            return real(text)
    return text


def _events(text: str) -> Iterator[Any]:
    """The events of libyaml, or of the parser in Python if PyYAML was built without it."""
    yield from yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
