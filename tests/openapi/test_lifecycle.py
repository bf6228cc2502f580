"""Is every lifecycle complete: is each status known, reachable, and either terminal or with a next status?"""

from copy import deepcopy
from typing import Any

import pytest

import openapi

SCHEMAS = openapi.load("assumed")["components"]["schemas"]
OWNERS = {"RunStatus": "Run", "RunStepStatus": "RunStep"}


def reachable(lifecycle: dict[str, Any]) -> set[str]:
    """The statuses that can be reached from the first status."""
    found: set[str] = set()
    pending = [lifecycle["initial"]]
    while pending:
        status = pending.pop()
        if status not in found:
            found.add(status)
            pending += lifecycle["statuses"].get(status, {"next": []})["next"]
    return found


def gaps(schema: dict[str, Any], fields: set[str]) -> list[str]:
    """The gaps in the lifecycle of a status schema, one line each."""
    lifecycle, statuses = schema["x-lifecycle"], schema["x-lifecycle"]["statuses"]
    found = [] if list(statuses) == schema["enum"] else ["the statuses differ from the enum"]
    found += [f"{status} cannot be reached" for status in statuses if status not in reachable(lifecycle)]
    for status, facts in statuses.items():
        unknown = [after for after in facts["next"] if after not in statuses]
        found += [f"{status} leads to {after}, which is not a status" for after in unknown]
        if bool(facts.get("terminal")) is bool(facts["next"]):
            found.append(f"{status} must be terminal or have a next status, not both")
        if (field := facts.get("timestamp", lifecycle["deadline"])) not in fields:
            found.append(f"{status} sets {field}, which is not a field")
    stamps = [facts["timestamp"] for facts in statuses.values() if "timestamp" in facts]
    return found + ([] if len(stamps) == len(set(stamps)) else ["two statuses set the same timestamp"])


@pytest.mark.parametrize("name", OWNERS)
def test_the_lifecycle_is_complete(name: str) -> None:
    assert gaps(SCHEMAS[name], set(SCHEMAS[OWNERS[name]]["properties"])) == []


@pytest.mark.parametrize(
    ("change", "gap"),
    [
        ({"queued": {"next": ["running"]}}, "queued leads to running, which is not a status"),
        (
            {"completed": {"next": ["queued"], "terminal": True}},
            "completed must be terminal or have a next status",
        ),
        ({"in_progress": {"next": []}}, "in_progress must be terminal or have a next status"),
        ({"in_progress": {"next": ["queued"]}}, "requires_action cannot be reached"),
        (
            {"failed": {"next": [], "terminal": True, "timestamp": "brokenAt"}},
            "failed sets brokenAt, which is not a field",
        ),
        (
            {"failed": {"next": [], "terminal": True, "timestamp": "startedAt"}},
            "two statuses set the same timestamp",
        ),
        ({"paused": {"next": ["queued"]}}, "the statuses differ from the enum"),
    ],
)
def test_a_gap_is_reported(change: dict[str, Any], gap: str) -> None:
    schema = deepcopy(SCHEMAS["RunStatus"])
    schema["x-lifecycle"]["statuses"].update(change)
    assert [found for found in gaps(schema, set(SCHEMAS["Run"]["properties"])) if found.startswith(gap)]


@pytest.mark.parametrize("name", OWNERS)
def test_every_kind_of_fact_in_the_lifecycle_has_a_grade(name: str) -> None:
    lifecycle = SCHEMAS[name]["x-lifecycle"]
    kinds = {key for facts in lifecycle["statuses"].values() for key in facts} | {"initial", "deadline"}
    assert set(lifecycle["grades"]) == kinds
    assert set(lifecycle["grades"].values()) <= set(openapi.GRADES)


@pytest.mark.parametrize("grade", openapi.GRADES)
@pytest.mark.parametrize("name", OWNERS)
def test_every_view_has_the_whole_lifecycle(name: str, grade: openapi.Grade) -> None:
    assert openapi.load(grade)["components"]["schemas"][name]["x-lifecycle"] == SCHEMAS[name]["x-lifecycle"]
