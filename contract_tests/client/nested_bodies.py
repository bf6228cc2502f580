"""Which bodies have one special value inside their fields? They are built from the document."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from contract_tests.client.samples import valid_body, value_of
from contract_tests.document import Operation, View, document

_UNREAD = frozenset({"attachments", "toolResources", "imageFile", "imageUrl", "datasetId"})
_UNREAD |= {"id", "object", "createdAt", "threadId", "assistantId", "runId"}
ITEM = 0
"""A step into a list, to its only entry."""
_WRONG: Mapping[str, tuple[Any, ...]] = {
    "enum": ("sideways", 12345),
    "string": (12345, {"a": 1}),
    "number": ("hot",),
    "integer": ("many",),
    "boolean": ("sometimes",),
    "array": ({"a": 1}, "text"),
    "object": ("text", [1]),
    "choice": (12345,),
}
Path = tuple[str | int, ...]


def wrong_inside(operation: Operation, model: str, deepest: int) -> Iterator[dict[str, Any]]:
    """For each place inside a field the valid body with values of wrong types there."""
    view = document().documented
    schema = view.request_schema(operation.id)
    base = valid_body(operation, model=model) or {}
    for path, place in places(view, schema):
        kind = "enum" if "enum" in place else str(place["type"])
        # A service may leave such a place unread, and each body that it takes would start a run.
        unread = operation.starts_run and bool(_UNREAD & {*path})
        if 1 < len(path) <= deepest and not unread:
            yield from ({**base, **_with(view, schema, path, wrong)} for wrong in _WRONG[kind])


def assumed_wrong(operation: Operation, model: str) -> Iterator[dict[str, Any]]:
    """Bodies that break assumptions alone: a wrong type at a place, or an entry without what it needs."""
    view, known = document().assumed, document().documented
    schema, base = view.request_schema(operation.id), valid_body(operation, model=model) or {}
    documented = {path for path, _ in places(known, known.request_schema(operation.id))}
    for path, place in places(view, schema):
        if len(path) > 1 and path not in documented:
            kind = "enum" if "enum" in place else str(place["type"])
            yield {**base, **_with(view, schema, path, _WRONG[kind][0])}
        own = view.properties(place) if path[-1] == ITEM else {}
        for name in _needed(own):
            entry = {one: value_of(view, one, own[one]) for one in _needed(own) if one != name}
            yield {**base, **_with(view, schema, path, entry)}


def every_word(operation: Operation, model: str) -> Iterator[dict[str, Any]]:
    """For each place with a list of words the valid body with each of the words there."""
    view = document().assumed
    schema, base = view.request_schema(operation.id), valid_body(operation, model=model) or {}
    for path, place in places(view, schema):
        yield from ({**base, **_with(view, schema, path, word)} for word in place.get("enum", ()))


def with_nulls(operation: Operation, model: str) -> Iterator[dict[str, Any]]:
    """The valid body with null in all other fields, and with null at all places inside its fields."""
    view, base = document().documented, valid_body(operation, model=model) or {}
    names = view.properties(view.request_schema(operation.id))
    yield {**dict.fromkeys(names), **base}
    for flat in (False, True):
        filled = _filled(view, view.request_schema(operation.id), flat=flat)
        yield {**filled, **{name: value for name, value in base.items() if name != "content"}}


def places(view: View, schema: Any, path: Path = ()) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Every place in a schema that has one type: its path, and its own schema."""
    plain = view.resolve(schema) or {}
    lists = [part for part in map(view.resolve, plain.get("anyOf", ())) if part.get("type") == "array"]
    plain = lists[0] if lists else plain
    if path and "type" in plain:
        yield path, {"type": "choice"} if lists else plain
    if plain.get("type") == "array":
        yield from places(view, plain["items"], (*path, ITEM))
    for name, child in view.properties(plain).items():
        yield from places(view, child, (*path, name))


def _with(view: View, schema: Any, path: Path, value: Any) -> Any:
    """A value of a schema with the required fields, and with another value at the path."""
    if not path:
        return value
    plain = view.resolve(schema) or {}
    lists = [part for part in map(view.resolve, plain.get("anyOf", ())) if part.get("type") == "array"]
    plain = lists[0] if lists else plain
    if path[0] == ITEM:
        return [_with(view, plain["items"], path[1:], value)]
    fullest = document().assumed
    name, own = str(path[0]), view.properties(plain)
    needed = _needed(own)
    return {
        **{one: value_of(fullest, one, own[one]) for one in needed},
        name: _with(view, own[name], path[1:], value),
    }


def _needed(properties: Mapping[str, Any]) -> list[str]:
    """The fields without which an entry of a list would be invalid, whatever else it has."""
    if {"role", "content"} <= properties.keys():
        return ["role", "content"]
    return ["type"] if {"type", "text"} <= properties.keys() else []


def _filled(view: View, schema: Any, *, flat: bool = False, inside: bool = False) -> Any:
    """A value of a schema that is null wherever it is not an object or a list with further places.

    A `flat` one is null instead of an object inside an entry of a list.
    """
    plain = view.resolve(schema) or {}
    lists = [part for part in map(view.resolve, plain.get("anyOf", ())) if part.get("type") == "array"]
    plain = lists[0] if lists else plain
    fill = partial(_filled, view, flat=flat)
    if plain.get("type") == "array":
        return [fill(plain["items"], inside=True)]
    properties = view.properties(plain)
    needed = _needed(properties)
    if not properties:
        return None
    filled = {name: fill(child, inside=inside) for name, child in properties.items()}
    for name, child in properties.items():
        if name in needed and not isinstance(filled[name], list):
            filled[name] = value_of(document().assumed, name, child)
        elif flat and inside and isinstance(filled[name], dict):
            filled[name] = None
    return filled
