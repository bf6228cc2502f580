"""Which types, properties, items and constants do the parts of one alternative declare together?"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from spec_review.loading import Cursor
from spec_review.values.conditions import conditions, hints, inner_cursors
from spec_review.values.schema import (
    TYPES,
    Part,
    Schema,
    alternatives,
    cached,
    is_assumed,
    keywords,
    members,
    property_cursors,
)

HIDDEN_BY = {"request": "readOnly", "response": "writeOnly"}
"""The keyword that hides a property in a direction."""


@dataclass(frozen=True)
class Shape:
    """What is needed to generate values for a flat schema; the validator decides which are accepted."""

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
    keyword_values: dict[str, list[Any]] = field(default_factory=dict)
    nested: dict[str, list[Any]] = field(default_factory=dict)
    patterns: dict[str, Schema] = field(default_factory=dict)
    conditions: tuple[tuple[str, Schema], ...] = ()

    def values_of(self, keyword: str) -> list[Any]:
        """All values of a keyword in the parts."""
        return self.keyword_values.get(keyword, [])

    def values_near(self, keyword: str) -> list[Any]:
        """All values of a keyword in the parts, also inside `not`, `if`, `then` and `else`."""
        return [*self.values_of(keyword), *self.nested.get(keyword, [])]


@cached
def shape_of(schema: Schema) -> Shape:
    """The shape of one alternative (see `schema.alternatives`)."""
    every: dict[str, list[Any]] = {}
    for part in schema:
        for keyword, value in keywords(part).items():
            every.setdefault(keyword, []).append(value)
    names = dict.fromkeys(name for part in schema for name in _declared(part))
    properties = {name: _property(schema, name) for name in names}
    return Shape(
        types=_implied(_types(schema), every),
        properties=properties,
        hidden=frozenset(
            name for name, inner in properties.items() if any(is_hidden(part.cursor, part) for part in inner)
        ),
        required=_required(schema),
        items=_items(schema),
        prefix=_prefix(schema),
        additional=_additional(schema),
        closed=any(_is_closed(part) for part in schema),
        constants=(*_constants(every), *_constants(nested := hints(every))),
        allowed=_allowed(schema),
        keyword_values=every,
        nested=nested,
        patterns={pattern: _inside(schema, "patternProperties", pattern) for pattern in _patterns(schema)},
        conditions=tuple(conditions(schema)),
    )


def _required(schema: Schema) -> tuple[str, ...]:
    exempt = exempt_names(schema)
    return tuple(dict.fromkeys(name for part in schema for name in required_names(part, exempt)))


def required_names(part: Part, exempt: frozenset[str]) -> list[str]:
    """The properties that a part requires, without those in `exempt`."""
    listed = keywords(part).get("required")
    names = [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
    return [name for name in names if name not in exempt]


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
ANNOTATIONS = {"description", "title", "example", "examples", "externalDocs", "xml", "summary"}


@cached
def own_constraints(schema: Schema) -> tuple[Any, ...]:
    """The constraints of the parts themselves; if they are equal, only nested schemas can differ."""
    return (tuple(sorted(_own_keywords(part) for part in schema)), exempt_names(schema))


def _own_keywords(part: Part) -> str:
    own = {
        key: value
        for key, value in keywords(part).items()
        if key not in ANNOTATIONS and not key.startswith("x-")
    }
    own_ = {key: value for key, value in own.items() if key not in CHILDREN}
    own_["properties"] = sorted(_declared(part))
    for key in ("required", "enum", "type"):
        if isinstance(own_.get(key), list):
            own_[key] = sorted(map(repr, own_[key]))
    if isinstance(own_.get("patternProperties"), dict):
        own_["patternProperties"] = sorted(own_["patternProperties"])
    for key in ("items", "additionalProperties"):
        if key in own:
            own_[key] = own[key] if isinstance(own[key], bool) else "schema"
    return repr(sorted(own_.items()))


@cached
def exempt_names(schema: Schema) -> frozenset[str]:
    """Properties that are never required: hidden in this direction, or assumed in a `lax` reading.

    The property and the `required` that names it may be in different members of an `allOf`.
    """
    return frozenset(name for part in schema for name in _exempt_names(part, set()))


def _exempt_names(part: Part, seen: set[Any]) -> Iterator[str]:
    if part.identity in seen:
        return
    seen.add(part.identity)
    own, flag = keywords(part).get("properties"), HIDDEN_BY[part.view.direction]
    lax = part.view.reading == "lax" and part.cursor.document.may_have_grades
    for name, inner in own.items() if isinstance(own, dict) else ():
        if isinstance(inner, dict) and (lax or "$ref" in inner or flag in inner):
            for cursor in property_cursors(part, name):
                if (lax and is_assumed(cursor)) or is_hidden(cursor, part):
                    yield name
    if part.bare:
        return
    if isinstance(keywords(part).get("$ref"), str):
        yield from _exempt_names(Part(part.cursor.follow(), part.view), seen)
    for member in members(part, "allOf"):
        yield from _exempt_names(member, seen)


def is_hidden(cursor: Cursor, part: Part) -> bool:
    """Whether `readOnly` or `writeOnly` hides the property at a place in the direction of the part."""
    flag = HIDDEN_BY[part.view.direction]
    if cursor.flag(flag) or not isinstance(cursor.value, dict) or "$ref" not in cursor.value:
        return cursor.flag(flag)
    return cursor.follow().flag(flag)


def _declared(part: Part) -> Iterator[str]:
    declared = keywords(part).get("properties")
    if isinstance(declared, dict):
        yield from (name for name, inner in declared.items() if isinstance(inner, dict | bool))


def _property(schema: Schema, name: str) -> Schema:
    return _inside(schema, "properties", name)


def _inside(schema: Schema, *keys: str) -> Schema:
    return tuple(Part(cursor, part.view) for part in schema for cursor in inner_cursors(part, *keys))


def _types(schema: Schema) -> tuple[str, ...]:
    allowed = set(TYPES)
    for part in schema:
        allowed &= part_types(part)
    return tuple(name for name in TYPES if name in allowed)


IMPLIED = {
    "object": ("properties", "additionalProperties", "patternProperties"),
    "array": ("items", "prefixItems"),
}
"""Keywords by which a schema without a type shows which type its author means."""


def _implied(types: tuple[str, ...], every: dict[str, list[Any]]) -> tuple[str, ...]:
    """The types to try: without a stated type, only the one that the keywords are for."""
    if types != TYPES or "enum" in every or "const" in every:
        return types
    meant = [name for name, words in IMPLIED.items() if any(word in every for word in words)]
    return tuple(meant) if len(meant) == 1 else types


def part_types(part: Part) -> set[str]:
    """The types that one part allows."""
    own = keywords(part)
    stated = own.get("type")
    names = [stated] if isinstance(stated, str) else stated if isinstance(stated, list) else []
    known = {str(name) for name in names if name in TYPES}
    if not known:
        return set(TYPES)
    if "number" in known:
        known.add("integer")
    if own.get("nullable") is True and not part.cursor.document.is_31:
        known.add("null")
    return known


def _items(schema: Schema) -> Schema | None:
    found = tuple(Part(cursor, part.view) for part in schema for cursor in inner_cursors(part, "items"))
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
        for cursor in inner_cursors(part, "additionalProperties")
        if isinstance(cursor.value, dict)
    )


def _is_closed(part: Part) -> bool:
    own = keywords(part)
    return own.get("additionalProperties") is False or own.get("unevaluatedProperties") is False


def _patterns(schema: Schema) -> dict[str, None]:
    listed = [keywords(part).get("patternProperties") for part in schema]
    return dict.fromkeys(pattern for one in listed if isinstance(one, dict) for pattern in one)


def _constants(every: dict[str, list[Any]]) -> Iterator[Any]:
    for listed in every.get("enum", []):
        yield from listed if isinstance(listed, list) else []
    yield from every.get("const", [])


def _allowed(schema: Schema) -> tuple[Any, ...] | None:
    """The values that each `enum` and `const` of the parts allows; None when there is none."""
    sets = []
    for part in schema:
        own = keywords(part)
        if isinstance(own.get("enum"), list):
            nullable = own.get("nullable") is True and not part.cursor.document.is_31
            sets.append([*own["enum"], *([None] if nullable and None not in own["enum"] else [])])
        if "const" in own:
            sets.append([own["const"]])
        if part.cursor.value is False:
            sets.append([])
    if not sets:
        return None
    return tuple(value for value in sets[0] if all(any(same(value, other) for other in one) for one in sets))


def allowed_by(schema: Schema) -> tuple[Any, ...] | None:
    """The constants that a schema allows, also as a union of constants; None when it allows more."""
    found = [shape_of(one).allowed for one in alternatives(schema)]
    if not found or any(one is None for one in found):
        return None
    return tuple(value for one in found if one is not None for value in one)


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal: `1` equals `1.0` but not `true`."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)
