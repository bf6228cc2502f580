"""Are two schemas equal apart from annotations? Only unequal schemas are searched for values."""

from typing import Any

from openapi import GRADES
from spec_review.loading import Cursor
from spec_review.values.schema import Part, Schema

IGNORED = {"description", "title", "example", "examples", "externalDocs", "xml", "$comment", "summary"}
UNORDERED = {"required", "enum", "type"}
EXTENSIONS = {"x-grade", *(f"x-{grade}" for grade in GRADES[1:]), "x-enum-grade", "x-lifecycle"}


class Equality:
    """Compares places of two documents and caches the results."""

    def __init__(self) -> None:
        self.equals: set[tuple[Any, ...]] = set()
        self.differs: set[tuple[Any, ...]] = set()

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
        for combiner in ("allOf", "oneOf", "anyOf", "discriminator", "$ref"):
            left.pop(combiner, None)
            right.pop(combiner, None)
        open_pairs: set[tuple[Any, ...]] = set()
        return self._mappings(
            Cursor(one.cursor.document, one.cursor.path, left),
            Cursor(other.cursor.document, other.cursor.path, right),
            open_pairs,
        )

    def places(self, one: Cursor, other: Cursor) -> bool:
        """Whether two schemas are equal, with `$ref` resolved and annotations ignored."""
        open_pairs: set[tuple[Any, ...]] = set()
        found = self._places(one, other, open_pairs)
        if found:
            self.equals |= open_pairs
        return found

    def _places(self, one: Cursor, other: Cursor, open_pairs: set[tuple[Any, ...]]) -> bool:
        one, other = _resolved(one), _resolved(other)
        key = (one.key, other.key)
        if key in self.equals or key in open_pairs:
            return True
        if key in self.differs:
            return False
        open_pairs.add(key)
        found = self._values(one, other, open_pairs)
        if not found:
            self.differs.add(key)
        return found

    def _values(self, one: Cursor, other: Cursor, open_pairs: set[tuple[Any, ...]]) -> bool:
        if isinstance(one.value, dict) and isinstance(other.value, dict):
            return self._mappings(one, other, open_pairs)
        if isinstance(one.value, list) and isinstance(other.value, list):
            return len(one.value) == len(other.value) and self._lists(one, other, open_pairs)
        return bool(one.value == other.value) and type(one.value) is type(other.value)

    def _lists(self, one: Cursor, other: Cursor, open_pairs: set[tuple[Any, ...]]) -> bool:
        """Compares in order; members of `allOf`, `oneOf` and `anyOf` in any order."""
        left = [one.raw(str(place)) for place in range(len(one.value))]
        right = [other.raw(str(place)) for place in range(len(other.value))]
        if one.path[-1:] not in (("allOf",), ("oneOf",), ("anyOf",)) or len(left) > 40:
            return all(self._places(a, b, open_pairs) for a, b in zip(left, right, strict=True))
        for member in left:
            match = next((it for it in right if self._places(member, it, open_pairs)), None)
            if match is None:
                return False
            right.remove(match)
        return True

    def _mappings(self, one: Cursor, other: Cursor, open_pairs: set[tuple[Any, ...]]) -> bool:
        if one.path[-1:] in (("properties",), ("patternProperties",)):
            names = set(one.value)
            return names == set(other.value) and all(
                self._places(one.raw(name), other.raw(name), open_pairs) for name in names
            )
        left, right = _meaning(one.value), _meaning(other.value)
        return set(left) == set(right) and all(
            _unordered(left[key], right[key])
            if key in UNORDERED
            else self._places(one.raw(key), other.raw(key), open_pairs)
            for key in left
        )


def _fields(value: Any) -> dict[str, Any]:
    """The keywords of a schema; `true` has none, `false` is `not: {}`."""
    return dict(value) if isinstance(value, dict) else {"not": {}} if value is False else {}


def _resolved(cursor: Cursor) -> Cursor:
    """The place with its `$ref` resolved, unless the `$ref` has siblings with a meaning."""
    if isinstance(cursor.value, dict) and "$ref" in cursor.value and len(_meaning(cursor.value)) == 1:
        return cursor.follow()
    return cursor


def _meaning(value: dict[str, Any]) -> dict[str, Any]:
    return {
        key: inner
        for key, inner in value.items()
        if key not in IGNORED and (key in EXTENSIONS or not key.startswith("x-")) and inner is not None
    }


def _unordered(one: Any, other: Any) -> bool:
    return sorted(map(repr, one if isinstance(one, list) else [one])) == sorted(
        map(repr, other if isinstance(other, list) else [other])
    )
