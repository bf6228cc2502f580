"""Which differences between two schemas does no value show: names, defaults, deprecations, grades?"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any

from openapi import GRADES, Grade
from spec_review.loading import Cursor
from spec_review.values.convert import BOUNDS
from spec_review.values.equality import Equality
from spec_review.values.jumps import Jumps, Reach, resolved
from spec_review.values.pairing import partners, similar
from spec_review.values.schema import Part, Schema, alternatives, identity, keywords
from spec_review.values.shape import Shape, shape_of

CONSTRAINTS = {
    "type", "nullable", "enum", "format", "pattern", "minLength", "maxLength",
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "required",
}  # fmt: skip


@dataclass(frozen=True)
class Fact:
    """Something that only one schema declares, or that both declare differently."""

    kind: str
    path: tuple[str, ...]
    base: Cursor | None
    revision: Cursor | None
    name: str = ""
    old: Any = None
    new: Any = None
    optional: bool = True
    origin: int = -1  # the visit that found it


Grades = tuple[Grade, Grade]
"""The grade in the base and the grade in the revision."""
DEFAULT: Grades = (Grade.DOCUMENTED, Grade.DOCUMENTED)


@dataclass(frozen=True)
class Below:
    """A pair of schemas below another, with the grades it inherits."""

    path: tuple[str, ...]
    base: Schema
    revision: Schema
    optional: bool
    grades: Grades
    root: int = 0

    @property
    def key(self) -> tuple[Any, ...]:
        """Equal for two visits of the same pair, whatever leads there."""
        return (identity(self.base), identity(self.revision), self.optional, self.grades)


Roots = Sequence[tuple[Schema, Schema, bool]]
"""The schemas of the base and the revision, and whether their whole value may be omitted."""


def _number(below: "Below", known: dict[Any, int], pending: "list[Below]", reach: Reach) -> int:
    """The number of a visit, also if the pair was reached before."""
    below = replace(below, base=resolved(below.base), revision=resolved(below.revision))
    if below.key not in known:
        known[below.key] = reach.add()
        pending.append(below)
    return known[below.key]


class Declared:
    """Compares what the schemas of the base and of the revision declare."""

    def __init__(self, equality: Equality, jumps: Jumps | None, late: Callable[[], bool]) -> None:
        self.equality, self.jumps, self.late = equality, jumps, late

    def explore(self, roots: Roots) -> tuple[list[list[Fact]], Reach]:
        """The facts of each root, by their shortest path, and for each fact all roots that lead to it."""
        reach, facts = Reach(), [list[Fact]() for _ in roots]
        first = [Below((), *root, DEFAULT, place) for place, root in enumerate(roots)]
        pending: list[Below] = []
        known: dict[Any, int] = {}
        for below in first:
            reach.root(_number(below, known, pending, reach), below.root)
        for at, below in enumerate(pending):
            if self.late():
                break
            for found in self._found(below):
                if isinstance(found, Fact):
                    path = (*below.path, *found.path)
                    facts[below.root].append(replace(found, path=path, origin=at))
                else:
                    reach.link(at, _number(replace(found, root=below.root), known, pending, reach))
        return facts, reach

    def _found(self, below: "Below") -> Iterator["Fact | Below"]:
        if self.equality.equal(below.base, below.revision):
            return
        jumps = self.jumps.between(below.base, below.revision) if self.jumps else None
        if jumps is None:
            yield from self._at(below)
            return
        for jump in jumps:
            path = (*below.path, *jump.steps)
            optional = jump.optional if jump.steps else below.optional
            yield Below(path, jump.one, jump.other, optional, below.grades)

    def _at(self, at: "Below") -> Iterator["Fact | Below"]:
        base, revision, grades = at.base, at.revision, at.grades
        yield from _annotations(base, revision, at.optional)
        own = (_grade(base, grades[0]), _grade(revision, grades[1]))
        if own[0] != own[1] and own != grades:
            yield Fact("grade", (), _origin(base), _origin(revision), "", *own)
        for one, other in self._paired(alternatives(base), alternatives(revision)):
            yield from _keyword_grades(one, other, own)
            yield from self._flat(at.path, one, other, own)

    def _paired(self, ones: list[Schema], others: list[Schema]) -> Iterator[tuple[Schema, Schema]]:
        for one, other, left_over in partners(ones, others, self.equality.equal):
            if not left_over:
                yield one, other

    def _flat(
        self, path: tuple[str, ...], base: Schema, revision: Schema, grades: Grades
    ) -> Iterator["Fact | Below"]:
        one, other = shape_of(base), shape_of(revision)
        yield from self._names(base, revision, one, other)
        yield from _texts(base, revision, one, other)
        yield from _types(base, revision, one, other)
        for name in one.properties:
            if _visible(name, one) and _visible(name, other):
                required = name in one.required and name in other.required
                pair = (one.properties[name], other.properties[name])
                yield Below((*path, name), *pair, not required, grades)
        if one.items and other.items:
            yield Below((*path, "[]"), one.items, other.items, True, grades)
        if one.additional and other.additional:
            yield Below((*path, "{}"), one.additional, other.additional, True, grades)

    def _names(self, base: Schema, revision: Schema, one: Shape, other: Shape) -> Iterator[Fact]:
        removed = [name for name in one.properties if _visible(name, one) and not _visible(name, other)]
        added = [name for name in other.properties if _visible(name, other) and not _visible(name, one)]
        for name in list(removed):
            new_name = self._new_name(name, removed, added, one, other)
            if new_name is not None:
                removed.remove(name)
                added.remove(new_name)
                yield Fact("property-renamed", (), _at(one, name), _at(other, new_name), name, name, new_name)
        for name in removed:
            yield Fact("property-removed", (), _at(one, name), _owner(revision), name, name, None)
        for name in added:
            yield Fact("property-added", (), _owner(base), _at(other, name), name, None, name)

    def _new_name(
        self, name: str, removed: list[str], added: list[str], one: Shape, other: Shape
    ) -> str | None:
        """The new name of a property: an equal schema, and a similar name, description or position."""
        schema = one.properties[name]
        equal = [new for new in added if self.equality.equal(schema, other.properties[new])]
        likely = [
            new for new in equal if similar(name, new) or _same_description(schema, other.properties[new])
        ]
        if likely:
            return max(likely, key=lambda new: SequenceMatcher(None, name.lower(), new.lower()).ratio())
        order, others = list(one.properties), list(other.properties)
        if len(removed) == len(added) == 1 and len(equal) == 1 and len(order) == len(others) > 1:
            same_position = order.index(name) == others.index(equal[0])
            return equal[0] if same_position and _distinctive(schema) else None
        return None


def _same_description(one: Schema, other: Schema) -> bool:
    left, right = _description(one), _description(other)
    return bool(left) and left == right


def _description(schema: Schema) -> str:
    return next((text for part in schema if (text := part.cursor.text("description"))), "")


def _distinctive(schema: Schema) -> bool:
    """Whether a schema has a keyword other than its type, so that an equal schema is no coincidence."""
    return any(set(keywords(part)) - {"type", "description", "title", "example"} for part in schema)


def _visible(name: str, shape: Shape) -> bool:
    return name in shape.properties and name not in shape.hidden


def _at(shape: Shape, name: str) -> Cursor:
    return shape.properties[name][0].cursor


def _owner(schema: Schema) -> Cursor | None:
    """The first part that declares properties, or the first part of all."""
    for part in schema:
        if isinstance(part.cursor.value, dict) and "properties" in part.cursor.value:
            return part.cursor
    return schema[0].cursor if schema else None


def _annotations(base: Schema, revision: Schema, optional: bool) -> Iterator[Fact]:
    one, other = _origin(base), _origin(revision)
    if one is None or other is None:
        return
    old, new = _first_value(base, "default"), _first_value(revision, "default")
    if old != new:
        kind = "default-added" if not old else "default-removed" if not new else "default-changed"
        before, after = (values[0] if values else None for values in (old, new))
        yield Fact(kind, (), one, other, "default", before, after, optional)
    if _first_value(revision, "deprecated") == [True] != _first_value(base, "deprecated"):
        yield Fact("deprecated", (), one, other, "deprecated", None, True)


def _grade(schema: Schema, inherited: Grade) -> Grade:
    own = _first_value(schema, "x-grade")
    return Grade(own[0]) if own and own[0] in GRADES else inherited


def _keyword_grades(base: Schema, revision: Schema, grades: Grades) -> Iterator[Fact]:
    """Keywords with the same value and another grade."""
    old, new = _grades_of_keywords(base, grades[0]), _grades_of_keywords(revision, grades[1])
    for key in old:
        if key in new and old[key] != new[key] and grades[0] == grades[1]:
            yield Fact("grade", (), _origin(base), _origin(revision), key[0], old[key], new[key])


def _grades_of_keywords(schema: Schema, own: Grade) -> dict[tuple[str, str], Grade]:
    """The grade of each keyword, or of each value if the keyword is a list."""
    found: dict[tuple[str, str], Grade] = {}
    for part in schema:
        value = part.cursor.value if isinstance(part.cursor.value, dict) else {}
        for grade, holder in ((own, value), *((grade, value.get(f"x-{grade}")) for grade in GRADES[1:])):
            if isinstance(holder, dict):
                for keyword, inner in holder.items():
                    if keyword in CONSTRAINTS:
                        values = inner if isinstance(inner, list) else [inner]
                        found.update({(f"{keyword} {one}", repr(one)): grade for one in values})
        if isinstance(value.get("x-enum-grade"), dict):
            graded = value["x-enum-grade"].items()
            found.update(
                {(f"enum {one}", repr(one)): Grade(grade) for one, grade in graded if grade in GRADES}
            )
    return found


def _origin(schema: Schema) -> Cursor | None:
    return schema[0].cursor.follow() if schema else None


def _first_value(schema: Schema, keyword: str) -> list[Any]:
    """The first value of a keyword, also behind `$ref` and in `allOf`; empty when there is none."""
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


def _types(base: Schema, revision: Schema, one: Shape, other: Shape) -> Iterator[Fact]:
    """A type that only one schema states, although both mean it."""
    old, new = one.values_of("type"), other.values_of("type")
    if one.types == other.types and bool(old) != bool(new) and len(one.types) == 1:
        kind = "type-stated" if new else "type-dropped"
        both = (str(old[0]) if old else None, str(new[0]) if new else None)
        yield Fact(kind, (), _owner(base), _owner(revision), "type", *both)


def _texts(base: Schema, revision: Schema, one: Shape, other: Shape) -> Iterator[Fact]:
    """Patterns and formats that differ; the search may miss a string that shows the difference."""
    for keyword in ("pattern", "format"):
        old, new = sorted(map(str, one.values_of(keyword))), sorted(map(str, other.values_of(keyword)))
        named = keyword == "format" and not set(old + new) & set(BOUNDS)
        if old != new and (named or (old and new)):
            yield Fact(
                f"{keyword}-changed",
                (),
                _owner(base),
                _owner(revision),
                keyword,
                " and ".join(old) or None,
                " and ".join(new) or None,
            )
