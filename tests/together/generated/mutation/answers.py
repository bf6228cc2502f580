"""Which faults can a whole answer have, whatever it tells?"""

import asyncio
import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any

from openapi import Grade
from tests.together.generated.document import Operation, operations
from tests.together.generated.mutation.mutant import Answer, Asked, Fault, Mutant

Rewrite = Callable[[Answer], Answer]
Meant = Callable[[Asked, Answer], bool]
_FOREVER = 3600.0


class AnswerFault(Fault):
    """Changes whole answers that are meant."""

    def __init__(self, meant: Meant, rewrite: Rewrite, every: int = 1) -> None:
        super().__init__()
        self._meant, self._rewrite, self._every, self._seen = meant, rewrite, every, 0

    async def answer(self, asked: Asked, answer: Answer) -> Answer:
        """The answer, changed."""
        if not self._meant(asked, answer):
            return answer
        self._seen += 1
        if self._seen % self._every:
            return answer
        self.fired += 1
        return self._rewrite(answer)


class SilentFault(AnswerFault):
    """Does not answer what is meant."""

    async def answer(self, asked: Asked, answer: Answer) -> Answer:
        """The answer, after a very long time."""
        if self._meant(asked, answer):
            self.fired += 1
            await asyncio.sleep(_FOREVER)
        return answer


def good(operation: str) -> Meant:
    """Means the JSON answers of an operation that say yes."""

    def meant(asked: Asked, answer: Answer) -> bool:
        named = asked.operation is not None and asked.operation.id == operation
        return named and answer.status == 200 and bool(answer.body)

    return meant


def _named(meant: Meant, condition: Callable[[Asked], bool]) -> Meant:
    return lambda asked, answer: meant(asked, answer) and condition(asked)


def _relabelled(media_type: str | None) -> Rewrite:
    return lambda answer: answer.with_header("content-type", media_type)


def _status(status: int) -> Rewrite:
    return lambda answer: Answer(status, answer.headers, answer.body)


def _body(change: Callable[[bytes], bytes]) -> Rewrite:
    return lambda answer: answer.with_body(change(answer.body))


def _twice(body: bytes) -> bytes:
    """One name twice in one object."""
    return b'{"object":"other",' + body[1:] if body[:1] == b"{" else body


def _crash(status: int = 500) -> Rewrite:
    return lambda answer: Answer.refusal(status, "internal")


