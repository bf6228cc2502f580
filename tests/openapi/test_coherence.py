"""Do the examples fit one another, as if they came from one deployment on one day?"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import openapi
from tests.openapi.reading import examples, nodes

View = dict[str, Any]
DOCUMENT = openapi.load("assumed")
VALUES = {name: example["value"] for name, example in DOCUMENT["components"]["examples"].items()}
# Where a thing of a kind is named, by the object that carries it.
NAMED_BY = {
    "thread": ("threadId",),
    "run": ("runId",),
    "thread.message": ("messageId",),
    "thread.run.step": ("stepId",),
    "call": ("toolCallId",),
}
ORDER = (("createdAt",), ("startedAt",), ("cancelledAt", "completedAt", "failedAt"), ("expiresAt",))


def things(value: Any) -> Iterator[dict[str, Any]]:
    """Every JSON object within a value that has an id of its own."""
    for _, node in nodes(value, data=True):
        if isinstance(node, dict) and "id" in node:
            yield node


def kind(thing: dict[str, Any]) -> str:
    """What kind of thing carries the id: its `object`, or a tool call, which has none."""
    return str(thing.get("object", "call"))


def of_kind(name: str) -> list[dict[str, Any]]:
    """All things of a kind in the examples."""
    return [thing for thing in things(VALUES) if kind(thing) == name]


def moments(thing: dict[str, Any]) -> list[datetime]:
    """The times of a thing, in the order in which they have to come."""
    found = []
    for names in ORDER:
        found += [datetime.fromisoformat(thing[name]) for name in names if thing.get(name)]
    return found


def test_whatever_an_example_names_is_the_id_of_another() -> None:
    for carrier, names in NAMED_BY.items():
        known = {thing["id"] for thing in of_kind(carrier)}
        assert known, carrier
        named = {
            value
            for pointer, value in nodes(VALUES, data=True)
            if pointer.rpartition("/")[2] in names and value
        }
        assert named <= known, carrier


def test_the_examples_of_path_parameters_are_ids_of_examples() -> None:
    known = {thing["id"] for thing in things(VALUES)}
    parameters = DOCUMENT["components"]["parameters"].values()
    assert {one["example"] for one in parameters if one["in"] == "path"} <= known


def test_an_id_in_the_text_of_an_example_is_the_id_of_another() -> None:
    known = {thing["id"] for thing in things(VALUES)}
    texts = [str(example.value) for example in examples(DOCUMENT)]
    named = {
        found for text in texts for found in re.findall(r"\b(?:thread|run|msg|step|call)_[0-9a-f-]{6,}", text)
    }
    assert named <= known


def test_times_of_one_thing_come_in_order() -> None:
    for thing in things(VALUES):
        assert moments(thing) == sorted(moments(thing)), thing


def test_nothing_happens_before_its_thread_and_its_run_exist() -> None:
    created = {thing["id"]: thing["createdAt"] for thing in things(VALUES) if "createdAt" in thing}
    for thing in things(VALUES):
        for name in ("threadId", "runId"):
            if thing.get(name) and "createdAt" in thing:
                assert datetime.fromisoformat(thing["createdAt"]) >= datetime.fromisoformat(
                    created[thing[name]]
                )


def test_a_run_has_the_timestamp_of_its_last_status_and_of_no_other() -> None:
    statuses = DOCUMENT["components"]["schemas"]["RunStatus"]["x-lifecycle"]["statuses"]
    ends = {
        facts["timestamp"] for facts in statuses.values() if facts.get("terminal") and facts.get("timestamp")
    }
    for run in of_kind("run"):
        expected = {statuses[run["status"]].get("timestamp")} & ends
        assert {name for name in ends if run.get(name)} == expected, run["status"]


def test_a_run_says_why_it_waits_or_failed_and_otherwise_does_not() -> None:
    for run in of_kind("run"):
        assert bool(run.get("requiredAction")) is (run["status"] == "requires_action")
        assert bool(run.get("lastError")) is (run["status"] == "failed")


def test_usage_adds_up() -> None:
    for thing in things(VALUES):
        if usage := thing.get("usage"):
            assert usage["totalTokens"] == usage["promptTokens"] + usage["completionTokens"]


def test_a_list_begins_and_ends_with_the_ids_it_names() -> None:
    pages = [value for value in VALUES.values() if value.get("object") == "list"]
    assert len(pages) >= 4
    for page in pages:
        ids = [thing["id"] for thing in page["data"]] or [None]
        assert [page["firstId"], page["lastId"]] == [ids[0], ids[-1]]


def test_the_tool_outputs_answer_the_calls_that_the_run_waits_for() -> None:
    asked = VALUES["RunRequiresAction"]["requiredAction"]["submitToolOutputs"]["toolCalls"]
    answered = VALUES["SubmitToolOutputs"]["toolOutputs"]
    assert [call["id"] for call in asked] == [output["toolCallId"] for output in answered]
