"""Which random documents, and which refactorings of them, test the reviewer?"""

import copy
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st

NAMES = st.sampled_from(["alpha", "beta", "gamma", "delta"])
Content = dict[str, Any]


def _strings() -> st.SearchStrategy[Content]:
    lengths = st.fixed_dictionaries({"type": st.just("string")}, optional={"maxLength": st.integers(1, 40)})
    enums = st.lists(NAMES, min_size=1, max_size=3, unique=True).map(
        lambda listed: {"type": "string", "enum": listed}
    )
    formats = st.sampled_from(["date-time", "uuid", "uri"]).map(
        lambda name: {"type": "string", "format": name}
    )
    return st.one_of(lengths, enums, formats)


def _numbers() -> st.SearchStrategy[Content]:
    return st.fixed_dictionaries(
        {"type": st.sampled_from(["integer", "number"])},
        optional={"minimum": st.integers(-9, 0), "maximum": st.integers(1, 99)},
    )


def schemas() -> st.SearchStrategy[Content]:
    """Schemas of all types, with up to eight leaves."""
    return st.recursive(
        st.one_of(_strings(), _numbers(), st.just({"type": "boolean"})), _nested, max_leaves=8
    )


def _nested(inner: st.SearchStrategy[Content]) -> st.SearchStrategy[Content]:
    arrays = st.fixed_dictionaries(
        {"type": st.just("array"), "items": inner}, optional={"maxItems": st.integers(1, 5)}
    )
    objects = st.dictionaries(NAMES, inner, max_size=3).flatmap(
        lambda properties: st.fixed_dictionaries(
            {"type": st.just("object"), "properties": st.just(properties)},
            optional={
                "required": st.just(list(properties)[:1]) if properties else st.just([]),
                "additionalProperties": st.booleans(),
                "nullable": st.booleans(),
            },
        )
    )
    return st.one_of(arrays, objects)


@st.composite
def documents(draw: st.DrawFn) -> Content:
    """Documents with components that operations refer to."""
    components = {name.title(): draw(schemas()) for name in draw(st.sets(NAMES, min_size=1, max_size=3))}
    references = [{"$ref": f"#/components/schemas/{name}"} for name in components]
    body = st.one_of(schemas(), st.sampled_from(references))
    return {
        "openapi": "3.0.3",
        "info": {"title": "Random", "version": "1.0.0"},
        "servers": [{"url": "https://random.example/v1"}],
        "security": [{"key": []}],
        "paths": {
            "/things/{id}": {
                "parameters": [{"in": "path", "name": "id", "required": True, "schema": {"type": "string"}}],
                "post": {
                    "operationId": "make",
                    "parameters": [{"in": "query", "name": "limit", "schema": draw(_numbers())}],
                    "requestBody": {"content": {"application/json": {"schema": draw(body)}}},
                    "responses": {
                        "200": {
                            "description": "Made.",
                            "content": {"application/json": {"schema": draw(body)}},
                        }
                    },
                },
            },
        },
        "components": {
            "schemas": components,
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
        },
    }


def reordered(content: Content) -> Content:
    """Each mapping, and each list whose order has no meaning, in reverse order."""

    def reverse(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: reverse(value[name], name) for name in reversed(value)}
        if isinstance(value, list) and key in ("required", "enum", "parameters", "tags", "allOf"):
            return [reverse(item) for item in reversed(value)]
        return value

    result: Content = reverse(content)
    return result


def renamed(content: Content) -> Content:
    """Components, security schemes and path parameters under other names."""
    text = re.sub(r'"#/components/schemas/(\w+)"', r'"#/components/schemas/My\1"', json.dumps(content))
    text = text.replace("{id}", "{thing}").replace('"name": "id"', '"name": "thing"')
    result: Content = json.loads(text.replace('"key": {', '"token": {').replace('"key": []', '"token": []'))
    schemas_ = result["components"]["schemas"]
    result["components"]["schemas"] = {f"My{name}": schema for name, schema in schemas_.items()}
    return result


def _each(content: Content, change: Callable[[Any], Any]) -> Content:
    """A copy with `change` applied to each schema, nested schemas first."""

    def inside(schema: Any) -> Any:
        if not isinstance(schema, dict):
            return schema
        result = dict(schema)
        if "properties" in result:
            result["properties"] = {name: inside(inner) for name, inner in result["properties"].items()}
        if "items" in result:
            result["items"] = inside(result["items"])
        return change(result)

    result = copy.deepcopy(content)
    for holder in _holders(result):
        holder["schema"] = inside(holder["schema"])
    components = result["components"]["schemas"]
    result["components"]["schemas"] = {name: inside(schema) for name, schema in components.items()}
    return result


def _holders(content: Content) -> Iterator[Content]:
    for item in content["paths"].values():
        operation = item["post"]
        yield from (*item["parameters"], *operation["parameters"])
        yield operation["requestBody"]["content"]["application/json"]
        yield operation["responses"]["200"]["content"]["application/json"]


def wrapped(content: Content) -> Content:
    """Each schema inside an `allOf`."""
    return _each(content, lambda schema: {"allOf": [schema]})


def split(content: Content) -> Content:
    """The `required` list and the properties of an object in different members of an `allOf`."""

    def halves(schema: Content) -> Content:
        if not schema.get("required") or schema.get("nullable") or schema.get("type") != "object":
            return schema
        rest = {key: value for key, value in schema.items() if key != "required"}
        return {"allOf": [rest, {"required": schema["required"]}]}

    return _each(content, halves)


def extracted(content: Content) -> Content:
    """Each schema as a component, with a `$ref` in its place."""
    made: dict[str, Any] = {}

    def component(schema: Content) -> Content:
        if "$ref" in schema:
            return schema
        made[f"Made{len(made)}"] = schema
        return {"$ref": f"#/components/schemas/Made{len(made) - 1}"}

    result = _each(content, component)
    result["components"]["schemas"].update(made)
    return result


def inlined(content: Content) -> Content:
    """Each `$ref` replaced by its target."""
    components = content["components"]["schemas"]

    def written(value: Any) -> Any:
        if isinstance(value, dict) and "$ref" in value:
            return written(components[value["$ref"].rpartition("/")[2]])
        if isinstance(value, dict):
            return {key: written(inner) for key, inner in value.items()}
        return [written(item) for item in value] if isinstance(value, list) else value

    result: Content = written(content)
    result["components"]["schemas"] = {}
    return result


def moved(content: Content) -> Content:
    """The base path moved from the server to the paths."""
    return {
        **content,
        "servers": [{"url": "https://random.example"}],
        "paths": {f"/v1{path}": item for path, item in content["paths"].items()},
    }


def upgraded(content: Content) -> Content:
    """The same document in OpenAPI 3.1."""

    def words(schema: Content) -> Content:
        result = {key: value for key, value in schema.items() if key != "nullable"}
        return {**result, "type": [schema["type"], "null"]} if schema.get("nullable") else result

    return {**_each(content, words), "openapi": "3.1.0"}


REFACTORINGS = (reordered, renamed, wrapped, split, extracted, inlined, moved, upgraded)
