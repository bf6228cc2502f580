"""Does the equality of schemas agree with a slow comparison that has no cache?"""

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from spec_review.deep import deep
from spec_review.loading import Document, Source, load
from spec_review.values.equality import Equality

HEAD = {"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {}}
NAMES = [f"S{number}" for number in range(5)]


def document(schemas: dict[str, Any]) -> Document:
    """A document with these components."""
    import json

    return load(Source("a.json", json.dumps({**HEAD, "components": {"schemas": schemas}}).encode()))


def slowly_equal(one: dict[str, Any], other: dict[str, Any], a: Any, b: Any, depth: int) -> bool:
    """Compares both schemas with each `$ref` written out, down to a depth at which any difference shows."""
    if depth == 0:
        return True
    if "$ref" in a and len(a) == 1:
        return slowly_equal(one, other, one[a["$ref"].rpartition("/")[2]], b, depth - 1)
    if "$ref" in b and len(b) == 1:
        return slowly_equal(one, other, a, other[b["$ref"].rpartition("/")[2]], depth - 1)
    if a.keys() != b.keys() or a.get("type") != b.get("type"):
        return False
    names = a.get("properties", {})
    if names.keys() != b.get("properties", {}).keys():
        return False
    pairs = [(names[name], b["properties"][name]) for name in names]
    pairs += [(a["items"], b["items"])] if "items" in a else []
    return all(slowly_equal(one, other, x, y, depth - 1) for x, y in pairs) and all(
        _matched(one, other, a[key], b[key], depth - 1) for key in ("allOf", "anyOf") if key in a
    )


def _matched(one: dict[str, Any], other: dict[str, Any], a: list[Any], b: list[Any], depth: int) -> bool:
    if len(a) != len(b):
        return False
    if not a:
        return True
    return any(
        slowly_equal(one, other, a[0], b[at], depth)
        and _matched(one, other, a[1:], b[:at] + b[at + 1 :], depth)
        for at in range(len(b))
    )


def graphs() -> st.SearchStrategy[dict[str, Any]]:
    """Five schemas that refer to each other: shared, cyclic and nested."""
    references = st.sampled_from(NAMES).map(lambda name: {"$ref": f"#/components/schemas/{name}"})
    leaves = st.one_of(references, st.sampled_from(["string", "integer"]).map(lambda name: {"type": name}))

    def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return st.one_of(
            st.dictionaries(st.sampled_from("ab"), inner, min_size=1).map(lambda p: {"properties": p}),
            inner.map(lambda one: {"items": one}),
            st.lists(inner, min_size=1, max_size=3).map(lambda them: {"anyOf": them}),
            st.lists(inner, min_size=1, max_size=2).map(lambda them: {"allOf": them}),
        )

    shapes = nested(st.one_of(leaves, nested(leaves)))
    return st.fixed_dictionaries(dict.fromkeys(NAMES, shapes))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A graph, and the same graph with some schemas replaced or its names exchanged."""
    one = draw(graphs())
    other = dict(one)
    for name in draw(st.sets(st.sampled_from(NAMES), max_size=2)):
        other[name] = draw(
            st.one_of(st.sampled_from(NAMES).map(lambda key: one[key]), graphs().map(lambda g: g["S0"]))
        )
    return one, other


SHARED = {"$ref": "#/components/schemas/S1"}


@given(pairs())
@settings(max_examples=150, deadline=None)
@example(
    (
        {"S0": {"anyOf": [{"items": SHARED}, {"properties": {"a": SHARED}}]}, "S1": {"type": "string"}},
        {"S0": {"anyOf": [{"properties": {"a": SHARED}}, {"items": SHARED}]}, "S1": {"type": "integer"}},
    )
)
def test_equality_agrees_with_a_slow_comparison(graph: tuple[dict[str, Any], dict[str, Any]]) -> None:
    one, other = graph
    left, right = document(one), document(other)
    equality = Equality()
    for name in one:
        for against in other:
            expected = slowly_equal(one, other, one[name], other[against], 10)
            a, b = (
                at.root.raw("components").raw("schemas").raw(key)
                for at, key in ((left, name), (right, against))
            )
            found = equality.places(a, b)
            assert found == expected or (expected and not found and _later(one, other, name, against))


def _later(one: dict[str, Any], other: dict[str, Any], name: str, against: str) -> bool:
    """Whether a difference shows only at a greater depth."""
    return any(not slowly_equal(one, other, one[name], other[against], depth) for depth in (14, 18))


def test_a_difference_behind_a_thousand_references_is_found() -> None:
    def chain(kind: str) -> dict[str, Any]:
        links = {
            f"S{at}": {"properties": {"next": {"$ref": f"#/components/schemas/S{at + 1}"}}}
            for at in range(3000)
        }
        return {**links, "S3000": {"type": kind}}

    left, right = document(chain("string")), document(chain("integer"))
    first = [at.root.raw("components").raw("schemas").raw("S0") for at in (left, right)]
    assert not deep(lambda: Equality().places(*first))
    assert deep(lambda: Equality().places(first[0], first[0]))
