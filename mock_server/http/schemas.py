"""Does a value match its schema, and what does the error say if not?

Compiles OpenAPI 3.0 schemas for a fast validator. An error is one line that names the field, the rule and
what was sent.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import jsonschema_rs

from mock_server.errors import quoted

_SCHEMAS = frozenset({"items", "not", "additionalProperties"})
_LISTS = frozenset({"allOf", "anyOf", "oneOf"})


def json_schema(schema: Any) -> Any:
    """An OpenAPI 3.0 schema as JSON Schema draft 4: `nullable` becomes a type."""
    if not isinstance(schema, Mapping):
        return schema
    found: dict[str, Any] = {}
    for key, value in schema.items():
        if key in _SCHEMAS:
            found[key] = json_schema(value)
        elif key in _LISTS:
            found[key] = [json_schema(member) for member in value]
        elif key == "properties":
            found[key] = {name: json_schema(member) for name, member in value.items()}
        elif key not in ("example", "default", "description") and not key.startswith("x-"):
            found[key] = value
    if found.pop("nullable", False):
        found = _or_null(found)
    return found


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    if "type" in schema:
        schema["type"] = [schema["type"], "null"]
    if "enum" in schema:
        schema["enum"] = [*schema["enum"], None]
    return schema


def compiled(schema: Any) -> jsonschema_rs.Draft4Validator:
    """A validator for an OpenAPI 3.0 schema."""
    return jsonschema_rs.Draft4Validator(json_schema(schema), validate_formats=True)


def explain(mismatch: jsonschema_rs.ValidationError, name: str = "") -> str:
    """One line that names the field, the rule and what was sent. `name` is the name of a parameter."""
    error = _closest(mismatch)
    where = _where(([name] if name else []) + list(error.instance_path))
    kind = error.kind
    sent = quoted(error.instance)
    match kind.name:
        case "required":
            return f"{where + '.' if where else ''}{kind.property}: is required"
        case "type":
            return f"{where or 'body'}: must be of type {' or '.join(kind.types)}, got {sent}"
        case "anyOf" | "oneOf" if types := _alternatives(error):
            return f"{where or 'body'}: must be of type {' or '.join(types)}, got {sent}"
        case "minimum":
            return f"{where}: must be at least {kind.limit}, got {sent}"
        case "maximum":
            return f"{where}: must be at most {kind.limit}, got {sent}"
        case "enum":
            return f"{where}: must be one of {', '.join(map(str, kind.options))}, got {sent}"
        case "additionalProperties":
            names = ", ".join(f"{where + '.' if where else ''}{name}" for name in kind.unexpected)
            return f"{names}: is not a field here, got {sent}"
        case "minLength":
            return f"{where}: must have at least {kind.limit} characters, got {sent}"
        case "minItems":
            return f"{where}: must have at least {kind.limit} entries, got {sent}"
    return f"{where or 'body'}: {error.message[:300]}"


def _closest(error: Any) -> Any:
    """The error of the alternative that matches best: the one whose error is nested deepest."""
    if error.kind.name not in ("anyOf", "oneOf"):
        return error
    errors = [_closest(branch[0]) for branch in getattr(error.kind, "context", ()) if branch]
    deepest = max(errors, key=lambda found: len(found.instance_path), default=error)
    return deepest if len(deepest.instance_path) > len(error.instance_path) else error


def _alternatives(error: Any) -> list[str]:
    """The types that the alternatives require."""
    branches = [branch[0].kind for branch in getattr(error.kind, "context", ()) if branch]
    return [name for kind in branches if kind.name == "type" for name in kind.types]


def _where(path: Sequence[str | int]) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")
