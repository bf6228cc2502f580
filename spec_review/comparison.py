"""What do all rules share: both documents, their operations, and one memory of searched schemas?"""

from dataclasses import dataclass, field, replace
from typing import Any

from openapi import Grade
from spec_review.catalogue import RULES
from spec_review.change import Change, Use, position
from spec_review.grade import grade_at, weakest
from spec_review.loading import Cursor, Document
from spec_review.operations import Matching, match
from spec_review.values.declared import Declared
from spec_review.values.equality import Equality
from spec_review.values.grades import has_assumptions
from spec_review.values.oracle import Oracle
from spec_review.values.search import Search
from spec_review.values.wire import Judge, WireJudge


@dataclass(eq=False)
class Comparison:
    """Two documents under review."""

    base: Document
    head: Document
    matching: Matching = field(init=False)
    oracle: Oracle = field(default_factory=Oracle)
    equality: Equality = field(default_factory=Equality)
    searches: dict[bool, Search] = field(init=False)
    declared: Declared = field(init=False)
    graded: bool = field(init=False)
    memory: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.matching = match(self.base, self.head)
        self.searches = {
            wire: Search(self.oracle, self.equality, WireJudge() if wire else Judge())
            for wire in (False, True)
        }
        self.declared = Declared(self.equality)
        documents = [self.base, self.head, *self.base.others.values(), *self.head.others.values()]
        self.graded = any(has_assumptions(document.content) for document in documents)


def found(
    id_: str,
    message: str,
    base: Cursor | None,
    head: Cursor | None,
    *uses: Use,
    subject: str = "",
    old: Any = None,
    new: Any = None,
    evidence: Any = None,
) -> Change:
    """A finding of a structural rule; what rests on an assumed fact is no error."""
    rule = RULES[id_]
    grade = weakest(grade_at(base), grade_at(head))
    level = "info" if grade == "assumed" and rule.level in ("error", "warning") else rule.level
    return Change(
        id=id_,
        level=level,
        direction=rule.direction,
        message=message,
        subject=subject or (str(uses[0]) if uses else ""),
        base=position(base),
        revision=position(head),
        old=old,
        new=new,
        grade=grade,
        uses=tuple(uses),
        evidence=evidence,
    )


def regraded(
    what: str, base: Cursor | None, head: Cursor | None, old: str, new: str, subject: str, *uses: Use
) -> Change:
    """A fact that is better or worse founded than before; demoting a documented one is worth knowing."""
    down = Grade(new).rank > Grade(old).rank
    id_ = "fact-demoted" if down and old == "documented" else "fact-regraded"
    change = found(
        id_, f"{what} was {old} and is {new} now.", base, head, *uses, subject=subject, old=old, new=new
    )
    return replace(change, level=RULES[id_].level, grade=new)
