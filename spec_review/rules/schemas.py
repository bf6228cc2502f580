"""What does a change to a schema mean for clients that send or receive its values?"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from openapi import GRADES, Grade
from spec_review.catalogue import KEYWORDS, RULES, Kind, rule_id
from spec_review.change import Change, Use, capped, position
from spec_review.comparison import Comparison
from spec_review.grade import grade_at, weakest
from spec_review.loading import Cursor
from spec_review.rules.facts import fact_change, fact_of, subject_of, unreported
from spec_review.rules.sentences import bound_of, plain, sentence
from spec_review.schema_pair import Evidence, SchemaPair
from spec_review.values.declared import Fact
from spec_review.values.grades import Reading
from spec_review.values.jumps import Reach
from spec_review.values.schema import Schema, View, keywords, schema_of
from spec_review.values.search import Difference, Found
from spec_review.values.shape import required_names, shape_of

Property = tuple[tuple[str, ...], str]
"""A property: the path of its object, and its name."""


@dataclass
class Group:
    """The same two schemas of several operations: they are compared once."""

    schemas: SchemaPair
    uses: list[SchemaPair] = field(default_factory=list)


@dataclass(frozen=True)
class Compared:
    """The differences and facts of all groups, and which groups each of them affects."""

    groups: Sequence[Group]
    facts: list[list[Fact]]
    breaking: Found
    assumed: Found | None
    widening: Found
    reach: Reach


def schema_changes(comparison: Comparison) -> Iterator[Change]:
    """All changes of the schemas that the other rules came upon."""
    for as_text in (False, True):
        groups = [
            group for group in _groups(comparison, as_text) if not _are_equal(comparison, group.schemas)
        ]
        if groups:
            compared = _compared(comparison, groups, as_text)
            for number in range(len(groups)):
                yield from _changes(comparison, compared, number)
            yield from _unfinished(compared)


def _groups(comparison: Comparison, as_text: bool) -> Iterable[Group]:
    groups: dict[Any, Group] = {}
    for schemas in comparison.schemas:
        if schemas.as_text == as_text:
            places = tuple(None if at is None else at.key for at in (schemas.base, schemas.revision))
            key = (schemas.direction, schemas.location, places, schemas.optional)
            groups.setdefault(key, Group(schemas)).uses.append(schemas)
    return groups.values()


def _are_equal(comparison: Comparison, schemas: SchemaPair) -> bool:
    return comparison.equality.equal(*_full(schemas))


def _full(schemas: SchemaPair) -> tuple[Schema, Schema]:
    view = View(schemas.direction, "full")
    return schema_of(schemas.base, view), schema_of(schemas.revision, view)


def _compared(comparison: Comparison, groups: Sequence[Group], as_text: bool) -> Compared:
    roots = [(*_full(group.schemas), group.schemas.optional) for group in groups]
    facts, reach = comparison.declared.explore(roots)
    search, graded = comparison.searches[as_text], comparison.graded

    def explored(accepting: Reading, rejecting: Reading, reverse: bool = False) -> Found:
        readings = (accepting, rejecting) if graded else ("full", "full")
        return search.explore([_oriented(group.schemas, readings, reverse) for group in groups])

    return Compared(
        groups,
        facts,
        breaking=explored("strict", "lax"),
        assumed=explored("full", "full") if graded else None,
        widening=explored("strict", "lax", reverse=True),
        reach=reach,
    )


def _oriented(schemas: SchemaPair, readings: tuple[Reading, Reading], reverse: bool) -> tuple[Schema, Schema]:
    """The accepting and the rejecting schema: those whose values break clients, or the `reverse`."""
    base_accepts = (schemas.direction == "request") != reverse
    one, other = (schemas.base, schemas.revision) if base_accepts else (schemas.revision, schemas.base)
    return schema_of(one, View(schemas.direction, readings[0])), schema_of(
        other, View(schemas.direction, readings[1])
    )


def _changes(comparison: Comparison, compared: Compared, number: int) -> Iterator[Change]:
    schemas, facts = compared.groups[number].schemas, compared.facts[number]
    renamed = {
        (fact.path, name)
        for fact in facts
        if fact.kind == "property-renamed"
        for name in (fact.old, fact.new)
    }
    breaking, widening = compared.breaking.differences[number], compared.widening.differences[number]
    known = []
    for one in breaking:
        if _property(one) not in renamed:
            known.append(_used(_change(schemas, one, True), compared, compared.breaking.reach, one))
    yield from known
    for fact in facts:
        if fact.kind == "property-renamed":
            yield _used(_renamed(schemas, fact, breaking), compared, compared.reach, fact)
    if compared.assumed is not None:
        yield from _assumed(compared, number, known, renamed)
    for one in widening:
        if _property(one) not in renamed:
            yield _used(_change(schemas, one, False), compared, compared.widening.reach, one)
    for fact in unreported(facts, breaking, widening):
        yield _used(fact_of(schemas, fact), compared, compared.reach, fact)


def _used(change: Change, compared: Compared, reach: Reach, found: Difference | Fact) -> Change:
    """The change with all its uses; if each of them is only assumed, so is the change."""
    numbers = reach.roots_of(found.origin)
    pairs = [schemas for number in numbers for schemas in compared.groups[number].uses]
    uses = tuple(dict.fromkeys(schemas.use for schemas in pairs))
    own = replace(change, uses=uses, subject=change.subject or _subject(uses[0], found.path))
    if all(schemas.grade == Grade.ASSUMED for schemas in pairs):
        own = replace(own, level=capped(own.level, Grade.ASSUMED), grade=Grade.ASSUMED)
    return own


def _subject(use: Use, path: tuple[str, ...]) -> str:
    return f"{use}, {'.'.join(path)}" if path else str(use)


def _property(difference: Difference) -> Property:
    return (difference.path, difference.name)


def _assumed(
    compared: Compared, number: int, known: Iterable[Change], renamed: set[Property]
) -> Iterator[Change]:
    """Changes that break clients only if assumed facts apply."""
    reported = {_identity(change) for change in known}
    schemas, found = compared.groups[number].schemas, compared.assumed
    for difference in found.differences[number] if found else ():
        change = _change(schemas, difference, True, Grade.ASSUMED)
        if _identity(change) not in reported and _property(difference) not in renamed:
            yield _used(change, compared, found.reach, difference) if found else change


def _identity(change: Change) -> tuple[str, ...]:
    return (change.id, str(change.base), str(change.old), str(change.new))


def _change(
    schemas: SchemaPair, difference: Difference, breaking: bool, grade: Grade | None = None
) -> Change:
    narrowed = (schemas.direction == "request") == breaking
    both = (difference.accepting, difference.rejecting)
    base, revision = both if narrowed else both[::-1]
    keyword = _keyword(difference)
    kind = KEYWORDS.get(keyword, KEYWORDS[""])
    old_at, new_at = _origin(base, keyword, difference.name), _origin(revision, keyword, difference.name)
    grade = grade or weakest(grade_at(old_at), grade_at(new_at))
    id_ = _id(schemas, difference, kind, narrowed, breaking, base, revision)
    level = "warning" if difference.ambiguous and RULES[id_].level == "error" else RULES[id_].level
    named = keyword in ("required", "field")
    evidence = _evidence(schemas, difference)
    return Change(
        id=id_,
        level=capped(level, grade),
        direction=schemas.direction,
        message=sentence(schemas, difference, keyword, kind, base, revision, narrowed),
        subject=subject_of(old_at or new_at, difference.name),
        base=position(_keyword_at(old_at, keyword) or schemas.base),
        revision=position(_keyword_at(new_at, keyword) or schemas.revision),
        old=difference.name if named else plain(bound_of(keyword, base)),
        new=None if named else plain(bound_of(keyword, revision)),
        grade=grade,
        searched=True,
        evidence=evidence if breaking else None,
    )


def _evidence(schemas: SchemaPair, found: Difference) -> Evidence:
    return Evidence(
        schemas, found.value, found.accepting, found.rejecting, found.path, found.keyword, found.name
    )


def _keyword(difference: Difference) -> str:
    if difference.keyword not in ("additionalProperties", "unevaluatedProperties"):
        return difference.keyword
    return "field" if difference.name else "additionalProperties"


def _id(
    schemas: SchemaPair,
    difference: Difference,
    kind: Kind,
    narrowed: bool,
    breaking: bool,
    base: Schema,
    revision: Schema,
) -> str:
    location = schemas.inner_location if difference.path else schemas.location
    id_ = rule_id(location, kind.narrowed if narrowed else kind.widened)
    if not breaking:
        return id_
    if id_ == "request-property-became-required" and difference.name not in shape_of(base).properties:
        return "request-required-property-added"
    if id_ == "response-property-became-optional" and difference.name not in shape_of(revision).properties:
        return "response-required-property-removed"
    return id_


def _origin(schema: Schema, keyword: str, name: str = "") -> Cursor | None:
    """The first part that has the keyword, or the first part of all."""
    wanted = {"nullable": "type", "field": "properties"}.get(keyword, keyword)
    for part in schema:
        own = keywords(part)
        if wanted in own and (keyword != "required" or name in required_names(part, frozenset())):
            return part.cursor
    return schema[0].cursor if schema else None


def _keyword_at(cursor: Cursor | None, keyword: str) -> Cursor | None:
    """The place of the keyword in a schema, or the place of the schema if the keyword is not there."""
    wanted = {"nullable": "type", "field": "properties", "alternatives": "oneOf"}.get(keyword, keyword)
    if cursor is None or not isinstance(cursor.value, dict):
        return cursor
    for holder in ((), *((f"x-{grade}",) for grade in GRADES[1:])):
        at = cursor
        for key in (*holder, wanted):
            if not isinstance(at.value, dict) or at.value.get(key) is None:
                break
            at = at.raw(key)
        else:
            return at
    return cursor


def _renamed(schemas: SchemaPair, fact: Fact, breaking: list[Difference]) -> Change:
    """A renamed property, with a value that proves the break if there is one."""
    names = ((fact.path, fact.old), (fact.path, fact.new))
    proofs = [_evidence(schemas, one) for one in breaking if _property(one) in names]
    return replace(fact_change(schemas, fact), evidence=proofs[0] if proofs else None)


def _unfinished(compared: Compared) -> Iterator[Change]:
    """One change that says how many places were searched only in part."""
    found = [*compared.breaking.unfinished, *compared.widening.unfinished]
    places = list(dict.fromkeys(str(position(part.cursor)) for pair in found for part in pair[1][:1]))
    if not places:
        return
    schemas = compared.groups[0].schemas
    id_ = rule_id(schemas.location, "search-unfinished")
    number = f"{len(places)} places" if len(places) > 1 else "One place"
    more = " and more" if len(places) > 3 else ""
    message = (
        f"{number} could not be searched completely ({', '.join(places[:3])}{more}). "
        "Compare them by hand, or raise `--effort`."
    )
    at = found[0]
    yield Change(
        id=id_,
        level=RULES[id_].level,
        direction=schemas.direction,
        message=message,
        subject="search",
        base=position(at[0][0].cursor if at[0] else schemas.base),
        revision=position(at[1][0].cursor if at[1] else schemas.revision),
        searched=True,
    )
