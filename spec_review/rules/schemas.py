"""What does a change of a schema mean to who sends or receives its values?"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from spec_review.catalogue import KEYWORDS, RULES, rule_id
from spec_review.change import Change, Direction, Use, position
from spec_review.comparison import Comparison, regraded
from spec_review.grade import grade_at, weakest
from spec_review.loading import Cursor
from spec_review.rules.words import bound_of, path_words, plain, sentence
from spec_review.values.declared import Fact
from spec_review.values.grades import Reading
from spec_review.values.schema import Direction as Way
from spec_review.values.schema import Schema, View, keywords, schema_of
from spec_review.values.search import Difference
from spec_review.values.shape import shape_of


@dataclass(frozen=True)
class Site:
    """Where two schemas meet: which message, which part of it, and how its values travel."""

    way: Way
    place: str
    use: Use
    base: Cursor | None
    head: Cursor | None
    grade: str = "documented"
    wire: bool = False
    optional: bool = True

    @property
    def inner(self) -> str:
        """The place of what lies inside."""
        return {"request-body": "request-property", "response-body": "response-property"}.get(self.place, self.place)


@dataclass(frozen=True)
class Evidence:
    """A value found at a site, for a proof to be built from."""

    site: Site
    value: Any
    accepting: Schema
    refusing: Schema


def schema_changes(comparison: Comparison, site: Site) -> Iterator[Change]:
    """All changes between the schemas of a site."""
    key = ("site", site.way, site.place, _key(site.base), _key(site.head), site.wire, site.optional)
    if key not in comparison.memory:
        comparison.memory[key] = list(_compare(comparison, site))
    for change in comparison.memory[key]:
        evidence = change.evidence
        capped = replace(change, uses=(site.use,), subject=change.subject or str(site.use))
        if isinstance(evidence, Evidence):
            capped = replace(capped, evidence=replace(evidence, site=site))
        if site.grade == "assumed" and capped.level in ("error", "warning"):
            capped = replace(capped, level="info", grade="assumed")
        yield capped


def _key(cursor: Cursor | None) -> Any:
    return None if cursor is None else cursor.key


def _compare(comparison: Comparison, site: Site) -> list[Change]:
    if comparison.equality.equal(*(schema_of(at, View(site.way, "full")) for at in (site.base, site.head))):
        return []
    hits = _hits(comparison, site, "strict", "lax")
    facts = _facts(comparison, site)
    breaking = [_hit_change(site, hit, True, "") for hit in hits]
    renamed = _renames(site, facts, hits, breaking)
    taken = {name for fact in facts if fact.kind == "property-renamed" for name in (fact.old, fact.new)}
    breaking = [change for change, hit in zip(breaking, hits, strict=True) if hit.name not in taken]
    result = [*renamed, *breaking]
    known = {(change.id, str(change.base), change.old, str(change.new)) for change in result}
    if comparison.graded:
        for hit in _hits(comparison, site, "full", "full"):
            change = _hit_change(site, hit, True, "assumed")
            if (change.id, str(change.base), change.old, str(change.new)) not in known and hit.name not in taken:
                result.append(change)
    for hit in _hits(comparison, site, "strict", "lax", back=True):
        if hit.name not in taken:
            result.append(_hit_change(site, hit, False, ""))
    result += _fact_changes(site, facts, hits, result)
    search = comparison.searches[site.wire]
    if search.exhausted:
        result.append(_unfinished(site))
    return result


def _schema(comparison: Comparison, cursor: Cursor | None, site: Site, reading: Reading) -> Schema:
    return schema_of(cursor, View(site.way, reading if comparison.graded else "full"))


def _hits(
    comparison: Comparison, site: Site, accepting: Reading, refusing: Reading, back: bool = False
) -> list[Difference]:
    """Values one side accepts and the other refuses, in the breaking direction or `back`."""
    one, other = (site.base, site.head) if (site.way == "request") != back else (site.head, site.base)
    return comparison.searches[site.wire].differences(
        _schema(comparison, one, site, accepting), _schema(comparison, other, site, refusing)
    )


def _facts(comparison: Comparison, site: Site) -> list[Fact]:
    base, head = (schema_of(at, View(site.way, "full")) for at in (site.base, site.head))
    return comparison.declared.facts(base, head, site.optional)


def _sides(site: Site, hit: Difference, breaking: bool) -> tuple[Schema, Schema]:
    """A difference's schemas as base and head."""
    forward = (site.way == "request") == breaking
    return (hit.accepting, hit.refusing) if forward else (hit.refusing, hit.accepting)


def _hit_change(site: Site, hit: Difference, breaking: bool, grade: str) -> Change:
    base, head = _sides(site, hit, breaking)
    narrowed = (site.way == "request") == breaking
    keyword = "field" if hit.keyword in ("additionalProperties", "unevaluatedProperties") and hit.name else hit.keyword
    keyword = {"unevaluatedProperties": "additionalProperties"}.get(keyword, keyword)
    kind = KEYWORDS.get(keyword, KEYWORDS[""])
    place = site.inner if hit.path else site.place
    id_ = rule_id(place, kind.narrowed if narrowed else kind.widened)
    if keyword == "required" and breaking:
        id_ = _required_id(id_, hit, base, head)
    old_at, new_at = _origin(base, keyword, hit.name), _origin(head, keyword, hit.name)
    old, new = bound_of(keyword, base), bound_of(keyword, head)
    level = RULES[id_].level
    if hit.ambiguous and level == "error":
        level = "warning"
    weak = grade or weakest(grade_at(old_at), grade_at(new_at))
    if weak == "assumed" and level in ("error", "warning"):
        level = "info"
    return Change(
        id=id_,
        level=level,
        direction=_direction(site),
        message=sentence(site, hit, keyword, kind, base, head, narrowed),
        subject=_subject(old_at or new_at, hit.name),
        base=position(_keyword_at(old_at, keyword) or site.base),
        revision=position(_keyword_at(new_at, keyword) or site.head),
        old=hit.name if keyword in ("required", "field") else plain(old),
        new=None if keyword in ("required", "field") else plain(new),
        grade=weak,
        searched=True,
        evidence=Evidence(site, hit.value, hit.accepting, hit.refusing) if breaking else None,
    )


