"""Which boundary values of two schemas are worth trying?

Each bound, constant, format and pattern of both schemas gives values at the boundary and next to it, small
values first. Another module checks which schema accepts a value.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any

from spec_review.values.convert import BOUNDS
from spec_review.values.shape import Shape
from spec_review.values.strings import FORMATS, PLAIN, from_pattern, lengths, padded

UNKNOWN_NAME = "anotherName"
LONG = 10_000
MAX_ITEMS = 20_000
MAX_WEIGHT = 200_000
"""The largest value to try, in values that it consists of."""
Sampler = Callable[[Any], list[Any]]
"""Returns some values that a schema accepts, smallest first."""
Flat = Callable[[Any], list[Shape]]
"""Returns the shapes of the alternatives of a schema."""


def scalars(one: Shape, other: Shape) -> Iterator[Any]:
    """Boundary values without arrays and objects: null, booleans, numbers, strings and constants."""
    types = set(one.types)
    yield from (value for value in (*one.constants, *other.constants) if not isinstance(value, dict | list))
    for shape in (one, other):
        for key in ("default", "example"):
            yield from (value for value in shape.values_of(key) if not isinstance(value, dict | list))
    if "null" in types:
        yield None
    if "boolean" in types:
        yield from (False, True)
    if types & {"integer", "number"}:
        yield from numbers(one, other)
    if "string" in types:
        yield from strings(one, other)


def numbers(one: Shape, other: Shape) -> Iterator[Any]:
    """Finite numbers at and next to each bound, integers and fractions."""
    yield from (number for number in _numbers(one, other) if math.isfinite(number))


def _numbers(one: Shape, other: Shape) -> Iterator[Any]:
    yield from (0, 1, -1, 0.5, -0.5, 2, 10, 100)
    for shape in (one, other):
        for key in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
            for bound in shape.values_near(key):
                if isinstance(bound, int | float) and not isinstance(bound, bool):
                    yield from _around(bound)
        for step in shape.values_near("multipleOf"):
            if isinstance(step, int | float) and step > 0:
                yield from (step, step * 2, step * 3, step * 5, step * 7, -step, step * 1.5, step + 1)
        for name in shape.values_near("format"):
            for bound in BOUNDS.get(str(name), ()):
                yield from (bound, bound + 1, bound - 1, bound * 2)
    yield from (1.5, 1e6, 2**31, 2**53, 2**63, -(2**31) - 1, -(2**63) - 1, 1e300)


def _around(bound: float) -> Iterator[Any]:
    yield from (bound, bound + 1, bound - 1, bound + 0.5, bound - 0.5, bound + 0.01, bound - 0.01, bound * 2)
    if bound == int(bound):
        yield int(bound)


def strings(one: Shape, other: Shape) -> Iterator[str]:
    """Plain strings and strings for each format and pattern, also at each length next to a bound."""
    seeds: list[str] = []
    for shape in (one, other):
        for pattern in shape.values_near("pattern"):
            seeds.extend(from_pattern(str(pattern)))
        for name in shape.values_near("format"):
            seeds.extend(FORMATS.get(str(name), ()))
    yield from PLAIN
    yield from seeds
    bounds = [
        bound
        for shape in (one, other)
        for key in ("minLength", "maxLength")
        for bound in shape.values_near(key)
    ]
    for length in lengths(bounds):
        yield "a" * length
        for seed in seeds[: 12 if length <= LONG else 1]:
            yield padded(seed, length)
    for seed in seeds[:12]:
        yield from (seed + "a", seed + " ", seed.upper(), seed.lower(), "a" + seed)
    if not one.values_of("format"):
        yield from (values[0] for values in FORMATS.values())


def matching(pattern: str) -> list[str]:
    """Some property names that match a pattern of `patternProperties`."""
    return [name for name in from_pattern(pattern) if name] or [UNKNOWN_NAME]


def weight(value: Any, most: int = 1_000_000) -> int:
    """How many values a value consists of, at most about `most`; a long text counts by its length."""
    found, pending = 0, [value]
    while pending and found < most:
        item = pending.pop()
        found += 1
        kind = type(item)
        if kind is str:
            found += len(item) // 100
        elif kind is dict:
            pending.extend(item.values())
        elif kind is list and len(item) > 1 and all(inner is item[0] for inner in item):
            found += len(item) * weight(item[0], most // len(item) + 1)
        elif kind is list:
            pending.extend(item)
    return found


def repeated(item: Any, count: int) -> list[Any] | None:
    """An array of equal items; None when it would be too large."""
    return None if count and weight(item) * count > MAX_WEIGHT else [item] * count


def arrays(one: Shape, other: Shape, sample: Sampler) -> Iterator[list[Any]]:
    """Arrays at each length next to a bound, with equal and with different items."""
    items = sample(one.items or ())
    distinct = sample_many(one, sample)
    bounds = [
        bound
        for shape in (one, other)
        for key in ("minItems", "maxItems")
        for bound in shape.values_near(key)
    ]
    counts = sorted({0, 1, 2, *(count for count in lengths(bounds) if count <= MAX_ITEMS)})
    for count in counts:
        fixed = [(sample(inner) or [None])[0] for inner in one.prefix[:count]]
        rest = count - len(fixed)
        if rest <= 0 or (items and repeated(items[0], rest) is not None):
            yield fixed + items[:1] * rest
        if rest > 1 and len(distinct) >= rest:
            yield fixed + distinct[:rest]


def conditional(one: Shape, other: Shape, flat: Flat, sample: Sampler) -> Iterator[Any]:
    """Values that meet, and just fail, the conditions of both schemas: `if`, `not`, `contains` and others."""
    minimal = minimal_object(one, sample) or {}
    full = {**minimal, **{name: v[0] for name in one.properties if (v := sample(one.properties[name]))}}
    for key, schema in (*one.conditions, *other.conditions):
        found = sample(schema)
        yield from found
        yield from ([value] * count for value in found[:3] for count in (1, 2) if key == "contains")
        for shape in flat(schema):
            met = minimal_object(shape, sample)
            if met is None:
                continue
            yield from ({**minimal, **met}, {**full, **met})
            for name in [*full, *met]:
                yield {k: v for k, v in {**full, **met}.items() if k != name}
            for name, inner in shape.properties.items():
                yield from ({**minimal, name: value} for value in sample(inner)[:4])
                yield from ({**full, **met, name: value} for value in sample(inner)[:4])


def sample_many(one: Shape, sample: Sampler) -> list[Any]:
    """Different items, for arrays with `uniqueItems`."""
    found = sample(one.items or ())
    if found and isinstance(found[0], str) and one.items is not None:
        bounds = one.values_of("minItems")
        most = max([int(bound) for bound in bounds if isinstance(bound, int | float)] or [0]) + 2
        return [*found, *(f"a{number}" for number in range(min(most, MAX_ITEMS)))]
    if found and isinstance(found[0], int | float) and not isinstance(found[0], bool):
        return [*found, *(number for number in range(1, 60) if number not in found)]
    return found


def objects(one: Shape, other: Shape, sample: Sampler, full: Sampler) -> Iterator[dict[str, Any]]:
    """The minimal object, each optional or undeclared property added to it, and counts next to bounds."""
    minimal = minimal_object(one, sample)
    if minimal is None:
        return
    yield minimal
    optional = [name for name in one.properties if name not in minimal and name not in one.hidden]
    single = {name: found[0] for name in optional if (found := sample(one.properties[name]))}
    for name, value in single.items():
        yield {**minimal, name: value}
    for value in [*sample(one.additional), 0, None, [], {}]:
        yield {**minimal, UNKNOWN_NAME: value}
    for pattern in {**one.patterns, **other.patterns}:
        values = sample(one.patterns.get(pattern, one.additional))[:3]
        yield from ({**minimal, name: value} for name in matching(pattern)[:2] for value in values)
    full_object = {**minimal, **single}
    yield full_object
    for name in minimal:
        yield {key: value for key, value in full_object.items() if key != name}
    yield from _counted(one, other, full_object, (sample(one.additional) or ["a"])[0])


def _counted(one: Shape, other: Shape, full_object: dict[str, Any], fill: Any) -> Iterator[dict[str, Any]]:
    """Objects with as many properties as bounds are near to; further properties have the value `fill`."""
    bounds = [
        bound
        for side in (one, other)
        for key in ("minProperties", "maxProperties")
        for bound in side.values_near(key)
    ]
    for count in lengths(bounds):
        if count <= MAX_ITEMS:
            pool = {**full_object, **{f"{UNKNOWN_NAME}{number}": fill for number in range(count)}}
            yield dict(list(pool.items())[:count])


def minimal_object(one: Shape, sample: Sampler) -> dict[str, Any] | None:
    """An object with only the required properties; None when no value is found for one of them."""
    result: dict[str, Any] = {}
    for name in one.required:
        found = sample(one.properties.get(name, one.additional))
        if not found:
            return None
        result[name] = found[0]
    missing = max(
        [int(bound) for bound in one.values_of("minProperties") if isinstance(bound, int | float)] or [0]
    )
    missing -= len(result)
    for name in [name for name in one.properties if name not in result and name not in one.hidden]:
        if missing > 0 and (found := sample(one.properties[name])):
            result[name] = found[0]
            missing -= 1
    if missing > MAX_ITEMS:
        return None
    for number in range(max(missing, 0)):
        result[f"{UNKNOWN_NAME}{number}"] = (sample(one.additional) or ["a"])[0]
    return result
