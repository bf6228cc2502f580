"""Does every fact of the document have the right grade?"""

from typing import Any

import pytest

import openapi
from tests.openapi.reading import METHODS, fields, nodes, schemas

View = dict[str, Any]
KEYWORDS = (
    "enum exclusiveMaximum exclusiveMinimum format maxItems maxLength maxProperties maximum minItems "
    "minLength minProperties minimum multipleOf nullable pattern required type uniqueItems"
)
# The fields that the vendor's reference states: the documented view contains these and no others.
LIST = "object data firstId lastId hasMore"
ENDS = "createdAt expiresAt cancelledAt completedAt failedAt"
DOCUMENTED = {
    "Attachment": "fileId tools",
    "AttachmentTool": "id name type function openapiSpec openapiActionData",
    "CreateMessageRequest": "role content attachments runId metadata",
    "CreateRunRequest": "model assistantId instructions additionaInstructions tools metadata temperature "
    "topP stream maxPromptTokens maxCompletionTokens truncationStrategy",
    "CreateThreadRequest": "messages metadata title datasetId toolResources",
    "ImageFile": "fileId detail",
    "ImageUrl": "url detail",
    "LastError": "",
    "Message": "id object createdAt threadId role content attachments assistantId runId metadata",
    "MessageContent": "type text imageFile imageUrl",
    "MessageList": LIST,
    "ModifyRunRequest": "metadata",
    "ModifyThreadRequest": "title metadata",
    "RequiredAction": "",
    "Run": "id object startedAt assistantId threadId status requiredAction lastError usage model "
    f"instructions tools fileIds metadata {ENDS}",
    "RunList": LIST,
    "RunStep": "id object assistantId threadId runId type status stepDetails lastError metadata usage "
    f"{ENDS}",
    "RunStepList": LIST,
    "StepDetails": "",
    "Thread": "id object createdAt metadata title toolResources",
    "ThreadList": LIST,
    "Tool": "",
    "ThreadMessageInput": "id object createdAt threadId assistantId runId role content attachments metadata",
    "ToolResources": "codeInterpreter fileSearch",
    "TruncationStrategy": "",
    "Usage": "",
    "VectorStore": "fileIds metadata",
}
PARENTS = (
    "properties",
    "schemas",
    "responses",
    "content",
    "headers",
    "parameters",
    "anyOf",
    "oneOf",
    "allOf",
)


def graded(document: View) -> dict[str, str]:
    """The grades of the document's marks, by pointer."""
    return {
        pointer: node["x-grade"]
        for pointer, node in nodes(document)
        if isinstance(node, dict) and "x-grade" in node and not pointer.endswith("/properties")
    }


def test_every_mark_is_a_grade_below_documented(written: View) -> None:
    marks = graded(written)
    assert len(marks) > 40
    assert {pointer: grade for pointer, grade in marks.items() if grade not in openapi.GRADES[1:]} == {}


def test_a_mark_is_only_where_a_view_can_remove_a_fact(written: View) -> None:
    wrong = [
        pointer
        for pointer in graded(written)
        if pointer.split("/")[-2] not in PARENTS and pointer.split("/")[-1] not in METHODS
    ]
    assert wrong == []


def test_a_mark_inside_a_marked_fact_has_a_lower_grade(written: View) -> None:
    marks = graded(written)
    wrong = [
        f"{pointer} is {grade} inside {parent}"
        for pointer, grade in marks.items()
        for parent, above in marks.items()
        if pointer.startswith(f"{parent}/") and openapi.GRADES.index(grade) <= openapi.GRADES.index(above)
    ]
    assert wrong == []


@pytest.mark.parametrize("key", ["x-assumed", "x-observed"])
def test_graded_keywords_are_schema_keywords(key: str, written: View) -> None:
    holders = [
        (pointer, node[key]) for pointer, node in nodes(written) if isinstance(node, dict) and key in node
    ]
    assert holders
    known = {pointer for pointer, _ in schemas(written)}
    assert [pointer for pointer, _ in holders if pointer not in known] == []
    assert {
        pointer: unknown for pointer, extra in holders if (unknown := set(extra) - set(KEYWORDS.split()))
    } == {}


def test_a_required_field_exists_at_every_grade(view: View) -> None:
    wrong = {
        pointer: missing
        for pointer, schema in schemas(view)
        if "properties" in schema and (missing := set(schema.get("required", [])) - set(schema["properties"]))
    }
    assert wrong == {}


def test_enum_grades_are_for_values_of_the_enum(written: View) -> None:
    for pointer, schema in schemas(written):
        grades = schema.get("x-enum-grade", {})
        assert set(grades) <= set(schema.get("enum", [])), pointer
        assert set(grades.values()) <= set(openapi.GRADES[1:]), pointer


@pytest.mark.parametrize("name", sorted(DOCUMENTED))
def test_the_documented_view_has_exactly_the_documented_fields(name: str) -> None:
    document = openapi.load("documented")
    schema = document["components"]["schemas"][name]
    assert set(fields(document, schema)) == set(DOCUMENTED[name].split())


def test_bounds_that_no_page_states_are_assumed(fullest: View) -> None:
    bounds = {"minimum", "maximum"}
    for name, field in fullest["components"]["schemas"]["CreateRunRequest"]["properties"].items():
        expected = {"temperature": bounds, "topP": bounds, "maxPromptTokens": {"minimum"}}
        expected["maxCompletionTokens"] = {"minimum"}
        assert bounds & set(field) == expected.get(name, set()), name
    documented = openapi.load("documented")["components"]["schemas"]["CreateRunRequest"]["properties"]
    assert [name for name, field in documented.items() if bounds & set(field)] == []


def test_the_documented_view_demands_nothing_from_errors_and_events(written: View) -> None:
    documented = openapi.load("documented")
    for name in written["components"]["responses"]:
        assert "content" not in documented["components"]["responses"][name], name
    assert documented["components"]["schemas"]["RunStreamEvent"].keys() <= {"description"}
