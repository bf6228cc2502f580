"""Which places in two schemas correspond?"""

from collections.abc import Iterator

from spec_review.values.schema import Schema
from spec_review.values.shape import Shape, same, shape_of


def children(one: Shape, other: Shape) -> Iterator[tuple[str, Schema, Schema]]:
    """The corresponding places below two schemas: a property name, `[0]`, `[]` or `{}`, and both schemas."""
    for name, schema in one.properties.items():
        if name in one.hidden or name in other.hidden:
            continue
        if name in other.properties:
            yield name, schema, other.properties[name]
        elif other.additional:
            yield name, schema, other.additional
    for name, schema in other.properties.items():
        if name not in one.properties and one.additional and not one.closed and name not in other.hidden:
            yield name, one.additional, schema
    for place, (mine, theirs) in enumerate(zip(one.prefix, other.prefix, strict=False)):
        yield f"[{place}]", mine, theirs
    if other.items is not None:
        yield "[]", one.items or (), other.items
    if other.additional and not one.closed:
        yield "{}", one.additional, other.additional


def affinity(one: Shape, other: Shape, a: Schema, b: Schema) -> float:
    """A score: the higher it is, the more likely two alternatives correspond."""
    score = 2.0 if set(one.types) & set(other.types) else -4.0
    score += 2.0 if one.types == other.types else 0.0
    names = set(one.properties) | set(other.properties)
    if names:
        score += 3 * len(set(one.properties) & set(other.properties)) / len(names)
    score += sum(
        _tag_match(one.properties[name], other.properties[name]) for name in names if _both(name, one, other)
    )
    if {part.cursor.path for part in a} & {part.cursor.path for part in b}:
        score += 1.5
    if one.allowed is not None and other.allowed is not None:
        score += 2.0 if any(same(x, y) for x in one.allowed for y in other.allowed) else -2.0
    return score


def _both(name: str, one: Shape, other: Shape) -> bool:
    return name in one.properties and name in other.properties


def _tag_match(one: Schema, other: Schema) -> float:
    left, right = shape_of(one).allowed, shape_of(other).allowed
    if left is None or right is None:
        return 0.0
    return 5.0 if any(same(x, y) for x in left for y in right) else -5.0
