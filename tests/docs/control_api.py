"""What can be asked of the control API? Read from its OpenAPI document."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import openapi
from mock_server.control.app import DOCUMENT
from tests.docs.markdown import code, codes, table

Json = Mapping[str, Any]


def control_api() -> str:
    """Every request by tag, the objects that answers hold, and the errors."""
    document = openapi.parse(DOCUMENT.read_text(encoding="utf-8"))
    parts = [part for tag in document["tags"] for part in _tag(document, tag)]
    return "\n\n".join([*parts, *_objects(document), _errors(document)])


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield method.upper(), path, operation


def _tag(document: Json, tag: Json) -> Iterator[str]:
    yield f"## {tag['name']}"
    yield str(tag["description"])
    for method, path, operation in _operations(document):
        if tag["name"] in operation["tags"]:
            yield f"### `{method} {path}`"
            yield from _request(document, operation)


def _request(document: Json, operation: Json) -> Iterator[str]:
    yield f"{operation['summary']}. {operation['description'].strip()}"
    query = [_resolved(document, one) for one in operation.get("parameters", [])]
    if query:
        rows = [(code(one["name"]), _type(document, one["schema"]), one["description"]) for one in query]
        yield table(["query parameter", "type", "meaning"], rows)
    if "requestBody" in operation:
        content = operation["requestBody"]["content"]["application/json"]
        yield table(
            ["field of the body", "type", "required", "meaning"], _fields(document, content["schema"])
        )
        yield "\n".join(_examples(document, content))
    answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
    name = _name(answer)
    yield f"The answer is {'an' if name[0] in 'AEIOU' else 'a'} [{name}](#{name.lower()})."


def _examples(document: Json, content: Json) -> Iterator[str]:
    for example in content["examples"].values():
        found = _resolved(document, example)
        yield f"- {found['summary']}: {code(json.dumps(found['value']))}"


def _objects(document: Json) -> Iterator[str]:
    answered = dict.fromkeys(
        _name(operation["responses"]["200"]["content"]["application/json"]["schema"])
        for _, _, operation in _operations(document)
    )
    yield "## Answers"
    for name in answered:
        yield f"### {name}"
        rows = _fields(document, document["components"]["schemas"][name])
        yield table(["field", "type", "always there", "meaning"], rows)


def _fields(document: Json, schema: Json, before: str = "") -> Iterator[tuple[str, str, str, str]]:
    """A row for each field, those of nested objects under their path."""
    schema = _resolved(document, schema)
    for name, found in schema.get("properties", {}).items():
        field = _resolved(document, found)
        required = "yes" if name in schema.get("required", []) else ""
        meaning = found.get("description") or field.get("description", "")
        yield code(f"{before}{name}"), _type(document, found), required, meaning
        inner = field.get("items", field)
        if "$ref" not in inner and inner.get("properties"):
            yield from _fields(document, inner, f"{before}{name}{'[]' if 'items' in field else ''}.")


def _type(document: Json, schema: Json) -> str:
    """The type in words; an object with a section of its own is linked."""
    if "items" in schema:
        return f"list of {_type(document, schema['items'])}"
    found = _resolved(document, schema)
    if "$ref" in schema and found.get("type") == "object":
        name = _name(schema)
        sections = {
            _name(one["responses"]["200"]["content"]["application/json"]["schema"])
            for _, _, one in _operations(document)
        }
        return (
            f"[{name}](#{name.lower()})"
            if name in sections
            else ", ".join(codes([field]) for field in found["properties"])
        )
    return "time" if found.get("format") == "date-time" else str(found.get("type", "anything"))


def _errors(document: Json) -> str:
    uses: dict[str, str] = {}
    for _, _, operation in _operations(document):
        for status, response in operation["responses"].items():
            if "$ref" in response:
                uses[_name(response)] = status
    responses = document["components"]["responses"]
    rows = [
        (status, responses[name]["description"])
        for name, status in sorted(uses.items(), key=lambda one: one[1])
    ]
    return f"## Errors\n\nAn error has a `code` and a `message`.\n\n{table(['status', 'meaning'], rows)}"


def _name(reference: Json) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


def _resolved(document: Json, thing: Json) -> Json:
    if "$ref" not in thing:
        return thing
    found: Any = document
    for part in thing["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return _resolved(document, found)
