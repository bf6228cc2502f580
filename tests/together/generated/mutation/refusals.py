"""Which faults can a refusal have: its status, its body, its headers?"""

from collections.abc import Callable, Iterator
from typing import Any

from openapi import Grade
from tests.together.generated.document import operations, schema_places
from tests.together.generated.mutation.answers import AnswerFault, Meant, Rewrite
from tests.together.generated.mutation.mutant import Answer, Asked, Mutant

_ANYWHERE = "any operation"
_TRACE = (
    'Traceback (most recent call last):\n  File "/srv/app/runs.py", line 71, in create\n    run = 1 / 0\n'
)


def _refused(operation: str | None, status: int) -> Meant:
    def meant(asked: Asked, answer: Answer) -> bool:
        named = operation is None or (asked.operation is not None and asked.operation.id == operation)
        return named and answer.status == status

    return meant


def _status(status: int) -> Rewrite:
    return lambda answer: Answer(status, answer.headers, answer.body)


def status_mutants() -> Iterator[Mutant]:
    """Each refusal of each operation with another status."""
    for operation in operations().values():
        for status, grade in operation.refusals():
            if status < 500 and status not in (403, 429):
                yield from _other_statuses(operation.id, status, grade)


def _other_statuses(operation: str, status: int, grade: Grade) -> Iterator[Mutant]:
    for other in (200, 500, 502, 302, 400, 401, 403, 404, 409, 418, 422):
        if other == status:
            continue
        # Success and failure contradict HTTP and the request tables, other refusals what is observed.
        severe = other in (200, 500, 502)
        known = Grade.DOCUMENTED if severe else grade
        make = _maker(operation, status, _status(other))
        why = (
            "400 is what is observed for every invalid request"
            if other == 400 and status in (413, 415)
            else ""
        )
        yield Mutant("status of a refusal", operation, str(status), known, make, str(other), equivalent=why)


def _maker(operation: str | None, status: int, rewrite: Rewrite) -> Callable[[], AnswerFault]:
    return lambda: AnswerFault(_refused(operation, status), rewrite)


def _without(name: str) -> Rewrite:
    def rewrite(answer: Answer) -> Answer:
        if not isinstance(answer.json, dict):
            return answer
        return answer.with_json({key: value for key, value in answer.json.items() if key != name})

    return rewrite


def _with(name: str, value: Any) -> Rewrite:
    return lambda answer: (
        answer.with_json({**answer.json, name: value}) if isinstance(answer.json, dict) else answer
    )


def body_mutants() -> Iterator[Mutant]:
    """Each refusal with another body."""
    places = {place.name: place for place in schema_places("Error")}
    bodies: list[tuple[str, Rewrite, Grade]] = []
    for name in ("code", "message"):
        grade = places[name].required or places[name].grade
        bodies += [
            (f"without {name}", _without(name), grade),
            (f"{name} retyped", _with(name, 17), places[name].grade),
        ]
    code = places["code"]
    bodies += [("another code", _with("code", "sideways"), code.enumerated or code.grade)]
    bodies += [
        ("text", lambda answer: Answer(answer.status, (("content-type", "text/plain"),), b"no"), code.grade)
    ]
    bodies += [("empty", lambda answer: Answer(answer.status, (), b""), code.grade)]
    bodies += [("list", lambda answer: answer.with_json([answer.json]), code.grade)]
    bodies += [("trace", lambda answer: answer.with_json({**answer.json, "message": _TRACE}), Grade.OBSERVED)]
    for status in (400, 401, 404, 405, 413, 415):
        for detail, rewrite, grade in bodies:
            make = _maker(None, status, rewrite)
            yield Mutant("body of a refusal", _ANYWHERE, str(status), grade, make, detail)


def header_mutants() -> Iterator[Mutant]:
    """Refusals without the headers that belong to them."""
    make = _maker(None, 405, lambda answer: answer.with_header("allow", None))
    yield Mutant("headers of a refusal", _ANYWHERE, "405", Grade.OBSERVED, make, "without Allow")
    make = _maker(None, 405, lambda answer: answer.with_header("allow", "DELETE"))
    yield Mutant("headers of a refusal", _ANYWHERE, "405", Grade.OBSERVED, make, "wrong Allow")
