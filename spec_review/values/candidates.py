"""Which values sit on the boundaries that two schemas draw?

Every bound, constant, format and pattern of both sides gives values at it and beside it; small ones first.
Whether a value is accepted is not decided here.
"""

from collections.abc import Callable, Iterator
from typing import Any

from spec_review.values.convert import BOUNDS
from spec_review.values.shape import Shape
from spec_review.values.strings import FORMATS, PLAIN, from_pattern, lengths, padded

NEUTRAL = "anotherName"
LONG = 10_000
MOST_ITEMS = 20_000
Sampler = Callable[[Any], list[Any]]
"""Some values a schema accepts, smallest first."""


def scalars(one: Shape, other: Shape) -> Iterator[Any]:
    """Boundary values without parts: null, booleans, numbers, strings, and both sides' constants."""
    types = set(one.types)
    yield from (value for value in (*one.constants, *other.constants) if not isinstance(value, dict | list))
    for shape in (one, other):
        for key in ("default", "example"):
            yield from (value for value in shape.every(key) if not isinstance(value, dict | list))
    if "null" in types:
        yield None
    if "boolean" in types:
        yield from (False, True)
    if types & {"integer", "number"}:
        yield from numbers(one, other)
    if "string" in types:
        yield from strings(one, other)


def numbers(one: Shape, other: Shape) -> Iterator[Any]:
    """Numbers at and beside every bound, whole and not."""
    yield from (0, 1, -1, 0.5, -0.5, 2, 10, 100)
    for shape in (one, other):
        for key in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
            for bound in shape.near(key):
                if isinstance(bound, int | float) and not isinstance(bound, bool):
                    yield from _around(bound)
        for step in shape.near("multipleOf"):
            if isinstance(step, int | float) and step > 0:
                yield from (step, step * 2, step * 3, step * 5, step * 7, -step, step * 1.5, step + 1)
        for name in shape.near("format"):
            for bound in BOUNDS.get(str(name), ()):
                yield from (bound, bound + 1, bound - 1, bound * 2)
    yield from (1.5, 1e6, 2**31, 2**53, 2**63, -(2**31) - 1, -(2**63) - 1, 1e300)


def _around(bound: float) -> Iterator[Any]:
    yield from (bound, bound + 1, bound - 1, bound + 0.5, bound - 0.5, bound + 0.01, bound - 0.01, bound * 2)
    if bound == int(bound):
        yield int(bound)


def strings(one: Shape, other: Shape) -> Iterator[str]:
    """Plain strings, both sides' formats and patterns, each also at every length beside a bound."""
    seeds: list[str] = []
    for shape in (one, other):
        for pattern in shape.near("pattern"):
            seeds.extend(from_pattern(str(pattern)))
        for name in shape.near("format"):
            seeds.extend(FORMATS.get(str(name), ()))
    yield from PLAIN
    yield from seeds
    bounds = [
        bound for shape in (one, other) for key in ("minLength", "maxLength") for bound in shape.near(key)
    ]
    for length in lengths(bounds):
        yield "a" * length
        for seed in seeds[: 12 if length <= LONG else 1]:
            yield padded(seed, length)
    for seed in seeds[:12]:
        yield from (seed + "a", seed + " ", seed.upper(), seed.lower(), "a" + seed)
    if not one.every("format"):
        yield from (values[0] for values in FORMATS.values())


def arrays(one: Shape, other: Shape, sample: Sampler) -> Iterator[list[Any]]:
    """Arrays of every length beside a bound, of equal and of different items."""
    items = sample(one.items or ())
    distinct = sample_many(one, sample)
    bounds = [
        bound for shape in (one, other) for key in ("minItems", "maxItems") for bound in shape.near(key)
    ]
    counts = sorted({0, 1, 2, *(count for count in lengths(bounds) if count <= MOST_ITEMS)})
    for count in counts:
        head = [(sample(inner) or [None])[0] for inner in one.prefix[:count]]
        rest = count - len(head)
        if rest == 0 or items:
            yield head + items[:1] * rest
        if rest > 1 and len(distinct) >= rest:
            yield head + distinct[:rest]


def sample_many(one: Shape, sample: Sampler) -> list[Any]:
    """Different items, for arrays that forbid equal ones."""
    found = sample(one.items or ())
    if found and isinstance(found[0], str) and one.items is not None:
        bounds = one.every("minItems")
        most = max([int(bound) for bound in bounds if isinstance(bound, int | float)] or [0]) + 2
        return [*found, *(f"a{number}" for number in range(min(most, MOST_ITEMS)))]
    if found and isinstance(found[0], int | float) and not isinstance(found[0], bool):
        return [*found, *(number for number in range(1, 60) if number not in found)]
    return found


def objects(one: Shape, other: Shape, sample: Sampler, full: Sampler) -> Iterator[dict[str, Any]]:
    """The least object, the fullest, each optional name alone, an unknown name, counts beside bounds."""
    least = least_object(one, sample)
    if least is None:
        return
    yield least
    optional = [name for name in one.properties if name not in least and name not in one.hidden]
    single = {name: found[0] for name in optional if (found := sample(one.properties[name]))}
    for name, value in single.items():
        yield {**least, name: value}
    for value in [*sample(one.additional), 0, None, [], {}]:
        yield {**least, NEUTRAL: value}
    fullest = {**least, **single}
    yield fullest
    for name in least:
        yield {key: value for key, value in fullest.items() if key != name}
    fill = (sample(one.additional) or ["a"])[0]
    bounds = [
        bound
        for side in (one, other)
        for key in ("minProperties", "maxProperties")
        for bound in side.near(key)
    ]
    for count in lengths(bounds):
        if count <= MOST_ITEMS:
            pool = {**fullest, **{f"{NEUTRAL}{number}": fill for number in range(count)}}
            yield dict(list(pool.items())[:count])


def least_object(one: Shape, sample: Sampler) -> dict[str, Any] | None:
    """An object with what is required and nothing more; None where a required value cannot be found."""
    result: dict[str, Any] = {}
    for name in one.required:
        found = sample(one.properties.get(name, one.additional))
        if not found:
            return None
        result[name] = found[0]
    missing = max(
        [int(bound) for bound in one.every("minProperties") if isinstance(bound, int | float)] or [0]
    )
    missing -= len(result)
    for name in [name for name in one.properties if name not in result and name not in one.hidden]:
        if missing > 0 and (found := sample(one.properties[name])):
            result[name] = found[0]
            missing -= 1
    for number in range(max(missing, 0)):
        result[f"{NEUTRAL}{number}"] = (sample(one.additional) or ["a"])[0]
    return result
