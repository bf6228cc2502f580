"""What does the document say when only facts up to one grade count?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

import openapi
from openapi import Grade

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
JSON = "application/json"
EVENT_STREAM = "text/event-stream"
_LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Mismatch:
    """A value in a body that its schema does not allow."""

    pointer: tuple[str | int, ...]
    message: str
    value: Any

    @property
    def place(self) -> str:
        """The pointer as text. A star stands for every index, so that the same mismatch has one place."""
        return ".".join("*" if isinstance(part, int) else part for part in self.pointer) or "body"


class View:
    """The document at one grade. `raw` is the whole document as parsed YAML."""

    def __init__(self, grade: Grade) -> None:
        self.grade = grade
        self.raw = openapi.load(grade)
        self._plain = {"components": {"schemas": _plain(self.raw["components"]["schemas"])}}
        self._validators: dict[str, jsonschema_rs.Draft4Validator] = {}
        self.operations = {item["operationId"]: item for _, _, item in self.paths() if "operationId" in item}

    def paths(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Path, method in lower case and operation object of every operation."""
        for path, item in self.raw["paths"].items():
            yield from ((path, method, item[method]) for method in METHODS if method in item)

    def schema(self, name: str) -> dict[str, Any]:
        """The component schema of this name, empty if there is none."""
        found: dict[str, Any] = self.raw["components"]["schemas"].get(name, {})
        return found

    def resolve(self, node: Any) -> Any:
        """The node itself, or what its `$ref` points to."""
        while isinstance(node, dict) and "$ref" in node:
            target: Any = self.raw
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def properties(self, schema: Any) -> dict[str, Any]:
        """The properties of a schema, those of its `allOf` included."""
        plain = self.resolve(schema) or {}
        found: dict[str, Any] = dict(plain.get("properties", {}))
        for part in plain.get("allOf", []):
            found |= self.properties(part)
        return found

    def required(self, schema: Any) -> list[str]:
        """The names of the required properties of a schema, those of its `allOf` included."""
        plain = self.resolve(schema) or {}
        found = list(plain.get("required", []))
        return found + [name for part in plain.get("allOf", []) for name in self.required(part)]

    def parameter(self, operation: str, name: str) -> dict[str, Any] | None:
        """The schema of a query parameter of an operation, None if it has no such parameter."""
        for reference in self.operations.get(operation, {}).get("parameters", []):
            parameter = self.resolve(reference)
            if parameter["name"] == name and parameter["in"] == "query":
                found: dict[str, Any] = self.resolve(parameter["schema"])
                return found
        return None

    def response(self, operation: str, status: int) -> dict[str, Any] | None:
        """The response object for a status of an operation, None if the document has none."""
        responses = self.operations.get(operation, {}).get("responses", {})
        for key in (str(status), f"{status // 100}XX", "default"):
            if key in responses:
                found: dict[str, Any] = self.resolve(responses[key])
                return found
        return None

    def response_schema(self, operation: str, status: int, media_type: str = JSON) -> dict[str, Any] | None:
        """The schema of a response in this media type, None if the document has none."""
        return _schema((self.response(operation, status) or {}).get("content", {}), media_type)

    def request_schema(self, operation: str) -> dict[str, Any] | None:
        """The schema of an operation's JSON body, None if it takes no body."""
        body = self.resolve(self.operations.get(operation, {}).get("requestBody", {}))
        return _schema(body.get("content", {}), JSON)

    def mismatches(self, schema: Mapping[str, Any], value: Any) -> list[Mismatch]:
        """Where a value does not match a schema of this view."""
        try:
            errors = list(self._validator(schema).iter_errors(value))
        except (ValueError, SystemError):
            # Older versions of the validator read no integer beyond 64 bits, and no lone surrogate.
            errors = list(self._validator(schema).iter_errors(_readable(value)))
        return [Mismatch(tuple(error.instance_path), error.message, error.instance) for error in errors]

    def _validator(self, schema: Mapping[str, Any]) -> jsonschema_rs.Draft4Validator:
        key = repr(schema)
        if key not in self._validators:
            root = {"allOf": [_plain(schema)], **self._plain}
            self._validators[key] = jsonschema_rs.Draft4Validator(root, validate_formats=False)
        return self._validators[key]


def _readable(value: Any) -> Any:
    """A JSON value of the same shape, without numbers and characters that a validator may not read."""
    if isinstance(value, Mapping):
        return {_readable(name): _readable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_readable(item) for item in value]
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    large = isinstance(value, int) and not -_LARGEST <= value <= _LARGEST
    return _LARGEST if large else value


def _schema(content: Mapping[str, Any], media_type: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = content.get(media_type, {}).get("schema")
    return found


def _plain(node: Any) -> Any:
    """An OpenAPI 3.0 schema as JSON Schema: `nullable` becomes the type `null`."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, Mapping):
        return node
    plain = {key: _plain(value) for key, value in node.items() if key not in ("nullable", "example")}
    if node.get("nullable") is not True:
        return plain
    if not isinstance(plain.get("type"), str) or "$ref" in plain:
        return {"anyOf": [plain, {"type": "null"}]}
    values = {"enum": [*plain["enum"], None]} if "enum" in plain else {}
    return {**plain, "type": [plain["type"], "null"], **values}
