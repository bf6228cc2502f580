"""Is each change found once that published documents contain and that earlier versions missed or misnamed?"""

import json
from typing import Any

import pytest

from spec_review import compare, load
from spec_review.loading import Source

Content = dict[str, Any]


def request(schema: Any, components: Content | None = None, version: str = "3.1.0") -> Content:
    """A document with one operation whose request body has the schema."""
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    return {
        "openapi": version,
        "info": {"title": "T", "version": "1"},
        "paths": {"/a": {"post": {"operationId": "a", "requestBody": body, "responses": {}}}},
        "components": {"schemas": components or {}},
    }


def errors(base: Content, head: Content) -> list[str]:
    """The rule of each error."""
    documents = [load(Source(f"{name}.json", json.dumps(one))) for name, one in (("a", base), ("b", head))]
    return [change.id for change in compare(*documents) if change.level == "error"]


MODE = {"$ref": "#/components/schemas/Mode"}


def tagged(count: int) -> Content:
    """A union of objects that differ in a constant."""
    kinds = [
        {"type": "object", "required": ["k"], "properties": {"k": {"enum": [f"V{n}"]}}} for n in range(count)
    ]
    return {"oneOf": kinds}


PAIRS = {
    "the target of a reference with a sibling": (
        request({"properties": {"m": {"deprecated": True, **MODE}}}, {"Mode": {"enum": ["a", "b"]}}),
        request({"properties": {"m": {"deprecated": True, **MODE}}}, {"Mode": {"enum": ["a"]}}),
        ["request-property-enum-value-removed"],
    ),
    "a property by pattern": (
        request({"type": "object", "patternProperties": {"^x-": {"type": "string"}}}),
        request({"type": "object", "patternProperties": {"^x-": {"type": "integer"}}}),
        ["request-property-type-narrowed"],
    ),
    "a condition": (
        request({"type": "object", "properties": {"k": {"type": "string"}, "b": {"type": "string"}}}),
        request(
            {
                "type": "object",
                "properties": {"k": {"type": "string"}, "b": {"type": "string"}},
                "if": {"properties": {"k": {"const": "card"}}, "required": ["k"]},
                "then": {"required": ["b"]},
            }
        ),
        ["request-property-became-required"],
    ),
    "nullable alone as a member": (
        request(
            {"anyOf": [MODE, {"nullable": True}]}, {"Mode": {"type": "string", "enum": ["a", "b"]}}, "3.0.1"
        ),
        request({"anyOf": [MODE, {"nullable": True}]}, {"Mode": {"type": "string", "enum": ["a"]}}, "3.0.1"),
        ["request-body-enum-value-removed"],
    ),
    "an alternative of sixty": (
        request(tagged(60)),
        request(tagged(59)),
        ["request-body-alternative-removed"],
    ),
    "a constant of sixty": (
        request({"oneOf": [{"const": f"V{n}"} for n in range(60)]}),
        request({"oneOf": [{"const": f"V{n}"} for n in range(59)]}),
        ["request-body-enum-value-removed"],
    ),
}


@pytest.mark.parametrize(("base", "head", "expected"), PAIRS.values(), ids=PAIRS.keys())
def test_the_cause_is_found_once(base: Content, head: Content, expected: list[str]) -> None:
    assert errors(base, head) == expected
    assert errors(base, base) == []
