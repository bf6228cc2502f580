"""Does a stream send each event when it is due, until it ends or its client disconnects?"""

import asyncio
from collections.abc import Callable

import pytest

from tests.mock_server.driver import Driver, Exchange

MODEL = {"model": "acme/m"}


def text(stream: Exchange) -> str:
    deltas = [
        event["data"] for event in stream.answer.events() if event.get("event") == "thread.message.delta"
    ]
    return "".join(delta["delta"]["content"][0]["text"]["value"] for delta in deltas)


def test_a_stream_has_the_headers_of_an_event_stream(mock: Driver) -> None:
    answer = mock.stream("hello").answer
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.headers["x-mock-scenario"] == "hello; by=prefer"


def test_events_are_sent_when_they_are_due(mock: Driver) -> None:
    stream = mock.stream("hello")
    assert stream.answer.names() == ["thread.run.created", "thread.run.queued"]
    mock.advance(0.4)
    assert stream.answer.names()[2:] == ["thread.run.in_progress"]
    mock.advance(0.3)
    assert "thread.message.created" in stream.answer.names()
    seen = [text(stream)]
    for _ in range(17):
        mock.advance(0.1)
        seen.append(text(stream))
    assert len(set(seen)) > 8
    mock.advance(0.1)
    assert stream.answer.names()[-5:] == [
        "thread.message.delta",
        "thread.message.completed",
        "thread.run.step.completed",
        "thread.run.completed",
        "[DONE]",
    ]
    assert stream.done


def test_polls_after_the_stream_show_what_was_streamed(mock: Driver) -> None:
    stream = mock.stream("hello")
    mock.advance(3)
    last = stream.answer.events()[-2]["data"]
    assert mock.get(f"/threads/t/runs/{last['id']}").json() == last
    [message] = mock.get("/threads/t/messages").json()["data"]
    assert message["content"][0]["text"]["value"] == text(stream)
    completed = next(
        e["data"] for e in stream.answer.events() if e.get("event") == "thread.message.completed"
    )
    assert completed == message


def test_a_stream_ends_at_requires_action_and_tool_outputs_open_a_new_one(mock: Driver) -> None:
    stream = mock.stream("tool-call")
    mock.advance(2)
    assert stream.answer.names()[-2:] == ["thread.run.requires_action", "[DONE]"]
    run = stream.answer.events()[-2]["data"]
    [call] = run["requiredAction"]["submitToolOutputs"]["toolCalls"]
    pieces = [e["data"] for e in stream.answer.events() if e.get("event") == "thread.run.step.delta"]
    calls = [piece["delta"]["stepDetails"]["toolCalls"][0] for piece in pieces]
    assert "".join(part["function"].get("arguments", "") for part in calls) == call["function"]["arguments"]
    body = {"toolOutputs": [{"toolCallId": call["id"], "output": "sunny"}], "stream": True}
    second = mock.open("POST", f"/threads/t/runs/{run['id']}/submit_tool_outputs", body)
    assert second.answer.names() == ["thread.run.step.completed", "thread.run.in_progress"]
    mock.advance(2)
    assert second.answer.names()[-2:] == ["thread.run.completed", "[DONE]"]
    assert "sunny" in text(second)


def test_a_cancel_request_reaches_an_open_stream(mock: Driver) -> None:
    stream = mock.stream("cancel")
    mock.advance(3)
    run = stream.answer.events()[0]["data"]
    mock.post(f"/threads/t/runs/{run['id']}/cancel")
    mock.settle()
    assert stream.answer.names()[-1] == "thread.run.cancelling"
    mock.advance(1.5)
    assert stream.answer.names()[-4:] == [
        "thread.message.incomplete",
        "thread.run.step.cancelled",
        "thread.run.cancelled",
        "[DONE]",
    ]


def test_an_open_stream_shows_new_metadata(mock: Driver) -> None:
    stream = mock.stream("hello")
    run = stream.answer.events()[0]["data"]
    mock.advance(1)
    mock.post(f"/threads/t/runs/{run['id']}", {"metadata": {"new": True}})
    mock.advance(2)
    assert stream.answer.events()[-2]["data"]["metadata"] == {"new": True}
    assert stream.answer.names().count("thread.run.created") == 1


def test_a_stream_that_ends_early_has_no_terminal_event(mock: Driver) -> None:
    stream = mock.stream("ends-early")
    mock.advance(2)
    assert stream.answer.over
    assert stream.answer.names()[-1] == "thread.message.delta"
    mock.advance(1)
    [run] = mock.get("/threads/t/runs").json()["data"]
    assert run["status"] == "completed"


def test_comments_keep_a_silent_stream_alive(mock: Driver) -> None:
    stream = mock.stream("expired")
    mock.advance(3)
    before = len(stream.answer.chunks)
    mock.advance(14.9)
    assert len(stream.answer.chunks) == before
    mock.advance(0.1)
    assert stream.answer.chunks[before:] == [b": keep-alive\n\n"]
    mock.advance(2)
    assert stream.answer.names()[-2:] == ["thread.run.expired", "[DONE]"]


def test_a_stream_ends_when_its_client_disconnects(mock: Driver) -> None:
    stream = mock.stream("hello")
    mock.advance(1)
    stream.go_away()
    assert stream.done
    assert len(asyncio.all_tasks(mock.loop)) == 0
    mock.advance(2)
    assert mock.get("/threads/t/runs").json()["data"][0]["status"] == "completed"


def test_a_run_without_a_stream_leaves_no_tasks(mock: Driver) -> None:
    for _ in range(5):
        mock.run("hello", thread="t")
        mock.advance(3)
    assert len(asyncio.all_tasks(mock.loop)) == 0


@pytest.mark.parametrize("scenario", ["hello", "tool-call", "expired", "fails-early", "instant"])
def test_at_speed_0_the_whole_stream_is_sent_immediately(
    make_mock: Callable[..., Driver], scenario: str
) -> None:
    stream = make_mock(speed=0).stream(scenario)
    assert stream.answer.over
    assert stream.answer.names()[-1] == "[DONE]"


def test_create_thread_and_run_streams_too(mock: Driver) -> None:
    stream = mock.open("POST", "/threads/runs", {"model": "mock/instant", "stream": True})
    assert stream.answer.names()[-2:] == ["thread.run.completed", "[DONE]"]


def test_shutdown_ends_streams_and_blocked_requests(mock: Driver) -> None:
    stream, blocked = mock.stream("hello"), mock.open("POST", "/threads/u/runs", MODEL)

    async def stop() -> None:
        messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

        async def receive() -> dict[str, str]:
            return next(messages)

        async def send(message: object) -> None:
            pass

        await mock.app({"type": "lifespan"}, receive, send)  # type: ignore[arg-type]

    mock.loop.run_until_complete(stop())
    mock.settle()
    assert stream.done
    assert blocked.answer.status == 503
