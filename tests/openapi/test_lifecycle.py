"""Is each lifecycle of the document closed: every status known, reachable, and with a way on or an end?"""

from copy import deepcopy
from typing import Any

import pytest

import openapi

SCHEMAS = openapi.load("assumed")["components"]["schemas"]
OWNERS = {"RunStatus": "Run", "RunStepStatus": "RunStep"}


def reachable(lifecycle: dict[str, Any]) -> set[str]:
    """The statuses that some path leads to from the first."""
    found: set[str] = set()
    waiting = [lifecycle["initial"]]
    while waiting:
        status = waiting.pop()
        if status not in found:
            found.add(status)
            waiting += lifecycle["statuses"].get(status, {"next": []})["next"]
    return found


def gaps(schema: dict[str, Any], fields: set[str]) -> list[str]:
    """What keeps the lifecycle of a status schema from being closed, a line each."""
    lifecycle, statuses = schema["x-lifecycle"], schema["x-lifecycle"]["statuses"]
    found = [] if list(statuses) == schema["enum"] else ["the statuses are not those of the enum"]
    found += [f"{status} is never reached" for status in statuses if status not in reachable(lifecycle)]
    for status, facts in statuses.items():
        found += [f"{status} leads to {after}, no status" for after in facts["next"] if after not in statuses]
        if bool(facts.get("terminal")) is bool(facts["next"]):
            found.append(f"{status} has to lead on or to be terminal, and not both")
        if facts.get("timestamp", lifecycle["deadline"]) not in fields:
            found.append(f"{status} sets {facts['timestamp']}, no field")
    stamps = [facts["timestamp"] for facts in statuses.values() if "timestamp" in facts]
    return found + ([] if len(stamps) == len(set(stamps)) else ["two statuses set one timestamp"])


@pytest.mark.parametrize("name", OWNERS)
def test_the_lifecycle_is_closed(name: str) -> None:
    assert gaps(SCHEMAS[name], set(SCHEMAS[OWNERS[name]]["properties"])) == []


@pytest.mark.parametrize(
    ("change", "gap"),
    [
        ({"queued": {"next": ["running"]}}, "queued leads to running, no status"),
        ({"completed": {"next": ["queued"], "terminal": True}}, "completed has to lead on or to be terminal"),
        ({"in_progress": {"next": []}}, "in_progress has to lead on or to be terminal"),
        ({"in_progress": {"next": ["queued"]}}, "requires_action is never reached"),
        (
            {"failed": {"next": [], "terminal": True, "timestamp": "brokenAt"}},
            "failed sets brokenAt, no field",
        ),
        (
            {"failed": {"next": [], "terminal": True, "timestamp": "startedAt"}},
            "two statuses set one timestamp",
        ),
        ({"paused": {"next": ["queued"]}}, "the statuses are not those of the enum"),
    ],
)
def test_a_gap_is_named(change: dict[str, Any], gap: str) -> None:
    schema = deepcopy(SCHEMAS["RunStatus"])
    schema["x-lifecycle"]["statuses"].update(change)
    assert [found for found in gaps(schema, set(SCHEMAS["Run"]["properties"])) if found.startswith(gap)]


@pytest.mark.parametrize("name", OWNERS)
def test_every_kind_of_fact_of_the_lifecycle_has_its_grade(name: str) -> None:
    lifecycle = SCHEMAS[name]["x-lifecycle"]
    kinds = {key for facts in lifecycle["statuses"].values() for key in facts} | {"initial", "deadline"}
    assert set(lifecycle["grades"]) == kinds
    assert set(lifecycle["grades"].values()) <= set(openapi.GRADES)


@pytest.mark.parametrize("grade", openapi.GRADES)
@pytest.mark.parametrize("name", OWNERS)
def test_every_view_has_the_lifecycle_whole(name: str, grade: openapi.Grade) -> None:
    assert openapi.load(grade)["components"]["schemas"][name]["x-lifecycle"] == SCHEMAS[name]["x-lifecycle"]
