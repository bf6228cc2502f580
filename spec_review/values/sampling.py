"""Which values are worth trying for a schema, and how many may be tried?"""

from collections.abc import Iterator
from time import monotonic, process_time
from typing import Any

from spec_review.values import candidates
from spec_review.values.schema import Schema, alternatives
from spec_review.values.serialization import JsonChecker
from spec_review.values.shape import Shape, shape_of
from spec_review.values.shrink import distinct, size
from spec_review.values.validators import Validators

BUDGET = 60_000
"""The number of values to try for a pair of schemas; a search that needs more is reported as unfinished."""

TOTAL = 3_000_000
"""The number of values to try for all pairs together."""

SECONDS = 10.0
"""The processor time after which a search ends, whatever is left of its budget."""

LOOK = 0.02
"""The seconds between two looks at the processor time, which costs a call of the system."""

PROOF_SECONDS = 4.0
"""The time for proofs after the search."""

WEIGHT = 50
"""A value that consists of this many values counts as one more."""


class Sampling:
    """Values that a schema accepts, within a budget."""

    def __init__(self, validators: Validators, checker: JsonChecker, effort: float = 1.0) -> None:
        self.validators, self.checker = validators, checker
        self.samples: dict[int, list[Any]] = {}
        self.sampling: set[int] = set()
        self.budget, self.total = int(BUDGET * effort), int(TOTAL * effort)
        self.left = self.budget
        self.deadline, self.next_look = process_time() + SECONDS * effort, 0.0

    def begin(self) -> None:
        """Start the budget of another pair of schemas."""
        self.left = min(self.budget, self.total)
        self.late()

    def late(self) -> bool:
        """Whether the time is up; then nothing is left of the budget."""
        now = monotonic()
        if now > self.next_look:
            self.next_look = now + LOOK
            if process_time() > self.deadline:
                self.left = self.total = 0
        return self.left <= 0

    def is_out_of_time(self) -> bool:
        """Whether even the time for proofs is up."""
        return process_time() > self.deadline + PROOF_SECONDS

    @property
    def exhausted(self) -> bool:
        """Whether the last search used up its budget."""
        return self.left <= 0

    def spend(self, value: Any) -> bool:
        """Take the cost of trying a value from the budget; False when nothing is left."""
        cost = 1 + candidates.weight(value) // WEIGHT if isinstance(value, dict | list | str) else 1
        self.left -= cost
        self.total -= cost
        return self.left > 0 and not self.late()

    def values(self, one: Shape, other: Shape) -> Iterator[Any]:
        """Values at the boundaries of both schemas, of the types of the first."""
        yield from self.checker.scalars(one, other)
        if "array" in one.types:
            yield from candidates.arrays(one, other, self.sample)
        if "object" in one.types:
            yield from candidates.objects(one, other, self.sample, self.sample)
        if one.conditions or other.conditions:
            yield from candidates.conditional(one, other, _shapes, self.sample)
        for shape in (one, other):
            for key in ("enum", "const", "example", "default"):
                for value in shape.values_of(key):
                    yield from (
                        item for item in (value if key == "enum" and isinstance(value, list) else [value])
                    )

    def sample(self, schema: Schema) -> list[Any]:
        """Up to 12 values that a schema accepts, smallest first."""
        if self.late():
            return []
        key = self.validators.validator_id(schema)
        if key not in self.samples:
            if key in self.sampling:
                return []  # a schema that requires itself has no value here
            self.sampling.add(key)
            found = self._accepted(schema)
            self.sampling.discard(key)
            if not found and self.sampling:
                return []  # another path may still find values
            self.samples[key] = distinct(found)[:12]
        return self.samples[key]

    def _accepted(self, schema: Schema) -> list[Any]:
        tried = (value for flat in alternatives(schema) for value in self._own_values(shape_of(flat)))
        accepted = []
        loosely = self.validators.validator(schema, exactly_one=False).is_valid
        strictly = self.validators.validator(schema, exactly_one=True).is_valid
        for value in tried:
            if not self.spend(value):
                break
            if loosely(value):
                accepted.append(value)
            if len(accepted) >= 40:
                break
        return sorted(accepted, key=lambda value: (not strictly(value), size(value)))

    def _own_values(self, shape: Shape) -> Iterator[Any]:
        yield from (value for value in (shape.allowed or ()))
        if shape.allowed is None:
            yield from self.values(shape, shape)


def _shapes(schema: Schema) -> list[Shape]:
    return [shape_of(flat) for flat in alternatives(schema)]
