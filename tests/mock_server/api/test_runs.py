"""Can a client create, read, change and cancel a run, and submit tool outputs?"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.mock_server.driver import Driver

MODEL = {"model": "acme/m"}


def text_of(message: Any) -> str:
    return str(message["content"][0]["text"]["value"])


def test_without_stream_create_blocks_until_the_run_is_completed(mock: Driver) -> None:
    mock.post("/threads/t/messages", {"role": "user", "content": "What is the time?"})
    exchange = mock.open("POST", "/threads/t/runs", MODEL)
    mock.advance(2.4)
    assert not exchange.answer.over
    mock.advance(0.1)
    run = exchange.answer.json()
    assert run["status"] == "completed"
    question, reply = mock.get("/threads/t/messages").json()["data"]
    assert text_of(question) == "What is the time?"
    assert 'You said "What is the time?"' in text_of(reply)
    assert (reply["runId"], reply["role"]) == (run["id"], "assistant")


def test_without_stream_create_blocks_until_the_run_requires_action(mock: Driver) -> None:
    exchange = mock.open("POST", "/threads/t/runs", MODEL, headers={"Prefer": "scenario=tool-call"})
    mock.advance(2)
    assert exchange.answer.json()["status"] == "requires_action"


@pytest.mark.parametrize(
    "prefer", ["respond-async", "scenario=hello, respond-async", "Respond-Async; x=1, wait=10"]
)
def test_respond_async_returns_the_queued_run(mock: Driver, prefer: str) -> None:
    answer = mock.post("/threads/t/runs", MODEL, headers={"Prefer": prefer})
    assert answer.json()["status"] == "queued"
    assert "respond-async" in answer.headers["preference-applied"]


def test_create_background_returns_the_queued_run(make_mock: Callable[..., Driver]) -> None:
    answer = make_mock(create="background").post("/threads/t/runs", MODEL)
    assert answer.json()["status"] == "queued"
    assert "preference-applied" not in answer.headers


def test_a_run_continues_after_its_client_disconnects(mock: Driver) -> None:
    exchange = mock.open("POST", "/threads/t/runs", MODEL)
    exchange.go_away()
    assert exchange.done
    mock.advance(3)
    [run] = mock.get("/threads/t/runs").json()["data"]
    assert run["status"] == "completed"


def test_a_run_echoes_the_create_request(mock: Driver) -> None:
    request = {
        "model": "acme/m",
        "assistantId": "",
        "instructions": "Be kind.",
        "tools": [{"type": "function", "function": {"name": "f", "own": [1]}}],
        "metadata": {"ticket": "1", "deep": {"a": [None]}},
    }
    run = mock.run("instant", **request, temperature=1, topP=0.5, maxPromptTokens=5, threadId="t", fileIds=[])
    assert run.items() >= request.items()
    assert run["threadId"] == "t"
    assert mock.get(f"/threads/t/runs/{run['id']}").json() == run


def test_unknown_fields_are_accepted(mock: Driver) -> None:
    body = {"assistantId": "", "content": "text", "fileIds": [], "role": "user", "runId": "", "threadId": "t"}
    assert mock.post("/threads/t/messages", body).status == 200
    assert mock.post("/threads/t/runs", {"model": "mock/instant", "threadId": "t"}).status == 200
    assert text_of(mock.get("/threads/t/messages?order=asc").json()["data"][0]) == "text"


@pytest.mark.parametrize(
    ("field", "suggestion"),
    [
        ("additionalInstructions", "additionaInstructions"),
        ("topp", "topP"),
        ("top_p", "topP"),
        ("max_tokens", "maxCompletionTokens"),
        ("assistant_id", "assistantId"),
        ("Model", "model"),
    ],
)
def test_a_likely_misspelling_gets_a_hint(mock: Driver, field: str, suggestion: str) -> None:
    answer = mock.post("/threads/t/runs", {"model": "mock/instant", field: "x"})
    assert f"did you mean '{suggestion}'?" in answer.headers["x-mock-hint"]


def test_other_unknown_fields_get_no_hint(mock: Driver) -> None:
    body = {"model": "mock/instant", "threadId": "t", "fileIds": [], "x": 1, "é\n": 2, "y" * 5000: 3}
    assert "x-mock-hint" not in mock.post("/threads/t/runs", body).headers


def test_a_hint_cannot_break_the_header(mock: Driver) -> None:
    answer = mock.post("/threads/t/runs", {"model": "mock/instant", "instruction\r\nä": "x"})
    hint = answer.headers.get("x-mock-hint", "")
    assert "\n" not in hint
    assert hint.isascii()


def test_a_run_in_an_unknown_thread_creates_the_thread(mock: Driver) -> None:
    assert mock.get("/threads/mine").status == 404
    mock.run("instant", thread="mine")
    thread = mock.get("/threads/mine").json()
    assert (thread["id"], thread["title"], thread["metadata"]) == ("mine", "", {})
    assert [found["id"] for found in mock.get("/threads").json()["data"]] == ["mine"]
    assert len(mock.get("/threads/mine/messages").json()["data"]) == 1


def test_strict_threads_rejects_unknown_threads(make_mock: Callable[..., Driver]) -> None:
    mock = make_mock(strict_threads=True)
    assert mock.post("/threads/mine/runs", MODEL).status == 404
    assert mock.post("/threads/mine/messages", {"role": "user", "content": "x"}).status == 404
    assert mock.get("/threads").json()["data"] == []
    thread = mock.post("/threads").json()
    assert mock.run("instant", thread=thread["id"])["threadId"] == thread["id"]


def test_a_thread_and_its_run_are_created_in_one_request(mock: Driver) -> None:
    thread = {
        "title": "Both",
        "messages": [{"role": "system", "content": "Be kind"}, {"role": "user", "content": "Hi"}],
        "metadata": {"a": "b"},
    }
    run = mock.post("/threads/runs", {"model": "mock/instant", "thread": thread}).json()
    path = f"/threads/{run['threadId']}"
    assert mock.get(path).json()["title"] == "Both"
    assert [text_of(message) for message in mock.get(f"{path}/messages").json()["data"]] == [
        "Be kind",
        "Hi",
        'You said "Hi".',
    ]
    bare = mock.post("/threads/runs", {"model": "mock/instant"}).json()
    assert bare["threadId"] != run["threadId"]


def test_only_the_metadata_of_a_run_can_be_changed(mock: Driver) -> None:
    run = mock.run("hello", metadata={"a": "1"})
    path = f"/threads/t/runs/{run['id']}"
    assert mock.post(path, {"metadata": {"b": 2}, "model": "x", "status": "failed"}).json() == {
        **run,
        "metadata": {"b": 2},
    }
    assert mock.post(path, {}).json()["metadata"] == {"b": 2}
    assert mock.call("POST", path).json()["metadata"] == {"b": 2}
    mock.advance(3)
    assert mock.get(path).json()["metadata"] == {"b": 2}
    assert mock.get(path).json()["status"] == "completed"


def test_a_cancelled_run_is_cancelling_then_cancelled_and_never_completed(mock: Driver) -> None:
    run = mock.run("hello")
    path = f"/threads/t/runs/{run['id']}"
    mock.advance(1)
    assert mock.post(f"{path}/cancel").json()["status"] == "cancelling"
    assert mock.post(f"{path}/cancel").json()["status"] == "cancelling"
    mock.advance(1.5)
    assert mock.get(path).json()["status"] == "cancelled"
    mock.advance(10)
    cancelled = mock.get(path).json()
    assert cancelled["status"] == "cancelled"
    assert "completedAt" not in cancelled
    answer = mock.post(f"{path}/cancel")
    assert (answer.status, answer.json()["code"]) == (400, "failed_precondition")
    assert "is cancelled and cannot be cancelled" in answer.json()["message"]


def test_cancel_accepts_any_body_or_none(mock: Driver) -> None:
    path = f"/threads/t/runs/{mock.run('hello')['id']}/cancel"
    assert mock.call("POST", path, parts=[b"{not json"], headers={"Content-Type": "text/plain"}).status == 200


@pytest.fixture
def waiting(mock: Driver) -> Any:
    run = mock.run("tool-call")
    mock.advance(2)
    return mock.get(f"/threads/t/runs/{run['id']}").json()


def test_tool_outputs_resume_the_run(mock: Driver, waiting: Any) -> None:
    [call] = waiting["requiredAction"]["submitToolOutputs"]["toolCalls"]
    path = f"/threads/t/runs/{waiting['id']}"
    body = {"toolOutputs": [{"toolCallId": call["id"], "output": "24 degrees"}]}
    exchange = mock.open("POST", f"{path}/submit_tool_outputs", body)
    assert mock.get(path).json()["status"] == "in_progress"
    mock.advance(1)
    assert not exchange.answer.over
    mock.advance(1)
    assert exchange.answer.json()["status"] == "completed"
    message_step, tool_step = mock.get(f"{path}/steps").json()["data"]
    assert tool_step["stepDetails"]["toolCalls"][0]["function"]["output"] == "24 degrees"
    assert message_step["type"] == "message_creation"
    assert mock.get(f"{path}/steps/{tool_step['id']}").json() == tool_step
    again = mock.post(f"{path}/submit_tool_outputs", body)
    assert (again.status, again.json()["code"]) == (400, "failed_precondition")


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ([{"toolCallId": "call_x", "output": ""}], 'made no call "call_x"; it waits for call_'),
        ([], "toolOutputs: must have at least 1 entries"),
        ([{"toolCallId": "call_x"}], "toolOutputs[0].output: is required"),
        ([{"toolCallId": "c", "output": "1"}] * 2, 'toolOutputs[1].toolCallId: "c" is answered twice'),
    ],
)
def test_unexpected_tool_outputs_are_rejected(
    mock: Driver, waiting: Any, outputs: list[Any], message: str
) -> None:
    answer = mock.post(f"/threads/t/runs/{waiting['id']}/submit_tool_outputs", {"toolOutputs": outputs})
    assert answer.status == 400
    assert message in answer.json()["message"]


def test_a_run_that_requires_no_action_rejects_tool_outputs(mock: Driver) -> None:
    path = f"/threads/t/runs/{mock.run('hello')['id']}/submit_tool_outputs"
    answer = mock.post(path, {"toolOutputs": [{"toolCallId": "c", "output": "o"}]})
    assert (answer.status, answer.json()["code"]) == (400, "failed_precondition")
    assert "waits for no tool outputs" in answer.json()["message"]


def test_a_run_without_tool_outputs_expires(mock: Driver, waiting: Any) -> None:
    mock.advance(597.999)
    assert mock.get(f"/threads/t/runs/{waiting['id']}").json()["status"] == "requires_action"
    mock.advance(0.001)
    assert mock.get(f"/threads/t/runs/{waiting['id']}").json()["status"] == "expired"


def test_at_speed_0_every_run_is_terminal_or_requires_action(make_mock: Callable[..., Driver]) -> None:
    mock = make_mock(speed=0)
    assert mock.post("/threads/t/runs", MODEL).json()["status"] == "completed"
    assert mock.run("expired")["status"] == "expired"
    run = mock.run("tool-call")
    assert run["status"] == "requires_action"
    [call] = run["requiredAction"]["submitToolOutputs"]["toolCalls"]
    body = {"toolOutputs": [{"toolCallId": call["id"], "output": "o"}]}
    assert mock.post(f"/threads/t/runs/{run['id']}/submit_tool_outputs", body).json()["status"] == "completed"


def test_the_same_seed_gives_the_same_bytes(make_mock: Callable[..., Driver]) -> None:
    def session(seed: str) -> bytes:
        mock = make_mock(seed=seed)
        mock.post("/threads", {"messages": [{"role": "user", "content": "Hi"}]})
        stream = mock.stream()
        for _ in range(30):
            mock.advance(0.1)
        return stream.answer.body + mock.get("/threads/t/messages").body + mock.get("/threads").body

    assert session("a") == session("a")
    assert session("a") != session("b")
