"""Which minimal values of a schema contain a value at one of its places?"""

from collections.abc import Iterator
from typing import Any

from spec_review.values import candidates
from spec_review.values.shape import Shape, same

MISSING = object()
"""No value was found."""


def enclosing_values(one: Shape, step: str, inner: Any, sample: candidates.Sampler) -> Iterator[Any]:
    """Values with `inner` at a step (see `pairing.children`), the smallest first."""
    if step.startswith("["):
        yield from _arrays(one, step, inner, sample)
        return
    if step.startswith("{"):
        names = candidates.matching(step[1:-1])[:3] if step != "{}" else [candidates.UNKNOWN_NAME]
    else:
        names = [step]
    for name in names:
        yield from _objects(one, name, inner, sample)


def merged_values(one: Shape, inner: Any, sample: candidates.Sampler) -> Iterator[Any]:
    """The value itself, and the value with what an object of this shape requires."""
    yield inner
    minimal = candidates.minimal_object(one, sample) if isinstance(inner, dict) else None
    if minimal:
        yield {**minimal, **inner}
        yield {**inner, **minimal}


def _arrays(one: Shape, step: str, inner: Any, sample: candidates.Sampler) -> Iterator[Any]:
    if step != "[]":
        before = [(sample(schema) or [None])[0] for schema in one.prefix[: int(step[1:-1])]]
        yield [*before, inner]
        return
    first = [(sample(schema) or [None])[0] for schema in one.prefix]
    least = max([int(n) for n in one.values_of("minItems") if isinstance(n, int | float)] or [1]) or 1
    least = max(least - len(first), 1)
    equal = candidates.repeated(inner, least)
    if equal is not None and least <= candidates.MAX_ITEMS:
        yield [*first, *equal]
    others = [item for item in candidates.sample_many(one, sample) if not same(item, inner)]
    yield [*first, inner, *others[: least - 1]]


def _objects(one: Shape, name: str, inner: Any, sample: candidates.Sampler) -> Iterator[Any]:
    minimal = candidates.minimal_object(one, sample)
    if minimal is None:
        if len(one.required) == 1 and name in one.required:
            yield {name: inner}
        return
    yield {**minimal, name: inner}
    optional = {
        key: found[0]
        for key, schema in one.properties.items()
        if key not in one.hidden and (found := sample(schema))
    }
    yield {**optional, **minimal, name: inner}
    for key, value in optional.items():
        yield {**minimal, key: value, name: inner}
