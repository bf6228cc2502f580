"""Does the search end for every pair of schemas, and find differences that are hard to find?"""

from time import process_time
from typing import Any

import pytest

from spec_review import compare
from spec_review.values import sampling
from spec_review.values.strings import from_pattern
from tests.spec_review.benchmark import reviewed
from tests.spec_review.labelled import base, document


def reported(one: Any, other: Any, schema: str = "NewParcel", version: str = "3.0.3") -> list[str]:
    """The rule ids that are reported when one schema becomes another."""
    contents = [base(), base()]
    for content, probe in zip(contents, (one, other), strict=True):
        content["openapi"] = version
        content["components"]["schemas"][schema]["properties"]["probe"] = probe
    changes = compare(document(contents[0], "base.json"), document(contents[1], "head.json"))
    return [change.id for change in changes if change.id != "version-not-moved"]


CATASTROPHES = [
    "^(a+)+$",
    "^(a|a)*b$",
    "^(a|aa)+$",
    "^([a-z]+)*@x$",
    "(x+x+)+y",
    "^(?=(a+)+b)a+$",
    "^(?!(a*)*b).*c$",
]


@pytest.mark.parametrize("pattern", CATASTROPHES)
def test_no_pattern_makes_the_search_hang(pattern: str) -> None:
    start = process_time()
    reported({"type": "string"}, {"type": "string", "pattern": pattern})
    reported({"type": "string", "pattern": pattern, "minLength": 60}, {"type": "string", "pattern": "^b+$"})
    assert process_time() - start < 10


def test_a_change_in_a_recursive_schema_is_reported_once() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Depot"}}}
    closed = {
        "type": "object",
        "properties": {"next": {"$ref": "#/components/schemas/Depot"}},
        "maxProperties": 1,
    }
    assert reported(node, closed) == ["request-property-max-properties-lowered"]


def test_the_search_ends_for_a_schema_that_no_value_satisfies() -> None:
    endless = {"allOf": [{"$ref": "#/components/schemas/NewParcel"}], "required": ["probe"]}
    assert reported(endless, endless) == []
    none = {"type": "string", "enum": ["a"], "minLength": 5}
    assert "request-property-max-length-lowered" not in reported(none, {"type": "string", "maxLength": 2})


def test_many_alternatives_stay_within_the_budget() -> None:
    many = [
        {"type": "object", "required": [f"f{n}"], "properties": {f"f{n}": {"type": "string"}}}
        for n in range(40)
    ]
    start = process_time()
    reported({"anyOf": many}, {"anyOf": [*many[1:], {"type": "integer"}]})
    assert process_time() - start < 20


def test_an_unfinished_search_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "BUDGET", 5)
    assert "request-body-search-unfinished" in reported(
        {"type": "string"}, {"type": "string", "maxLength": 3}
    )


NEWER: list[tuple[Any, Any, str]] = [
    ({"type": ["string", "null"]}, {"type": "string"}, "request-property-became-not-nullable"),
    ({"type": "string"}, {"const": "a"}, "request-property-const-set"),
    ({"const": "a"}, {"const": "b"}, "request-property-const-set"),
    ({"type": "integer"}, {"type": "integer", "exclusiveMinimum": 0}, "request-property-minimum-raised"),
    (
        {"type": "array", "prefixItems": [{"type": "string"}]},
        {"type": "array", "prefixItems": [{"type": "string", "maxLength": 3}]},
        "request-property-max-length-lowered",
    ),
    (
        {"type": "object", "properties": {"a": {}, "b": {}}},
        {"type": "object", "properties": {"a": {}, "b": {}}, "dependentRequired": {"a": ["b"]}},
        "request-property-became-required",
    ),
    (
        {"$ref": "#/components/schemas/Depot"},
        {"$ref": "#/components/schemas/Depot", "required": ["name"]},
        "request-property-became-required",
    ),
    (
        {"type": "object"},
        {"type": "object", "propertyNames": {"maxLength": 4}},
        "request-property-constraint-tightened",
    ),
    (
        {"type": "object", "properties": {"a": {"type": "string"}}},
        {"type": "object", "properties": {"a": {"type": "string"}}, "unevaluatedProperties": False},
        "request-property-object-closed",
    ),
    (True, {"type": "string"}, "request-property-type-narrowed"),
    ({"type": "string"}, False, "request-property-exclusion-added"),
]


@pytest.mark.parametrize(("one", "other", "expected"), NEWER, ids=lambda value: str(value)[:60])
def test_keywords_of_openapi_3_1_are_supported(one: Any, other: Any, expected: str) -> None:
    assert expected in reported(one, other, version="3.1.0")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            {"type": "array", "maxItems": 10_000, "items": {}},
            {"type": "array", "maxItems": 9_999, "items": {}},
        ),
        ({"type": "string", "maxLength": 5_000_000}, {"type": "string", "maxLength": 4_999_999}),
        (
            {"type": "string", "pattern": "^[a-z]{3}-[0-9]{4}$"},
            {"type": "string", "pattern": "^[a-y]{3}-[0-9]{4}$"},
        ),
        ({"type": "number", "multipleOf": 0.01}, {"type": "number", "multipleOf": 0.05}),
        ({"type": "array", "items": {}, "minItems": 2}, {"type": "array", "items": {}, "uniqueItems": True}),
    ],
)
def test_large_and_rare_values_are_found(one: Any, other: Any) -> None:
    assert any("request-property" in id_ for id_ in reported(one, other))


@pytest.mark.parametrize(
    "pattern",
    [
        "^[a-z]+$",
        "^\\d{4}-\\d{2}$",
        "^(run|thread)_[0-9a-f]{8}$",
        "^[^/]+$",
        "^a?b*c{2,3}$",
        "^\\w+@\\w+\\.com$",
    ],
)
def test_strings_generated_from_a_pattern_match_it(pattern: str) -> None:
    import re

    generated = from_pattern(pattern)
    assert generated
    assert all(re.search(pattern, text) for text in generated)


def test_the_time_to_compare_grows_linearly_with_the_documents() -> None:
    start = process_time()
    small, _ = reviewed(100)
    middle = process_time()
    large, _ = reviewed(500)
    end = process_time()
    assert sum(len(one.uses) for one in small) < sum(len(one.uses) for one in large)
    assert end - middle < 12 * (middle - start) + 5
