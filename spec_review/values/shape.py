"""What do the parts of one alternative say together: which types, properties, items and constants?"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from spec_review.loading import Cursor
from spec_review.values.schema import (
    TYPES,
    Part,
    Schema,
    is_assumed,
    keywords,
    members,
    property_cursors,
    remembered,
)

FALSE_FOR = {"request": "readOnly", "response": "writeOnly"}
"""The flag that takes a property out of a direction."""


@dataclass(frozen=True)
class Shape:
    """The facets of a flat schema, for drawing values; what is accepted is the validator's word."""

    types: tuple[str, ...]
    properties: dict[str, Schema]
    hidden: frozenset[str]
    required: tuple[str, ...]
    items: Schema | None
    prefix: tuple[Schema, ...]
    additional: Schema
    closed: bool
    constants: tuple[Any, ...]
    allowed: tuple[Any, ...] | None
    said: dict[str, list[Any]] = field(default_factory=dict)
    hinted: dict[str, list[Any]] = field(default_factory=dict)

    def every(self, keyword: str) -> list[Any]:
        """All values a keyword has in the parts."""
        return self.said.get(keyword, [])

    def near(self, keyword: str) -> list[Any]:
        """All values a keyword has in the parts and in what they rule out or ask under a condition."""
        return [*self.every(keyword), *self.hinted.get(keyword, [])]


@remembered
def shape_of(schema: Schema) -> Shape:
    """The facets of one alternative (see `schema.alternatives`)."""
    every: dict[str, list[Any]] = {}
    for part in schema:
        for keyword, value in keywords(part).items():
            every.setdefault(keyword, []).append(value)
    names = dict.fromkeys(name for part in schema for name in _declared(part))
    properties = {name: _property(schema, name) for name in names}
    return Shape(
        types=_types(schema),
        properties=properties,
        hidden=frozenset(
            name for name, inner in properties.items() if any(_is_hidden(part) for part in inner)
        ),
        required=tuple(
            dict.fromkeys(name for part in schema for name in required_names(part, excused(schema)))
        ),
        items=_items(schema),
        prefix=_prefix(schema),
        additional=_additional(schema),
        closed=any(_is_closed(part) for part in schema),
        constants=(*_constants(every), *_constants(hinted := _hints(every))),
        allowed=_allowed(schema),
        said=every,
        hinted=hinted,
    )


