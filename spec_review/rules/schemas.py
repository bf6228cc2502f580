"""What does a change of a schema mean to who sends or receives its values?"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from spec_review.catalogue import KEYWORDS, RULES, Kind, rule_id
from spec_review.change import Change, Level, position
from spec_review.comparison import Comparison
from spec_review.grade import grade_at, weakest
from spec_review.loading import Cursor
from spec_review.rules.facts import fact_change, fact_changes, subject_of
from spec_review.rules.site import Evidence, Site
from spec_review.rules.words import bound_of, plain, sentence
from spec_review.values.declared import Fact
from spec_review.values.grades import Reading
from spec_review.values.schema import Schema, View, keywords, schema_of
from spec_review.values.search import Difference
from spec_review.values.shape import required_names, shape_of

Named = tuple[tuple[str, ...], str]
"""A property by the path of its object and its name."""


def schema_changes(comparison: Comparison, site: Site) -> Iterator[Change]:
    """All changes between the schemas of a site."""
    key = ("site", site.way, site.place, _key(site.base), _key(site.head), site.wire, site.optional)
    if key not in comparison.memory:
        comparison.memory[key] = list(_compare(comparison, site))
    for change in comparison.memory[key]:
        evidence = change.evidence
        told = replace(change, uses=(site.use,), subject=change.subject or str(site.use))
        if isinstance(evidence, Evidence):
            told = replace(told, evidence=replace(evidence, site=site))
        if site.grade == "assumed":
            told = replace(told, level=_capped(told.level, "assumed"), grade="assumed")
        yield told


def _key(cursor: Cursor | None) -> Any:
    return None if cursor is None else cursor.key


def _capped(level: Level, grade: str) -> Level:
    """A change to an assumed fact is listed as what it is."""
    return "info" if grade == "assumed" and level in ("error", "warning") else level


def _compare(comparison: Comparison, site: Site) -> list[Change]:
    base, head = (schema_of(at, View(site.way, "full")) for at in (site.base, site.head))
    if comparison.equality.equal(base, head):
        return []
    facts = comparison.declared.facts(base, head, site.optional)
    renamed = {
        (fact.path, name)
        for fact in facts
        if fact.kind == "property-renamed"
        for name in (fact.old, fact.new)
    }
    hits = _hits(comparison, site, "strict", "lax")
    result = [_hit_change(site, hit, True, "") for hit in hits if _named(hit) not in renamed]
    result += _renames(site, facts, hits)
    if comparison.graded:
        result += _assumed(comparison, site, result, renamed)
    back = _hits(comparison, site, "strict", "lax", back=True)
    result += [_hit_change(site, hit, False, "") for hit in back if _named(hit) not in renamed]
    result += fact_changes(site, facts, hits, back)
    if comparison.searches[site.wire].exhausted:
        result.append(_unfinished(site))
    return result


def _named(hit: Difference) -> Named:
    return (hit.path, hit.name)


def _assumed(
    comparison: Comparison, site: Site, known: Iterable[Change], renamed: set[Named]
) -> Iterator[Change]:
    """What breaks only if assumed facts count."""
    told = {_gist(change) for change in known}
    for hit in _hits(comparison, site, "full", "full"):
        change = _hit_change(site, hit, True, "assumed")
        if _gist(change) not in told and _named(hit) not in renamed:
            yield change


def _gist(change: Change) -> tuple[str, ...]:
    return (change.id, str(change.base), str(change.old), str(change.new))


def _hits(
    comparison: Comparison, site: Site, accepting: Reading, refusing: Reading, back: bool = False
) -> list[Difference]:
    """Values one side accepts and the other refuses, in the breaking direction or `back`."""
    one, other = (site.base, site.head) if (site.way == "request") != back else (site.head, site.base)
    takes, refuses = (reading if comparison.graded else "full" for reading in (accepting, refusing))
    return comparison.searches[site.wire].differences(
        schema_of(one, View(site.way, takes)), schema_of(other, View(site.way, refuses))
    )


def _hit_change(site: Site, hit: Difference, breaking: bool, grade: str) -> Change:
    narrowed = (site.way == "request") == breaking
    base, head = (hit.accepting, hit.refusing) if narrowed else (hit.refusing, hit.accepting)
    keyword = _keyword(hit)
    kind = KEYWORDS.get(keyword, KEYWORDS[""])
    old_at, new_at = _origin(base, keyword, hit.name), _origin(head, keyword, hit.name)
    weak = grade or weakest(grade_at(old_at), grade_at(new_at))
    id_ = _id(site, hit, kind, narrowed, breaking, base, head)
    level = "warning" if hit.ambiguous and RULES[id_].level == "error" else RULES[id_].level
    named = keyword in ("required", "field")
    return Change(
        id=id_,
        level=_capped(level, weak),
        direction=site.way,
        message=sentence(site, hit, keyword, kind, base, head, narrowed),
        subject=subject_of(old_at or new_at, hit.name),
        base=position(_keyword_at(old_at, keyword) or site.base),
        revision=position(_keyword_at(new_at, keyword) or site.head),
        old=hit.name if named else plain(bound_of(keyword, base)),
        new=None if named else plain(bound_of(keyword, head)),
        grade=weak,
        searched=True,
        evidence=Evidence(site, hit.value, hit.accepting, hit.refusing) if breaking else None,
    )


def _keyword(hit: Difference) -> str:
    if hit.keyword not in ("additionalProperties", "unevaluatedProperties"):
        return hit.keyword
    return "field" if hit.name else "additionalProperties"


def _id(
    site: Site, hit: Difference, kind: Kind, narrowed: bool, breaking: bool, base: Schema, head: Schema
) -> str:
    id_ = rule_id(site.inner if hit.path else site.place, kind.narrowed if narrowed else kind.widened)
    if not breaking:
        return id_
    if id_ == "request-property-became-required" and hit.name not in shape_of(base).properties:
        return "request-required-property-added"
    if id_ == "response-property-became-optional" and hit.name not in shape_of(head).properties:
        return "response-required-property-removed"
    return id_


def _origin(schema: Schema, keyword: str, name: str = "") -> Cursor | None:
    """The part that says the keyword, or else the first."""
    wanted = {"nullable": "type", "field": "properties"}.get(keyword, keyword)
    for part in schema:
        own = keywords(part)
        if wanted in own and (keyword != "required" or name in required_names(part, frozenset())):
            return part.cursor
    return schema[0].cursor if schema else None


def _keyword_at(cursor: Cursor | None, keyword: str) -> Cursor | None:
    """The keyword itself where it stands at the place, else the place."""
    wanted = {"nullable": "type", "field": "properties", "alternatives": "oneOf"}.get(keyword, keyword)
    if cursor is None or not isinstance(cursor.value, dict):
        return cursor
    for holder in ((), ("x-observed",), ("x-assumed",)):
        at = cursor
        for key in (*holder, wanted):
            if not isinstance(at.value, dict) or at.value.get(key) is None:
                break
            at = at.raw(key)
        else:
            return at
    return cursor


def _renames(site: Site, facts: list[Fact], hits: list[Difference]) -> Iterator[Change]:
    """Renamed properties; where a value shows the break, it is the proof."""
    for fact in facts:
        if fact.kind == "property-renamed":
            names = ((fact.path, fact.old), (fact.path, fact.new))
            shown = [
                Evidence(site, hit.value, hit.accepting, hit.refusing) for hit in hits if _named(hit) in names
            ]
            yield replace(fact_change(site, fact), evidence=shown[0] if shown else None)


def _unfinished(site: Site) -> Change:
    id_ = rule_id(site.place, "search-unfinished")
    return Change(
        id=id_,
        level=RULES[id_].level,
        direction=site.way,
        message=f"The schemas of {site.use} are too large to be searched to the end; compare them by eye.",
        subject="",
        base=position(site.base),
        revision=position(site.head),
        searched=True,
    )
