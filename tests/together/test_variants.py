"""Does every variant conform to the document, tested without the checker?"""

from typing import Any

import httpx
import pytest
from jsonschema import Draft4Validator, FormatChecker

import openapi
from tests.together.cases import Case, cases
from tests.together.deployment import KEY
from tests.together.serve import serving
from tests.together.test_deployment import plain

SCHEMAS = plain(openapi.load("documented")["components"]["schemas"])
VARIANTS = cases("variants")
MODEL = "tune/blob"


class Visitor:
    """A client that retries as the service says, and validates every response."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def ask(self, schema: str, method: str, path: str, **options: Any) -> Any:
        """The response, which must match a component schema."""
        response = self.client.request(method, path, **options)
        while response.status_code in (429, 503) and "retry-after" in response.headers:
            response = self.client.request(method, path, **options)
        assert response.status_code == 200, response.text
        value = response.json()
        root = {"$ref": f"#/components/schemas/{schema}", "components": {"schemas": SCHEMAS}}
        assert [
            error.message
            for error in Draft4Validator(root, format_checker=FormatChecker()).iter_errors(value)
        ] == []
        return value

    def stream(self, path: str, body: Any) -> str:
        """The text of a stream."""
        response = self.client.post(path, json=body)
        while response.status_code in (429, 503) and "retry-after" in response.headers:
            response = self.client.post(path, json=body)
        assert response.status_code == 200
        return response.text


@pytest.mark.parametrize("case", VARIANTS, ids=lambda case: case.name)
def test_a_variant_conforms_to_the_document(case: Case) -> None:
    headers = {"x-tune-key": KEY}
    with (
        serving(case.app(), **dict(case.serving)) as url,
        httpx.Client(base_url=url, headers=headers, timeout=10) as client,
    ):
        visitor = Visitor(client)
        given = "thread_given" if "--thread" in case.options else None
        thread = given or visitor.ask("Thread", "POST", "/threads", json={"title": "A trip"})["id"]
        content = [{"type": "text", "text": "What is the weather in Lisbon?"}]
        visitor.ask(
            "Message", "POST", f"/threads/{thread}/messages", json={"role": "user", "content": content}
        )
        run = visitor.ask("Run", "POST", f"/threads/{thread}/runs", json={"model": MODEL})
        assert visitor.ask("Run", "GET", f"/threads/{thread}/runs/{run['id']}")["id"] == run["id"]
        assert "[DONE]" in visitor.stream(f"/threads/{thread}/runs", {"model": MODEL, "stream": True})
        for schema, path in (("RunList", "runs"), ("MessageList", "messages")):
            assert visitor.ask(schema, "GET", f"/threads/{thread}/{path}")["data"]
        visitor.ask("RunStepList", "GET", f"/threads/{thread}/runs/{run['id']}/steps")


def test_every_case_has_a_sentence() -> None:
    assert [case.name for case in cases() if not case.fact.endswith((".", ")"))] == []


def test_every_group_has_enough_cases() -> None:
    faults = [case for case in cases() if case.severity == "failure"]
    assert len(faults) >= 100
    assert {case.group for case in faults} >= {
        "shapes",
        "requests",
        "auth",
        "http",
        "stream",
        "lifecycle",
        "pages",
    }
    assert len(VARIANTS) >= 35