REWRITES: dict[str, tuple[str, Rewrite]] = {
    "201": ("wrong status", _status(201)),
    "202": ("wrong status", _status(202)),
    "206": ("wrong status", _status(206)),
    "204": ("wrong status", lambda answer: Answer(204, (), b"")),
    "299": ("wrong status", _status(299)),
    "as HTML": ("wrong type", _relabelled("text/html; charset=utf-8")),
    "as text": ("wrong type", _relabelled("text/plain")),
    "without a type": ("wrong type", _relabelled(None)),
    "in Latin-1": ("wrong type", _relabelled("application/json; charset=iso-8859-1")),
    "cut": ("broken body", _body(lambda body: body[: len(body) // 2])),
    "tail": ("broken body", _body(lambda body: body + b"\n<!-- 3 ms -->")),
    "mark": ("broken body", _body(lambda body: b"\xef\xbb\xbf" + body)),
    "UTF-16": ("broken body", _body(lambda body: body.decode().encode("utf-16"))),
    "twice": ("broken body", _body(_twice)),
    "two values": ("broken body", _body(lambda body: body + body)),
    "single quotes": ("broken body", _body(lambda body: body.replace(b'"', b"'"))),
    "empty": ("broken body", _body(lambda body: b"")),
    "null": ("wrapped body", _body(lambda body: b"null")),
    "in a list": ("wrapped body", _body(lambda body: b"[" + body + b"]")),
    "in an object": ("wrapped body", _body(lambda body: b'{"result":' + body + b"}")),
    "in a string": ("wrapped body", _body(lambda body: json.dumps(body.decode()).encode())),
    "empty object": ("wrapped body", _body(lambda body: b"{}")),
    "length too large": ("framing", lambda a: a.with_header("content-length", str(len(a.body) + 9))),
    "length too small": ("framing", lambda a: a.with_header("content-length", str(max(0, len(a.body) - 9)))),
    "gzip unlabelled": ("framing", _body(gzip.compress)),
    "gzip mislabelled": ("framing", lambda answer: answer.with_header("content-encoding", "gzip")),
    "gzip unasked": (
        "coding",
        lambda answer: answer.with_body(gzip.compress(answer.body)).with_header("content-encoding", "gzip"),
    ),
    "elsewhere": ("redirect", lambda answer: Answer(302, (("location", "https://example.org/"),), b"")),
    "error in a yes": ("wrong status", lambda answer: Answer.refusal(200, "internal")),
    "500": ("failure", _crash()),
    "502": ("failure", _crash(502)),
    "404": ("not offered", lambda answer: Answer.refusal(404, "not_found")),
    "501": ("not offered", lambda answer: Answer.refusal(501, "unimplemented")),
}


def _grade(operation: Operation, operator: str) -> tuple[Grade, str]:
    """The grade of a whole answer's fault; what no page documents may be missing."""
    if operator == "not offered" and operation.grade is not Grade.DOCUMENTED:
        return operation.grade, "no page documents the operation, so it need not be offered"
    return operation.grade, ""


def answer_mutants() -> Iterator[Mutant]:
    """Every change of every operation's whole answer."""
    for operation in operations().values():
        for detail, (operator, rewrite) in REWRITES.items():
            grade, why = _grade(operation, operator)
            yield Mutant(
                operator,
                operation.id,
                "answer",
                grade,
                _maker(AnswerFault, operation.id, rewrite),
                detail,
                equivalent=why,
            )
        yield Mutant(
            "silence", operation.id, "answer", operation.grade, _maker(SilentFault, operation.id, lambda a: a)
        )
        yield from _sometimes(operation)


def _maker(kind: type[AnswerFault], operation: str, rewrite: Rewrite, *more: Any) -> Callable[[], Fault]:
    return lambda: kind(good(operation), rewrite, *more)


def _sometimes(operation: Operation) -> Iterator[Mutant]:
    """Failures that depend on the request."""
    for every in (2, 5, 9):
        make = _maker(AnswerFault, operation.id, _crash(), every)
        yield Mutant("failure", operation.id, "answer", operation.grade, make, "500", f"every {every}th")
    for name, holds in _predicates(operation):
        meant = _named(good(operation.id), holds)
        yield Mutant(
            "failure",
            operation.id,
            "answer",
            operation.grade,
            lambda meant=meant: AnswerFault(meant, _crash()),
            "500",
            name,
        )


def _predicates(operation: Operation) -> Iterator[tuple[str, Callable[[Asked], bool]]]:
    yield "with an organization", lambda asked: asked.header("x-org-id") is not None
    yield "accepting anything", lambda asked: asked.header("accept") == "*/*"
    yield "without a length of the body", lambda asked: not asked.body and asked.method == "POST"
    yield "with a large body", lambda asked: len(asked.body) > 16_000
    yield "with texts beyond ASCII", lambda asked: not asked.body.isascii() or b"\\u" in asked.body
    yield "with texts beyond the BMP", lambda asked: b"\\ud83" in asked.body or b"\xf0" in asked.body
    yield "with a charset", lambda asked: "charset" in (asked.header("content-type") or "")
    for parameter in operation.parameters:
        if parameter["in"] == "query":
            name = parameter["name"]
            yield f"with {name}", lambda asked, name=name: bool(asked.parameter(name))
            yield f"with an empty {name}", lambda asked, name=name: asked.parameter(name) == ""
