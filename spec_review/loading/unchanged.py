"""Which parts of two documents are the same, word for word? Nothing below them needs a closer look."""

import json
from collections.abc import Iterator
from typing import Any

import orjson

from openapi import GRADES
from spec_review.loading.document import Cursor
from spec_review.loading.source import DocumentError

Key = tuple[Any, ...]


def identical(one: Any, other: Any) -> bool:
    """Whether two values are the same data, whatever the order of their keys; `1` is not `true`."""
    if one is other:
        return True
    if type(one) is not type(other) or one != other:
        return False
    if not isinstance(one, dict | list):
        return True
    return packed(one) == packed(other) or _ordered(one) == _ordered(other)


def packed(value: Any) -> bytes:
    """The same bytes for the same data in the same order; `1`, `1.0` and `true` differ."""
    try:
        return orjson.dumps(value)  # much faster, but not for deep values and integers of more than 64 bits
    except TypeError:
        return json.dumps(value).encode()


def _ordered(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


class Unchanged:
    """Compares places of two documents, with everything that their references lead to."""

    def __init__(self) -> None:
        self._clean: set[Key] = set()
        self._dirty: set[Key] = set()
        self._references: dict[int, tuple[str, ...]] = {}

    def places(self, one: Cursor, other: Cursor) -> bool:
        """Whether two places are identical, and so is each place that they refer to."""
        first = (one.key, other.key)
        pending = [(first, one, other)]
        reached: dict[Key, Key | None] = {first: None}
        while pending:
            key, left, right = pending.pop()
            if key in self._clean:
                continue
            if key in self._dirty or not identical(left.value, right.value):
                return self._mark(key, reached)
            for reference in self.references(left.value):
                targets = _target(left, reference), _target(right, reference)
                if targets[0] is None or targets[1] is None:
                    return self._mark(key, reached)
                found = (targets[0].key, targets[1].key)
                if found not in reached:
                    reached[found] = key
                    pending.append((found, targets[0], targets[1]))
        self._clean.update(reached)
        return True

    def _mark(self, key: Key | None, reached: dict[Key, Key | None]) -> bool:
        """Remember a difference for each place on the way to it."""
        while key is not None:
            self._dirty.add(key)
            key = reached[key]
        return False

    def targets(self, cursor: Cursor, most: int) -> set[Key]:
        """The targets of all references that a place leads to; about `most` of them if there are more."""
        pending, reached = [cursor], set[Key]()
        while pending and len(reached) < most:
            at = pending.pop()
            for reference in self.references(at.value):
                target = _target(at, reference)
                if target is not None and target.key not in reached:
                    reached.add(target.key)
                    pending.append(target)
        return reached

    def references(self, value: Any) -> tuple[str, ...]:
        """Each reference in a value, once."""
        if id(value) not in self._references:
            self._references[id(value)] = tuple(dict.fromkeys(_references(value)))
        return self._references[id(value)]


def _references(value: Any) -> Iterator[str]:
    pending = [value]
    while pending:
        item = pending.pop()
        if type(item) is dict:
            reference = item.get("$ref")
            if type(reference) is str:
                yield reference
            pending.extend(inner for inner in item.values() if type(inner) is dict or type(inner) is list)
        elif type(item) is list:
            pending.extend(inner for inner in item if type(inner) is dict or type(inner) is list)


def _target(cursor: Cursor, reference: str) -> Cursor | None:
    try:
        return cursor.target(reference)
    except DocumentError:
        return None


WORDS = {"description", "title", "example", "examples", "externalDocs", "xml", "$comment", "summary"}
"""Keywords that say nothing about which values are accepted."""

NAMED = {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependentRequired"}
"""Keywords whose members have names: a member called `description` is not the keyword."""

UNORDERED = {"required", "enum", "type"}
EXTENSIONS = {"x-grade", *(f"x-{grade}" for grade in GRADES[1:]), "x-enum-grade", "x-lifecycle"}


def same_meaning(one: Any, other: Any, key: str = "") -> bool:
    """Whether two schemas say the same, with the same references; words and extensions do not count."""
    if identical(one, other):
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        left, right = (one, other) if key in NAMED else (meaning(one), meaning(other))
        return left.keys() == right.keys() and all(
            same_meaning(left[name], right[name], name) for name in left
        )
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        if key in UNORDERED:
            return sorted(map(_ordered, one)) == sorted(map(_ordered, other))
        return all(map(same_meaning, one, other))
    return False


def meaning(value: dict[str, Any]) -> dict[str, Any]:
    """The keywords of a schema without words, unknown extensions and null."""
    return {
        key: inner
        for key, inner in value.items()
        if key not in WORDS and (key in EXTENSIONS or not key.startswith("x-")) and inner is not None
    }
