"""Which body and which ids make a valid request of an operation?

Bodies are built from the document, so that an operation that is added to it needs no entry here.
"""

from collections.abc import Mapping
from typing import Any

from contract_tests.document import Operation, Role, View, document

QUESTION = "Please answer in one short sentence: what is a contract test?"
_FIELDS: Mapping[str, Any] = {"role": "user", "content": "Hello", "metadata": {"a": "b"}}
_BY_TYPE: Mapping[str, Any] = {"string": "text", "integer": 1, "number": 1, "boolean": True}


def example(name: str) -> Any:
    """The value of an example component of the document."""
    return document().assumed.raw["components"]["examples"][name]["value"]


def unknown_ids(operation: Operation) -> dict[str, str]:
    """Ids that no resource has, for every parameter of the operation's path."""
    return {name: f"{name.removesuffix('Id')}_unknown" for name in operation.parameters}


def valid_body(operation: Operation, **fields: Any) -> dict[str, Any] | None:
    """A minimal body that the operation must accept, None if it takes no body.

    It has the required fields, or one field if a modification requires none. `fields` gives values by name.
    """
    view = document().assumed
    schema = view.request_schema(operation.id)
    if schema is None:
        return None
    properties = view.properties(schema)
    names = view.required(schema)
    if not names and operation.role is Role.MODIFY:
        names = ["metadata"] if "metadata" in properties else list(properties)[:1]
    return {
        name: fields[name] if name in fields else value_of(view, name, properties.get(name, {}))
        for name in names
    }


def value_of(view: View, name: str, schema: Any) -> Any:
    """A value that a field of this name and schema must accept."""
    plain = view.resolve(schema)
    if name in _FIELDS:
        return _FIELDS[name]
    if "example" in plain:
        return plain["example"]
    if "enum" in plain:
        return plain["enum"][0]
    if plain.get("type") == "array":
        return [value_of(view, "", plain["items"])] * plain.get("minItems", 0)
    if plain.get("type") == "object":
        properties = view.properties(plain)
        return {key: value_of(view, key, properties.get(key, {})) for key in view.required(plain)}
    return _BY_TYPE.get(str(plain.get("type")), "text")
