"""Which change does a declared fact cause: a removed name, another default, another grade?"""

from collections.abc import Iterator

from spec_review.catalogue import RULES, rule_id
from spec_review.change import Change, capped, position
from spec_review.comparison import grade_change
from spec_review.grade import grade_at, weakest
from spec_review.loading import Cursor
from spec_review.rules.sentences import capital, path_words, short
from spec_review.schema_pair import SchemaPair
from spec_review.values.declared import Fact
from spec_review.values.search import Difference


def fact_regraded(schemas: SchemaPair, fact: Fact) -> Change:
    """The change of a fact whose grade changed."""
    what = path_words(schemas, fact.path)
    if fact.name:
        what = f"`{fact.name}` of {what}"
    at = fact.base if fact.base is not None else fact.revision
    return grade_change(what, fact.base, fact.revision, fact.old, fact.new, subject_of(at, fact.name))


def fact_change(schemas: SchemaPair, fact: Fact) -> Change:
    """The change of a declared fact."""
    id_ = rule_id(schemas.inner_location if fact.path else schemas.location, fact.kind)
    rule = RULES[id_]
    grade = weakest(grade_at(fact.base), grade_at(fact.revision))
    if fact.kind.endswith("-added"):
        grade = grade_at(fact.revision)
    elif fact.kind.endswith("-removed"):
        grade = grade_at(fact.base)
    return Change(
        id=id_,
        level=capped(rule.level, grade),
        direction=schemas.direction,
        message=capital(fact_sentence(schemas, fact)),
        subject=subject_of(fact.base if fact.base is not None else fact.revision, fact.name),
        base=position(fact.base),
        revision=position(fact.revision),
        old=fact.old,
        new=fact.new,
        grade=grade,
        searched=fact.kind in ("pattern-changed", "format-changed"),
    )


def fact_sentence(schemas: SchemaPair, fact: Fact) -> str:
    """A sentence for a declared fact."""
    where = path_words(schemas, fact.path)
    inside = path_words(schemas, (*fact.path, fact.name))
    old, new = short(fact.old), short(fact.new)
    sentences = {
        "property-renamed": f"{inside} was renamed to `{fact.new}`.",
        "property-removed": f"{inside} is no longer documented.",
        "property-added": f"{inside} was added.",
        "deprecated": f"{where} is now deprecated.",
        "default-changed": f"the default of {where} changed from {old} to {new}.",
        "default-added": f"the default of {where} is now {new}; the base has no default.",
        "default-removed": f"the default {old} of {where} was removed.",
        "type-stated": f"{where} now states its type, `{fact.new}`.",
        "type-dropped": f"{where} no longer states its type, `{fact.old}`.",
    }
    return sentences[fact.kind] if fact.kind in sentences else _text_sentence(fact, where)


def _text_sentence(fact: Fact, where: str) -> str:
    """A sentence for a pattern or format that differs."""
    keyword = fact.kind.removesuffix("-changed")
    if fact.old is None:
        return f"{where} now has the {keyword} `{fact.new}`."
    if fact.new is None:
        return f"{where} no longer has the {keyword} `{fact.old}`."
    return (
        f"the {keyword} of {where} changed from `{fact.old}` to `{fact.new}`. "
        f"No string was found that only one of them accepts."
    )


def subject_of(cursor: Cursor | None, name: str = "") -> str:
    """The place of a change in the components, which is stable under unrelated edits; empty elsewhere."""
    if cursor is None or cursor.path[:1] != ("components",):
        return ""
    steps = ["*" if step.isdigit() else step for step in cursor.path[1:]]
    return "/".join([*steps, name] if name else steps)


def fact_of(schemas: SchemaPair, fact: Fact) -> Change:
    """The change of a fact: of its grade, or of what it declares."""
    return fact_regraded(schemas, fact) if fact.kind == "grade" else fact_change(schemas, fact)


def unreported(facts: list[Fact], breaking: list[Difference], widening: list[Difference]) -> Iterator[Fact]:
    """The facts that no difference reports already; a renamed property is reported with its proof."""
    named = ("required", "additionalProperties")
    lost = {(one.path, one.name) for one in breaking if one.keyword in named}
    reported = {(one.path, one.keyword) for one in [*breaking, *widening]}
    reported |= {(path, "format") for path, keyword in reported if keyword in ("minimum", "maximum")}
    for fact in facts:
        name = (fact.path, fact.name)
        known = (
            fact.kind == "property-renamed"
            or (fact.kind in ("property-removed", "property-added") and name in lost)
            or (fact.kind.startswith("default") and not fact.optional)  # a required value has no default
            or (fact.path, fact.kind.removesuffix("-changed")) in reported
        )
        if fact.kind == "grade" or not known:
            yield fact
