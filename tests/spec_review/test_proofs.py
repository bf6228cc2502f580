"""Are the proofs valid? A second validator, jsonschema, checks them."""

import json
import shlex
from typing import Any

import jsonschema
import pytest

from spec_review import Change, compare
from spec_review.loading import Document
from spec_review.proof import as_json
from spec_review.values.convert import Converter
from spec_review.values.schema import View, schema_of
from spec_review.values.shrink import shrink
from tests.spec_review.labelled import Labelled, base, document, labelled, patch

PROBED = [pair for pair in labelled() if pair.verdict == "breaking" and "probe" in json.dumps(pair.base)][::2]


def accepts(side: Document, schema: str, way: Any, value: Any) -> bool:
    """Whether a component accepts a value according to the jsonschema library."""
    cursor = side.root.get("components", "schemas", schema)
    converted = Converter(exactly_one=True).whole(schema_of(cursor, View(way, "full"))).schema
    checker = jsonschema.FormatChecker(["date", "date-time", "uuid", "email", "ipv4"])
    checker.checks("uuid")(lambda text: not isinstance(text, str) or len(text) == 36)
    checker.checks("uri")(lambda text: not isinstance(text, str) or ":" in text)
    checker.checks("byte")(lambda text: not isinstance(text, str) or (len(text) % 4 == 0 and text.isascii()))
    return jsonschema.Draft202012Validator(converted, format_checker=checker).is_valid(value)


@pytest.mark.parametrize("pair", PROBED, ids=lambda pair: pair.name)
def test_a_proof_is_accepted_by_one_document_and_rejected_by_the_other(pair: Labelled) -> None:
    one, other = pair.documents()
    errors = [change for change in compare(one, other) if change.level == "error" and change.searched]
    assert errors
    for change in errors:
        assert change.proof is not None, change.message
        way = change.direction
        schema = "NewParcel" if way == "request" else "Parcel"
        accepting, rejecting = (one, other) if way == "request" else (other, one)
        value = change.proof.value
        if way == "response" and "data" in value:
            value = value["data"][0]
        assert accepts(accepting, schema, way, value)
        assert not accepts(rejecting, schema, way, value)


def test_every_schema_error_of_the_labelled_pairs_has_a_proof() -> None:
    searched = [
        change
        for pair in list(labelled())[::5]
        for change in compare(*pair.documents())
        if change.level == "error"
    ]
    schema_level = [change for change in searched if change.searched]
    assert len([change for change in schema_level if change.proof is not None]) >= 0.95 * len(schema_level)


def error(changes: dict[str, Any]) -> Change:
    """The first error of the patched base document."""
    head = base()
    patch(head, changes)
    found = compare(document(base(), "base.yaml"), document(head, "head.yaml"))
    return next(change for change in found if change.level == "error")


def test_a_request_is_shown_as_a_complete_curl_command() -> None:
    proof = error({"/components/parameters/Limit/schema/maximum": 99}).proof
    assert proof is not None
    assert proof.kind == "curl"
    words = shlex.split(proof.text)
    assert words[0] == "curl"
    assert words[1] == "https://parcels.example/v1/parcels?limit=100&depot=a"
    assert words[2:] == ["-H", "X-Key: $KEY"]
    assert proof.refusal == "100 is greater than the maximum of 99"


def test_a_body_is_minimal() -> None:
    proof = error({"/components/schemas/NewParcel/required": ["city", "note"]}).proof
    assert proof is not None
    words = shlex.split(proof.text)
    assert words[:4] == ["curl", "-X", "POST", "https://parcels.example/v1/parcels"]
    assert words[words.index("-H", 6) + 1] == "Content-Type: application/json"
    assert json.loads(words[-1]) == {"city": ""}


def test_a_long_string_is_written_as_a_repetition_that_the_shell_expands() -> None:
    proof = error({"$NewParcel/note/maxLength": 150}).proof
    assert proof is not None
    assert proof.value == {"city": "", "note": "a" * 151}
    assert "'a' * 151" in shlex.split(proof.text)[2]
    assert len(proof.text) < 300


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"/paths/~1depots/get": "<gone>"}, "curl https://parcels.example/v1/depots"),
        ({"/paths/~1parcels/get/parameters/5/required": True}, "depot=a"),
        ({"/components/securitySchemes/key/name": "X-New"}, 'X-Key: $KEY"'),
    ],
)
def test_a_structural_error_shows_a_request_that_now_fails(changes: dict[str, Any], shown: str) -> None:
    proof = error(changes).proof
    assert proof is not None
    assert shown in proof.text


def test_a_response_is_shown_with_status_and_media_type() -> None:
    proof = error({"/components/schemas/Problem/required": "<gone>"}).proof
    assert proof is not None
    assert (
        proof.text.splitlines()[:3] == ["HTTP/1.1 400", "Content-Type: application/json", ""]
        or "500" in proof.text
    )
    assert json.loads(proof.text.split("\n\n", 1)[1]) == {}


def test_a_header_is_shown_as_a_header() -> None:
    proof = error({"/paths/~1parcels/get/responses/200/headers/X-Total/schema/type": "string"}).proof
    assert proof is not None
    assert proof.text.startswith("HTTP/1.1 200\nX-Total: ")


def test_a_change_without_a_counterexample_is_reported_as_such() -> None:
    head = base()
    patch(head, {"$NewParcel/city/pattern": "^(b|a)$"})
    start = base()
    patch(start, {"$NewParcel/city/pattern": "^(a|b)$"})
    found = compare(document(start, "base.yaml"), document(head, "head.yaml"))
    change = next(change for change in found if change.id == "request-property-pattern-changed")
    assert change.note == "no counterexample found"


def test_shrinking_removes_what_is_not_needed() -> None:
    large = {"a": [1, 2, {"deep": "text", "more": 1}], "b": "long text", "c": None}
    assert shrink(large, lambda value: isinstance(value, dict) and "b" in value) == {"b": "l"}
    assert shrink([1, 2, 3], lambda value: isinstance(value, list)) == []


def test_a_long_run_in_readable_json_is_replaced_by_its_length() -> None:
    assert as_json({"a": "x" * 500}) == '{\n "a": "xxxxxxxxxxxxxxxxxxxx…" /* 500 characters */\n}'
