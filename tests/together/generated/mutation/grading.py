"""Which sentence fixes the value of a field, and how well is it known?

A fault that shows another value than the true one breaks a fact only if something fixes the true one. The
rules read names and schemas of the document; none names a single field of a single operation.
"""

from functools import cache

from openapi import Grade
from tests.together.generated.document import ITEM, Operation, Place, lifecycle, operations

KINDS = {"Run": "run", "RunStep": "step", "Thread": "thread", "Message": "message"}
CREATORS = {
    "run": ("createRun", "createThreadAndRun"),
    "thread": ("createThread",),
    "message": ("createMessage",),
    "step": (),
}
_PAGE = ("data", "firstId", "lastId", "hasMore")
UNSUPPORTED = "assistantId"


def worse(*grades: Grade) -> Grade:
    """The least known of several grades."""
    return max(grades, key=lambda grade: grade.rank)


def kind_of(operation: Operation) -> str:
    """The resource that an operation answers, alone or in a list."""
    name = operation.id.removesuffix("s")
    if name.endswith("Step"):
        return "step"
    return "thread" if name.endswith("Thread") else "message" if name.endswith("Message") else "run"


def in_resource(operation: Operation, place: Place) -> tuple[str, ...]:
    """The names that lead to a place within its resource; empty for a field of the page itself."""
    if not operation.lists:
        return place.names
    return place.names[2:] if place.names[:2] == ("data", ITEM) else ()


@cache
def _timestamps(kind: str) -> dict[str, Grade]:
    table = lifecycle("RunStepStatus" if kind == "step" else "RunStatus")
    grade = Grade(table["grades"]["timestamp"])
    found = {one["timestamp"]: grade for one in table["statuses"].values() if "timestamp" in one}
    return {**found, table["deadline"]: Grade(table["grades"]["deadline"]), "createdAt": Grade.DOCUMENTED}


@cache
def _path_names(kind: str) -> frozenset[str]:
    """The ids in the path under which a resource is retrieved: what it belongs to."""
    path = operations()[{"step": "getRunStep"}.get(kind, f"get{kind.capitalize()}")].path
    return frozenset(part.strip("{}") for part in path.split("/") if part[:1] == "{")


@cache
def echoes(kind: str) -> dict[tuple[str, ...], Grade]:
    """The fields that a client sets and the resource shows, with the grade of the setting."""
    found: dict[tuple[str, ...], Grade] = {}
    for creator in CREATORS[kind]:
        for place in operations()[creator].body():
            found.setdefault(place.names, place.grade)
    return found


def fixed(operation: Operation, place: Place) -> tuple[Grade, str] | None:
    """The grade of what fixes the field's value, and the rule; None where nothing does."""
    names, kind = in_resource(operation, place), kind_of(operation)
    found = _of_page(place) if operation.lists and not names else _of_resource(kind, names, place)
    return None if found is None else (worse(found[0], place.grade), found[1])


def _of_page(place: Place) -> tuple[Grade, str] | None:
    if place.names[0] in _PAGE:
        return Grade.DOCUMENTED, "a page tells which entries it has"
    if place.enumerated:
        return place.enumerated, "the document gives its only value"
    return None


def _of_resource(kind: str, names: tuple[str, ...], place: Place) -> tuple[Grade, str] | None:
    top = names[0] if names else ""
    if not names:
        return Grade.DOCUMENTED, "an entry of a list is the resource itself"
    if names == ("status",):
        return Grade.DOCUMENTED, "the status is the one that the resource is in"
    if top == UNSUPPORTED:
        return None
    if len(names) == 1 and top.endswith("Id") and top not in _path_names(kind):
        return Grade.ASSUMED, "its name says what it names"
    if top == "usage" and "integer" in place.types:
        return Grade.ASSUMED, "the total is the sum of its parts"
    if names in echoes(kind):
        return echoes(kind)[names], "it is what the client set"
    if top in _timestamps(kind) and len(names) == 1:
        return _timestamps(kind)[top], "it is the time of what its name says"
    if names == ("id",) or (len(names) == 1 and top.endswith("Id")):
        return Grade.DOCUMENTED, "it names the resource, or what it belongs to"
    if len(place.enum) == 1 and place.enumerated:
        return place.enumerated, "the document gives its only value"
    if names[-1] != ITEM and names[-1] == "value" and (*names[:-1],) in echoes(kind):
        return worse(echoes(kind)[names[:-1]], place.grade), "it is what the client set"
    return None


def ending(place: Place) -> tuple[tuple[str, str], ...]:
    """The choices of the good deployment that give a field a value."""
    if place.name in ("failedAt", "lastError") or "lastError" in place.names:
        return (("ending", "failed"),)
    return ()
