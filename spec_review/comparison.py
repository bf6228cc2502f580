"""What do all rules share: both documents, their matched operations, and cached search results?"""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from openapi import Grade
from spec_review.catalogue import RULES
from spec_review.change import Change, Use, capped, position
from spec_review.grade import grade_at, weakest
from spec_review.loading import Cursor, Document
from spec_review.loading.unchanged import Unchanged, identical
from spec_review.operations import METHODS, Matching, Pair, match
from spec_review.schema_pair import SchemaPair
from spec_review.values.declared import Declared
from spec_review.values.equality import Equality
from spec_review.values.grades import has_assumptions
from spec_review.values.jumps import Jumps
from spec_review.values.search import Search
from spec_review.values.serialization import JsonChecker, TextChecker
from spec_review.values.validators import Validators


@dataclass(eq=False)
class Comparison:
    """The base and the revision of one review."""

    base: Document
    revision: Document
    matching: Matching = field(init=False)
    validators: Validators = field(init=False)
    unchanged: Unchanged = field(default_factory=Unchanged)
    equality: Equality = field(init=False)
    searches: dict[bool, Search] = field(init=False)
    """One search for values sent as JSON (False) and one for values sent as text (True)."""
    declared: Declared = field(init=False)
    graded: bool = field(init=False)
    schemas: list[SchemaPair] = field(default_factory=list)
    """The schemas to compare; the rules add those that they come upon."""

    memory: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.equality, self.validators = Equality(self.unchanged), Validators(self.unchanged)
        self.matching = match(self.base, self.revision)
        documents = [self.base, self.revision, *self.base.others.values(), *self.revision.others.values()]
        jumps = None if any(document.may_have_grades for document in documents) else Jumps(self.unchanged)
        self.searches = {
            as_text: Search(
                self.validators,
                self.equality,
                TextChecker() if as_text else JsonChecker(),
                jumps,
                self.base.effort,
            )
            for as_text in (False, True)
        }
        self.declared = Declared(self.equality, jumps, self.searches[False].late)
        self.graded = any(has_assumptions(document) for document in documents)

    @cached_property
    def changed(self) -> list[Pair]:
        """The operations in which anything differs, their parameters and all references included."""
        if any(self._differ(key) for key in ("openapi", "x-grade")):
            return self.matching.pairs
        return [pair for pair in self.matching.pairs if not self._is_unchanged(pair)]

    def changed_with(self, *keys: str) -> list[Pair]:
        """The operations in which anything differs; all of them if these parts of the document differ."""
        return self.matching.pairs if any(self._differ(key) for key in keys) else self.changed

    def _differ(self, key: str) -> bool:
        return not identical(self.base.content.get(key), self.revision.content.get(key))

    def _is_unchanged(self, pair: Pair) -> bool:
        items = pair.base.item, pair.revision.item
        return (
            pair.base.path == pair.revision.path
            and self.unchanged.places(pair.base.cursor, pair.revision.cursor)
            and self.unchanged.places(*(item.without(METHODS) for item in items))
        )


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
