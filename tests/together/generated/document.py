"""Which fields, parameters and bodies does the document describe, and how well is each of them known?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import jsonschema_rs

import openapi
from openapi import DOCUMENT, GRADES, Grade, parse

JSON, EVENT_STREAM = "application/json", "text/event-stream"
METHODS = ("get", "put", "post", "delete", "patch")
ITEM = "*"
_DEEPEST = 9


@dataclass(frozen=True)
class Place:
    """A field somewhere in a body; `names` leads to it, with a star for the items of a list.

    `grade` is how well the field itself is known. `required` and `enumerated` are the grades of these
    keywords, None where the document has none. `alternatives` are the types that only a lower grade allows.
    """

    names: tuple[str, ...]
    types: tuple[str, ...]
    grade: Grade
    format: str = ""
    enum: tuple[Any, ...] = ()
    enumerated: Grade | None = None
    required: Grade | None = None
    nullable: bool = False
    bounds: tuple[tuple[str, float, Grade], ...] = ()
    alternatives: tuple[tuple[str, Grade], ...] = ()

    @property
    def name(self) -> str:
        """The field's own name; of an item, the name of its list."""
        return next((name for name in reversed(self.names) if name != ITEM), "")

    @property
    def text(self) -> str:
        """The place as text."""
        return ".".join(self.names)


@dataclass(frozen=True)
class Operation:
    """An operation of the document with everything that is needed to change it."""

    id: str
    method: str
    path: str
    grade: Grade
    node: Mapping[str, Any]
    parameters: tuple[Mapping[str, Any], ...]

    @property
    def lists(self) -> bool:
        """Whether the operation answers a page of a list."""
        return any(parameter["name"] == "limit" for parameter in self.parameters)

    @property
    def streams(self) -> bool:
        """Whether the operation can answer with a stream."""
        return EVENT_STREAM in self.content("200")

    def content(self, status: str) -> Mapping[str, Any]:
        """The media types of one response."""
        return resolve(self.node["responses"].get(status, {})).get("content", {})

    def answers(self) -> list[Place]:
        """The fields of its JSON answer."""
        return self._places(self.content("200").get(JSON, {}))

    def events(self) -> list[tuple[str, list[Place]]]:
        """The names of its stream's events, each with the fields of the data."""
        found = []
        for alternative in _alternatives(self.content("200").get(EVENT_STREAM, {}).get("schema", {})):
            schema, grade = alternative
            properties = schema["properties"]
            names = resolve(properties.get("event", {})).get("enum", [""])
            places = list(_fields(properties["data"], (), grade)) if "event" in properties else []
            found += [(str(name), places) for name in names]
        return [(name, places) for name, places in found if places]

    def body(self) -> list[Place]:
        """The fields of its request's body."""
        return self._places(resolve(self.node.get("requestBody", {})).get("content", {}).get(JSON, {}))

    def refusals(self) -> list[tuple[int, Grade]]:
        """The statuses with which it may refuse, each with its grade."""
        return [
            (int(status), _worse(self.grade, resolve(response)))
            for status, response in self.node["responses"].items()
            if int(status) >= 400
        ]

    def _places(self, media: Mapping[str, Any]) -> list[Place]:
        found = _fields(media["schema"], (), self.grade) if "schema" in media else ()
        return list({place.names: place for place in found}.values())


@cache
def raw() -> Mapping[str, Any]:
    """The document as it is written, with all its marks."""
    return parse(DOCUMENT.read_text(encoding="utf-8"))


def resolve(node: Any) -> Any:
    """The node itself, or what its `$ref` points to."""
    while isinstance(node, Mapping) and "$ref" in node:
        target: Any = raw()
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


@cache
def operations() -> Mapping[str, Operation]:
    """Every operation, by its id."""
    found = {}
    for path, item in raw()["paths"].items():
        shared = item.get("parameters", [])
        for method in (method for method in METHODS if method in item):
            node = item[method]
            parameters = tuple(resolve(one) for one in [*shared, *node.get("parameters", [])])
            grade = _worse(Grade.DOCUMENTED, node)
            found[node["operationId"]] = Operation(
                node["operationId"], method.upper(), path, grade, node, parameters
            )
    return found


def schema_places(name: str) -> list[Place]:
    """The fields of a component schema."""
    return list(_fields({"$ref": f"#/components/schemas/{name}"}, (), Grade.DOCUMENTED))


def lifecycle(name: str) -> Mapping[str, Any]:
    """The lifecycle beside a status enum."""
    found: Mapping[str, Any] = raw()["components"]["schemas"][name]["x-lifecycle"]
    return found


