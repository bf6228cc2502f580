"""Is each change found once that published documents contain and that earlier versions missed or misnamed?"""

import json
from typing import Any

import pytest

from spec_review import compare
from tests.spec_review.labelled import document

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
    documents = [document(one, f"{name}.json") for name, one in (("a", base), ("b", head))]
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


def changes(base: Content, head: Content) -> dict[str, str]:
    """The level of each change by its message."""
    documents = [document(one, f"{name}.json") for name, one in (("a", base), ("b", head))]
    return {change.message: change.level for change in compare(*documents)}


def constants(*values: int) -> Content:
    """An enumeration written as a union of constants."""
    return {"type": "integer", "oneOf": [{"const": one} for one in values]}


def answer(schema: Any) -> Content:
    """A document with one operation whose response has the schema."""
    content = request({"type": "string"})
    body = {"200": {"description": "D.", "content": {"application/json": {"schema": schema}}}}
    content["paths"]["/a"]["post"]["responses"] = body
    return content


def test_a_constant_that_another_replaces_is_the_one_change() -> None:
    found = changes(answer(constants(1, 2, 3, 4)), answer(constants(1, 3, 4, 6)))
    assert found == {
        "The 200 response may now be 6.": "error",
        "The 200 response can no longer be 2.": "info",
    }


def test_a_union_without_members_accepts_nothing() -> None:
    assert changes(request(constants()), request(constants(1))) == {
        "The request body now also accepts 1.": "info"
    }
    assert set(changes(request(constants(1)), request(constants())).values()) == {"error"}


def test_all_values_of_an_enum_are_counted_in_the_text_and_listed_in_the_data() -> None:
    values = [f"v{number}" for number in range(60)]
    base, head = (answer({"type": "string", "enum": listed}) for listed in (values[:20], values))
    documents = [document(one, f"{name}.json") for name, one in (("a", base), ("b", head))]
    [change] = compare(*documents)
    assert change.message.endswith("`v27` or 32 more values.")
    assert json.loads(change.new) == values


def test_a_stated_type_is_a_warning_where_properties_mean_it() -> None:
    untyped = {"properties": {"a": {"type": "string"}}}
    assert changes(request(untyped), request({"type": "object", **untyped})) == {
        "The request body now states its type, `object`.": "warning"
    }


def test_a_type_that_is_added_to_everything_is_one_error() -> None:
    assert errors(request({}), request({"type": "string"})) == ["request-body-type-narrowed"]


def test_the_encoding_of_a_new_field_is_no_change() -> None:
    base, head = (
        request({"type": "object", "properties": {}}),
        request({"type": "object", "properties": {"a": {"type": "array", "items": {"type": "string"}}}}),
    )
    for content in (base, head):
        body = content["paths"]["/a"]["post"]["requestBody"]
        body["content"] = {"application/x-www-form-urlencoded": body["content"]["application/json"]}
    media = head["paths"]["/a"]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]
    media["encoding"] = {"a": {"style": "deepObject", "explode": True}}
    assert errors(base, head) == []


def test_a_closed_response_that_gains_a_field_is_a_warning() -> None:
    closed = {"type": "object", "additionalProperties": False, "properties": {"a": {"type": "string"}}}
    wider = {**closed, "properties": {**closed["properties"], "b": {"type": "string"}}}
    assert changes(answer(closed), answer(wider)) == {
        "The 200 response may now have the property `b`.": "warning",
    }


def test_scopes_that_are_newly_listed_are_a_warning() -> None:
    base, head, more = (request({"type": "string"}) for _ in range(3))
    scheme = {"type": "oauth2", "flows": {}}
    for content, scopes in ((base, []), (head, ["read"]), (more, ["read", "write"])):
        content["components"]["securitySchemes"] = {"o": scheme}
        content["security"] = [{"o": scopes}]
    assert set(changes(base, head).values()) == {"warning"}
    assert set(changes(head, more).values()) == {"error"}


