"""Does the conforming deployment conform, at every grade?"""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft4Validator

import openapi
from tests.together.deployment import KEY, Deployment
from tests.together.serve import serving

DOCUMENT = openapi.load("assumed")
TOOL = {"type": "function", "function": {"name": "weather"}}


def plain(node: Any) -> Any:
    """A schema of OpenAPI 3.0 as JSON Schema."""
    if isinstance(node, list):
        return [plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    schema = {key: plain(value) for key, value in node.items() if key != "example"}
    return {"anyOf": [schema, {"type": "null"}]} if node.get("nullable") is True else schema


SCHEMAS = plain(DOCUMENT["components"]["schemas"])


def check(name: str, value: Any) -> Any:
    """The value, which must match a component schema of the document."""
    root = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": SCHEMAS}}
    errors = [error.message for error in Draft4Validator(root).iter_errors(value)]
    assert errors == []
    return value


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with (
        serving(Deployment()) as url,
        httpx.Client(base_url=url, headers={"x-tune-key": KEY}, timeout=10) as client,
    ):
        yield client


def post(client: httpx.Client, path: str, body: Any) -> Any:
    return client.post(path, json=body).raise_for_status().json()


def get(client: httpx.Client, path: str, **query: Any) -> Any:
    return client.get(path, params=query).raise_for_status().json()


@pytest.fixture
def thread(client: httpx.Client) -> str:
    body = {"messages": [{"role": "user", "content": "What is the weather in Lisbon?"}]}
    return f"/threads/{check('Thread', post(client, '/threads', body))['id']}"


def streamed(client: httpx.Client, path: str, body: Any) -> list[Any]:
    """The events of a stream, which must match the document."""
    with client.stream("POST", path, json=body) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        blocks = "".join(response.iter_text()).removesuffix("\n\n").split("\n\n")
    fields = [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]
    assert fields.pop() == {"data": "[DONE]"}
    return [{**event, "data": json.loads(event["data"])} for event in fields]


def test_creating_a_run_without_stream_blocks_until_it_ends(client: httpx.Client, thread: str) -> None:
    run = check("Run", post(client, f"{thread}/runs", {"model": "a/b"}))
    assert run["status"] == "completed"
    assert get(client, f"{thread}/runs/{run['id']}") == run
    assert [item["role"] for item in get(client, f"{thread}/messages")["data"]] == ["user", "assistant"]


def test_every_event_of_a_stream_matches_the_document(client: httpx.Client, thread: str) -> None:
    events = streamed(client, f"{thread}/runs", {"model": "a/b", "stream": True})
    for event in events:
        check("RunStreamEvent", event)
    assert get(client, f"{thread}/runs/{events[0]['data']['id']}") == events[-1]["data"]
    pieces = [
        event["data"]["delta"]["content"][0]["text"]["value"] for event in events if "delta" in event["data"]
    ]
    assert "".join(pieces) == get(client, f"{thread}/messages")["data"][-1]["content"][0]["text"]["value"]


def test_tool_outputs_can_be_submitted(client: httpx.Client, thread: str) -> None:
    run = check("Run", post(client, f"{thread}/runs", {"model": "a/b", "tools": [TOOL]}))
    assert run["status"] == "requires_action"
    call = run["requiredAction"]["submitToolOutputs"]["toolCalls"][0]["id"]
    outputs = {"toolOutputs": [{"toolCallId": call, "output": "22"}]}
    ended = check("Run", post(client, f"{thread}/runs/{run['id']}/submit_tool_outputs", outputs))
    assert ended["status"] == "completed"
    steps = check("RunStepList", get(client, f"{thread}/runs/{run['id']}/steps"))
    assert [step["type"] for step in steps["data"]] == ["message_creation", "tool_calls"]
    assert get(client, f"{thread}/runs/{run['id']}/steps/{steps['firstId']}") == steps["data"][0]


def test_a_waiting_run_can_be_cancelled(client: httpx.Client, thread: str) -> None:
    run = post(client, f"{thread}/runs", {"model": "a/b", "tools": [TOOL]})
    assert check("Run", post(client, f"{thread}/runs/{run['id']}/cancel", {}))["status"] == "cancelling"


def test_lists_are_paged_exactly(client: httpx.Client, thread: str) -> None:
    for text in "bcd":
        check("Message", post(client, f"{thread}/messages", {"role": "user", "content": text}))
    every = check("MessageList", get(client, f"{thread}/messages"))
    ids = [item["id"] for item in every["data"]]
    assert (every["firstId"], every["lastId"], every["hasMore"]) == (ids[0], ids[-1], False)
    page = get(client, f"{thread}/messages", limit=2, after=ids[0])
    assert ([item["id"] for item in page["data"]], page["hasMore"]) == (ids[1:3], True)
    page = get(client, f"{thread}/messages", limit=2, before=ids[0], order="desc")
    assert [item["id"] for item in page["data"]] == ids[2:0:-1]


def test_threads_and_runs_are_modified(client: httpx.Client, thread: str) -> None:
    assert check("Thread", post(client, thread, {"title": "A trip"}))["title"] == "A trip"
    run = post(client, f"{thread}/runs", {"model": "a/b"})
    changed = post(client, f"{thread}/runs/{run['id']}", {"metadata": {"a": "b"}})
    assert changed == {**run, "metadata": {"a": "b"}}
    assert check("RunList", get(client, f"{thread}/runs"))["data"] == [changed]


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("GET", "/threads", {"headers": {"x-tune-key": "no"}}, 401),
        ("GET", "/threads/nowhere", {}, 404),
        ("GET", "/nowhere", {}, 404),
        ("PUT", "/threads", {}, 405),
        ("GET", "/threads?limit=0", {}, 400),
        ("GET", "/threads?order=up", {}, 400),
        ("POST", "/threads/runs", {"json": {}}, 400),
        ("POST", "/threads/runs", {"json": {"model": 1}}, 400),
        ("POST", "/threads/runs", {"json": []}, 400),
        ("POST", "/threads/runs", {"content": b"{", "headers": {"content-type": "application/json"}}, 400),
        ("POST", "/threads/runs", {"data": {"model": "a/b"}}, 415),
        ("POST", "/threads", {"json": {"title": "x" * 2_000_000}}, 413),
    ],
)
def test_an_invalid_request_is_rejected(
    client: httpx.Client, method: str, path: str, options: dict[str, Any], status: int
) -> None:
    response = client.request(method, path, **options)
    assert response.status_code == status
    check("Error", response.json())
