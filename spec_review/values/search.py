"""Which values does one schema accept and the other reject?

The search starts at all bodies, parameters and headers at once. It visits each pair of schemas once, the
nearest first. At each it tries boundary values. It then wraps each value that it found in a minimal value of
the enclosing schema, and tries it again there. A difference that has no effect in its context is dropped.
Each difference keeps its shortest path and its smallest value.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from spec_review.values.candidates import Sampler
from spec_review.values.equality import Equality
from spec_review.values.jumps import Jumps, Reach, resolved
from spec_review.values.local import Context, Difference, Local, rank
from spec_review.values.pairing import children
from spec_review.values.schema import Schema, identity
from spec_review.values.serialization import JsonChecker
from spec_review.values.shape import shape_of
from spec_review.values.validators import Validators
from spec_review.values.wrapping import MISSING, enclosing_values, merged_values

__all__ = ["Difference", "Found", "Search"]


@dataclass(frozen=True)
class Link:
    """One way to a pair: from which visit, in which of its alternatives, by which steps."""

    visit: int
    context: Context | None
    steps: tuple[str, ...]


@dataclass
class Visit:
    """A pair of schemas that was reached, and some ways to it from pairs that were reached earlier."""

    accepting: Schema
    rejecting: Schema
    jumped: bool = False
    root: bool = False
    links: list[Link] = field(default_factory=list)
    found: list[Difference] = field(default_factory=list)
    children: list[tuple[str, int]] = field(default_factory=list)
    changed: bool = False  # a difference was found here or below


@dataclass(frozen=True)
class Found:
    """The result of a search: for each root its differences, and for each difference all roots it affects."""

    differences: list[list[Difference]]
    reach: Reach
    unfinished: list[tuple[Schema, Schema]]


Roots = Sequence[tuple[Schema, Schema]]


class Search(Local):
    """Searches pairs of schemas with one checker."""

    def __init__(
        self,
        validators: Validators,
        equality: Equality,
        checker: JsonChecker,
        jumps: Jumps | None,
        effort: float = 1.0,
    ) -> None:
        super().__init__(validators, equality, checker, effort)
        self.jumps = jumps

    def explore(self, roots: Roots) -> Found:
        """The differences between the schemas of each root, each with a value."""
        visits, reach, numbers = self._visits(roots)
        unfinished = []
        for number in reversed(range(len(visits))):
            visit = visits[number]
            explained = {step for step, child in visit.children if visits[child].changed}
            visit.changed = bool(explained)
            if not visit.jumped and (self.total <= 0 or not self._look(visit, number, explained)):
                unfinished.append((visit.accepting, visit.rejecting))
            visit.found = _distinct(visit.found)
            visit.changed |= bool(visit.found)
            for found in visit.found if not visit.root else ():
                self._hand_over(visits, visit, found)
        return Found([visits[number].found for number in numbers], reach, unfinished)

    def _look(self, visit: Visit, number: int, explained: set[str]) -> bool:
        """Find the differences at a pair itself; False if the budget was too small."""
        self.begin()
        explained |= {found.path[0] for found in visit.found if found.path}
        found = self.local(visit.accepting, visit.rejecting, explained)
        visit.found += [replace(one, origin=number) for one in found]
        return not self.exhausted

    def _visits(self, roots: Roots) -> tuple[list[Visit], Reach, list[int]]:
        """Every pair that can be reached, breadth first; equal pairs lead nowhere."""
        visits, reach, known = list[Visit](), Reach(), dict[Any, int]()

        def number_of(one: Schema, other: Schema) -> int | None:
            one, other = resolved(one), resolved(other)
            key = (identity(one), identity(other))
            if key not in known:
                if self.equality.equal(one, other):
                    return None
                known[key] = reach.add()
                visits.append(Visit(one, other))
            return known[key]

        numbers = [self._root(number_of(*pair), place, reach, visits) for place, pair in enumerate(roots)]
        for at, visit in enumerate(visits):
            self.begin()
            for context, steps, one, other in self._ways(visit) if self.total > 0 else ():
                number = number_of(one, other)
                if number is None:
                    continue
                reach.link(at, number)
                visit.children.append((steps[0] if steps else "", number))
                if at < number and len(visits[number].links) < MAX_LINKS:
                    visits[number].links.append(Link(at, context, steps))
        return visits, reach, numbers

    def _root(self, number: int | None, place: int, reach: Reach, visits: list[Visit]) -> int:
        if number is None:  # equal: a visit of its own, without differences
            number = reach.add()
            visits.append(Visit((), (), jumped=True))
        visits[number].root = True
        reach.root(number, place)
        return number

    def _ways(self, visit: Visit) -> Iterator[tuple[Context | None, tuple[str, ...], Schema, Schema]]:
        jumps = self.jumps.between(visit.accepting, visit.rejecting) if self.jumps else None
        if jumps is not None:
            visit.jumped = True
            yield from ((None, jump.steps, jump.one, jump.other) for jump in jumps)
            return
        for context in self.contexts(visit.accepting, visit.rejecting):
            if context.left_over and self.gone(context):
                continue
            for step, one, other in children(shape_of(context.one), shape_of(context.other)):
                yield context, (step,), one, other

    def _hand_over(self, visits: list[Visit], visit: Visit, found: Difference) -> None:
        """Wrap a difference in a value of the first enclosing schema in which it has an effect."""
        if self.total <= 0 and visit.links:  # no time to try: report it without a proof
            link = visit.links[0]
            visits[link.visit].found.append(replace(found, path=(*link.steps, *found.path)))
            return
        for link in visit.links:
            outer = visits[link.visit]
            contexts = (
                [link.context] if link.context else self.plain_contexts(outer.accepting, outer.rejecting)
            )
            self.begin()
            value = next(self._wrapped(contexts, link.steps, found.value), MISSING)
            if value is not MISSING:
                outer.found.append(replace(found, path=(*link.steps, *found.path), value=value))
                return

    def _wrapped(self, contexts: list[Context], steps: tuple[str, ...], inner: Any) -> Iterator[Any]:
        """Values that break clients and contain the inner value at the steps."""
        for context in contexts:
            shape, sample = shape_of(context.one), self._harmless(context)
            values = [inner] if len(steps) == 1 else self._inside(context, steps, inner) if steps else []
            tried = [one for value in values for one in enclosing_values(shape, steps[0], value, sample)]
            for value in tried if steps else merged_values(shape, inner, sample):
                if self.breaks_exactly(context, value):
                    yield value

    def _harmless(self, context: Context) -> Sampler:
        """Samples of properties, first those that the other schema accepts too."""
        one, other = shape_of(context.one), shape_of(context.other)
        common = {identity(schema): other.properties.get(name) for name, schema in one.properties.items()}

        def sample(schema: Schema) -> list[Any]:
            found, partner = self.sample(schema), common.get(identity(schema))
            if partner is None or len(found) < 2 or self.equality.equal(schema, partner):
                return found
            return sorted(found, key=lambda value: not self.validators.accepts(partner, value))

        return sample

    def _inside(self, context: Context, steps: tuple[str, ...], inner: Any) -> Iterator[Any]:
        one, other = shape_of(context.one), shape_of(context.other)
        for step, left, right in children(one, other):
            if step == steps[0]:
                yield from self._wrapped(self.plain_contexts(left, right), steps[1:], inner)


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
