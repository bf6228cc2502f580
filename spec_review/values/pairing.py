"""Which places in two schemas correspond?"""

import re
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher

from spec_review.values.schema import Schema
from spec_review.values.shape import Shape, own_constraints, same, shape_of


def children(one: Shape, other: Shape) -> Iterator[tuple[str, Schema, Schema]]:
    """The corresponding places below two schemas: a name, `[0]`, `[]`, `{}` or `{pattern}`, and both."""
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
    for pattern, schema in one.patterns.items():
        if pattern in other.patterns:
            yield f"{{{pattern}}}", schema, other.patterns[pattern]
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


Equal = Callable[[Schema, Schema], bool]


def partners(ones: list[Schema], others: list[Schema], equal: Equal) -> Iterator[tuple[Schema, Schema, bool]]:
    """The alternatives that correspond but differ, and the ones that are left over with their nearest.

    Equal alternatives are paired first and left out, then the most similar. A left-over one is marked True.
    """
    if len(ones) == len(others) == 1:
        if not equal(ones[0], others[0]):
            yield ones[0], others[0], False
        return
    lefts, rights = _unequal(ones, others, equal)
    near = _nearest(lefts, others)
    pairs: dict[int, Schema] = {}
    used: set[int] = set()
    for score, at, place in sorted(near, key=lambda entry: (-entry[0], entry[1], entry[2])):
        free = at not in pairs and place not in used and any(others[place] is right for right in rights)
        if score > ALIKE and free:
            pairs[at] = others[place]
            used.add(place)
    best = {at: others[place] for _, at, place in sorted(near)}
    for at, one in enumerate(lefts):
        yield one, pairs.get(at) or best[at], at not in pairs


def _nearest(lefts: list[Schema], others: list[Schema]) -> list[tuple[float, int, int]]:
    """The affinity of each pair; in large unions only of pairs at nearly the same place in both."""
    window = max(MAX_PAIRS // max(len(lefts), 1), 1)
    found = []
    for at, one in enumerate(lefts):
        first = max(0, min(at - window // 2, len(others) - window))
        for place in range(first, min(first + window, len(others))):
            other = others[place]
            found.append((affinity(shape_of(one), shape_of(other), one, other), at, place))
    return found


MAX_PAIRS = 6_000
"""The most pairs of alternatives whose affinity is computed."""

ALIKE = 2.0
"""Alternatives with a lower affinity do not correspond."""


def _unequal(ones: list[Schema], others: list[Schema], equal: Equal) -> tuple[list[Schema], list[Schema]]:
    """The alternatives that have no equal counterpart; the one with the same place is tried first."""
    rights = dict(enumerate(others))
    similar: dict[object, list[int]] = {}
    for at, other in rights.items():
        similar.setdefault(own_constraints(other), []).append(at)
    lefts = []
    left = MAX_PAIRS
    for one in ones:
        place = _place(one)
        order = [at for at in similar.get(own_constraints(one), ()) if at in rights] if left > 0 else []
        order.sort(key=lambda at: _place(others[at]) != place)
        left -= len(order)
        match = next((at for at in order if equal(one, rights[at])), None)
        if match is None:
            lefts.append(one)
        else:
            del rights[match]
    return lefts, list(rights.values())


def _place(schema: Schema) -> tuple[tuple[str, ...], ...]:
    return tuple(part.cursor.path for part in schema)


WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
NEAR = 0.7
"""The least ratio of `SequenceMatcher` for two similar names."""


def similar(one: str, other: str) -> bool:
    """Whether two names are similar: by letters, by abbreviation, or because one contains the other."""
    left, right = _letters(one), _letters(other)
    if left == right:
        return True
    inside = min(len(left), len(right)) >= 4 and (left in right or right in left)
    return inside or _shortened(one, other) or SequenceMatcher(None, left, right).ratio() >= NEAR


def _shortened(one: str, other: str) -> bool:
    """Whether the names have the same words, some abbreviated: `X-Org-Id` and `X-Organization-Id`."""
    left, right = _words(one), _words(other)
    return len(left) == len(right) > 1 and all(
        a.startswith(b) or b.startswith(a) for a, b in zip(left, right, strict=True)
    )


def _words(name: str) -> list[str]:
    return [word.lower() for word in WORD.findall(name)]


def _letters(name: str) -> str:
    return "".join(char for char in name.lower() if char.isalnum())
