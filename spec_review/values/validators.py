"""Does a schema accept a value? `jsonschema_rs` decides, with formats checked and patterns in linear time."""

import base64
import binascii
import json
from typing import Any

import jsonschema_rs

from spec_review.values.convert import Converter
from spec_review.values.schema import Schema, identity

BACKTRACKS = 20_000


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


FORMATS = {"byte": _is_base64}


class Validators:
    """The validators of schemas, each compiled once; schemas with the same content share one."""

    def __init__(self) -> None:
        self._compiled: dict[tuple[Any, ...], jsonschema_rs.Draft202012Validator] = {}
        self._by_text: dict[str, jsonschema_rs.Draft202012Validator] = {}
        self._converters = {exactly_one: Converter(exactly_one) for exactly_one in (False, True)}

    def accepts(self, schema: Schema, value: Any, exactly_one: bool = False) -> bool:
        """Whether the schema accepts the value."""
        return bool(self.validator(schema, exactly_one).is_valid(value))

    def rejections(self, schema: Schema, value: Any) -> list[tuple[str, tuple[Any, ...], dict[str, Any]]]:
        """For each keyword that rejects the value: its name, the path in the value, and the details."""
        found = self.validator(schema, False).iter_errors(value)
        return [_rejection(error) for error in found]

    def validator(self, schema: Schema, exactly_one: bool) -> jsonschema_rs.Draft202012Validator:
        """The compiled validator of a schema; with `exactly_one`, members of a `oneOf` may not overlap."""
        key = (identity(schema), exactly_one)
        if key not in self._compiled:
            converted = self._converters[exactly_one].whole(schema)
            text = json.dumps(converted)
            if text not in self._by_text:
                self._by_text[text] = compiled(converted)
            self._compiled[key] = self._by_text[text]
        return self._compiled[key]

    def validator_id(self, schema: Schema) -> int:
        """The same number for schemas that share a validator."""
        return id(self.validator(schema, exactly_one=True))


def _rejection(error: jsonschema_rs.ValidationError) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    """The validator reports a false schema for a closed object without properties: name the keyword."""
    place, name = tuple(error.instance_path), error.kind.name
    if name == "falseSchema" and error.schema_path[-1] == "additionalProperties":
        return (
            "additionalProperties",
            place[:-1] if place else (),
            {"unexpected": [str(step) for step in place[-1:]]},
        )
    return name, place, error.kind.as_dict()


def compiled(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """A validator with the linear regex engine, or a bounded backtracking one for look-around."""
    linear, bounded = (
        jsonschema_rs.RegexOptions(),
        jsonschema_rs.FancyRegexOptions(backtrack_limit=BACKTRACKS),
    )
    for options in (linear, bounded):
        try:
            return jsonschema_rs.Draft202012Validator(
                schema, validate_formats=True, formats=FORMATS, pattern_options=options
            )
        except (jsonschema_rs.ValidationError, ValueError):
            continue
    return jsonschema_rs.Draft202012Validator(
        without_patterns(schema), validate_formats=True, formats=FORMATS, pattern_options=linear
    )


def without_patterns(value: Any) -> Any:
    """The schema without the patterns that neither engine supports."""
    if isinstance(value, dict):
        return {key: without_patterns(inner) for key, inner in value.items() if not _is_bad(key, inner)}
    if isinstance(value, list):
        return [without_patterns(inner) for inner in value]
    return value


def _is_bad(key: str, value: Any) -> bool:
    if key != "pattern" or not isinstance(value, str):
        return False
    try:
        jsonschema_rs.Draft202012Validator(
            {"pattern": value}, pattern_options=jsonschema_rs.FancyRegexOptions(backtrack_limit=BACKTRACKS)
        )
    except (jsonschema_rs.ValidationError, ValueError):
        return True
    return False
