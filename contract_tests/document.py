"""What does the document say about an operation, a body, a status, at each grade?"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any
from urllib.parse import unquote

import jsonschema_rs

import openapi
from openapi import GRADES, Grade

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
JSON = "application/json"
EVENT_STREAM = "text/event-stream"


@dataclass(frozen=True)
class Operation:
    """An operation of the document; `grade` is how sure it is that it exists."""

    id: str
    method: str
    path: str
    grade: Grade

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches the paths of this operation, naming their parameters."""
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path))

    @property
    def starts_run(self) -> bool:
        """Whether a yes of this operation makes a new run."""
        return self.id in ("createRun", "createThreadAndRun")

    @property
    def waits_for_run(self) -> bool:
        """Whether the answer may lawfully come only when a model has done its work."""
        return self.starts_run or self.id == "submitToolOutputs"


@dataclass(frozen=True)
class Mismatch:
    """A place in a body that a schema does not allow."""

    pointer: tuple[str | int, ...]
    message: str
    value: Any

    @property
    def place(self) -> str:
        """The pointer as text, with a star for every index: the same fault of two items is one."""
        return ".".join("*" if isinstance(part, int) else part for part in self.pointer) or "body"


class View:
    """The document as it reads when only facts up to one grade count."""

    def __init__(self, grade: Grade) -> None:
        self.grade = grade
        self.document = openapi.load(grade)
        self._plain = {"components": {"schemas": _plain(self.document["components"]["schemas"])}}
        self._validators: dict[str, jsonschema_rs.Draft4Validator] = {}
        self.operations = {
            item["operationId"]: item for _, _, item in _operations(self.document) if "operationId" in item
        }

    def schema(self, name: str) -> dict[str, Any]:
        """A component schema by its name."""
        found: dict[str, Any] = self.document["components"]["schemas"].get(name, {})
        return found

    def resolve(self, node: Any) -> Any:
        """The node itself, or what its `$ref` points to."""
        while isinstance(node, dict) and "$ref" in node:
            target: Any = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def response(self, operation: str, status: int) -> dict[str, Any] | None:
        """The response a status of an operation has in the document, None if it has none."""
        responses = self.operations.get(operation, {}).get("responses", {})
        for key in (str(status), f"{status // 100}XX", "default"):
            if key in responses:
                found: dict[str, Any] = self.resolve(responses[key])
                return found
        return None

    def media(self, operation: str, status: int, media_type: str) -> dict[str, Any] | None:
        """The schema of a response's media type, None if the document gives none."""
        content = (self.response(operation, status) or {}).get("content", {})
        return _schema(content, media_type)

    def request_schema(self, operation: str) -> dict[str, Any] | None:
        """The schema of an operation's JSON body, None if it takes no body."""
        body = self.resolve(self.operations.get(operation, {}).get("requestBody", {}))
        return _schema(body.get("content", {}), JSON)

    def mismatches(self, schema: Mapping[str, Any], value: Any) -> list[Mismatch]:
        """Where a value is not what a schema of this view describes."""
        try:
            errors = list(self._validator(schema).iter_errors(value))
        except ValueError as error:
            return [Mismatch((), str(error), None)]
        return [Mismatch(tuple(error.instance_path), error.message, error.instance) for error in errors]

    def _validator(self, schema: Mapping[str, Any]) -> jsonschema_rs.Draft4Validator:
        key = repr(schema)
        if key not in self._validators:
            root = {"allOf": [_plain(schema)], **self._plain}
            self._validators[key] = jsonschema_rs.Draft4Validator(root, validate_formats=False)
        return self._validators[key]


class Contract:
    """The document at every grade, and which operation a request means."""

    def __init__(self) -> None:
        self.views: dict[Grade, View] = {grade: View(grade) for grade in GRADES}
        self.documented = self.views[Grade.DOCUMENTED]
        self.assumed = self.views[Grade.ASSUMED]
        self.operations = {operation.id: operation for operation in self._graded_operations()}
        self._by_length = sorted(self.operations.values(), key=lambda found: found.path.count("{"))

    def match(self, method: str, path: str) -> tuple[Operation | None, dict[str, str]]:
        """The operation of a method and a path below the base URL, and its path parameters."""
        for operation in self._by_length:
            found = operation.pattern.fullmatch(path)
            if found and operation.method == method.upper():
                return operation, {name: unquote(text) for name, text in found.groupdict().items()}
        return None, {}

    def knows_path(self, path: str) -> bool:
        """Whether any operation has this path."""
        return any(operation.pattern.fullmatch(path) for operation in self._by_length)

    def _graded_operations(self) -> Iterator[Operation]:
        for path, method, item in _operations(self.assumed.document):
            name = item["operationId"]
            grade = next(grade for grade in GRADES if name in self.views[grade].operations)
            yield Operation(name, method.upper(), path, grade)


@cache
def contract() -> Contract:
    """The one contract; reading the document takes a moment, so it is read once."""
    return Contract()


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        yield from ((path, method, item[method]) for method in METHODS if method in item)


def _schema(content: Mapping[str, Any], media_type: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = content.get(media_type, {}).get("schema")
    return found


def _plain(node: Any) -> Any:
    """An OpenAPI 3.0 schema as JSON Schema: `nullable` becomes a type that null has."""
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
