"""What is a mutant, and how does it change requests and answers on their way?"""

import json
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request

from openapi import Grade
from tests.together.generated.document import EVENT_STREAM, JSON, Operation

Pairs = tuple[tuple[str, str], ...]
Frames = AsyncIterator[bytes]


@dataclass(frozen=True)
class Asked:
    """A request; `operation` is the one of the document that it means, `ids` its path parameters.

    The names of its headers are in lower case; `spelled` are the names as they were sent.
    """

    method: str
    path: str
    query: Pairs
    headers: Pairs
    body: bytes
    operation: Operation | None = None
    ids: dict[str, str] = field(default_factory=dict)
    spelled: tuple[str, ...] = ()

    @cached_property
    def json(self) -> Any:
        """The body as JSON, None where it is none."""
        return _json(self.body)

    def header(self, name: str) -> str | None:
        """A header's value."""
        return dict(self.headers).get(name)

    def parameter(self, name: str) -> str | None:
        """A query parameter's value."""
        return dict(self.query).get(name)

    def with_json(self, value: Any) -> "Asked":
        """The same request with another body."""
        return replace(self, body=json.dumps(value).encode())

    def with_query(self, **values: str | None) -> "Asked":
        """The same request with other query parameters; None leaves one away."""
        kept = [pair for pair in self.query if pair[0] not in values]
        return replace(
            self, query=(*kept, *((name, text) for name, text in values.items() if text is not None))
        )

    def with_header(self, name: str, value: str | None) -> "Asked":
        """The same request with another header; None leaves it away."""
        kept = tuple(pair for pair in self.headers if pair[0] != name)
        return replace(self, headers=kept if value is None else (*kept, (name, value)))


@dataclass(frozen=True)
class Answer:
    """A whole response."""

    status: int
    headers: Pairs
    body: bytes

    @cached_property
    def json(self) -> Any:
        """The body as JSON, None where it is none."""
        return _json(self.body)

    def with_json(self, value: Any) -> "Answer":
        """The same response with another body."""
        return self.with_body(json.dumps(value, ensure_ascii=False).encode())

    def with_body(self, body: bytes) -> "Answer":
        """The same response with other bytes and their length."""
        return replace(self, body=body).with_header("content-length", str(len(body)))

    def with_header(self, name: str, value: str | None) -> "Answer":
        """The same response with another header; None leaves it away."""
        kept = tuple(pair for pair in self.headers if pair[0] != name)
        return replace(self, headers=kept if value is None else (*kept, (name, value)))

    @classmethod
    def of(cls, status: int, value: Any = None, **headers: str) -> "Answer":
        """A JSON response."""
        return cls(status, (("content-type", JSON), *headers.items()), b"").with_json(value)

    @classmethod
    def refusal(cls, status: int, code: str, message: str = "it went wrong") -> "Answer":
        """A refusal in the usual form."""
        return cls.of(status, {"code": code, "message": message})


class Fault:
    """What a mutant does. It counts how often it changed something."""

    def __init__(self) -> None:
        self.fired = 0
        self.random = random.Random(7)

    def instead(self, asked: Asked) -> Answer | None:
        """An answer in place of the deployment's, None for its own."""
        return None

    def ask(self, asked: Asked) -> Asked:
        """The request as the deployment gets it."""
        return asked

    async def answer(self, asked: Asked, answer: Answer) -> Answer:
        """The answer as the client gets it."""
        return answer

    async def stream(self, asked: Asked, frames: Frames) -> Frames:
        """The frames of a stream as the client gets them."""
        async for frame in frames:
            yield frame


@dataclass(frozen=True)
class Mutant:
    """One fault: its class, where it is, and how well the fact is known that it breaks.

    `equivalent` says why no fact is broken, where that is so; `base` are choices of the good deployment
    that make the fault visible; `condition` says when the fault shows.
    """

    operator: str
    operation: str
    place: str
    grade: Grade
    make: Callable[[], Fault] = field(compare=False, repr=False)
    detail: str = ""
    condition: str = "always"
    equivalent: str = ""
    base: tuple[tuple[str, Any], ...] = ()

    @property
    def name(self) -> str:
        """The mutant's name, which no other has."""
        parts = (self.operator, self.operation, self.place, self.detail, self.condition)
        return " | ".join(part or "-" for part in parts)


class Mutated:
    """A deployment behind a fault; an ASGI application."""

    def __init__(
        self, app: Any, fault: Fault, match: Callable[[str, str], tuple[Any, dict[str, str]]]
    ) -> None:
        self._app, self.fault, self._match = app, fault, match

    def reported(self) -> dict[str, Any]:
        """How often the fault changed something."""
        return {"fired": self.fault.fired}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        asked = self._asked(scope, (await receive())["body"])
        answer = self.fault.instead(asked)
        if answer is None:
            changed = self.fault.ask(asked)
            await _Sender(self.fault, asked, send).run(self._app, scope, changed)
        else:
            await _send(send, answer)

    def _asked(self, scope: Any, body: bytes) -> Asked:
        operation, ids = self._match(scope["method"], scope["path"].removeprefix("/v1"))
        return Asked(
            scope["method"],
            scope["path"],
            tuple(parse_qsl(scope["query_string"].decode(), keep_blank_values=True)),
            tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]),
            body,
            operation,
            ids,
            tuple(scope.get("spelled", ())),
        )


class _Sender:
    """Runs the deployment for one request and hands on what it sends, changed."""

    def __init__(self, fault: Fault, asked: Asked, send: Any) -> None:
        self._fault, self._asked, self._send = fault, asked, send

    async def run(self, app: Any, scope: Any, changed: Asked) -> None:
        """Let the deployment answer."""
        response = await app.respond(_request(scope, changed))
        headers = tuple(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.raw_headers
        )
        if dict(headers).get("content-type", "").lower().startswith(EVENT_STREAM):
            await self._stream(response, headers)
        else:
            answer = Answer(response.status_code, headers, await _body(response))
            await _send(self._send, await self._fault.answer(self._asked, answer))

    async def _stream(self, response: Any, headers: Pairs) -> None:
        head = await self._fault.answer(self._asked, Answer(response.status_code, headers, b""))
        if head.body:
            await _send(self._send, head)
            return
        await self._send(_start(head))
        async for frame in self._fault.stream(self._asked, response.body_iterator):
            await self._send({"type": "http.response.body", "body": frame, "more_body": True})
        await self._send({"type": "http.response.body", "body": b""})


async def _body(response: Any) -> bytes:
    if hasattr(response, "body_iterator"):
        return b"".join([piece async for piece in response.body_iterator])
    return bytes(response.body)


def _request(scope: Any, asked: Asked) -> Any:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in asked.headers]
    changed = {
        **scope,
        "method": asked.method,
        "path": asked.path,
        "query_string": urlencode(asked.query).encode(),
        "headers": headers,
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": asked.body, "more_body": False}

    return Request(changed, receive)


def _start(answer: Answer) -> dict[str, Any]:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    return {"type": "http.response.start", "status": answer.status, "headers": headers}


async def _send(send: Any, answer: Answer) -> None:
    await send(_start(answer))
    await send({"type": "http.response.body", "body": answer.body})


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None
