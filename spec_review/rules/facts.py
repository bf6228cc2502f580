"""What does a fact that no value shows become: a name gone, a default changed, a grade lost?"""

from collections.abc import Iterator

from spec_review.catalogue import RULES, rule_id
from spec_review.change import Change, position
from spec_review.comparison import regraded
from spec_review.grade import grade_at, weakest
from spec_review.loading import Cursor
from spec_review.rules.site import Site
from spec_review.rules.words import capital, path_words, plain
from spec_review.values.declared import Fact
from spec_review.values.search import Difference


def fact_regraded(site: Site, fact: Fact) -> Change:
    """A fact that is better or worse founded."""
    what = path_words(site, fact.path)
    what = f"`{fact.name}` of {what}" if fact.name else capital(what)
    at = fact.base if fact.base is not None else fact.head
    return regraded(what, fact.base, fact.head, fact.old, fact.new, subject_of(at, fact.name))


def fact_change(site: Site, fact: Fact) -> Change:
    """A fact as a change."""
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
        direction=site.way,
        message=capital(fact_sentence(site, fact)),
        subject=subject_of(fact.base if fact.base is not None else fact.head, fact.name),
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
    said = f"The {keyword} of {where} was `{fact.old}` and is `{fact.new}`"
    return f"{said}; no text was found that tells them apart."


def subject_of(cursor: Cursor | None, name: str = "") -> str:
    """What a change is about, in words that unrelated edits leave alone."""
    if cursor is None or cursor.path[:1] != ("components",):
        return ""
    steps = ["*" if step.isdigit() else step for step in cursor.path[1:]]
    return "/".join([*steps, name] if name else steps)


def fact_changes(
    site: Site, facts: list[Fact], hits: list[Difference], back: list[Difference]
) -> Iterator[Change]:
    """The facts that no value has told already."""
    lost = {(hit.path, hit.name) for hit in hits if hit.keyword in ("required", "additionalProperties")}
    told = {(hit.path, hit.keyword) for hit in [*hits, *back]}
    for fact in facts:
        if fact.kind == "grade":
            yield fact_regraded(site, fact)
        elif fact.kind == "property-renamed":
            continue  # told with its value
        elif fact.kind in ("property-removed", "property-added") and (fact.path, fact.name) in lost:
            continue
        elif fact.kind.startswith("default") and not fact.optional:
            continue  # what must be sent has no default
        elif (fact.path, fact.kind.removesuffix("-changed")) not in told:
            yield fact_change(site, fact)
