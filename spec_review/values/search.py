"""Where does one schema accept a value that the other refuses? A directed search from the inside out.

The two schemas are walked together. At each pair of places boundary values are tried; what is found inside is
wrapped in the least value of its surroundings and tried again there, so that a difference which its context makes
harmless is forgotten. What comes out are differences with the smallest value found for each.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from spec_review.values import candidates
from spec_review.values.equality import Equality
from spec_review.values.oracle import Oracle
from spec_review.values.schema import Part, Schema, alternatives, identity, keywords, members
from spec_review.values.shape import Shape, same, shape_of, skeleton
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
                self._keep(best, Difference(reasons[0][0], (), context.one, context.other, value, reasons[0][1], ambiguous))
            elif reasons:
                crowds.append((reasons, value, ambiguous))
        for reasons, value, ambiguous in sorted(crowds, key=lambda crowd: size(crowd[1])):
            for keyword, name in _blamed(reasons, best):
                self._keep(best, Difference(keyword, (), context.one, context.other, value, name, ambiguous))
        yield from best.values()

    def _keep(self, best: dict[tuple[str, str], Difference], found: Difference) -> None:
        key = (found.keyword, found.name)
        if key not in best or _rank(found) < _rank(best[key]):
            best[key] = found

    def _reasons(self, context: "Context", value: Any, explained: set[str]) -> tuple[list[tuple[str, str]], bool]:
        """The keywords of the partner that refuse the value here, and whether only an overlap does."""
        if self.judge.accepts(self.oracle, context.refusing, value):
            return [("oneOf", "")], _has_one_of(context.accepting)
        found = self.judge.refusals(self.oracle, context.other, value)
        here = [reason for reason in found if not reason[1]]
        if not found:
            return [("alternatives", "")], False
        reasons = [(_keyword(name, value), word) for name, _, said in here for word in _names(name, said)]
        if not here and not any(_step(place[0]) in explained for _, place, _ in found if place):
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
                    yield from (item for item in (value if key == "enum" and isinstance(value, list) else [value]))

    def _inside(self, context: "Context", depth: int) -> Iterator[Difference]:
        """Differences of properties and items, wrapped in this place's least value."""
        one, other = shape_of(context.one), shape_of(context.other)
        for step, accepting, refusing in _children(one, other):
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


def _children(one: Shape, other: Shape) -> Iterator[tuple[str, Schema, Schema]]:
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
    if other.items is not None:
        yield "[]", one.items or (), other.items
    if other.additional and not one.closed:
        yield "{}", one.additional, other.additional


def affinity(one: Shape, other: Shape, a: Schema, b: Schema) -> float:
    """How likely two alternatives are meant to be the same."""
    score = 2.0 if set(one.types) & set(other.types) else -4.0
    score += 2.0 if one.types == other.types else 0.0
    names = set(one.properties) | set(other.properties)
    if names:
        score += 3 * len(set(one.properties) & set(other.properties)) / len(names)
    score += sum(_tag_match(one.properties[name], other.properties[name]) for name in names if _both(name, one, other))
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


def _has_one_of(schema: Schema) -> bool:
    """Whether the schema itself is a `oneOf`: then its members overlap by growing in number, which is only warned of."""
    pending = list(schema)
    while pending:
        part = pending.pop()
        own = keywords(part)
        if own.get("oneOf"):
            return True
        if isinstance(own.get("$ref"), str) and part.cursor.follow().key != part.cursor.key:
            pending.append(Part(part.cursor.follow(), part.view))
        pending.extend(members(part, "allOf"))
    return False


def _keyword(name: str, value: Any) -> str:
    if value is None and name in ("type", "enum", "const"):
        return "nullable"
    return {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum", "falseSchema": "not"}.get(name, name)


def _names(name: str, said: dict[str, Any]) -> list[str]:
    if name == "required":
        return [str(said.get("property", ""))]
    if name in ("additionalProperties", "unevaluatedProperties"):
        unexpected = said.get("unexpected")
        words = [str(word) for word in unexpected] if isinstance(unexpected, list) else []
        return ["" if word.startswith(candidates.NEUTRAL) else word for word in words] or [""]
    return [""]


def _step(place: Any) -> str:
    return place if isinstance(place, str) else "[]"


IMPORTANCE = ("nullable", "type", "const", "enum", "required", "additionalProperties", "format", "pattern")


def _blamed(reasons: list[tuple[str, str]], known: dict[tuple[str, str], Difference]) -> list[tuple[str, str]]:
    """Of several reasons at once: every missing or forbidden name, else the most telling one."""
    if any(reason in known for reason in reasons if not reason[1]):
        return []
    first = min(reasons, key=_importance)
    named = [reason for reason in reasons if reason[1]]
    return [reason for reason in named if reason not in known] if first[1] else [first]


def _importance(reason: tuple[str, str]) -> int:
    return IMPORTANCE.index(reason[0]) if reason[0] in IMPORTANCE else len(IMPORTANCE)


def _rank(found: Difference) -> tuple[bool, int, int, float]:
    return (found.ambiguous, *size(found.value))


def size(value: Any) -> tuple[int, int, float]:
    """How small a value is to a reader: how long, how plain, and how near to nought."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    number = abs(value) if isinstance(value, int | float) else 0
    return (len(text), 0 if text.isascii() else 1, number)


def distinct(values: list[Any]) -> list[Any]:
    """The values without repeats, in order."""
    return list({json.dumps(value, sort_keys=True, default=str): value for value in values}.values())
