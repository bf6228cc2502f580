"""Does a review of hostile documents end within its bounds, and say what it left out?"""

import json
from collections.abc import Callable
from time import process_time
from typing import Any

import pytest

from spec_review import compare, load
from spec_review.loading import Source
from spec_review.values import sampling

Content = dict[str, Any]
MOST_SECONDS = 20.0


def document(schema: Content, components: dict[str, Content]) -> Content:
    """A document whose request and response have the schema."""
    body = {"content": {"application/json": {"schema": schema}}}
    operation = {"operationId": "a", "requestBody": body, "responses": {"200": {"description": "D.", **body}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "T", "version": "1.0.0"},
        "paths": {"/a": {"post": operation}},
        "components": {"schemas": components},
    }


def to(name: str) -> Content:
    """A reference to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


def wide_union(bound: int) -> Content:
    """A union of 400 objects."""
    members = [
        {
            "type": "object",
            "required": [f"p{n}"],
            "properties": {f"p{n}": {"maxLength": bound if n % 2 else 5}},
        }
        for n in range(400)
    ]
    return document({"oneOf": members}, {})


def mesh(bound: int) -> Content:
    """Forty schemas, each of which refers to all of them."""
    references = {f"r{n}": to(f"S{n}") for n in range(40)}
    return document(
        to("S0"),
        {
            f"S{n}": {"properties": {**references, "x": {"type": "integer", "maximum": bound + n}}}
            for n in range(40)
        },
    )


def chain(bound: int) -> Content:
    """A chain of 3,000 required references."""
    links: dict[str, Content] = {
        f"C{n}": {"type": "object", "required": ["n"], "properties": {"n": to(f"C{n + 1}")}}
        for n in range(3000)
    }
    return document(to("C0"), {**links, "C3000": {"type": "string", "maxLength": bound}})


def triples(bound: int) -> Content:
    """Unions of three, 29 levels deep."""
    levels: dict[str, Content] = {
        f"T{n}": {"anyOf": [to(f"T{n + 1}"), to(f"T{n + 1}"), {"required": [f"z{n}"]}]} for n in range(29)
    }
    last = {"type": "object", "properties": {"e": {"type": "string", "maxLength": bound}}}
    return document(to("T0"), {**levels, "T29": last})


@pytest.mark.parametrize("made", [wide_union, mesh, chain, triples])
def test_a_review_ends_and_says_what_it_left_out(
    made: Callable[[int], Content], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "SECONDS", 3.0)
    monkeypatch.setattr(sampling, "PROOF_SECONDS", 1.0)
    base, head = (load(Source(f"{bound}.json", json.dumps(made(bound)).encode())) for bound in (9, 7))
    start = process_time()
    changes = compare(base, head)
    assert process_time() - start < MOST_SECONDS
    assert changes, "nothing is not an answer: the documents differ"
