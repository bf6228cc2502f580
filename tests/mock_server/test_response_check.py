"""Answers: does the self-check let right answers pass and catch wrong ones?"""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

import openapi
from mock_server.http.connexion_api import ROUTING_CONTEXT
from mock_server.response_check import SelfCheck, events
from tests.mock_server.driver import Answer, Driver

THREAD = {
    "id": "thread_1",
    "object": "thread",
    "createdAt": "2025-01-01T00:00:00.000Z",
    "title": "",
    "metadata": {},
}
RUN = {**THREAD, "object": "run", "threadId": "thread_1", "status": "queued", "model": "m"}
STREAM = "text/event-stream; charset=utf-8"


@cache
def document() -> dict[str, Any]:
    return openapi.load()


class Canned:
    """An application that gives one answer."""

    def __init__(
        self, operation: str | None, status: int, kind: str, pieces: list[bytes], headers: Any
    ) -> None:
        self._operation, self._status, self._pieces = operation, status, pieces
        self._headers = [(b"content-type", kind.encode()), *headers]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self._operation:
            scope["extensions"] = {ROUTING_CONTEXT: {"operation_id": self._operation}}
        await send({"type": "http.response.start", "status": self._status, "headers": self._headers})
        for piece in self._pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def checked() -> Iterator[Any]:
    """Has an answer checked; gives what reaches the client."""
    drivers = []

    def check(
        operation: str | None, status: int, body: Any, kind: str = "application/json", headers: Any = ()
    ) -> Answer:
        pieces = body if isinstance(body, list) else [json.dumps(body).encode()]
        app = SelfCheck(
            Canned(operation, status, kind, pieces, headers), document(), lambda name: "future" in name
        )
        drivers.append(Driver(app, None, []))
        return drivers[-1].get("/threads")

    yield check
    for driver in drivers:
        driver.close()


@pytest.mark.parametrize(
    ("operation", "status", "body"),
    [
        ("getThread", 200, THREAD),
        ("getThread", 404, {"code": "not_found", "message": "no such thread"}),
        ("getThread", 405, {"code": "unimplemented", "message": "not here"}),
        (None, 404, {"code": "not_found", "message": "no such path"}),
        (None, 200, {"anything": "a page of the reference"}),
    ],
)
def test_a_right_answer_passes_as_it_is(checked: Any, operation: str | None, status: int, body: Any) -> None:
    answer = checked(operation, status, body)
    assert (answer.status, answer.json()) == (status, body)


@pytest.mark.parametrize(
    ("operation", "status", "body", "words"),
    [
        ("getThread", 200, {**THREAD, "object": "tread"}, "tread"),
        ("getThread", 200, {**THREAD, "createdAt": "yesterday"}, "yesterday"),
        ("getThread", 200, {"id": "thread_1"}, "required"),
        ("createRun", 200, {**RUN, "status": "sleeping"}, "sleeping"),
        ("getThread", 404, {"error": "no such thread"}, "required"),
        ("getThread", 201, THREAD, "201 application/json is not in the document"),
        ("getThread", 405, {"message": "not here"}, "code: is required"),
        (None, 404, {"detail": "Not Found"}, "is required"),
    ],
)
def test_a_wrong_answer_becomes_a_500_that_says_why(
    checked: Any, operation: str | None, status: int, body: Any, words: str
) -> None:
    answer = checked(operation, status, body)
    assert (answer.status, answer.json()["code"]) == (500, "internal")
    assert answer.json()["message"].startswith("self-check: ")
    assert words in answer.json()["message"]


def event(name: str, data: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()


def test_a_right_stream_passes_as_it_is(checked: Any) -> None:
    pieces = [event("thread.run.created", RUN), b": keep-alive\n\n", event("thread.run.queued", RUN)[:20]]
    pieces += [event("thread.run.queued", RUN)[20:], b"data: [DONE]\n\n"]
    assert checked("createRun", 200, pieces, STREAM).body == b"".join(pieces)


@pytest.mark.parametrize(
    "wrong",
    [
        event("thread.run.started", RUN),
        event("thread.run.queued", THREAD),
        b"data: [END]\n\n"[:6] + b'"x"\n\n',
    ],
)
def test_a_wrong_event_becomes_an_error_event(checked: Any, wrong: bytes) -> None:
    answer = checked("createRun", 200, [event("thread.run.created", RUN), wrong], STREAM)
    first, second = list(events(answer.body))
    assert (first["event"], second["event"]) == ("thread.run.created", "error")
    assert second["data"]["message"].startswith("self-check: ")


def test_what_is_meant_to_differ_is_left_alone(checked: Any) -> None:
    headers = [(b"x-mock-scenario", b"from-the-future; by=prefer")]
    assert checked("getThread", 200, {"odd": True}, headers=headers).json() == {"odd": True}
