"""How is an OpenAPI schema converted to JSON Schema 2020-12, which the validator reads?"""

import re
from hashlib import sha256
from typing import Any, NamedTuple

from spec_review.loading import Cursor
from spec_review.loading.unchanged import packed
from spec_review.values.schema import TYPES, Part, Schema, is_assumed, keywords, members, union_members
from spec_review.values.shape import exempt_names, is_hidden, required_names

BOUNDS = {
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
}
NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
COUNTS = (
    "minLength", "maxLength", "minItems", "maxItems",
    "minProperties", "maxProperties", "minContains", "maxContains",
)  # fmt: skip
SUBSCHEMAS = (
    "not",
    "contains",
    "propertyNames",
    "if",
    "then",
    "else",
    "unevaluatedItems",
    "unevaluatedProperties",
)
CONSTRAINTS = {
    *NUMBERS, *COUNTS, "uniqueItems", "dependentRequired", "pattern", "format", "enum", "const",
}  # fmt: skip
MAPS = ("patternProperties", "dependentSchemas")


NESTED = {
    "properties", "required", "items", "additionalProperties", "prefixItems", *SUBSCHEMAS, *MAPS,
}  # fmt: skip
UNEVALUATED = ("unevaluatedItems", "unevaluatedProperties")
Key = tuple[Any, ...]
ONE_OF: Key = ("oneOf",)
"""Stands among the definitions that a schema needs if it has a `oneOf` without a discriminator."""


class Converted(NamedTuple):
    """A schema for the validator, and a digest that is equal for equal schemas."""

    schema: dict[str, Any]
    digest: bytes
    has_one_of: bool
    """Whether `exactly_one` makes a difference."""


