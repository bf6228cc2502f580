"""Which faults can a field of an answer, or of an event, have?"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from openapi import Grade
from tests.together.generated.document import ITEM, Operation, Place, operations
from tests.together.generated.mutation.changes import (
    FORMS,
    LISTS,
    SHIFTS,
    TEXTS,
    Change,
    as_epoch,
    blank_dropped,
    blank_nulled,
    drifting,
    dropped,
    emptied,
    flipped,
    foreign,
    invented,
    lists,
    misformatted,
    nulled,
    plus,
    replaced,
    retyped,
    shifted,
    snake,
    stale,
    swapped,
    texts,
)
from tests.together.generated.mutation.field_faults import CONDITIONS, Condition, EventFault, FieldFault
from tests.together.generated.mutation.grading import ending, fixed, in_resource, kind_of, worse
from tests.together.generated.mutation.mutant import Mutant

REFERENCES = ("toolResources", "attachments", "imageFile", "imageUrl")
UNFIXED = "no sentence fixes the value, and an absent field means an empty one"
_WRONG = {
    "string": (17, ["a"], {"a": 1}),
    "integer": ("many", 1.5),
    "number": ("hot",),
    "boolean": ("yes", 1),
}
_WRONG |= {"array": ({"0": 1}, "text"), "object": ("text", [1])}


@dataclass(frozen=True)
class Operator:
    """A change of a field, its grade, and why it may break nothing."""

    name: str
    change: Change
    grade: Grade
    detail: str = ""
    equivalent: str = ""


def operators(operation: Operation, place: Place) -> Iterator[Operator]:
    """The changes that make sense for a field."""
    yield from _presence(operation, place)
    yield from _types(place)
    value = fixed(operation, place)
    grade, why = (value[0], "") if value else (place.grade, UNFIXED)
    if place.names[-1] != ITEM or place.names == ("data", ITEM):
        yield from (Operator(*one, grade, detail, why) for *one, detail in _values(place))
    yield from _special(operation, place)


def _presence(operation: Operation, place: Place) -> Iterator[Operator]:
    if place.names[-1] == ITEM:
        return
    value = fixed(operation, place)
    # An empty value is none of an enum's.
    grade = value[0] if value else place.enumerated or place.required or place.grade
    why = "" if value or place.enumerated or place.required else UNFIXED
    if operation.id.startswith("create") and {*REFERENCES} & {*place.names}:
        # No page says what becomes of a reference that cannot be resolved.
        grade = worse(grade, Grade.OBSERVED)
    for name, change in (("drop", dropped), ("null", nulled), ("empty", emptied)):
        yield Operator(name, change, grade, equivalent=why)
    if not why:
        yield Operator("snake case", snake, worse(Grade.DOCUMENTED, grade))
    needed = place.required if place.required and place.required is not Grade.DOCUMENTED else None
    why = "" if needed else "an absent field means an empty one; null may stand for absent"
    for name, change in (("drop the empty", blank_dropped), ("null for empty", blank_nulled)):
        nullable = name.startswith("null") and place.nullable
        reason = "null is allowed here" if nullable else why
        yield Operator(name, change, needed or place.grade, equivalent=reason)


def _types(place: Place) -> Iterator[Operator]:
    kinds = place.types if place.types else ()
    for kind in kinds[:1]:
        for wrong in _WRONG.get(kind, ()):
            if not any(_is(wrong, other) for other in kinds):
                yield Operator("retype", retyped(wrong), place.grade, f"to {json.dumps(wrong)}")
    if "array" in kinds:
        yield Operator("null item", lists(lambda items: [*items, None]), place.grade)
        yield Operator("nested list", lists(lambda items: [items]), place.grade)
    if place.format == "date-time":
        yield Operator("retype", as_epoch, place.grade, "to an epoch")
        for form in FORMS:
            yield Operator("format", misformatted(form), place.grade, form)
    if place.enum and place.enumerated:
        yield Operator("beyond the enum", replaced("sideways"), place.enumerated)
        yield Operator("beyond the enum", texts(str.upper), place.enumerated, "in capitals")


def _is(value: Any, kind: str) -> bool:
    kinds: dict[str, Any] = {"string": str, "object": dict, "array": list, "boolean": bool}
    return isinstance(value, kinds.get(kind, ()))


def _values(place: Place) -> Iterator[tuple[str, Change, str]]:
    """Changes to another value of the same type."""
    if place.format == "date-time":
        yield from (("shift", shifted(by), f"{by:+.0f} s") for by in SHIFTS)
        yield "drift", drifting, ""
    elif "string" in place.types and not place.enum:
        yield from (("corrupt", texts(change), detail) for detail, change in TEXTS.items())
    if len(place.enum) > 1:
        yield from (("another of the enum", replaced(word), str(word)) for word in place.enum)
    if "array" in place.types:
        yield from ((detail.split(" ")[0], lists(change), detail) for detail, change in LISTS.items())
    if "boolean" in place.types:
        yield "flip", flipped, ""
    if "integer" in place.types:
        yield from (("off by one", plus(step), f"{step:+}") for step in (1, -1))
    if place.names[-1] != ITEM:
        yield "stale", stale, ""
        yield "foreign", foreign, ""


def _special(operation: Operation, place: Place) -> Iterator[Operator]:
    """Swaps with the next field of the same type, and timestamps of what has not happened."""
    siblings = [
        one for one in operation.answers() if one.names[:-1] == place.names[:-1] and one.types == place.types
    ]
    later = [one for one in siblings if one.name > place.name and one.format == place.format]
    for other in later[:2]:
        grades = [found[0] for found in (fixed(operation, place), fixed(operation, other)) if found]
        if place.names[-1] != ITEM and grades and not place.enum and not other.enum:
            best = min(grades, key=lambda one: one.rank)
            yield Operator("swap", swapped(other.name), best, f"with {other.name}")
    names = in_resource(operation, place)
    timely = place.format == "date-time" and names not in (("createdAt",), ("expiresAt",))
    if timely and kind_of(operation) in ("run", "step"):
        started = names == ("startedAt",)
        reason = "a run that has begun has begun" if started else ""
        yield Operator("invent", invented, Grade.DOCUMENTED, equivalent=reason)


def _mutant(operation: Operation, place: Place, one: Operator, condition: Condition) -> Mutant:
    return Mutant(
        operator=one.name,
        operation=operation.id,
        place=place.text,
        grade=worse(one.grade, operation.grade),
        make=partial(FieldFault, operation.id, place.names, one.change, condition),
        detail=one.detail,
        condition=condition.name,
        equivalent=one.equivalent,
        base=() if one.name == "invent" else ending(place),
    )


def answer_mutants() -> Iterator[Mutant]:
    """Every change of every field of every answer, always and under each condition."""
    for operation in operations().values():
        for place in operation.answers():
            for one in operators(operation, place):
                for condition in CONDITIONS:
                    if condition.lists in (None, operation.lists):
                        yield _mutant(operation, place, one, condition)


def event_mutants() -> Iterator[Mutant]:
    """Changes of every field of every event of a stream."""
    for operation in operations().values():
        for event, places in operation.events() if operation.streams else ():
            for place in places:
                for one in [*_presence(operation, place), *_types(place)]:
                    yield _event_mutant(operation, event, place, one)


def _event_mutant(operation: Operation, event: str, place: Place, one: Operator) -> Mutant:
    return Mutant(
        operator=f"event {one.name}",
        operation=operation.id,
        place=f"{event}: {place.text}",
        grade=worse(one.grade, place.grade, operation.grade),
        make=partial(EventFault, operation.id, event, place.names, one.change),
        detail=one.detail,
        equivalent=one.equivalent,
        base=ending(place) or ((("ending", "failed"),) if "failed" in event else ()),
    )
