"""Which level do changes to this project's own document get?"""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from openapi import DOCUMENT
from spec_review import compare, load, open_source
from spec_review.change import Change
from tests.spec_review.documents import reordered
from tests.spec_review.labelled import document

CONTENT: dict[str, Any] = load(open_source(str(DOCUMENT))).content
SCHEMAS: dict[str, Any] = CONTENT["components"]["schemas"]
OTHER_TYPE = {
    "string": "integer",
    "integer": "boolean",
    "number": "boolean",
    "boolean": "array",
    "array": "string",
}


def graded(grade: str) -> Iterator[tuple[str, str]]:
    """Component and name of each typed property that has this grade, its own or its component's."""
    for name, schema in SCHEMAS.items():
        for field, inner in schema.get("properties", {}).items():
            own = inner.get("x-grade", schema.get("x-grade", "documented"))
            # Other keywords would leave no value that the new type accepts.
            bare = not {"enum", "x-assumed", "x-observed"} & set(inner)
            if own == grade and bare and inner.get("type") in OTHER_TYPE:
                yield name, field


def changed(component: str, field: str) -> list[Change]:
    """The changes when a property gets another type."""
    head = copy.deepcopy(CONTENT)
    schema = head["components"]["schemas"][component]["properties"][field]
    schema["type"] = OTHER_TYPE[schema["type"]]
    return compare(document(CONTENT, "base.json"), document(head, "head.json"))


@pytest.mark.parametrize("place", sorted(graded("assumed"))[::4], ids=".".join)
def test_another_type_of_an_assumed_property_is_reported_but_not_as_an_error(place: tuple[str, str]) -> None:
    changes = changed(*place)
    assert not [change.message for change in changes if change.level == "error"]
    assert [change for change in changes if change.grade == "assumed"]


@pytest.mark.parametrize("place", sorted(graded("documented"))[::7], ids=".".join)
def test_another_type_of_a_documented_property_is_an_error_with_a_proof(place: tuple[str, str]) -> None:
    errors = [change for change in changed(*place) if change.level == "error"]
    assert errors
    assert all(change.proof is not None for change in errors)


def test_comparing_the_document_with_itself_reports_no_change() -> None:
    assert compare(document(CONTENT, "base.json"), document(CONTENT, "head.json")) == []


def test_another_order_is_no_change() -> None:
    head = reordered(CONTENT)
    assert compare(document(CONTENT, "base.json"), document(head, "head.json")) == []


def test_a_removed_transition_that_is_assumed_is_reported_as_info() -> None:
    head = copy.deepcopy(CONTENT)
    head["components"]["schemas"]["RunStatus"]["x-lifecycle"]["statuses"]["queued"]["next"].remove(
        "in_progress"
    )
    changes = compare(document(CONTENT, "base.json"), document(head, "head.json"))
    change = next(change for change in changes if change.id == "lifecycle-transition-removed")
    assert (change.level, change.grade) == ("info", "assumed")
    assert change.message == "`RunStatus` can no longer go from `queued` to `in_progress`."


def test_a_status_that_is_no_longer_terminal_is_an_error_because_the_fact_is_documented() -> None:
    head = copy.deepcopy(CONTENT)
    statuses = head["components"]["schemas"]["RunStatus"]["x-lifecycle"]["statuses"]
    statuses["expired"] = {"next": ["queued"]}
    changes = compare(document(CONTENT, "base.json"), document(head, "head.json"))
    assert [change.id for change in changes if change.level == "error"] == ["lifecycle-terminal-changed"]
