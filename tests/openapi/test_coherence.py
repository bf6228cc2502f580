"""Are the examples consistent, as if one deployment had sent them all?"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import openapi
from tests.openapi.reading import examples, nodes

View = dict[str, Any]
DOCUMENT = openapi.load("assumed")
VALUES = {name: example["value"] for name, example in DOCUMENT["components"]["examples"].items()}
# The fields that contain the id of an object, by the kind of the object.
NAMED_BY = {
    "thread": ("threadId",),
    "run": ("runId",),
    "thread.message": ("messageId",),
    "thread.run.step": ("stepId",),
    "call": ("toolCallId",),
}
ORDER = (("createdAt",), ("startedAt",), ("cancelledAt", "completedAt", "failedAt"), ("expiresAt",))


def resources(value: Any) -> Iterator[dict[str, Any]]:
    """Every JSON object in a value that has an id."""
    for _, node in nodes(value, data=True):
        if isinstance(node, dict) and "id" in node:
            yield node


def kind(resource: dict[str, Any]) -> str:
    """The kind of a resource: its `object`, or `call` for a tool call, which has no `object`."""
    return str(resource.get("object", "call"))


def of_kind(name: str) -> list[dict[str, Any]]:
    """All resources of a kind in the examples."""
    return [resource for resource in resources(VALUES) if kind(resource) == name]


def timestamps(resource: dict[str, Any]) -> list[datetime]:
    """The timestamps of a resource, in the order that they must have."""
    found = []
    for names in ORDER:
        found += [datetime.fromisoformat(resource[name]) for name in names if resource.get(name)]
    return found


def test_a_referenced_id_is_the_id_of_another_example() -> None:
    for owner, names in NAMED_BY.items():
        known = {resource["id"] for resource in of_kind(owner)}
        assert known, owner
        named = {
            value
            for pointer, value in nodes(VALUES, data=True)
            if pointer.rpartition("/")[2] in names and value
        }
        assert named <= known, owner


def test_the_example_of_a_path_parameter_is_the_id_of_an_example() -> None:
    known = {resource["id"] for resource in resources(VALUES)}
    parameters = DOCUMENT["components"]["parameters"].values()
    assert {one["example"] for one in parameters if one["in"] == "path"} <= known


def test_an_id_in_the_text_of_an_example_is_the_id_of_another_example() -> None:
    known = {resource["id"] for resource in resources(VALUES)}
    texts = [str(example.value) for example in examples(DOCUMENT)]
    named = {
        found for text in texts for found in re.findall(r"\b(?:thread|run|msg|step|call)_[0-9a-f-]{6,}", text)
    }
    assert named <= known


def test_the_timestamps_of_a_resource_are_in_order() -> None:
    for resource in resources(VALUES):
        assert timestamps(resource) == sorted(timestamps(resource)), resource


def test_nothing_is_created_before_its_thread_and_run() -> None:
    created = {
        resource["id"]: resource["createdAt"] for resource in resources(VALUES) if "createdAt" in resource
    }
    for resource in resources(VALUES):
        for name in ("threadId", "runId"):
            if resource.get(name) and "createdAt" in resource:
                before = datetime.fromisoformat(created[resource[name]])
                assert datetime.fromisoformat(resource["createdAt"]) >= before


def test_a_run_has_only_the_end_timestamp_of_its_status() -> None:
    statuses = DOCUMENT["components"]["schemas"]["RunStatus"]["x-lifecycle"]["statuses"]
    ends = {
        facts["timestamp"] for facts in statuses.values() if facts.get("terminal") and facts.get("timestamp")
    }
    for run in of_kind("run"):
        expected = {statuses[run["status"]].get("timestamp")} & ends
        assert {name for name in ends if run.get(name)} == expected, run["status"]


def test_only_a_waiting_run_has_a_required_action_and_only_a_failed_run_an_error() -> None:
    for run in of_kind("run"):
        assert bool(run.get("requiredAction")) is (run["status"] == "requires_action")
        assert bool(run.get("lastError")) is (run["status"] == "failed")


def test_total_tokens_are_the_sum_of_the_others() -> None:
    for resource in resources(VALUES):
        if usage := resource.get("usage"):
            assert usage["totalTokens"] == usage["promptTokens"] + usage["completionTokens"]


def test_the_first_and_last_id_of_a_page_are_those_of_its_entries() -> None:
    pages = [value for value in VALUES.values() if value.get("object") == "list"]
    assert len(pages) >= 4
    for page in pages:
        ids = [resource["id"] for resource in page["data"]] or [None]
        assert [page["firstId"], page["lastId"]] == [ids[0], ids[-1]]


def test_the_tool_outputs_are_for_the_tool_calls_of_the_run() -> None:
    called = VALUES["RunRequiresAction"]["requiredAction"]["submitToolOutputs"]["toolCalls"]
    submitted = VALUES["SubmitToolOutputs"]["toolOutputs"]
    assert [call["id"] for call in called] == [output["toolCallId"] for output in submitted]
