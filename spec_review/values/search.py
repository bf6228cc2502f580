"""Which values does one schema accept and the other reject?

The search walks both schemas together, innermost schemas first, and tries boundary values at each place. It
wraps each value it finds in a minimal value of the enclosing schema and tries it again there. This drops
differences that have no effect in their context. Each difference keeps the smallest value that shows it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from spec_review.values import candidates
from spec_review.values.equality import Equality
from spec_review.values.pairing import affinity, children
from spec_review.values.reasons import is_one_of, keyword_of, main_reasons, names_of, step_of
from spec_review.values.schema import Schema, alternatives, identity
from spec_review.values.serialization import Acceptor, JsonChecker
from spec_review.values.shape import Shape, own_constraints, same, shape_of
from spec_review.values.size import distinct, size
from spec_review.values.validators import Validators

MISSING = object()
BUDGET = 60_000
"""The number of values to try for a pair of schemas; a search that needs more is reported as unfinished."""
MAX_DEPTH = 24


@dataclass(frozen=True)
class Difference:
    """One keyword of the rejecting schema, with a value that only the accepting schema accepts."""

    keyword: str
    path: tuple[str, ...]
    accepting: Schema
    rejecting: Schema
    value: Any
    name: str = ""
    ambiguous: bool = False
    proved: bool = True

    @property
    def place(self) -> tuple[Any, ...]:
        """Equal for two differences by the same keyword of the same schemas."""
        return (self.keyword, self.name, identity(self.accepting), identity(self.rejecting))


class Search:
    """Searches pairs of schemas with one checker and caches the results."""

    def __init__(self, validators: Validators, equality: Equality, checker: JsonChecker) -> None:
        self.validators, self.equality, self.checker = validators, equality, checker
        self.known: dict[tuple[Any, ...], list[Difference]] = {}
        self.open: set[tuple[Any, ...]] = set()
        self.samples: dict[int, list[Any]] = {}
        self.sampling: set[int] = set()
        self.left = BUDGET

    def differences(self, accepting: Schema, rejecting: Schema) -> list[Difference]:
        """All differences found between two schemas, each with a value."""
        self.left = BUDGET
        return self._pair(accepting, rejecting, 0)

    @property
    def exhausted(self) -> bool:
        """Whether the last search used up its budget."""
        return self.left <= 0

    def _pair(self, accepting: Schema, rejecting: Schema, depth: int) -> list[Difference]:
        key = (identity(accepting), identity(rejecting))
        if key in self.known:
            return self.known[key]
        if key in self.open or depth > MAX_DEPTH or self.equality.equal(accepting, rejecting):
            return []
        self.open.add(key)
        found = self._unions(accepting, rejecting, depth)
        self.open.discard(key)
        if not self.exhausted:
            self.known[key] = found
        return found

    def _unions(self, accepting: Schema, rejecting: Schema, depth: int) -> list[Difference]:
        ones, others = alternatives(accepting), alternatives(rejecting)
        result: dict[tuple[Any, ...], Difference] = {}
        accepts = self.checker.acceptor(self.validators, accepting)
        still_accepts = self.checker.acceptor(self.validators, rejecting, strictly=True)
        for one in ones:
            partner = self._partner(one, others)
            union = len(ones) + len(others) > 2
            for found in self._flat(
                Context(accepting, rejecting, one, partner, union, accepts, still_accepts), depth
            ):
                known = result.get(found.place)
                if known is None or _rank(found) < _rank(known):
                    result[found.place] = found
        return list(result.values())

    def _partner(self, one: Schema, others: list[Schema]) -> Schema:
        """The alternative of the other schema that is most similar to this one."""
        if len(others) == 1:
            return others[0]
        return max(others, key=lambda other: affinity(shape_of(one), shape_of(other), one, other))

    def _flat(self, context: "Context", depth: int) -> Iterator[Difference]:
        if self.equality.equal(context.one, context.other) and not context.union:
            return
        inner = list(self._inside(context, depth))
        yield from inner
        if context.union or own_constraints(context.one) != own_constraints(context.other):
            yield from self._local(context, {found.path[0] for found in inner if found.path})

    def _breaks(self, context: "Context", value: Any) -> bool:
        self.left -= 1
        if self.left < 0:
            return False
        return context.accepts(value) and not context.still_accepts(value)

    def _local(self, context: "Context", explained: set[str]) -> Iterator[Difference]:
        """Differences by the keywords at this place itself."""
        one, other = shape_of(context.one), shape_of(context.other)
        best: dict[tuple[str, str], Difference] = {}
        several: list[tuple[list[tuple[str, str]], Any, bool]] = []
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
                several.append((reasons, value, ambiguous))
        for reasons, value, ambiguous in sorted(several, key=lambda entry: size(entry[1])):
            for keyword, name in main_reasons(reasons, best):
                self._keep(best, Difference(keyword, (), context.one, context.other, value, name, ambiguous))
        yield from best.values()

    def _keep(self, best: dict[tuple[str, str], Difference], found: Difference) -> None:
        key = (found.keyword, found.name)
        if key not in best or _rank(found) < _rank(best[key]):
            best[key] = found

    def _reasons(
        self, context: "Context", value: Any, explained: set[str]
    ) -> tuple[list[tuple[str, str]], bool]:
        """The keywords that reject the value here, and whether the only reason is a `oneOf` overlap."""
        if self.checker.accepts(self.validators, context.rejecting, value):
            return [("oneOf", "")], is_one_of(context.accepting)
        found = self.checker.rejections(self.validators, context.other, value)
        here = [reason for reason in found if not reason[1]]
        if not found:
            return [("alternatives", "")], False
        reasons = [
            (keyword_of(name, value), word) for name, _, details in here for word in names_of(name, details)
        ]
        if not here and not any(step_of(place[0]) in explained for _, place, _ in found if place):
            reasons = [("contents", str(found[0][1][0]) if isinstance(found[0][1][0], str) else "")]
        if reasons and context.union and any(keyword == "type" for keyword, _ in reasons):
            reasons = [("alternatives" if value is not None else "nullable", "")]
        return list(dict.fromkeys(reasons)), False

    def _values(self, one: Shape, other: Shape) -> Iterator[Any]:
        yield from self.checker.scalars(one, other)
        if "array" in one.types:
            yield from candidates.arrays(one, other, self.sample)
        if "object" in one.types:
            yield from candidates.objects(one, other, self.sample, self.sample)
        for shape in (one, other):
            for key in ("enum", "const", "example", "default"):
                for value in shape.values_of(key):
                    yield from (
                        item for item in (value if key == "enum" and isinstance(value, list) else [value])
                    )

    def _inside(self, context: "Context", depth: int) -> Iterator[Difference]:
        """Differences of properties and items, wrapped in a minimal value of this place."""
        one, other = shape_of(context.one), shape_of(context.other)
        for step, accepting, rejecting in children(one, other):
            for found in self._pair(accepting, rejecting, depth + 1):
                value = self._wrapped(context, one, step, found.value)
                if value is not MISSING:
                    yield replace(found, path=(step, *found.path), value=value)

    def _wrapped(self, context: "Context", one: Shape, step: str, inner: Any) -> Any:
        for value in self._enclosing_values(one, step, inner):
            if self._breaks(context, value):
                return value
        return MISSING

    def _enclosing_values(self, one: Shape, step: str, inner: Any) -> Iterator[Any]:
        if step.startswith("[") and step != "[]":
            before = [(self.sample(schema) or [None])[0] for schema in one.prefix[: int(step[1:-1])]]
            yield [*before, inner]
            return
        if step == "[]":
            least = max([int(n) for n in one.values_of("minItems") if isinstance(n, int | float)] or [1]) or 1
            yield [inner] * min(least, candidates.MAX_ITEMS)
            others = [item for item in candidates.sample_many(one, self.sample) if not same(item, inner)]
            yield [inner, *others[: least - 1]]
            return
        name = candidates.UNKNOWN_NAME if step == "{}" else step
        minimal_object = candidates.minimal_object(one, self.sample)
        if minimal_object is not None:
            yield {**minimal_object, name: inner}
            optional = {
                key: found[0]
                for key, schema in one.properties.items()
                if key not in one.hidden and (found := self.sample(schema))
            }
            yield {**optional, **minimal_object, name: inner}
            for key, value in optional.items():
                yield {**minimal_object, key: value, name: inner}
        elif len(one.required) == 1 and step in one.required:
            yield {name: inner}

    def sample(self, schema: Schema) -> list[Any]:
        """Up to 12 values that a schema accepts, smallest first."""
        key = self.validators.validator_id(schema)
        if key not in self.samples:
            if key in self.sampling:
                return []  # a schema that requires itself has no value here
            self.sampling.add(key)
            tried = (value for flat in alternatives(schema) for value in self._own_values(shape_of(flat)))
            accepted = []
            loosely = self.validators.validator(schema, exactly_one=False).is_valid
            strictly = self.validators.validator(schema, exactly_one=True).is_valid
            for value in tried:
                self.left -= 1
                if loosely(value):
                    accepted.append(value)
                if len(accepted) >= 40 or self.left < 0:
                    break
            found = sorted(accepted, key=lambda value: (not strictly(value), size(value)))
            self.sampling.discard(key)
            if not found and self.sampling:
                return []  # another path may still find values
            self.samples[key] = distinct(found)[:12]
        return self.samples[key]

    def _own_values(self, shape: Shape) -> Iterator[Any]:
        yield from (value for value in (shape.allowed or ()))
        if shape.allowed is None:
            yield from self._values(shape, shape)


@dataclass(frozen=True)
class Context:
    """Two schemas and the alternatives of them that are compared."""

    accepting: Schema
    rejecting: Schema
    one: Schema
    other: Schema
    union: bool
    accepts: Acceptor
    still_accepts: Acceptor


def _rank(found: Difference) -> tuple[bool, int, int, float]:
    return (found.ambiguous, *size(found.value))
