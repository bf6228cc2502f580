"""Are two schemas equal apart from annotations? Only unequal schemas are searched for values.

Two places are equal if no path below them leads to a difference. A pair that is still being compared counts
as equal, so that cycles end. What was found under such an assumption is kept only when the assumption holds.
"""

from collections.abc import Iterator
from typing import Any

from spec_review.loading import Cursor
from spec_review.loading.unchanged import NAMED, UNORDERED, Unchanged, meaning
from spec_review.values.schema import Part, Schema

COMBINERS = ("allOf", "oneOf", "anyOf")
DATA = ("const", "default")
"""Keywords whose value is data and not a schema."""

Pair = tuple[Any, ...]


class Equality:
    """Compares places of two documents and caches the results."""

    def __init__(self, unchanged: Unchanged | None = None) -> None:
        self.unchanged = unchanged or Unchanged()
        self.equals: set[Pair] = set()
        self.differs: set[Pair] = set()
        self._open: dict[Pair, int] = {}
        self._trail: list[Pair] = []

    def equal(self, one: Schema, other: Schema) -> bool:
        """Whether two schemas have equal parts in the same order."""
        if len(one) != len(other):
            return False
        return all(self._parts(left, right) for left, right in zip(one, other, strict=True))

    def _parts(self, one: Part, other: Part) -> bool:
        if one.bare != other.bare:
            return False
        if one.bare:
            return self._shallow(one, other)
        return self.places(one.cursor, other.cursor)

    def _shallow(self, one: Part, other: Part) -> bool:
        left, right = _fields(one.cursor.value), _fields(other.cursor.value)
        for combiner in (*COMBINERS, "discriminator", "$ref"):
            left.pop(combiner, None)
            right.pop(combiner, None)
        return self._alone(
            Cursor(one.cursor.document, one.cursor.path, left),
            Cursor(other.cursor.document, other.cursor.path, right),
        )

    def _alone(self, one: Cursor, other: Cursor) -> bool:
        return self._mappings(one, other)[0]

    def places(self, one: Cursor, other: Cursor) -> bool:
        """Whether two schemas are equal, with `$ref` resolved and annotations ignored."""
        return self._places(one, other)[0]

    def _places(self, one: Cursor, other: Cursor) -> tuple[bool, int]:
        """Whether two places are equal, and the outermost open pair that this assumes to be equal."""
        one, other = _resolved(one), _resolved(other)
        if not isinstance(one.value, dict | list) or not isinstance(other.value, dict | list):
            return _same(one.value, other.value), NOTHING
        key = (one.key, other.key)
        if key in self.differs:
            return False, NOTHING
        if key in self.equals:
            return True, NOTHING
        if key in self._open:
            return True, self._open[key]
        if self.unchanged.places(one, other):
            self.equals.add(key)
            return True, NOTHING
        return self._compared(key, one, other)

    def _compared(self, key: Pair, one: Cursor, other: Cursor) -> tuple[bool, int]:
        depth = len(self._trail)
        self._open[key] = depth
        self._trail.append(key)
        found, lowest = self._values(one, other)
        if found and lowest < depth:  # depends on a pair that is still open: stay assumed until it is decided
            return True, lowest
        settled = self._trail[depth:]
        del self._trail[depth:]
        for pair in settled:
            del self._open[pair]
        if found:
            self.equals.update(settled)
        else:
            self.differs.add(key)
        return found, NOTHING

    def _values(self, one: Cursor, other: Cursor) -> tuple[bool, int]:
        if isinstance(one.value, dict) and isinstance(other.value, dict):
            return self._mappings(one, other)
        both = isinstance(one.value, list) and isinstance(other.value, list)
        if both and len(one.value) == len(other.value):
            return self._lists(one, other)
        return False, NOTHING

    def _lists(self, one: Cursor, other: Cursor) -> tuple[bool, int]:
        """Compares in order; members of `allOf`, `oneOf` and `anyOf` in any order."""
        left = [one.raw(str(place)) for place in range(len(one.value))]
        right = [other.raw(str(place)) for place in range(len(other.value))]
        if not one.path or one.path[-1] not in COMBINERS:
            return self._every(zip(left, right, strict=True))
        lowest = NOTHING
        for place, member in enumerate(left):
            # The member at the same place is the most likely one.
            order = sorted(range(len(right)), key=lambda at: at != place - (len(left) - len(right)))
            for at in order:
                found, depends = self._places(member, right[at])
                if found:
                    lowest = min(lowest, depends)
                    del right[at]
                    break
            else:
                return False, NOTHING
        return True, lowest

    def _every(self, pairs: Iterator[tuple[Cursor, Cursor]]) -> tuple[bool, int]:
        lowest = NOTHING
        for one, other in pairs:
            found, depends = self._places(one, other)
            if not found:
                return False, NOTHING
            lowest = min(lowest, depends)
        return True, lowest

    def _mappings(self, one: Cursor, other: Cursor) -> tuple[bool, int]:
        if one.path[-1:] and one.path[-1] in NAMED and one.path[-2:-1] != ("properties",):
            names = sorted(one.value)
            if names != sorted(other.value):
                return False, NOTHING
            return self._every((one.raw(name), other.raw(name)) for name in names)
        left, right = meaning(one.value), meaning(other.value)
        if left.keys() != right.keys():
            return False, NOTHING
        for key in left.keys() & (UNORDERED | set(DATA)):
            if not (_unordered if key in UNORDERED else _same)(left[key], right[key]):
                return False, NOTHING
        return self._every(
            (_child(one, key), _child(other, key)) for key in left if key not in UNORDERED and key not in DATA
        )


NOTHING = 2**60
"""Depends on no open pair."""


def _child(cursor: Cursor, key: str) -> Cursor:
    """The value of a keyword; that of a `$ref` is its target."""
    if key == "$ref" and isinstance(cursor.value[key], str):
        return Cursor(cursor.document, cursor.path, {"$ref": cursor.value[key]}).follow()
    return cursor.raw(key)


def _same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal: `1` equals `1.0` but not `true`."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _fields(value: Any) -> dict[str, Any]:
    """The keywords of a schema; `true` has none, `false` is `not: {}`."""
    return dict(value) if isinstance(value, dict) else {"not": {}} if value is False else {}


def _resolved(cursor: Cursor) -> Cursor:
    """The place with its `$ref` resolved, unless the `$ref` has siblings that count (OpenAPI 3.1)."""
    refers = isinstance(cursor.value, dict) and isinstance(cursor.value.get("$ref"), str)
    if refers and (len(meaning(cursor.value)) == 1 or not cursor.document.is_31):
        return cursor.follow()
    return cursor


def _unordered(one: Any, other: Any) -> bool:
    return sorted(map(repr, one if isinstance(one, list) else [one])) == sorted(
        map(repr, other if isinstance(other, list) else [other])
    )
