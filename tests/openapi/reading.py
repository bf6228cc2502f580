"""Where are the operations, schemas and examples of the document?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from jsonschema.exceptions import ValidationError
from openapi_schema_validator import OAS30Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
DATA = ("example", "examples", "default", "enum", "value", "x-lifecycle", "x-enum-grade")

Node = Any


@dataclass(frozen=True)
class Example:
    """An example: its JSON pointer, the pointer of its schema, and its value."""

    pointer: str
    schema: str
    value: Node


def resolve(document: Mapping[str, Node], node: Node) -> Node:
    """Follow the `$ref`s of a node."""
    while isinstance(node, Mapping) and "$ref" in node:
        target: Node = document
        for key in node["$ref"].removeprefix("#/").split("/"):
            target = target[key.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def fields(document: Mapping[str, Node], schema: Node) -> dict[str, Node]:
    """The properties of an object schema, including those of its `allOf` members."""
    found: dict[str, Node] = dict(schema.get("properties", {}))
    for member in schema.get("allOf", []):
        found |= fields(document, resolve(document, member))
    return found


def operations(document: Mapping[str, Node]) -> Iterator[tuple[str, str, Node]]:
    """The path, method and object of every operation, in document order."""
    for path, item in document["paths"].items():
        yield from ((path, method, item[method]) for method in item if method in METHODS)


def nodes(node: Node, pointer: str = "", data: bool = False) -> Iterator[tuple[str, Node]]:
    """Every node with its pointer. Includes nodes inside data, such as examples, only if `data` is true."""
    yield pointer, node
    children = (
        node.items() if isinstance(node, Mapping) else enumerate(node) if isinstance(node, list) else ()
    )
    for key, child in children:
        if data or key not in DATA or pointer.endswith(("/properties", "/components")):
            yield from nodes(child, f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}", data)


def schemas(document: Mapping[str, Node]) -> Iterator[tuple[str, Node]]:
    """Every schema of the document, with its pointer."""
    for pointer, node in nodes(document):
        parent, _, name = pointer.rpartition("/")
        holder = parent.rpartition("/")[2]
        named = holder in ("properties", "schemas", "anyOf", "oneOf", "allOf")
        if isinstance(node, Mapping) and (
            named or name in ("schema", "items", "additionalProperties", "not")
        ):
            yield pointer, node


def examples(document: Mapping[str, Node]) -> Iterator[Example]:
    """Every example of the document."""
    for pointer, node in nodes(document):
        if not isinstance(node, Mapping) or pointer.endswith("/properties"):
            continue
        schema = f"{pointer}/schema" if "schema" in node else pointer
        if "example" in node:
            yield Example(f"{pointer}/example", schema, node["example"])
        for name, example in node.get("examples", {}).items() if "schema" in node else ():
            yield Example(f"{pointer}/examples/{name}", schema, resolve(document, example)["value"])


class Validator:
    """Validates values against the schemas of one document."""

    def __init__(self, document: Mapping[str, Node]) -> None:
        whole: Resource[Node] = DRAFT4.create_resource(document)
        self._registry = Registry().with_resource("urn:document", whole).crawl()
        self._validators: dict[str, OAS30Validator] = {}

    def error(self, schema: str, value: Node) -> str | None:
        """The first error of a value against the schema at a pointer, or None if the value is valid."""
        if schema not in self._validators:
            self._validators[schema] = OAS30Validator(
                {"$ref": f"urn:document#{quote(schema)}"},
                registry=self._registry,
                format_checker=OAS30Validator.FORMAT_CHECKER,
            )
        error: ValidationError | None = next(self._validators[schema].iter_errors(value), None)
        return None if error is None else f"{error.json_path}: {error.message}"
