"""Which properties hold for the comparison of any documents?"""

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spec_review import Change, compare
from tests.spec_review.documents import REFACTORINGS, Content, documents, schemas
from tests.spec_review.labelled import document

calm = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


def changes(one: Content, other: Content) -> list[Change]:
    """The changes from one document to the other."""
    return compare(document(one, "base.json"), document(other, "head.json"))


@calm
@given(documents())
def test_comparing_a_document_with_itself_reports_no_change(content: Content) -> None:
    assert changes(content, copy.deepcopy(content)) == []


@pytest.mark.parametrize("refactoring", REFACTORINGS, ids=lambda one: one.__name__)
@calm
@given(content=documents())
def test_a_refactoring_is_no_change_in_either_direction(refactoring: Any, content: Content) -> None:
    assert changes(content, refactoring(content)) == []
    assert changes(refactoring(content), content) == []


@calm
@given(content=documents(), schema=schemas())
def test_a_change_that_breaks_requests_is_compatible_in_reverse(content: Content, schema: Content) -> None:
    one, other = copy.deepcopy(content), copy.deepcopy(content)
    for half in (one, other):
        half["paths"]["/things/{id}"]["post"]["responses"] = {"204": {"description": "Made."}}
    media = other["paths"]["/things/{id}"]["post"]["requestBody"]["content"]["application/json"]
    media["schema"] = schema
    there = {narrowed(change) for change in changes(one, other) if change.level == "error"}
    back = {narrowed(change) for change in changes(other, one) if change.level == "info"}
    assert there - {None} <= back | {None}


def narrowed(change: Change) -> tuple[str, str] | None:
    """The place and keyword of a change, equal in both directions; None for other kinds of change."""
    families = ("type", "nullable", "enum-value", "minimum", "maximum", "max-length", "format", "max-items")
    family = next((word for word in families if f"-{word}" in change.id), None)
    where = change.message.split(" in the request body")[0].split(" no longer")[0].split(" now also")[0]
    return (where, family) if family else None


@calm
@given(content=documents(), schema=schemas())
def test_a_schema_change_breaks_requests_exactly_if_its_reverse_breaks_responses(
    content: Content, schema: Content
) -> None:
    asked, answered = copy.deepcopy(content), copy.deepcopy(content)
    for half in (asked, answered):
        post = half["paths"]["/things/{id}"]["post"]
        post["requestBody"]["content"]["application/json"]["schema"] = {"type": "string"}
        post["responses"]["200"]["content"]["application/json"]["schema"] = {"type": "string"}
    head_asked, head_answered = copy.deepcopy(asked), copy.deepcopy(answered)
    head_asked["paths"]["/things/{id}"]["post"]["requestBody"]["content"]["application/json"]["schema"] = (
        schema
    )
    answers = head_answered["paths"]["/things/{id}"]["post"]["responses"]["200"]["content"]
    answers["application/json"]["schema"] = schema
    breaks_asked = any(change.level == "error" for change in changes(asked, head_asked))
    breaks_back = any(change.level == "error" for change in changes(head_answered, answered))
    assert breaks_asked == breaks_back


@calm
@given(content=documents(), level=st.sampled_from(["assumed", "observed"]))
def test_removing_an_assumed_operation_breaks_no_client(content: Content, level: str) -> None:
    head = copy.deepcopy(content)
    content["paths"]["/things/{id}"]["post"]["x-grade"] = level
    head["paths"] = {}
    found = changes(content, head)
    assert any(change.level == "error" for change in found) == (level == "observed")
