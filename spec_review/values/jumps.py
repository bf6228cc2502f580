"""Where do the references of a schema lead that is the same in both documents?

Such a schema needs no comparison of its own. The search jumps from it to the targets of its references.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from spec_review.loading import Cursor, DocumentError
from spec_review.loading.unchanged import Unchanged, meaning, same_meaning
from spec_review.values.schema import Part, Schema
from spec_review.values.shape import HIDDEN_BY

UNIONS = ("allOf", "anyOf", "oneOf")
CONDITIONAL = (
    "not", "if", "then", "else", "contains", "propertyNames", "dependentSchemas",
    "unevaluatedProperties", "unevaluatedItems", "$defs", "definitions",
)  # fmt: skip
"""Keywords below which a change has an effect that depends on the schema around it."""


def resolved(schema: Schema) -> Schema:
    """The schema at the target of its `$ref`, so that each place is visited once, whatever refers to it."""
    if len(schema) != 1 or schema[0].bare:
        return schema
    return (Part(resolved_cursor(schema[0].cursor), schema[0].view),)


def resolved_cursor(cursor: Cursor) -> Cursor:
    """The place with its `$ref` resolved, unless the `$ref` has siblings that count (OpenAPI 3.1)."""
    alone = not isinstance(cursor.value, dict) or len(meaning(cursor.value)) == 1
    return cursor.follow() if alone or not cursor.document.is_31 else cursor


@dataclass(frozen=True)
class Reference:
    """A `$ref` in a schema: the steps that a value takes to it, and its path in the schema."""

    steps: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    optional: bool = True
    conditional: bool = False
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Jump:
    """Two targets of the same reference, and the steps that a value takes to them."""

    steps: tuple[str, ...]
    one: Schema
    other: Schema
    optional: bool


class Jumps:
    """Finds the jumps of pairs of schemas and caches the references of each schema."""

    def __init__(self, unchanged: Unchanged) -> None:
        self.unchanged = unchanged
        self._references: dict[int, list[Reference]] = {}
        self._known: dict[tuple[int, int], bool] = {}

    def between(self, one: Schema, other: Schema) -> list[Jump] | None:
        """The jumps of two schemas that say the same; None when they must be compared."""
        if len(one) != 1 or len(other) != 1 or one[0].bare or other[0].bare or one[0].view != other[0].view:
            return None
        left, right = resolved_cursor(one[0].cursor), resolved_cursor(other[0].cursor)
        if left.document.is_31 != right.document.is_31 or not self._same(left.value, right.value):
            return None
        result = []
        for reference in self._references_in(left):
            targets = _at(left, reference.path), _at(right, reference.path)
            if targets[0] is None or targets[1] is None:
                return None
            if self.unchanged.places(targets[0], targets[1]):
                continue
            if reference.conditional:
                return None
            if not _is_hidden(reference, targets[0], one[0]):
                parts = (Part(targets[0], one[0].view),), (Part(targets[1], one[0].view),)
                result.append(Jump(reference.steps, *parts, reference.optional))
        return result

    def _same(self, one: Any, other: Any) -> bool:
        key = (id(one), id(other))
        if key not in self._known:
            self._known[key] = isinstance(one, dict) and same_meaning(one, other)
        return self._known[key]

    def _references_in(self, cursor: Cursor) -> list[Reference]:
        key = id(cursor.value)
        if key not in self._references:
            newer = cursor.document.is_31
            self._references[key] = list(_references(cursor.value, Reference(), newer))
        return self._references[key]


def _is_hidden(reference: Reference, target: Cursor, part: Part) -> bool:
    flag = HIDDEN_BY[part.view.direction]
    own = isinstance(target.value, dict) and target.value.get(flag) is True
    return flag in reference.hidden or (own and bool(reference.steps))


def _at(cursor: Cursor, path: tuple[str, ...]) -> Cursor | None:
    try:
        for key in path:
            cursor = cursor.raw(key)
        return cursor.target(cursor.value["$ref"]).follow()
    except (DocumentError, KeyError, IndexError, TypeError, ValueError):
        return None


def _references(schema: Any, at: Reference, newer: bool) -> Iterator[Reference]:
    """The references in a schema; in OpenAPI 3.0 nothing beside a `$ref` counts."""
    if not isinstance(schema, dict):
        return
    if isinstance(schema.get("$ref"), str):
        yield at
        if not newer:
            return
    for key in UNIONS:
        for place, member in enumerate(_list(schema.get(key))):
            yield from _references(member, replace(at, path=(*at.path, key, str(place))), newer)
    yield from _below(schema, at, newer)
    for key in CONDITIONAL:
        if key in schema:
            inner = replace(at, path=(*at.path, key), conditional=True)
            yield from _anywhere(schema[key], inner)


def _below(schema: dict[str, Any], at: Reference, newer: bool) -> Iterator[Reference]:
    required = set(map(str, _list(schema.get("required"))))
    for name, inner in _members(schema, "properties"):
        hidden = at.hidden | {flag for flag in HIDDEN_BY.values() if _flag(inner, flag)}
        below = replace(at, steps=(*at.steps, name), optional=name not in required, hidden=hidden)
        yield from _references(inner, replace(below, path=(*at.path, "properties", name)), newer)
    below = replace(at, optional=True)
    for pattern, inner in _members(schema, "patternProperties"):
        step, path = (*at.steps, f"{{{pattern}}}"), (*at.path, "patternProperties", pattern)
        yield from _references(inner, replace(below, steps=step, path=path), newer)
    for key, word in (("items", "[]"), ("additionalProperties", "{}")):
        inner = replace(below, steps=(*at.steps, word), path=(*at.path, key))
        yield from _references(schema.get(key), inner, newer)
    for place, inner in enumerate(_list(schema.get("prefixItems"))):
        step, path = (*at.steps, f"[{place}]"), (*at.path, "prefixItems", str(place))
        yield from _references(inner, replace(below, steps=step, path=path), newer)


def _anywhere(value: Any, at: Reference) -> Iterator[Reference]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield at
        for key, inner in value.items():
            yield from _anywhere(inner, replace(at, path=(*at.path, key)))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _anywhere(inner, replace(at, path=(*at.path, str(place))))


def _members(schema: dict[str, Any], key: str) -> Iterator[tuple[str, Any]]:
    found = schema.get(key)
    if isinstance(found, dict):
        yield from found.items()


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _flag(value: Any, flag: str) -> bool:
    return isinstance(value, dict) and value.get(flag) is True


class Reach:
    """The nodes of a search, each with the nodes that lead to it; some nodes are roots."""

    def __init__(self) -> None:
        self._parents: list[set[int]] = []
        self._roots: dict[int, list[int]] = {}
        self._known: dict[int, tuple[int, ...]] = {}

    def add(self) -> int:
        """A new node."""
        self._parents.append(set())
        return len(self._parents) - 1

    def link(self, parent: int, node: int) -> None:
        """One node leads to another."""
        self._parents[node].add(parent)

    def root(self, node: int, number: int) -> None:
        """A node is the root with this number."""
        self._roots.setdefault(node, []).append(number)

    def roots_of(self, node: int) -> tuple[int, ...]:
        """The numbers of all roots that lead to a node."""
        if node not in self._known:
            pending, seen, found = [node], {node}, set[int]()
            while pending:
                one = pending.pop()
                found.update(self._roots.get(one, ()))
                more = self._parents[one] - seen
                seen |= more
                pending.extend(more)
            self._known[node] = tuple(sorted(found))
        return self._known[node]
