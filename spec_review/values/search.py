"""Which values does one schema accept and the other reject?

The search visits each pair of corresponding schemas once, the nearest first, and tries boundary values at
each. It then wraps each value it found in minimal values of the enclosing schemas, innermost first, and tries
it again there. This drops differences that have no effect in their context. Each difference keeps the
shortest path to it and the smallest value that shows it.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from spec_review.values.local import Context, Difference, Local, rank
from spec_review.values.pairing import children
from spec_review.values.schema import Schema, identity
from spec_review.values.shape import shape_of
from spec_review.values.wrapping import MISSING, enclosing_values

__all__ = ["Difference", "Search"]


@dataclass
class Visit:
    """A pair of schemas that was reached, and every way to it from a pair that was reached earlier."""

    accepting: Schema
    rejecting: Schema
    links: list["Link"] = field(default_factory=list)
    found: list[Difference] = field(default_factory=list)


@dataclass(frozen=True)
class Link:
    """One way to a pair: from which visit, in which alternative, by which step."""

    visit: int
    context: Context
    step: str


class Search(Local):
    """Searches pairs of schemas with one checker and caches the results."""

    def differences(self, accepting: Schema, rejecting: Schema) -> list[Difference]:
        """All differences found between two schemas, each with a value."""
        self.begin()
        key = (identity(accepting), identity(rejecting))
        if key not in self.known:
            found = self._searched(accepting, rejecting)
            if self.exhausted:
                return found
            self.known[key] = found
        return self.known[key]

    def _searched(self, accepting: Schema, rejecting: Schema) -> list[Difference]:
        if self.equality.equal(accepting, rejecting):
            return []
        visits = self._visits(accepting, rejecting)
        for number in reversed(range(len(visits))):
            visit = visits[number]
            if self.late() and not visit.found:
                continue
            steps = {found.path[0] for found in visit.found if found.path}
            here = [] if self.late() else self.local(visit.accepting, visit.rejecting, steps)
            visit.found = _distinct([*visit.found, *here])
            for found in visit.found:
                self._hand_over(visits, visit, found)
        return visits[0].found

    def _visits(self, accepting: Schema, rejecting: Schema) -> list[Visit]:
        """Every pair that can be reached, breadth first; equal pairs lead nowhere."""
        visits = [Visit(accepting, rejecting)]
        numbers = {(identity(accepting), identity(rejecting)): 0}
        for at, visit in enumerate(visits):
            if self.late():
                break
            for context in self.contexts(visit.accepting, visit.rejecting):
                if context.left_over and self.gone(context):
                    continue
                for step, one, other in children(shape_of(context.one), shape_of(context.other)):
                    key = (identity(one), identity(other))
                    number = numbers.get(key)
                    if number is None:
                        if self.equality.equal(one, other):
                            continue
                        number = numbers[key] = len(visits)
                        visits.append(Visit(one, other))
                    if at < number and len(visits[number].links) < MAX_LINKS:
                        visits[number].links.append(Link(at, context, step))
        return visits

    def _hand_over(self, visits: list[Visit], visit: Visit, found: Difference) -> None:
        """Wrap a difference in a value of the first enclosing schema in which it has an effect."""
        for link in visit.links:
            value = self._wrapped(link, found.value)
            if value is not MISSING:
                inner = replace(found, path=(link.step, *found.path), value=value)
                visits[link.visit].found.append(inner)
                return

    def _wrapped(self, link: Link, inner: Any) -> Any:
        for value in enclosing_values(shape_of(link.context.one), link.step, inner, self.sample):
            if self.breaks(link.context, value):
                return value
        return MISSING


MAX_LINKS = 8
"""How many ways to a pair of schemas are tried for a value that the first way hides."""


def _distinct(found: list[Difference]) -> list[Difference]:
    """The differences, each once with its smallest value."""
    result: dict[tuple[Any, ...], Difference] = {}
    for one in found:
        known = result.get(one.place)
        if known is None or (len(one.path), rank(one)) < (len(known.path), rank(known)):
            result[one.place] = one
    return list(result.values())
