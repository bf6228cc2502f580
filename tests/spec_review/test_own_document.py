"""How does the reviewer judge changes to this project's own document?"""

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
    """Typed properties of objects, by component and name, whose own grade or component's grade is this."""
    for name, schema in SCHEMAS.items():
        for field, inner in schema.get("properties", {}).items():
            own = inner.get("x-grade", schema.get("x-grade", "documented"))
            free = not {"enum", "x-assumed", "x-observed"} & set(
                inner
            )  # else no value of another type is left
            if own == grade and free and inner.get("type") in OTHER_TYPE:
                yield name, field


def changed(component: str, field: str) -> list[Change]:
    """What is said where a property gets another type."""
    head = copy.deepcopy(CONTENT)
    schema = head["components"]["schemas"][component]["properties"][field]
    schema["type"] = OTHER_TYPE[schema["type"]]
    return compare(document(CONTENT, "base.json"), document(head, "head.json"))


@pytest.mark.parametrize("place", sorted(graded("assumed"))[::4], ids=".".join)
def test_another_type_of_an_assumed_field_is_told_but_is_no_error(place: tuple[str, str]) -> None:
    changes = changed(*place)
    assert not [change.message for change in changes if change.level == "error"]
    assert [change for change in changes if change.grade == "assumed"]


@pytest.mark.parametrize("place", sorted(graded("documented"))[::7], ids=".".join)
def test_another_type_of_a_documented_field_is_an_error_with_a_proof(place: tuple[str, str]) -> None:
    errors = [change for change in changed(*place) if change.level == "error"]
    assert errors
    assert all(change.proof is not None for change in errors)


def test_every_example_fits_and_nothing_is_said_of_the_document_itself() -> None:
    assert compare(document(CONTENT, "base.json"), document(CONTENT, "head.json")) == []


def test_another_order_says_nothing() -> None:
    head = reordered(CONTENT)
    assert compare(document(CONTENT, "base.json"), document(head, "head.json")) == []


def test_a_step_of_the_run_that_is_gone_is_told_as_the_assumption_it_is() -> None:
    head = copy.deepcopy(CONTENT)
    head["components"]["schemas"]["RunStatus"]["x-lifecycle"]["statuses"]["queued"]["next"].remove(
        "in_progress"
    )
    changes = compare(document(CONTENT, "base.json"), document(head, "head.json"))
    told = next(change for change in changes if change.id == "lifecycle-transition-removed")
    assert (told.level, told.grade) == ("info", "assumed")
    assert told.message == "`RunStatus` can no longer go from `queued` to `in_progress`."


def test_a_status_that_is_not_final_any_more_is_an_error_as_its_meaning_is_documented() -> None:
    head = copy.deepcopy(CONTENT)
    statuses = head["components"]["schemas"]["RunStatus"]["x-lifecycle"]["statuses"]
    statuses["expired"] = {"next": ["queued"]}
    changes = compare(document(CONTENT, "base.json"), document(head, "head.json"))
    assert [change.id for change in changes if change.level == "error"] == ["lifecycle-terminal-changed"]
