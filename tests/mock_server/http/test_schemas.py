"""Is a schema mismatch explained by the field, the rule and the value?"""

from typing import Any

import pytest

from mock_server.http.schemas import compiled, explain, json_schema

STRING_OR_LIST = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "object", "required": ["a"]}}]
}


@pytest.mark.parametrize(
    ("schema", "value", "line"),
    [
        ({"type": "object", "required": ["a"]}, {}, "a: is required"),
        ({"properties": {"a": {"required": ["b"]}}}, {"a": {}}, "a.b: is required"),
        ({"type": "object"}, [1], "body: must be of type object, got [1]"),
        ({"items": {"type": "integer"}}, [1, "x"], '[1]: must be of type integer, got "x"'),
        ({"properties": {"a": {"enum": ["x", "y"]}}}, {"a": 3}, "a: must be one of x, y, got 3"),
        ({"properties": {"a": {"minimum": 1}}}, {"a": 0}, "a: must be at least 1, got 0"),
        ({"properties": {"a": {"maximum": 1}}}, {"a": 2}, "a: must be at most 1, got 2"),
        ({"properties": {"a": {"minItems": 1}}}, {"a": []}, "a: must have at least 1 entries, got []"),
        ({"properties": {"a": STRING_OR_LIST}}, {"a": 3}, "a: must be of type string or array, got 3"),
        ({"properties": {"a": STRING_OR_LIST}}, {"a": [{}]}, "a[0].a: is required"),
        (
            {"properties": {"a": {}}, "additionalProperties": False},
            {"b": 1},
            'b: is not a field here, got {"b":1}',
        ),
        (
            {"properties": {"a": {"type": "string", "nullable": True}}},
            {"a": 1},
            "a: must be of type null or string",
        ),
    ],
)
def test_a_mismatch_is_explained_in_one_line(schema: dict[str, Any], value: Any, line: str) -> None:
    validator = compiled(schema)
    assert not validator.is_valid(value)
    assert explain(next(validator.iter_errors(value))).startswith(line)


def test_a_long_value_is_truncated() -> None:
    error = next(compiled({"type": "integer"}).iter_errors("x" * 10_000))
    assert len(explain(error)) < 300


def test_other_rules_are_explained_by_the_validator() -> None:
    error = next(compiled({"properties": {"a": {"pattern": "^b"}}}).iter_errors({"a": "c"}))
    assert explain(error).startswith("a: ")


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"enum": ["a"], "nullable": True}, {"enum": ["a", None]}),
        ({"type": "string", "nullable": False}, {"type": "string"}),
        (
            {"properties": {"nullable": {"nullable": True, "type": "string"}}},
            {"properties": {"nullable": {"type": ["string", "null"]}}},
        ),
        ({"type": "string", "example": 1, "default": 2, "x-own": 3}, {"type": "string"}),
        ({"properties": {"example": {"type": "string"}}}, {"properties": {"example": {"type": "string"}}}),
        ({"anyOf": [{"type": "string", "nullable": True}]}, {"anyOf": [{"type": ["string", "null"]}]}),
        ({"additionalProperties": False}, {"additionalProperties": False}),
    ],
)
def test_an_openapi_schema_becomes_json_schema(schema: dict[str, Any], expected: dict[str, Any]) -> None:
    assert json_schema(schema) == expected
