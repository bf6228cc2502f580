"""Where does one schema accept a value that the other refuses? A directed search from the inside out.

The two schemas are walked together. At each pair of places boundary values are tried; what is found inside is
wrapped in the least value of its surroundings and tried again there, so that a difference which its context
makes harmless is forgotten. What comes out are differences with the smallest value found for each.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from spec_review.values import candidates
from spec_review.values.equality import Equality
from spec_review.values.oracle import Oracle
from spec_review.values.pairing import affinity, children
from spec_review.values.reasons import blamed, is_one_of, keyword_of, names_of, step_of
from spec_review.values.schema import Schema, alternatives, identity
from spec_review.values.shape import Shape, same, shape_of, skeleton
from spec_review.values.size import distinct, size
from spec_review.values.wire import Acceptor, Judge

MISSING = object()
BUDGET = 60_000
"""Values tried per pair of top schemas; what lies beyond is said to be unsearched."""
DEPTH = 24


@dataclass(frozen=True)
class Difference:
    """One keyword by which the refusing schema turns a value away."""

    keyword: str
    path: tuple[str, ...]
    accepting: Schema
    refusing: Schema
    value: Any
    name: str = ""
    ambiguous: bool = False
    proved: bool = True

    @property
    def place(self) -> tuple[Any, ...]:
        """What makes two differences one and the same."""
        return (self.keyword, self.name, identity(self.accepting), identity(self.refusing))


class Search:
    """Searches pairs of schemas under one judge, remembering every pair."""

    def __init__(self, oracle: Oracle, equality: Equality, judge: Judge) -> None:
        self.oracle, self.equality, self.judge = oracle, equality, judge
        self.known: dict[tuple[Any, ...], list[Difference]] = {}
        self.open: set[tuple[Any, ...]] = set()
        self.samples: dict[int, list[Any]] = {}
        self.sampling: set[int] = set()
        self.left = BUDGET

    def differences(self, accepting: Schema, refusing: Schema) -> list[Difference]:
        """All differences found between two schemas, each with a value."""
        self.left = BUDGET
        return self._pair(accepting, refusing, 0)

    @property
    def exhausted(self) -> bool:
        """Whether the last search ran out of its budget."""
        return self.left <= 0

    def _pair(self, accepting: Schema, refusing: Schema, depth: int) -> list[Difference]:
        key = (identity(accepting), identity(refusing))
        if key in self.known:
            return self.known[key]
        if key in self.open or depth > DEPTH or self.equality.equal(accepting, refusing):
            return []
        self.open.add(key)
        found = self._unions(accepting, refusing, depth)
        self.open.discard(key)
        if not self.exhausted:
            self.known[key] = found
        return found

    def _unions(self, accepting: Schema, refusing: Schema, depth: int) -> list[Difference]:
        ones, others = alternatives(accepting), alternatives(refusing)
        result: dict[tuple[Any, ...], Difference] = {}
        takes = self.judge.acceptor(self.oracle, accepting)
        stands = self.judge.acceptor(self.oracle, refusing, strictly=True)
        for one in ones:
            partner = self._partner(one, others)
            union = len(ones) + len(others) > 2
            for found in self._flat(Context(accepting, refusing, one, partner, union, takes, stands), depth):
                known = result.get(found.place)
                if known is None or _rank(found) < _rank(known):
                    result[found.place] = found
        return list(result.values())

    def _partner(self, one: Schema, others: list[Schema]) -> Schema:
        """The alternative of the other side that is most like this one."""
        if len(others) == 1:
            return others[0]
        return max(others, key=lambda other: affinity(shape_of(one), shape_of(other), one, other))

    def _flat(self, context: "Context", depth: int) -> Iterator[Difference]:
        if self.equality.equal(context.one, context.other) and not context.union:
            return
        inner = list(self._inside(context, depth))
        yield from inner
        if context.union or skeleton(context.one) != skeleton(context.other):
            yield from self._local(context, {found.path[0] for found in inner if found.path})

    def _breaks(self, context: "Context", value: Any) -> bool:
        self.left -= 1
        if self.left < 0:
            return False
        return context.takes(value) and not context.stands(value)

    def _local(self, context: "Context", explained: set[str]) -> Iterator[Difference]:
        """Differences by keywords that stand at this place itself."""
        one, other = shape_of(context.one), shape_of(context.other)
        best: dict[tuple[str, str], Difference] = {}
        crowds: list[tuple[list[tuple[str, str]], Any, bool]] = []
        for value in self._values(one, other):
            if not self._breaks(context, value):
                continue
            reasons, ambiguous = self._reasons(context, value, explained)
            if len(reasons) == 1:
                self._keep(
                    best,
                    Difference(
                        reasons[0][0], (), context.one, context.other, value, reasons[0][1], ambiguous
                    ),
                )
            elif reasons:
                crowds.append((reasons, value, ambiguous))
        for reasons, value, ambiguous in sorted(crowds, key=lambda crowd: size(crowd[1])):
            for keyword, name in blamed(reasons, best):
                self._keep(best, Difference(keyword, (), context.one, context.other, value, name, ambiguous))
        yield from best.values()

    def _keep(self, best: dict[tuple[str, str], Difference], found: Difference) -> None:
        key = (found.keyword, found.name)
        if key not in best or _rank(found) < _rank(best[key]):
            best[key] = found

    def _reasons(
        self, context: "Context", value: Any, explained: set[str]
    ) -> tuple[list[tuple[str, str]], bool]:
        """The keywords of the partner that refuse the value here, and whether only an overlap does."""
        if self.judge.accepts(self.oracle, context.refusing, value):
            return [("oneOf", "")], is_one_of(context.accepting)
        found = self.judge.refusals(self.oracle, context.other, value)
        here = [reason for reason in found if not reason[1]]
        if not found:
            return [("alternatives", "")], False
        reasons = [(keyword_of(name, value), word) for name, _, said in here for word in names_of(name, said)]
        if not here and not any(step_of(place[0]) in explained for _, place, _ in found if place):
            reasons = [("contents", str(found[0][1][0]) if isinstance(found[0][1][0], str) else "")]
        if reasons and context.union and any(keyword == "type" for keyword, _ in reasons):
            reasons = [("alternatives" if value is not None else "nullable", "")]
        return list(dict.fromkeys(reasons)), False

    def _values(self, one: Shape, other: Shape) -> Iterator[Any]:
        yield from self.judge.scalars(one, other)
        if "array" in one.types:
            yield from candidates.arrays(one, other, self.sample)
        if "object" in one.types:
            yield from candidates.objects(one, other, self.sample, self.sample)
        for shape in (one, other):
            for key in ("enum", "const", "example", "default"):
                for value in shape.every(key):
                    yield from (
                        item for item in (value if key == "enum" and isinstance(value, list) else [value])
                    )

    def _inside(self, context: "Context", depth: int) -> Iterator[Difference]:
        """Differences of properties and items, wrapped in this place's least value."""
        one, other = shape_of(context.one), shape_of(context.other)
        for step, accepting, refusing in children(one, other):
            for found in self._pair(accepting, refusing, depth + 1):
                value = self._wrapped(context, one, step, found.value)
                if value is not MISSING:
                    yield replace(found, path=(step, *found.path), value=value)

    def _wrapped(self, context: "Context", one: Shape, step: str, inner: Any) -> Any:
        for value in self._surroundings(one, step, inner):
            if self._breaks(context, value):
                return value
        return MISSING

    def _surroundings(self, one: Shape, step: str, inner: Any) -> Iterator[Any]:
        if step.startswith("[") and step != "[]":
            before = [(self.sample(schema) or [None])[0] for schema in one.prefix[: int(step[1:-1])]]
            yield [*before, inner]
            return
        if step == "[]":
            least = max([int(n) for n in one.every("minItems") if isinstance(n, int | float)] or [1]) or 1
            yield [inner] * min(least, candidates.MOST_ITEMS)
            others = [item for item in candidates.sample_many(one, self.sample) if not same(item, inner)]
            yield [inner, *others[: least - 1]]
            return
        name = candidates.NEUTRAL if step == "{}" else step
        least_object = candidates.least_object(one, self.sample)
        if least_object is not None:
            yield {**least_object, name: inner}
            optional = {
                key: found[0]
                for key, schema in one.properties.items()
                if key not in one.hidden and (found := self.sample(schema))
            }
            yield {**optional, **least_object, name: inner}
            for key, value in optional.items():
                yield {**least_object, key: value, name: inner}
        elif len(one.required) == 1 and step in one.required:
            yield {name: inner}

    def sample(self, schema: Schema) -> list[Any]:
        """Some values a schema accepts, smallest first; a recursive schema ends where it may."""
        key = self.oracle.reading(schema)
        if key not in self.samples:
            if key in self.sampling:
                return []  # what needs itself to be complete has no value on this way
            self.sampling.add(key)
            tried = (value for flat in alternatives(schema) for value in self._own_values(shape_of(flat)))
            accepted = []
            loosely = self.oracle.validator(schema, exactly_one=False).is_valid
            strictly = self.oracle.validator(schema, exactly_one=True).is_valid
            for value in tried:
                self.left -= 1
                if loosely(value):
                    accepted.append(value)
                if len(accepted) >= 40 or self.left < 0:
                    break
            found = sorted(accepted, key=lambda value: (not strictly(value), size(value)))
            self.sampling.discard(key)
            if not found and self.sampling:
                return []  # perhaps only on this way
            self.samples[key] = distinct(found)[:12]
        return self.samples[key]

    def _own_values(self, shape: Shape) -> Iterator[Any]:
        yield from (value for value in (shape.allowed or ()))
        if shape.allowed is None:
            yield from self._values(shape, shape)


@dataclass(frozen=True)
class Context:
    """Two schemas, and the alternatives of them that are being compared."""

    accepting: Schema
    refusing: Schema
    one: Schema
    other: Schema
    union: bool
    takes: Acceptor
    stands: Acceptor


def _rank(found: Difference) -> tuple[bool, int, int, float]:
    return (found.ambiguous, *size(found.value))
