"""Which faults can a deployment have in what it takes, ignores, corrupts and refuses of a request?"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from openapi import Grade
from tests.together.generated.document import ITEM, Operation, Place, operations
from tests.together.generated.mutation import request_faults as faults
from tests.together.generated.mutation.fields import REFERENCES
from tests.together.generated.mutation.grading import worse
from tests.together.generated.mutation.mutant import Asked, Fault, Mutant
from tests.together.generated.mutation.values import (
    OBJECTS,
    TEXTS,
    VALID,
    Test,
    classes,
    free,
    of_type,
    tolerable,
)

_UNSEEN = "no answer shows whether it counts"
_NOT_YET = "the page says that assistants are not supported yet"
_NOTHING = "no page says that a request may ask for nothing"
_NO_LENGTH = "no page says how long a name may be"
_SHOWN = ("stream", "thread", "messages", "datasetId")
_BLANK = (None, "", [], {})


def request_mutants() -> Iterator[Mutant]:
    """Every change of every field of every request."""
    for operation in operations().values():
        places = operation.body()
        for place in places:
            yield from _taken(operation, place)
            yield from _refused(operation, place)
            yield from _changed(operation, place)
        if places:
            yield from _whole(operation)


def _mutant(
    operator: str,
    operation: Operation,
    place: Place,
    grade: Grade,
    make: Callable[[], Fault],
    detail: str = "",
    why: str = "",
) -> Mutant:
    grade = worse(grade, operation.grade)
    return Mutant(operator, operation.id, place.text, grade, make, detail, equivalent=why)


def _taken(operation: Operation, place: Place) -> Iterator[Mutant]:
    """Invalid values that are taken."""
    rewrite = partial(partial, faults.Rewrites, operation.id, place.names)
    if place.types:
        make = rewrite(partial(_of_right_type, place))
        yield _mutant("accept a wrong type", operation, place, _of_reference(place), make)
    if place.enum and place.enumerated:
        make = rewrite(partial(_known, place))
        # Clients send more words inside a message than the documented ones, such as the role system.
        grade = worse(place.enumerated, Grade.OBSERVED) if len(place.names) > 1 else place.enumerated
        yield _mutant("accept beyond the enum", operation, place, grade, make)
    for keyword, bound, grade in place.bounds:
        make = rewrite(partial(_within, keyword, bound))
        yield _mutant("accept beyond a bound", operation, place, grade, make, keyword)
    if place.required:
        value = place.enum[0] if place.enum else "a/b" if place.name == "model" else VALID[place.types[0]]
        make = partial(faults.Completes, operation.id, place.names, value)
        yield _mutant("accept a missing field", operation, place, place.required, make)


def _of_reference(place: Place) -> Grade:
    """The grade of a place. No page says what a service does with a file that it does not know."""
    return worse(place.grade, Grade.OBSERVED) if {*REFERENCES} & {*place.names} else place.grade


def _of_right_type(place: Place, value: Any) -> Any:
    """The value, or a valid one in its place."""
    if any(of_type(value, kind) or tolerable(value, kind) for kind in place.types):
        return value
    return VALID[place.types[0]] if place.required or place.names[-1] == ITEM else faults.DROP


def _known(place: Place, value: Any) -> Any:
    return place.enum[0] if isinstance(value, str) and value and value not in place.enum else value


def _within(keyword: str, bound: float, value: Any) -> Any:
    if not of_type(value, "number"):
        return value
    beyond = value < bound if keyword == "minimum" else value > bound
    return bound if beyond else value


def _refused(operation: Operation, place: Place) -> Iterator[Mutant]:
    """Valid values that are refused, and values that make the deployment fail."""
    refuse = partial(partial, faults.Refuses, operation.id, place.names)
    grade = _of_reference(place)
    yield _mutant("refuse a field", operation, place, grade, refuse(_is_given), why=free(place, ""))
    for detail, test, known in classes(place):
        grade = worse(known, _of_reference(place))
        yield _mutant("refuse a value", operation, place, grade, refuse(test), detail, free(place, detail))
    if not place.required and place.names[-1] != ITEM:
        why = _NOTHING if len({one.names[0] for one in operation.body()}) == 1 else ""
        make = partial(faults.Requires, operation.id, place.names)
        yield _mutant("require a field", operation, place, _of_reference(place), make, why=why)
    for operator, detail, test in _failing(place):
        make = refuse(test, faults.CRASH)
        yield _mutant(operator, operation, place, Grade.DOCUMENTED, make, detail)


def _failing(place: Place) -> Iterator[tuple[str, str, Test]]:
    yield "fail on a field", "", _is_given
    for detail, test, _ in classes(place):
        yield "fail on a value", detail, test
    yield "fail on null", "", lambda value: value is None
    if place.types:
        yield "fail on a wrong type", "", partial(_is_wrong, place.types)


def _is_given(value: Any) -> bool:
    return value not in _BLANK


def _is_wrong(kinds: tuple[str, ...], value: Any) -> bool:
    return value is not None and not any(of_type(value, kind) for kind in kinds)


def _changed(operation: Operation, place: Place) -> Iterator[Mutant]:
    """Values that are ignored, changed, or remembered for others."""
    why = _unseen(operation, place)
    rewrite = partial(partial, faults.Rewrites, operation.id, place.names)
    if place.names[-1] != ITEM and not place.required:
        make = rewrite(lambda value: faults.DROP)
        yield _mutant("ignore a field", operation, place, _of_reference(place), make, why=why)
    for detail, word in TEXTS.items() if "string" in place.types and not place.enum else ():
        make = rewrite(partial(_if_a, str, word))
        named = {*REFERENCES} & {*place.names} and detail.endswith("characters")
        yield _mutant(
            "corrupt a field", operation, place, place.grade, make, detail, _NO_LENGTH if named else why
        )
    for detail, change in OBJECTS.items() if place.name == "metadata" else ():
        make = rewrite(partial(_if_a, dict, change))
        same = "1 and 1.0 are one number (RFC 8259 6)" if detail == "floats" else ""
        yield _mutant("corrupt a field", operation, place, place.grade, make, detail, why or same)
    if len(place.names) == 1 and not place.required and not operation.id.startswith("modify"):
        make = partial(faults.Leaks, operation.id, place.names)
        yield _mutant("leak a field", operation, place, place.grade, make, why=why)


def _if_a(kind: type, change: Callable[[Any], Any], value: Any) -> Any:
    return change(value) if isinstance(value, kind) else value


def _unseen(operation: Operation, place: Place) -> str:
    """Why no answer shows what becomes of a field; empty if one does."""
    top = place.names[0]
    if top == "assistantId":
        return _NOT_YET
    if top in ("messages", "thread") and place.name in ("runId", "assistantId", "id", "createdAt", "object"):
        return _UNSEEN
    shown = {one.names[0] for one in operation.answers()}
    return "" if top in _SHOWN or top in shown else _UNSEEN


def _whole(operation: Operation) -> Iterator[Mutant]:
    """Bodies that are no JSON objects, and fields that are not documented."""
    for detail, test in _BODIES.items():
        for operator, kind in (("accept", faults.TakesBody), ("fail on", faults.FailsOnBody)):
            make = partial(kind, operation.id, test)
            # No page says that JSON under another name is refused.
            free = operator == "accept" and detail == "another media type"
            grade = worse(operation.grade, Grade.OBSERVED) if free else operation.grade
            yield Mutant(f"{operator} a wrong body", operation.id, "body", grade, make, detail)
    names = {place.names[0] for place in operation.body()}
    make = partial(faults.FailsOnBody, operation.id, partial(_holds_more, names))
    grade = worse(Grade.OBSERVED, operation.grade)
    yield Mutant("fail on a wrong body", operation.id, "body", grade, make, "an unknown field")


def _holds_more(names: set[str], asked: Asked) -> bool:
    return isinstance(asked.json, dict) and bool({*asked.json} - names)


_BODIES: dict[str, Callable[[Asked], bool]] = {
    "malformed": lambda asked: bool(asked.body) and asked.json is None and asked.body.strip() != b"null",
    "no object": lambda asked: asked.json is not None and not isinstance(asked.json, dict),
    "another media type": lambda asked: (
        bool(asked.body) and "json" not in (asked.header("content-type") or "json")
    ),
}
