"""What do two schemas declare differently that no value shows: names, defaults, deprecations?"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any

from openapi import GRADES
from spec_review.loading import Cursor
from spec_review.values.equality import Equality
from spec_review.values.names import alike
from spec_review.values.pairing import affinity
from spec_review.values.schema import Part, Schema, alternatives, identity, keywords
from spec_review.values.shape import Shape, shape_of

DEEPEST = 24
CONSTRAINTS = {
    "type", "nullable", "enum", "format", "pattern", "minLength", "maxLength",
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "required",
}  # fmt: skip


@dataclass(frozen=True)
class Fact:
    """One thing that only one side declares, or that both declare differently."""

    kind: str
    path: tuple[str, ...]
    base: Cursor | None
    head: Cursor | None
    name: str = ""
    old: Any = None
    new: Any = None
    optional: bool = True


Grades = tuple[str, str]


class Declared:
    """Walks pairs of schemas, base against head, remembering what each pair declares."""

    def __init__(self, equality: Equality) -> None:
        self.equality = equality
        self.known: dict[tuple[Any, ...], list[Fact]] = {}
        self.open: set[tuple[Any, ...]] = set()

    def facts(
        self, base: Schema, head: Schema, optional: bool = True, grades: Grades = ("documented", "documented")
    ) -> list[Fact]:
        """The facts at and below a pair of places, whose parents have these grades."""
        key = (identity(base), identity(head), optional, grades)
        if key in self.known:
            return self.known[key]
        if key in self.open or len(self.open) > DEEPEST or self.equality.equal(base, head):
            return []
        self.open.add(key)
        found = list(self._facts(base, head, optional, grades))
        self.open.discard(key)
        self.known[key] = found
        return found

    def _facts(self, base: Schema, head: Schema, optional: bool, grades: Grades) -> Iterator[Fact]:
        yield from _annotations(base, head, optional)
        own = (_grade(base, grades[0]), _grade(head, grades[1]))
        if own[0] != own[1] and own != grades:
            yield Fact("grade", (), _origin(base), _origin(head), "", *own)
        for one, other in _paired(alternatives(base), alternatives(head)):
            yield from _keyword_grades(one, other, own)
            yield from self._flat(one, other, own)

    def _flat(self, base: Schema, head: Schema, grades: Grades) -> Iterator[Fact]:
        one, other = shape_of(base), shape_of(head)
        yield from self._names(base, head, one, other)
        yield from _texts(base, head, one, other)
        for name in one.properties:
            if _visible(name, one) and _visible(name, other):
                demanded = name in one.required and name in other.required
                inner = self.facts(one.properties[name], other.properties[name], not demanded, grades)
                yield from (replace(fact, path=(name, *fact.path)) for fact in inner)
        if one.items and other.items:
            yield from (
                replace(f, path=("[]", *f.path)) for f in self.facts(one.items, other.items, True, grades)
            )
        if one.additional and other.additional:
            inner = self.facts(one.additional, other.additional, True, grades)
            yield from (replace(fact, path=("{}", *fact.path)) for fact in inner)

    def _names(self, base: Schema, head: Schema, one: Shape, other: Shape) -> Iterator[Fact]:
        gone = [name for name in one.properties if _visible(name, one) and not _visible(name, other)]
        new = [name for name in other.properties if _visible(name, other) and not _visible(name, one)]
        for name in list(gone):
            twin = self._twin(name, gone, new, one, other)
            if twin is not None:
                gone.remove(name)
                new.remove(twin)
                yield Fact("property-renamed", (), _at(one, name), _at(other, twin), name, name, twin)
        for name in gone:
            yield Fact("property-removed", (), _at(one, name), _owner(head), name, name, None)
        for name in new:
            yield Fact("property-added", (), _owner(base), _at(other, name), name, None, name)

    def _twin(self, name: str, gone: list[str], new: list[str], one: Shape, other: Shape) -> str | None:
        """The new property that is the old one renamed: the same schema, and a sign that it is meant."""
        equal = [twin for twin in new if self.equality.equal(one.properties[name], other.properties[twin])]
        sure = [
            twin
            for twin in equal
            if alike(name, twin) or _told_alike(one.properties[name], other.properties[twin])
        ]
        if sure:
            return max(sure, key=lambda twin: SequenceMatcher(None, name.lower(), twin.lower()).ratio())
        order, others = list(one.properties), list(other.properties)
        if len(gone) == len(new) == 1 and len(equal) == 1 and len(order) == len(others) > 1:
            return (
                equal[0]
                if order.index(name) == others.index(equal[0]) and _telling(one.properties[name])
                else None
            )
        return None


def _told_alike(one: Schema, other: Schema) -> bool:
    left, right = _description(one), _description(other)
    return bool(left) and left == right


def _description(schema: Schema) -> str:
    return next((text for part in schema if (text := part.cursor.text("description"))), "")


def _telling(schema: Schema) -> bool:
    """Whether a schema says enough for its twin to be no coincidence."""
    return any(set(keywords(part)) - {"type", "description", "title", "example"} for part in schema)


def _visible(name: str, shape: Shape) -> bool:
    return name in shape.properties and name not in shape.hidden


def _at(shape: Shape, name: str) -> Cursor:
    return shape.properties[name][0].cursor


def _owner(schema: Schema) -> Cursor | None:
    """The part that declares properties, or else the first."""
    for part in schema:
        if isinstance(part.cursor.value, dict) and "properties" in part.cursor.value:
            return part.cursor
    return schema[0].cursor if schema else None


def _annotations(base: Schema, head: Schema, optional: bool) -> Iterator[Fact]:
    one, other = _origin(base), _origin(head)
    if one is None or other is None:
        return
    old, new = _said(base, "default"), _said(head, "default")
    if old != new:
        kind = "default-added" if not old else "default-removed" if not new else "default-changed"
        before, after = (said[0] if said else None for said in (old, new))
        yield Fact(kind, (), one, other, "default", before, after, optional)
    if _said(head, "deprecated") == [True] != _said(base, "deprecated"):
        yield Fact("deprecated", (), one, other, "deprecated", None, True)


def _grade(schema: Schema, inherited: str) -> str:
    said = _said(schema, "x-grade")
    return str(said[0]) if said and said[0] in GRADES else inherited


def _keyword_grades(base: Schema, head: Schema, grades: Grades) -> Iterator[Fact]:
    """Keywords that say the same as before but are better or worse founded."""
    old, new = _founded(base, grades[0]), _founded(head, grades[1])
    for key in old:
        if key in new and old[key] != new[key] and grades[0] == grades[1]:
            yield Fact("grade", (), _origin(base), _origin(head), key[0], old[key], new[key])


def _founded(schema: Schema, own: str) -> dict[tuple[str, str], str]:
    """Each keyword, value by value where it lists values, with its grade."""
    found: dict[tuple[str, str], str] = {}
    for part in schema:
        value = part.cursor.value if isinstance(part.cursor.value, dict) else {}
        for grade, said in (
            (own, value),
            ("observed", value.get("x-observed")),
            ("assumed", value.get("x-assumed")),
        ):
            if isinstance(said, dict):
                for keyword, inner in said.items():
                    if keyword in CONSTRAINTS:
                        values = inner if isinstance(inner, list) else [inner]
                        found.update({(f"{keyword} {one}", repr(one)): grade for one in values})
        if isinstance(value.get("x-enum-grade"), dict):
            found.update(
                {(f"enum {one}", repr(one)): str(grade) for one, grade in value["x-enum-grade"].items()}
            )
    return found


def _origin(schema: Schema) -> Cursor | None:
    return schema[0].cursor.follow() if schema else None


def _said(schema: Schema, keyword: str) -> list[Any]:
    """What a keyword says here: on the way to the schema's own place, or in an `allOf`."""
    found: list[Any] = []
    pending: list[Part] = list(schema)
    for _ in range(32):
        if not pending:
            break
        part = pending.pop(0)
        own = keywords(part)
        if keyword in own and keyword not in (own.get("properties") or {}):
            found.append(own[keyword])
        if isinstance(own.get("$ref"), str):
            pending.append(Part(part.cursor.follow(), part.view))
        for combiner in ("allOf", "oneOf", "anyOf"):
            listed = own.get(combiner)
            if isinstance(listed, list) and (combiner == "allOf" or len(listed) == 1):
                parent = part.cursor.raw(combiner)
                pending.extend(Part(parent.raw(str(place)), part.view) for place in range(len(listed)))
    return found[:1]


def _texts(base: Schema, head: Schema, one: Shape, other: Shape) -> Iterator[Fact]:
    """Patterns and formats that both sides have and that differ: a search may miss what tells them apart."""
    for keyword in ("pattern", "format"):
        old, new = sorted(map(str, one.every(keyword))), sorted(map(str, other.every(keyword)))
        if old and new and old != new:
            yield Fact(
                f"{keyword}-changed",
                (),
                _owner(base),
                _owner(head),
                keyword,
                " and ".join(old),
                " and ".join(new),
            )


def _paired(ones: list[Schema], others: list[Schema]) -> Iterator[tuple[Schema, Schema]]:
    """Alternatives that belong together, best matches first, each used once."""
    if len(ones) == len(others) == 1:
        yield ones[0], others[0]
        return
    shapes = [(shape_of(one), shape_of(other), one, other) for one in ones for other in others]
    ranked = sorted(shapes, key=lambda four: -affinity(four[0], four[1], four[2], four[3]))
    used: set[int] = set()
    for left, right, one, other in ranked:
        if id(one) not in used and id(other) not in used and affinity(left, right, one, other) > 2:
            used |= {id(one), id(other)}
            yield one, other