class Converter:
    """Converts schemas; the targets of each `$ref` become `$defs`.

    With `exactly_one`, a `oneOf` without a discriminator stays a `oneOf`; otherwise it becomes an `anyOf`.
    With `names`, other properties are left out. With `near`, a reference of a property is followed, and a
    reference of a property of its target is not.
    """

    def __init__(self, exactly_one: bool, names: frozenset[str] | None = None, near: bool = False) -> None:
        self.exactly_one, self.names, self.near = exactly_one, names, near
        self.level, self.below = 0, False
        self.definitions: dict[Key, Any] = {}
        self.needs: dict[Key, set[Key]] = {}
        self.needed: list[set[Key]] = [set()]
        self.parts: dict[Key, tuple[dict[str, Any], set[Key]]] = {}
        self.digests: dict[Key, bytes] = {}

    def whole(self, schema: Schema) -> Converted:
        """The converted schema with the definitions it needs."""
        self.needed.append(set())
        converted = self.all_of(schema)
        keys, pending = set[Key](), self.needed.pop()
        while pending:
            key = pending.pop()
            if key not in keys:
                keys.add(key)
                pending |= self.needs.get(key, set())
        ordered = sorted(keys - {ONE_OF}, key=lambda key: str(key[-1]))
        digest = sha256(packed(converted))
        for key in ordered:
            digest.update(self._digest(key))
        definitions = {key[-1]: self.definitions[key] for key in ordered}
        whole = {**converted, "$defs": definitions} if definitions else converted
        return Converted(whole, digest.digest(), ONE_OF in keys)

    def _digest(self, key: Key) -> bytes:
        if key not in self.digests:
            self.digests[key] = sha256(packed([key[-1], self.definitions[key]])).digest()
        return self.digests[key]

    def all_of(self, schema: Schema) -> dict[str, Any]:
        """The converted conjunction of all parts."""
        names = exempt_names(schema)
        if len(schema) == 1:
            return self.part(schema[0], names)
        parts = [dict(self.part(part, names)) for part in schema]
        if not parts:
            return {}
        outer: dict[str, Any] = {}
        for part, converted in zip(schema, parts, strict=True):
            if part.bare:  # what is unevaluated depends on the parts beside it
                outer |= {key: converted.pop(key) for key in UNEVALUATED if key in converted}
        return {"allOf": parts, **outer}

    def part(self, part: Part, exempt: frozenset[str] = frozenset()) -> dict[str, Any]:
        """One converted schema of a conjunction; properties in `exempt` are never required."""
        key = (part.identity, exempt, self.level, self.below)
        if key not in self.parts:
            self.needed.append(set())
            self.parts[key] = self._part(part, exempt), self.needed.pop()
        converted, needs = self.parts[key]
        self.needed[-1] |= needs
        return converted

    def _part(self, part: Part, exempt: frozenset[str]) -> dict[str, Any]:
        own = keywords(part)
        exempt |= exempt_names((part,))
        if isinstance(own.get("$ref"), str) and not part.bare:
            target = {"$ref": f"#/$defs/{self._definition(part, exempt)}"}
            if not part.cursor.document.is_31:
                return target
            return {"allOf": [target, self._plain(part, own, exempt)]}
        return self._plain(part, own, exempt)

    def _definition(self, part: Part, exempt: frozenset[str]) -> str:
        cursor = part.cursor.follow()
        level = self.level + self.below if self.near else 0
        name = _name(cursor, exempt) + (f".{level}" if level else "")
        key = (*cursor.key, part.view, exempt, name)
        if key not in self.needs:
            outer = self.level, self.below
            self.level, self.below = level, False
            self.needed.append(set())
            self.needs[key] = set()
            self.definitions[key] = {} if level > 1 else self.part(Part(cursor, part.view), exempt)
            self.needs[key] = self.needed.pop()
            self.level, self.below = outer
        self.needed[-1].add(key)
        return name

    def _plain(self, part: Part, own: dict[str, Any], exempt: frozenset[str]) -> dict[str, Any]:
        result = {**self._type(part, own), **_constraints(own, part), **self._children(part, own, exempt)}
        conjuncts = _format_bounds(own)
        if not part.bare:
            conjuncts += [self.part(member, exempt) for member in members(part, "allOf")]
            conjuncts += self._unions(part, own)
        if conjuncts:
            result["allOf"] = _once(conjuncts)
        combined = not part.bare and any(own.get(key) for key in ("allOf", "oneOf", "anyOf"))
        if combined and own.get("nullable") is True and not part.cursor.document.is_31:
            return {"anyOf": [{"type": "null"}, result]}
        return result

    def _unions(self, part: Part, own: dict[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for combiner in ("oneOf", "anyOf"):
            groups = union_members(part, combiner)
            if own.get(combiner) == []:
                found.append({"not": {}})
            if groups:
                one_of = combiner == "oneOf" and "discriminator" not in own
                exactly_one = one_of and self.exactly_one
                self.needed[-1] |= {ONE_OF} if one_of else set()
                listed = [self.all_of(group) for group in groups]
                found.append({"oneOf": listed} if exactly_one else {"anyOf": _once(listed)})
        return found

    def _type(self, part: Part, own: dict[str, Any]) -> dict[str, Any]:
        stated = own.get("type")
        names = [stated] if isinstance(stated, str) else stated if isinstance(stated, list) else []
        known = [name for name in names if name in TYPES]
        if known and own.get("nullable") is True and not part.cursor.document.is_31:
            known.append("null")
        return {"type": list(dict.fromkeys(known))} if known else {}

    def _children(self, part: Part, own: dict[str, Any], exempt: frozenset[str]) -> dict[str, Any]:
        if NESTED.isdisjoint(own):
            return {}
        outer, self.below = self.below, True
        result = self._subschemas(part, own, exempt)
        self.below = outer
        return result

    def _subschemas(self, part: Part, own: dict[str, Any], exempt: frozenset[str]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        if isinstance(own.get("properties"), dict):
            parent = _below(part, own, "properties")
            result["properties"] = {
                name: self._property(parent.raw(name), part)
                for name, inner in own["properties"].items()
                if isinstance(inner, dict | bool) and (self.names is None or name in self.names)
            }
        names = required_names(part, exempt)
        if names:
            result["required"] = list(dict.fromkeys(names))
        for key in ("items", "additionalProperties", *SUBSCHEMAS):
            if isinstance(own.get(key), bool):
                result[key] = own[key]
            elif isinstance(own.get(key), dict):
                result[key] = self.part(Part(_below(part, own, key), part.view))
        for key in MAPS:
            if isinstance(own.get(key), dict):
                result[key] = {name: self._below(part, own, key, name) for name in own[key]}
        if isinstance(own.get("prefixItems"), list):
            places = map(str, range(len(own["prefixItems"])))
            result["prefixItems"] = [self._below(part, own, "prefixItems", place) for place in places]
        return result

    def _below(self, part: Part, own: dict[str, Any], *keys: str) -> dict[str, Any]:
        return self.part(Part(_below(part, own, *keys), part.view))

    def _property(self, cursor: Cursor, part: Part) -> dict[str, Any]:
        if is_hidden(cursor, part) or (part.view.reading == "lax" and is_assumed(cursor)):
            return {}
        return self.part(Part(cursor, part.view))


def _once(listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The schemas without repetitions, which would multiply the work of the validator."""
    return [one for place, one in enumerate(listed) if one not in listed[:place]]


def _name(target: Cursor, exempt: frozenset[str]) -> str:
    """The name of a definition: its path, so that both documents use the same name for it."""
    document = target.document
    file = document.source.path if document.name in document.others else ""
    return ".".join(re.sub(r"[^\w]", "_", step) for step in (file, *target.path, *sorted(exempt)) if step)


def _below(part: Part, own: dict[str, Any], *keys: str) -> Cursor:
    cursor = Cursor(part.cursor.document, part.cursor.path, own)
    for key in keys:
        cursor = cursor.raw(key)
    return cursor


def _constraints(own: dict[str, Any], part: Part) -> dict[str, Any]:
    if CONSTRAINTS.isdisjoint(own):
        return {}
    result: dict[str, Any] = {}
    for key in NUMBERS:
        if isinstance(own.get(key), int | float) and not isinstance(own.get(key), bool):
            result[key] = own[key]
    if result.get("multipleOf", 1) <= 0:
        del result["multipleOf"]
    for key in COUNTS:
        if isinstance(own.get(key), int | float) and not isinstance(own.get(key), bool) and own[key] >= 0:
            result[key] = int(own[key])
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if own.get(exclusive) is True and bound in result:
            result[exclusive] = result.pop(bound)
    if own.get("uniqueItems") is True:
        result["uniqueItems"] = True
    if isinstance(own.get("dependentRequired"), dict):
        result["dependentRequired"] = own["dependentRequired"]
    return {**result, **_texts(own, part)}


def _texts(own: dict[str, Any], part: Part) -> dict[str, Any]:
    result: dict[str, Any] = {}
    if isinstance(own.get("pattern"), str) and is_pattern(own["pattern"]):
        result["pattern"] = own["pattern"]
    if isinstance(own.get("format"), str):
        result["format"] = own["format"]
    if isinstance(own.get("enum"), list):
        nullable = own.get("nullable") is True and not part.cursor.document.is_31
        result["enum"] = [*own["enum"], *([None] if nullable and None not in own["enum"] else [])]
    if "const" in own:
        result["const"] = own["const"]
    return result


def is_pattern(pattern: str) -> bool:
    """Whether a pattern is a valid regular expression; an invalid one is ignored."""
    try:
        re.compile(pattern)
    except re.error:
        return "\\p" in pattern or "(?<" in pattern  # valid in ECMA 262 but not in Python
    return True


def _format_bounds(own: dict[str, Any]) -> list[dict[str, Any]]:
    bounds = BOUNDS.get(str(own.get("format")))
    return [{"minimum": bounds[0], "maximum": bounds[1]}] if bounds else []