def test_the_same_edit_in_many_operations_is_one_change_with_its_uses() -> None:
    base, head = request({"type": "string"}), request({"type": "string"})
    for content in (base, head):
        operation = content["paths"]["/a"]["post"]
        content["paths"] = {f"/a{n}": {"get": {**operation, "operationId": f"o{n}"}} for n in range(30)}
    limit = {"in": "query", "name": "limit", "schema": {"type": "integer"}}
    for item in head["paths"].values():
        item["get"]["parameters"] = [limit]
    documents = [document(one, f"{name}.json") for name, one in (("a", base), ("b", head))]
    [change] = compare(*documents)
    assert change.id == "request-parameter-added"
    assert len(change.uses) == 30


def test_two_properties_with_the_same_change_have_different_fingerprints() -> None:
    base, head = (
        request(
            {"type": "object", "properties": {name: {"type": "string", "maxLength": most} for name in "ab"}}
        )
        for most in (9, 5)
    )
    documents = [document(one, f"{name}.json") for name, one in (("a", base), ("b", head))]
    found = [change.fingerprint for change in compare(*documents) if change.level == "error"]
    assert len(set(found)) == len(found) == 2


def test_the_refusal_of_a_proof_is_that_of_the_changed_place() -> None:
    base, head = (
        request(
            {
                "type": "object",
                "required": ["a", "b"],
                "properties": {
                    "a": {"type": "string", "minLength": least},
                    "b": {"type": "string", "maxLength": most},
                },
            }
        )
        for least, most in ((0, 9), (1, 5))
    )
    documents = [document(one, f"{name}.json") for name, one in (("a", base), ("b", head))]
    refusals = {change.id: change.proof.refusal for change in compare(*documents) if change.proof}
    assert "longer than 5 characters" in refusals["request-property-max-length-lowered"]
    assert "shorter than 1 character" in refusals["request-property-min-length-raised"]


def large(values: list[str], extra: str = "") -> Content:
    """A document with a graph of a hundred schemas that all lead to one another, and one enum."""
    names = [f"S{number}" for number in range(100)]
    reference = {name: {"$ref": f"#/components/schemas/{name}"} for name in names}
    components = {
        name: {
            "type": "object",
            "required": ["id"],
            "properties": {
                "id": {"type": "string"},
                **{near: {"anyOf": [{"type": "string"}, reference[near]]} for near in names[at : at + 4]},
            },
        }
        for at, name in enumerate(names)
    }
    components["S99"]["properties"]["back"] = reference["S0"]
    components["S99"]["properties"]["kind"] = {"type": "string", "enum": values}
    if extra:
        components["S50"]["properties"][extra] = {"type": "integer"}
    return {**answer(reference["S0"]), "components": {"schemas": components}}


def test_a_change_far_away_in_a_large_graph_is_found_with_a_proof() -> None:
    documents = [
        document(one, f"{name}.json")
        for name, one in (("a", large(["a"])), ("b", large(["a", "b"], "extra")))
    ]
    found = {change.id: change for change in compare(*documents)}
    assert set(found) == {"response-property-enum-value-added", "response-property-added"}
    proof = found["response-property-enum-value-added"].proof
    assert proof is not None
    assert '"kind": "b"' in proof.text


def test_a_proof_keeps_the_property_that_it_is_about_when_several_are_refused() -> None:
    fields = {name: {"type": "string"} for name in ("bic", "currency", "iban")}
    closed = {"type": "object", "additionalProperties": False}
    base = {**closed, "properties": fields, "required": ["currency"]}
    head = {**closed, "properties": {"iban": fields["iban"]}}
    both = [
        request({"type": "object", "required": ["account"], "properties": {"account": schema}})
        for schema in (base, head)
    ]
    found = compare(document(both[0], "a.json"), document(both[1], "b.json"))
    proofs = {change.old: change.proof for change in found if change.id == "request-property-refused"}
    assert set(proofs) == {"bic", "currency"}
    assert all(proof and name in proof.refusal for name, proof in proofs.items())