def required_names(part: Part, excused_names: frozenset[str]) -> list[str]:
    """The names a part demands in its direction."""
    listed = keywords(part).get("required")
    names = [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
    return [name for name in names if name not in excused_names]


CHILDREN = {
    "items",
    "additionalProperties",
    "default",
    "deprecated",
    "$ref",
    "allOf",
    "oneOf",
    "anyOf",
    "discriminator",
}
SAID = {"description", "title", "example", "examples", "externalDocs", "xml", "summary"}


@remembered
def skeleton(schema: Schema) -> tuple[Any, ...]:
    """What the parts say themselves: where it is equal, only what lies inside them can differ."""
    return (tuple(sorted(_bones(part) for part in schema)), excused(schema))


def _bones(part: Part) -> str:
    own = {
        key: value for key, value in keywords(part).items() if key not in SAID and not key.startswith("x-")
    }
    bones = {key: value for key, value in own.items() if key not in CHILDREN}
    bones["properties"] = sorted(_declared(part))
    for key in ("required", "enum", "type"):
        if isinstance(bones.get(key), list):
            bones[key] = sorted(map(repr, bones[key]))
    for key in ("items", "additionalProperties"):
        if key in own:
            bones[key] = own[key] if isinstance(own[key], bool) else "schema"
    return repr(sorted(bones.items()))


@remembered
def excused(schema: Schema) -> frozenset[str]:
    """Names that nothing can demand: left out of this direction, or assumed where assumptions are dropped.

    The property and the `required` that names it may stand in different members of an `allOf`.
    """
    return frozenset(name for part in schema for name in _excused(part, 0))


def _excused(part: Part, depth: int) -> Iterator[str]:
    for name in _declared(part):
        for cursor in property_cursors(part, name):
            if (part.view.reading == "lax" and is_assumed(cursor)) or is_hidden(cursor, part):
                yield name
    if part.bare or depth > 8:
        return
    if isinstance(keywords(part).get("$ref"), str):
        yield from _excused(Part(part.cursor.follow(), part.view), depth + 1)
    for member in members(part, "allOf"):
        yield from _excused(member, depth + 1)


def _is_hidden(part: Part) -> bool:
    """Whether a property is left out of this direction (`readOnly`, `writeOnly`)."""
    flag = FALSE_FOR[part.view.direction]
    cursor: Cursor = part.cursor
    followed = cursor.follow()
    return any(isinstance(at.value, dict) and at.value.get(flag) is True for at in (cursor, followed))


def is_hidden(cursor: Cursor, part: Part) -> bool:
    """Whether the property at a place is left out of the part's direction."""
    return _is_hidden(Part(cursor, part.view))


def _declared(part: Part) -> Iterator[str]:
    declared = keywords(part).get("properties")
    if isinstance(declared, dict):
        yield from (name for name, inner in declared.items() if isinstance(inner, dict | bool))


def _property(schema: Schema, name: str) -> Schema:
    return tuple(Part(cursor, part.view) for part in schema for cursor in _inner(part, "properties", name))


def _inner(part: Part, *keys: str) -> list[Cursor]:
    """The schema below a keyword, also where the keyword comes from `x-assumed` or `x-observed`."""
    for origin in ((), ("x-observed",), ("x-assumed",)):
        if origin == ("x-assumed",) and part.view.reading == "lax":
            continue
        value, path = part.cursor.value, part.cursor.path
        for key in (*origin, *keys):
            value = value.get(key) if isinstance(value, dict) else None
            path = (*path, key)
        if isinstance(value, dict | bool):
            return [Cursor(part.cursor.document, path, value)]
    return []


def _types(schema: Schema) -> tuple[str, ...]:
    allowed = set(TYPES)
    for part in schema:
        allowed &= part_types(part)
    return tuple(name for name in TYPES if name in allowed)


def part_types(part: Part) -> set[str]:
    """The types one part allows."""
    own = keywords(part)
    said = own.get("type")
    names = [said] if isinstance(said, str) else said if isinstance(said, list) else []
    known = {str(name) for name in names if name in TYPES}
    if not known:
        return set(TYPES)
    if "number" in known:
        known.add("integer")
    if own.get("nullable") is True and not part.cursor.document.is_31:
        known.add("null")
    return known


def _items(schema: Schema) -> Schema | None:
    found = tuple(Part(cursor, part.view) for part in schema for cursor in _inner(part, "items"))
    return found or None


def _prefix(schema: Schema) -> tuple[Schema, ...]:
    for part in schema:
        listed = keywords(part).get("prefixItems")
        if isinstance(listed, list):
            parent = Cursor(part.cursor.document, (*part.cursor.path, "prefixItems"), listed)
            return tuple((Part(parent.raw(str(place)), part.view),) for place in range(len(listed)))
    return ()


def _additional(schema: Schema) -> Schema:
    return tuple(
        Part(cursor, part.view)
        for part in schema
        for cursor in _inner(part, "additionalProperties")
        if isinstance(cursor.value, dict)
    )


def _is_closed(part: Part) -> bool:
    own = keywords(part)
    return own.get("additionalProperties") is False or own.get("unevaluatedProperties") is False


def _hints(every: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """What the keywords say inside `not`, `if` and the like: worth trying values beside, too."""
    hinted: dict[str, list[Any]] = {}
    pending = [
        inner
        for key in ("not", "if", "then", "else", "contains", "propertyNames")
        for inner in every.get(key, [])
    ]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            for keyword, said in value.items():
                hinted.setdefault(keyword, []).append(said)
                pending.append(said)
        elif isinstance(value, list):
            pending.extend(value)
    return hinted


def _constants(every: dict[str, list[Any]]) -> Iterator[Any]:
    for listed in every.get("enum", []):
        yield from listed if isinstance(listed, list) else []
    yield from every.get("const", [])


def _allowed(schema: Schema) -> tuple[Any, ...] | None:
    """The values that every enum and const of the parts allows; None where there is none."""
    sets = []
    for part in schema:
        own = keywords(part)
        if isinstance(own.get("enum"), list):
            nullable = own.get("nullable") is True and not part.cursor.document.is_31
            sets.append([*own["enum"], *([None] if nullable and None not in own["enum"] else [])])
        if "const" in own:
            sets.append([own["const"]])
    if not sets:
        return None
    return tuple(value for value in sets[0] if all(any(same(value, other) for other in one) for one in sets))


def same(one: Any, other: Any) -> bool:
    """Equality of JSON values: `1` is `1.0` but not `true`."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)
