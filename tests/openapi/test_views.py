"""Does a lower view remove what demands something and keep what permits something?"""

from pathlib import Path
from typing import Any

import pytest

import openapi

View = dict[str, Any]
THING = {
    "required": ["id", "size", "mood"],
    "properties": {
        "id": {"type": "string", "x-assumed": {"minLength": 3}},
        "size": {"type": "integer", "x-grade": "observed", "minimum": 0},
        "mood": {"type": "string", "x-grade": "assumed"},
    },
}


def document(thing: View = THING, **operation: Any) -> View:
    """A small document with one schema and one operation."""
    get = {"operationId": "getThing", "responses": {"200": {"description": "It."}}, **operation}
    return {"paths": {"/thing": {"get": get}}, "components": {"schemas": {"Thing": thing}}}


def thing(grade: openapi.Grade, schema: View = THING) -> View:
    """The schema of the small document at a grade."""
    found: View = openapi.at_grade(document(schema), grade)["components"]["schemas"]["Thing"]
    return found


@pytest.mark.parametrize(
    ("grade", "fields"),
    [("documented", ["id"]), ("observed", ["id", "size"]), ("assumed", ["id", "size", "mood"])],
)
def test_a_field_above_the_grade_is_removed_and_no_longer_required(
    grade: openapi.Grade, fields: list[str]
) -> None:
    seen = thing(grade)
    assert list(seen["properties"]) == fields
    assert seen["required"] == fields


def test_assumed_keywords_are_merged_only_into_the_assumed_view() -> None:
    assert thing("assumed")["properties"]["id"] == {"type": "string", "minLength": 3}
    assert thing("observed")["properties"]["id"] == {"type": "string"}


def test_assumed_required_fields_are_added_once() -> None:
    schema = {"required": ["a"], "properties": {"a": {}, "b": {}}, "x-assumed": {"required": ["b", "a"]}}
    assert thing("assumed", schema)["required"] == ["a", "b"]
    assert thing("documented", schema)["required"] == ["a"]


def test_an_empty_list_of_required_fields_is_removed() -> None:
    schema = {"required": ["mood"], "properties": {"mood": {"x-grade": "assumed"}}}
    assert "required" not in thing("documented", schema)


def test_an_alternative_above_the_grade_is_kept() -> None:
    schema = {"anyOf": [{"type": "string"}, {"type": "object", "x-grade": "observed"}]}
    assert [one["type"] for one in thing("documented", schema)["anyOf"]] == ["string", "object"]


def test_a_member_of_all_of_above_the_grade_is_removed() -> None:
    schema = {"allOf": [{"type": "object"}, {"required": ["a"], "x-grade": "assumed"}]}
    assert thing("documented", schema)["allOf"] == [{"type": "object"}]


def test_a_component_schema_above_the_grade_accepts_everything() -> None:
    assert thing("documented", {"type": "object", "x-grade": "assumed", "required": ["a"]}) == {}


def test_an_operation_above_the_grade_is_removed_with_the_links_to_it() -> None:
    mark: View = {"x-grade": "assumed"}
    graded = document(**mark)
    link = {"$ref": "#/components/links/Get"}
    response = {"description": "It.", "links": {"get": link}}
    graded["paths"]["/other"] = {"get": {"operationId": "getOther", "responses": {"200": response}}}
    graded["components"]["links"] = {"Get": {"operationId": "getThing"}}
    seen = openapi.at_grade(graded, "documented")
    assert "get" not in seen["paths"]["/thing"]
    assert seen["components"]["links"] == {}
    assert seen["paths"]["/other"]["get"]["responses"]["200"].get("links", {}) == {}
    assert openapi.at_grade(graded, "assumed")["components"]["links"] == {"Get": {"operationId": "getThing"}}


def test_a_parameter_above_the_grade_is_removed() -> None:
    graded = document(parameters=[{"name": "a", "in": "query", "required": True, "x-grade": "assumed"}])
    assert not openapi.at_grade(graded, "observed")["paths"]["/thing"]["get"].get("parameters")


def test_a_response_above_the_grade_is_kept_without_its_content() -> None:
    content = {"application/json": {"schema": {"type": "object"}}}
    graded = document(responses={"404": {"x-grade": "observed", "description": "Gone.", "content": content}})
    seen = openapi.at_grade(graded, "documented")["paths"]["/thing"]["get"]["responses"]
    assert seen == {"404": {"description": "Gone."}}


def test_a_mark_in_an_example_is_data() -> None:
    schema = {"type": "object", "example": {"properties": {"x": {"x-grade": "assumed"}}, "required": ["x"]}}
    assert thing("documented", schema)["example"] == schema["example"]


def test_an_extension_of_another_tool_is_copied_as_it_is() -> None:
    schema = {"type": "object", "x-tool": {"x-grade": "none of ours", "properties": None}}
    assert thing("documented", schema) == schema


def test_a_link_without_an_operation_id_is_kept() -> None:
    links = {"get": {"operationRef": "#/paths/~1thing/get"}, "delete": {"operationId": "deleteThing"}}
    linked = document(responses={"200": {"description": "It.", "links": links}})
    response = openapi.at_grade(linked, "documented")["paths"]["/thing"]["get"]["responses"]["200"]
    assert list(response["links"]) == ["get"]


def test_the_original_document_is_not_modified() -> None:
    original = document()
    openapi.at_grade(original, "documented")
    assert original == document()


@pytest.mark.parametrize(
    ("bad", "grade", "message"),
    [
        (document(), "guessed", "'guessed' is not a grade; the grades are documented, observed, assumed"),
        (document({"properties": {"a": {"x-grade": "sure"}}}), "documented", "/a/x-grade: 'sure' is not a"),
        (document({"anyOf": [{"x-grade": ["assumed"]}]}), "documented", "/Thing/anyOf/0/x-grade: "),
        (document({"x-assumed": ["minimum"]}), "documented", "/Thing/x-assumed: is not a mapping"),
        (document({"minimum": 1, "x-assumed": {"minimum": 2}}), "assumed", "/x-assumed/minimum: differs"),
    ],
)
def test_a_wrong_mark_is_refused_in_one_line(bad: View, grade: openapi.Grade, message: str) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        openapi.at_grade(bad, grade)
    assert "\n" not in str(refused.value)


def test_every_load_returns_a_new_copy() -> None:
    openapi.load()["paths"].clear()
    assert openapi.load()["paths"]


def test_a_text_that_is_not_a_mapping_is_refused() -> None:
    with pytest.raises(ValueError, match="an OpenAPI document is a mapping, this is list"):
        openapi.parse("- a\n- b\n")


def test_another_document_can_be_loaded_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "other.yaml"
    path.write_text("paths: {}\ncomponents: {}\n", encoding="utf-8")
    assert openapi.load("documented", path) == {"paths": {}, "components": {}}


def test_the_diagram_has_the_first_status_the_transitions_and_the_ends() -> None:
    lifecycle = {"initial": "a", "statuses": {"a": {"next": ["b"]}, "b": {"next": [], "terminal": True}}}
    drawn = openapi.lifecycle_diagram(document({"x-lifecycle": lifecycle}), "Thing")
    assert drawn == "stateDiagram-v2\n    [*] --> a\n    a --> b\n    b --> [*]"