def _required_id(id_: str, hit: Difference, base: Schema, head: Schema) -> str:
    if id_ == "request-property-became-required" and hit.name not in shape_of(base).properties:
        return "request-required-property-added"
    if id_ == "response-property-became-optional" and hit.name not in shape_of(head).properties:
        return "response-required-property-removed"
    return id_


def _direction(site: Site) -> Direction:
    return site.way


def _origin(schema: Schema, keyword: str, name: str = "") -> Cursor | None:
    """The part that says the keyword, or else the first."""
    wanted = {"nullable": "type", "field": "properties"}.get(keyword, keyword)
    for part in schema:
        own = keywords(part)
        if wanted in own and (keyword != "required" or name in (own.get("required") or ())):
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


def _subject(cursor: Cursor | None, name: str = "") -> str:
    """What a change is about, in words that unrelated edits leave alone."""
    if cursor is None or cursor.path[:1] != ("components",):
        return ""
    steps = ["*" if step.isdigit() else step for step in cursor.path[1:]]
    return "/".join([*steps, name] if name else steps)


def _renames(site: Site, facts: list[Fact], hits: list[Difference], changes: list[Change]) -> list[Change]:
    """Renamed properties; where a value shows the break, it is the proof."""
    result = []
    for fact in facts:
        if fact.kind == "property-renamed":
            shown = [change for change, hit in zip(changes, hits, strict=True) if hit.name in (fact.old, fact.new)]
            change = _fact_change(site, fact)
            result.append(replace(change, evidence=shown[0].evidence if shown else None))
    return result


def _fact_changes(site: Site, facts: list[Fact], hits: list[Difference], known: list[Change]) -> Iterator[Change]:
    lost = {hit.name for hit in hits if hit.keyword in ("required", "additionalProperties")}
    told = {(hit.keyword, hit.path[-1:]) for hit in hits}
    ids = {change.id.rpartition("-")[0].removesuffix("-pattern") for change in known if "pattern" in change.id}
    for fact in facts:
        if fact.kind == "property-renamed":
            continue
        if fact.kind == "grade":
            yield _regraded(site, fact)
            continue
        if fact.kind in ("property-removed", "property-added") and fact.name in lost:
            continue
        if fact.kind.startswith("default") and not fact.optional:
            continue
        keyword = fact.kind.removesuffix("-changed")
        if keyword in ("pattern", "format") and ((keyword, fact.path[-1:]) in told or ids or _told(known, keyword)):
            continue
        yield _fact_change(site, fact)


def _regraded(site: Site, fact: Fact) -> Change:
    what = path_words(site, fact.path)
    what = f"`{fact.name}` of {what}" if fact.name else what[:1].upper() + what[1:]
    at = fact.base if fact.base is not None else fact.head
    return regraded(what, fact.base, fact.head, fact.old, fact.new, _subject(at, fact.name))


def _told(known: list[Change], keyword: str) -> bool:
    return any(f"-{keyword}-" in change.id for change in known)


def _fact_change(site: Site, fact: Fact) -> Change:
    id_ = rule_id(site.inner if fact.path else site.place, fact.kind)
    rule = RULES[id_]
    grade = weakest(grade_at(fact.base), grade_at(fact.head))
    if fact.kind.endswith("-added"):
        grade = grade_at(fact.head)
    elif fact.kind.endswith("-removed"):
        grade = grade_at(fact.base)
    return Change(
        id=id_,
        level="info" if grade == "assumed" and rule.level != "off" else rule.level,
        direction=_direction(site),
        message=fact_sentence(site, fact),
        subject=_subject(fact.base if fact.base is not None else fact.head, fact.name),
        base=position(fact.base),
        revision=position(fact.head),
        old=fact.old,
        new=fact.new,
        grade=grade,
        searched=fact.kind in ("pattern-changed", "format-changed"),
    )


def fact_sentence(site: Site, fact: Fact) -> str:
    """A fact in words."""
    where = path_words(site, fact.path)
    inside = path_words(site, (*fact.path, fact.name))
    if fact.kind == "property-renamed":
        return f"{inside} is called `{fact.new}` now."
    if fact.kind == "property-removed":
        return f"{inside} is no longer documented."
    if fact.kind == "property-added":
        return f"{inside} is new."
    if fact.kind == "deprecated":
        return f"{where} is deprecated now."
    if fact.kind == "default-changed":
        return f"{where} left out now means {plain(fact.new)}; it meant {plain(fact.old)}."
    if fact.kind == "default-added":
        return f"{where} left out now means {plain(fact.new)}; before, nothing was said."
    if fact.kind == "default-removed":
        return f"What {where} left out means is no longer said; it was {plain(fact.old)}."
    keyword = fact.kind.removesuffix("-changed")
    return f"The {keyword} of {where} was `{fact.old}` and is `{fact.new}`; no text was found that tells them apart."


def _unfinished(site: Site) -> Change:
    id_ = rule_id(site.place, "search-unfinished")
    return Change(
        id=id_,
        level=RULES[id_].level,
        direction=_direction(site),
        message=f"The schemas of {site.use} are too large to be searched to the end; compare them by eye.",
        subject="",
        base=position(site.base),
        revision=position(site.head),
        searched=True,
    )