@cache
def request_validator(operation: str, grade: Grade) -> jsonschema_rs.Draft4Validator:
    """Checks a request's body against the document's view at a grade."""
    document = openapi.load(grade)
    for item in document["paths"].values():
        for node in item.values():
            if isinstance(node, dict) and node.get("operationId") == operation:
                schema = node["requestBody"]["content"][JSON]["schema"]
    schemas = {name: plain(one) for name, one in document["components"]["schemas"].items()}
    root = {"allOf": [plain(schema)], "components": {"schemas": schemas}}
    return jsonschema_rs.Draft4Validator(root, validate_formats=False)


def plain(node: Any) -> Any:
    """A schema of OpenAPI 3.0 as JSON Schema; in a request null stands for nothing."""
    if isinstance(node, list):
        return [plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    schema = {key: plain(value) for key, value in node.items() if key not in ("example", "nullable")}
    return {"anyOf": [schema, {"type": "null"}]} if node.get("nullable") is True else schema


def _worse(grade: Grade, node: Any) -> Grade:
    """The grade of a node that stands below another of the given grade."""
    own = Grade(node.get("x-grade", grade)) if isinstance(node, Mapping) else grade
    return max(own, grade, key=lambda one: one.rank)


def _fields(
    node: Any, names: tuple[str, ...], grade: Grade, required: Grade | None = None
) -> Iterator[Place]:
    """The place of a schema itself, and the places of all that is in it."""
    grade = _worse(grade, node)
    schema = resolve(node)
    grade = _worse(grade, schema)
    if len(names) > _DEEPEST:
        return
    if names:
        yield _place(schema, names, grade, required)
    for part in _parts(schema):
        yield from _children(part, names, _worse(grade, part))


def _parts(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A schema and the alternatives and conjuncts it is made of."""
    yield schema
    for key in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(key, []):
            inner = resolve(part)
            yield from (
                one if "x-grade" in one or "x-grade" not in part else {**one, "x-grade": part["x-grade"]}
                for one in _parts(inner)
            )


def _children(schema: Mapping[str, Any], names: tuple[str, ...], grade: Grade) -> Iterator[Place]:
    for name, child in schema.get("properties", {}).items():
        yield from _fields(child, (*names, name), grade, _graded(schema, "required", name, grade))
    if "items" in schema:
        yield from _fields(schema["items"], (*names, ITEM), grade)


def _graded(schema: Mapping[str, Any], key: str, member: str, grade: Grade) -> Grade | None:
    """The best grade at which a list keyword of a schema has a member."""
    for one in GRADES:
        holder = schema if one is Grade.DOCUMENTED else schema.get(f"x-{one}", {})
        if member in holder.get(key, []):
            return max(one, grade, key=lambda found: found.rank)
    return None


def _place(schema: Mapping[str, Any], names: tuple[str, ...], grade: Grade, required: Grade | None) -> Place:
    parts = list(_parts(schema))
    types = tuple(dict.fromkeys(str(part["type"]) for part in parts if "type" in part))
    enums = [
        (tuple(holder["enum"]), max(one, grade, key=lambda found: found.rank))
        for part in parts
        for one in GRADES
        if "enum" in (holder := part if one is Grade.DOCUMENTED else part.get(f"x-{one}", {}))
    ]
    enum, enumerated = enums[0] if enums and len(types) == 1 else ((), None)
    return Place(
        names=names,
        types=types,
        grade=grade,
        format=str(schema.get("format", "")),
        enum=enum,
        enumerated=enumerated,
        required=required,
        nullable=bool(schema.get("nullable")),
        bounds=_bounds(schema, grade),
        alternatives=tuple(
            (str(part["type"]), _worse(grade, part)) for part in parts if "type" in part and "x-grade" in part
        ),
    )


def _bounds(schema: Mapping[str, Any], grade: Grade) -> tuple[tuple[str, float, Grade], ...]:
    return tuple(
        (key, holder[key], max(one, grade, key=lambda found: found.rank))
        for one in GRADES
        for holder in [schema if one is Grade.DOCUMENTED else schema.get(f"x-{one}", {})]
        for key in ("minimum", "maximum")
        if key in holder
    )


def _alternatives(schema: Any) -> Iterator[tuple[Mapping[str, Any], Grade]]:
    """The event schemas that a stream's schema is made of, each with its grade."""
    grade = _worse(Grade.DOCUMENTED, schema)
    found = resolve(schema)
    grade = _worse(grade, found)
    for key in ("allOf", "anyOf", "oneOf"):
        for part in found.get(key, []):
            yield from ((one, _worse(inner, {"x-grade": grade})) for one, inner in _alternatives(part))
    if "properties" in found:
        yield found, grade


def below(place: Place, root: tuple[str, ...]) -> Place | None:
    """The same place seen from `root`, None where it is not below it."""
    if place.names[: len(root)] != root or len(place.names) == len(root):
        return None
    return replace(place, names=place.names[len(root) :])
