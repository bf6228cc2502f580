"""What do all rules share: both documents, their matched operations, and cached search results?"""

from dataclasses import dataclass, field, replace
from typing import Any

from openapi import Grade
from spec_review.catalogue import RULES
from spec_review.change import Change, Use, capped, position
from spec_review.grade import grade_at, weakest
from spec_review.loading import Cursor, Document
from spec_review.operations import Matching, match
from spec_review.values.declared import Declared
from spec_review.values.equality import Equality
from spec_review.values.grades import has_assumptions
from spec_review.values.search import Search
from spec_review.values.serialization import JsonChecker, TextChecker
from spec_review.values.validators import Validators


@dataclass(eq=False)
class Comparison:
    """The base and the revision of one review."""

    base: Document
    revision: Document
    matching: Matching = field(init=False)
    validators: Validators = field(default_factory=Validators)
    equality: Equality = field(default_factory=Equality)
    searches: dict[bool, Search] = field(init=False)
    """One search for values sent as JSON (False) and one for values sent as text (True)."""
    declared: Declared = field(init=False)
    graded: bool = field(init=False)
    memory: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.matching = match(self.base, self.revision)
        self.searches = {
            as_text: Search(self.validators, self.equality, TextChecker() if as_text else JsonChecker())
            for as_text in (False, True)
        }
        self.declared = Declared(self.equality)
        documents = [self.base, self.revision, *self.base.others.values(), *self.revision.others.values()]
        self.graded = any(has_assumptions(document.content) for document in documents)


def make_change(
    id_: str,
    message: str,
    base: Cursor | None,
    revision: Cursor | None,
    *uses: Use,
    subject: str = "",
    old: Any = None,
    new: Any = None,
    evidence: Any = None,
) -> Change:
    """A change found by comparing structure; its level follows from the rule and the grade of the fact."""
    rule = RULES[id_]
    grade = weakest(grade_at(base), grade_at(revision))
    return Change(
        id=id_,
        level=capped(rule.level, grade),
        direction=rule.direction,
        message=message,
        subject=subject or (str(uses[0]) if uses else ""),
        base=position(base),
        revision=position(revision),
        old=old,
        new=new,
        grade=grade,
        uses=tuple(uses),
        evidence=evidence,
    )


def grade_change(
    fact: str, base: Cursor | None, revision: Cursor | None, old: Grade, new: Grade, subject: str
) -> Change:
    """A fact whose grade changed; demoting a documented fact is a warning."""
    demoted = new.rank > old.rank and old == Grade.DOCUMENTED
    id_ = "fact-demoted" if demoted else "fact-regraded"
    message = f"The grade of {fact} changed from {old} to {new}."
    change = make_change(id_, message, base, revision, subject=subject, old=old, new=new)
    return replace(change, level=RULES[id_].level, grade=new)
