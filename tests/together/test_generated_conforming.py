"""Do generated conforming deployments keep what is documented, seen by a client that is not the checker?"""

import json
import time
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from jsonschema import Draft4Validator, FormatChecker

import openapi
from tests.together.deployment import KEY
from tests.together.generated.combined import Conforming, Wire
from tests.together.generated.options import Options, sample
from tests.together.generated.server import serving

MODEL = "tune/blob"
COMBINATIONS = [
    replace(one, run_seconds=min(one.run_seconds, 0.5), queue_seconds=0.0, list_lag=0.0)
    for one in sample(12, 11)
]


def lenient(node: Any) -> Any:
    """A schema in which no field is required and null may stand for each."""
    if isinstance(node, list):
        return [lenient(item) for item in node]
    if not isinstance(node, dict):
        return node
    schema = {key: lenient(value) for key, value in node.items() if key not in ("example", "required")}
    return {"anyOf": [schema, {"type": "null"}]} if "type" in node or "$ref" in node else schema


SCHEMAS = {name: lenient(one) for name, one in openapi.load("documented")["components"]["schemas"].items()}


class Visitor:
    """A client that comes again when it is asked to, follows redirects, and looks at every answer."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The response, once the rate allows it."""
        response = self._client.request(method, path, **options)
        while response.status_code == 429:
            time.sleep(0.05 if response.headers["retry-after"] == "0" else 1)
            response = self._client.request(method, path, **options)
        return response

    def ask(self, schema: str, method: str, path: str, **options: Any) -> Any:
        """The answer, which must be what a component schema allows."""
        response = self.send(method, path, **options)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"].lower().startswith("application/json")
        root = {"$ref": f"#/components/schemas/{schema}", "components": {"schemas": SCHEMAS}}
        validator = Draft4Validator(root, format_checker=FormatChecker())
        assert [error.message for error in validator.iter_errors(response.json())] == []
        return response.json()


@pytest.mark.parametrize("options", COMBINATIONS, ids=lambda one: f"{len(one.differences())}-choices")
def test_a_generated_deployment_keeps_what_is_documented(options: Options) -> None:
    with (
        serving(Conforming(options), Wire.of(options)) as url,
        httpx.Client(base_url=url, headers={"x-tune-key": KEY}, timeout=20, follow_redirects=True) as client,
    ):
        visitor = Visitor(client)
        thread = visitor.ask("Thread", "POST", "/threads", json={"title": "A trip"})["id"]
        path = f"/threads/{quote(thread, safe='')}"
        said = {"role": "user", "content": [{"type": "text", "text": "What is the weather in Lisbon?"}]}
        assert visitor.ask("Message", "POST", f"{path}/messages", json=said)["id"]
        run = visitor.ask("Run", "POST", f"{path}/runs", json={"model": MODEL})
        assert run["model"] == MODEL
        while run["status"] in ("queued", "in_progress"):
            time.sleep(0.1)
            run = visitor.ask("Run", "GET", f"{path}/runs/{quote(run['id'], safe='')}")
        assert run["threadId"] == thread
        _read(visitor, path, run["id"])
        assert visitor.send("POST", f"{path}/runs", json={"model": 7}).status_code in (400, 422)
        assert visitor.send("GET", path, headers={"x-tune-key": "no"}).status_code in (401, 403)


def _read(visitor: Visitor, path: str, run: str) -> None:
    listed = visitor.ask("RunList", "GET", f"{path}/runs")
    assert [one["id"] for one in listed["data"]] == [run]
    messages = visitor.ask("MessageList", "GET", f"{path}/messages", params={"limit": 100})["data"]
    assert "user" in [one.get("role") for one in messages[:2]]
    visitor.ask("RunStepList", "GET", f"{path}/runs/{quote(run, safe='')}/steps")
    streamed = visitor.send("POST", f"{path}/runs", json={"model": MODEL, "stream": True})
    assert streamed.headers["content-type"].lower().startswith("text/event-stream")
    lines = [line for line in streamed.text.lstrip("\ufeff").splitlines() if line.strip()]
    assert lines[-1].replace(" ", "") == "data:[DONE]"


def test_every_option_leaves_an_answer_readable() -> None:
    shaped = Conforming(Options(nothing="absent", zeros="absent", key_order="reversed"))
    page = {"object": "list", "data": [], "firstId": None, "lastId": None, "hasMore": False}
    assert json.loads(shaped.json(page).body) == {"object": "list"}
