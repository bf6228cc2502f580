"""Does the self-check pass conforming responses and catch other ones?"""

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


class FixedResponse:
    """An ASGI application that always gives one response."""

    def __init__(
        self, operation: str | None, status: int, content_type: str, chunks: list[bytes], headers: Any
    ) -> None:
        self._operation, self._status, self._pieces = operation, status, chunks
        self._headers = [(b"content-type", content_type.encode()), *headers]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self._operation:
            scope["extensions"] = {ROUTING_CONTEXT: {"operation_id": self._operation}}
        await send({"type": "http.response.start", "status": self._status, "headers": self._headers})
        for piece in self._pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def checked() -> Iterator[Any]:
    """Send a response through the self-check; returns what the client receives."""
    drivers = []

    def check(
        operation: str | None,
        status: int,
        body: Any,
        content_type: str = "application/json",
        headers: Any = (),
    ) -> Answer:
        chunks = body if isinstance(body, list) else [json.dumps(body).encode()]
        app = SelfCheck(
            FixedResponse(operation, status, content_type, chunks, headers),
            document(),
            lambda name: "future" in name,
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
def test_a_conforming_response_passes_unchanged(
    checked: Any, operation: str | None, status: int, body: Any
) -> None:
    response = checked(operation, status, body)
    assert (response.status, response.json()) == (status, body)


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
def test_a_nonconforming_response_becomes_a_500_that_says_why(
    checked: Any, operation: str | None, status: int, body: Any, words: str
) -> None:
    response = checked(operation, status, body)
    assert (response.status, response.json()["code"]) == (500, "internal")
    assert response.json()["message"].startswith("self-check: ")
    assert words in response.json()["message"]


def event(name: str, data: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()


def test_a_conforming_stream_passes_unchanged(checked: Any) -> None:
    chunks = [event("thread.run.created", RUN), b": keep-alive\n\n", event("thread.run.queued", RUN)[:20]]
    chunks += [event("thread.run.queued", RUN)[20:], b"data: [DONE]\n\n"]
    assert checked("createRun", 200, chunks, STREAM).body == b"".join(chunks)


@pytest.mark.parametrize(
    "wrong",
    [
        event("thread.run.started", RUN),
        event("thread.run.queued", THREAD),
        b"data: [END]\n\n"[:6] + b'"x"\n\n',
    ],
)
def test_a_nonconforming_event_becomes_an_error_event(checked: Any, wrong: bytes) -> None:
    response = checked("createRun", 200, [event("thread.run.created", RUN), wrong], STREAM)
    first, second = list(events(response.body))
    assert (first["event"], second["event"]) == ("thread.run.created", "error")
    assert second["data"]["message"].startswith("self-check: ")


def test_a_scenario_that_departs_from_the_document_is_not_checked(checked: Any) -> None:
    headers = [(b"x-mock-scenario", b"from-the-future; by=prefer")]
    assert checked("getThread", 200, {"odd": True}, headers=headers).json() == {"odd": True}
