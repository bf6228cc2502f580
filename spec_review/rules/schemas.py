"""What does a change to a schema mean for clients that send or receive its values?"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from openapi import GRADES, Grade
from spec_review.catalogue import KEYWORDS, RULES, Kind, rule_id
from spec_review.change import Change, capped, position
from spec_review.comparison import Comparison
from spec_review.grade import grade_at, weakest
from spec_review.loading import Cursor
from spec_review.rules.facts import fact_change, fact_changes, subject_of
from spec_review.rules.schema_pair import Evidence, SchemaPair
from spec_review.rules.sentences import bound_of, plain, sentence
from spec_review.values.declared import Fact
from spec_review.values.grades import Reading
from spec_review.values.schema import Schema, View, keywords, schema_of
from spec_review.values.search import Difference
from spec_review.values.shape import required_names, shape_of

Property = tuple[tuple[str, ...], str]
"""A property: the path of its object, and its name."""


def schema_changes(comparison: Comparison, schemas: SchemaPair) -> Iterator[Change]:
    """All changes between two schemas. Pairs that several operations share are compared once."""
    key = (
        "schemas",
        schemas.direction,
        schemas.location,
        _key(schemas.base),
        _key(schemas.revision),
        schemas.as_text,
        schemas.optional,
    )
    if key not in comparison.memory:
        comparison.memory[key] = list(_compare(comparison, schemas))
    for change in comparison.memory[key]:
        evidence = change.evidence
        own = replace(change, uses=(schemas.use,), subject=change.subject or str(schemas.use))
        if isinstance(evidence, Evidence):
            own = replace(own, evidence=replace(evidence, schemas=schemas))
        if schemas.grade == Grade.ASSUMED:
            own = replace(own, level=capped(own.level, Grade.ASSUMED), grade=Grade.ASSUMED)
        yield own


def _key(cursor: Cursor | None) -> Any:
    return None if cursor is None else cursor.key


def _compare(comparison: Comparison, schemas: SchemaPair) -> list[Change]:
    base, revision = (
        schema_of(at, View(schemas.direction, "full")) for at in (schemas.base, schemas.revision)
    )
    if comparison.equality.equal(base, revision):
        return []
    facts = comparison.declared.facts(base, revision, schemas.optional)
    renamed = {
        (fact.path, name)
        for fact in facts
        if fact.kind == "property-renamed"
        for name in (fact.old, fact.new)
    }
    breaking = _differences(comparison, schemas, "strict", "lax")
    result = [_change(schemas, one, True) for one in breaking if _property(one) not in renamed]
    result += _renames(schemas, facts, breaking)
    if comparison.graded:
        result += _assumed(comparison, schemas, result, renamed)
    widening = _differences(comparison, schemas, "strict", "lax", reverse=True)
    result += [_change(schemas, one, False) for one in widening if _property(one) not in renamed]
    result += fact_changes(schemas, facts, breaking, widening)
    if comparison.searches[schemas.as_text].exhausted:
        result.append(_unfinished(schemas))
    return result


def _property(difference: Difference) -> Property:
    return (difference.path, difference.name)


def _assumed(
    comparison: Comparison, schemas: SchemaPair, known: Iterable[Change], renamed: set[Property]
) -> Iterator[Change]:
    """Changes that break clients only if assumed facts apply."""
    reported = {_identity(change) for change in known}
    for difference in _differences(comparison, schemas, "full", "full"):
        change = _change(schemas, difference, True, Grade.ASSUMED)
        if _identity(change) not in reported and _property(difference) not in renamed:
            yield change


def _identity(change: Change) -> tuple[str, ...]:
    return (change.id, str(change.base), str(change.old), str(change.new))


def _differences(
    comparison: Comparison,
    schemas: SchemaPair,
    accepting: Reading,
    rejecting: Reading,
    reverse: bool = False,
) -> list[Difference]:
    """Values that one schema accepts and the other rejects: those that break clients, or the `reverse`."""
    base_accepts = (schemas.direction == "request") != reverse
    one, other = (schemas.base, schemas.revision) if base_accepts else (schemas.revision, schemas.base)
    accepting_as, rejecting_as = (
        reading if comparison.graded else "full" for reading in (accepting, rejecting)
    )
    return comparison.searches[schemas.as_text].differences(
        schema_of(one, View(schemas.direction, accepting_as)),
        schema_of(other, View(schemas.direction, rejecting_as)),
    )


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
    evidence = Evidence(schemas, difference.value, difference.accepting, difference.rejecting)
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


def _renames(schemas: SchemaPair, facts: list[Fact], breaking: list[Difference]) -> Iterator[Change]:
    """Renamed properties, each with a value that proves the break if there is one."""
    for fact in facts:
        if fact.kind == "property-renamed":
            names = ((fact.path, fact.old), (fact.path, fact.new))
            proofs = [
                Evidence(schemas, one.value, one.accepting, one.rejecting)
                for one in breaking
                if _property(one) in names
            ]
            yield replace(fact_change(schemas, fact), evidence=proofs[0] if proofs else None)


def _unfinished(schemas: SchemaPair) -> Change:
    id_ = rule_id(schemas.location, "search-unfinished")
    return Change(
        id=id_,
        level=RULES[id_].level,
        direction=schemas.direction,
        message=f"The schemas of {schemas.use} are too large to search completely. Compare them by hand.",
        subject="",
        base=position(schemas.base),
        revision=position(schemas.revision),
        searched=True,
    )
