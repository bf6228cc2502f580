"""Does a schema accept a value? `jsonschema_rs` decides, with formats checked and patterns in linear time."""

import base64
import binascii
from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from spec_review.loading.unchanged import Unchanged
from spec_review.values.convert import Converted, Converter
from spec_review.values.schema import Schema, identity

BACKTRACKS = 20_000
MOST_DEFINITIONS = 60
"""A schema with at least as many definitions is large."""

NEARLY = 30
"""A validator for this many more properties than a value has is used again for the value."""


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


FORMATS = {"byte": _is_base64}


class Validators:
    """The validators of schemas, each compiled once; schemas with the same content share one."""

    def __init__(self, unchanged: Unchanged | None = None) -> None:
        self._unchanged = unchanged or Unchanged()
        self._compiled: dict[tuple[Any, ...], jsonschema_rs.Draft202012Validator] = {}
        self._exact: dict[Any, dict[frozenset[str], jsonschema_rs.Draft202012Validator]] = {}
        self._by_content: dict[bytes, jsonschema_rs.Draft202012Validator] = {}
        self._whole = {exactly_one: Converter(exactly_one) for exactly_one in (False, True)}
        self._near = {exactly_one: Converter(exactly_one, near=True) for exactly_one in (False, True)}
        self._large: dict[tuple[Any, ...], bool] = {}

    def accepts(self, schema: Schema, value: Any, exactly_one: bool = False) -> bool:
        """Whether the schema accepts the value, with everything that the value contains."""
        large = self.is_large(schema)
        checker = self.exact(schema, exactly_one, value) if large else self.validator(schema, exactly_one)
        return bool(checker.is_valid(value))

    def is_large(self, schema: Schema) -> bool:
        """Whether a validator of a schema and of all that it refers to costs too much."""
        key = tuple(part.cursor.key for part in schema)
        if key not in self._large:
            targets = [self._unchanged.targets(part.cursor, MOST_DEFINITIONS) for part in schema]
            self._large[key] = len(set().union(*targets)) >= MOST_DEFINITIONS
        return self._large[key]

    def exact(self, schema: Schema, exactly_one: bool, value: Any) -> jsonschema_rs.Draft202012Validator:
        """A validator for one value: it leaves out the properties that the value does not have."""
        names = frozenset(_names(value))
        known = self._exact.setdefault((identity(schema), exactly_one), {})
        for more, checker in known.items():
            if names <= more and len(more) <= len(names) + NEARLY:
                return checker
        known[names] = self._shared(Converter(exactly_one, names).whole(schema))
        return known[names]

    def rejections(self, schema: Schema, value: Any) -> list[tuple[str, tuple[Any, ...], dict[str, Any]]]:
        """For each keyword that rejects the value: its name, the path in the value, and the details."""
        found = self.validator(schema, False).iter_errors(value)
        return [_rejection(error) for error in found]

    def validator(self, schema: Schema, exactly_one: bool) -> jsonschema_rs.Draft202012Validator:
        """The compiled validator of a schema; with `exactly_one`, members of a `oneOf` may not overlap.

        That of a large schema accepts any value behind the references of a property.
        """
        key = (identity(schema), exactly_one)
        if key not in self._compiled:
            converter = (self._near if self.is_large(schema) else self._whole)[exactly_one]
            converted = converter.whole(schema)
            self._compiled[key] = self._shared(converted)
            if not converted.has_one_of:
                self._compiled[(key[0], not exactly_one)] = self._compiled[key]
        return self._compiled[key]

    def _shared(self, converted: Converted) -> jsonschema_rs.Draft202012Validator:
        if converted.digest not in self._by_content:
            self._by_content[converted.digest] = compiled(converted.schema)
        return self._by_content[converted.digest]

    def validator_id(self, schema: Schema) -> int:
        """The same number for schemas that share a validator."""
        return id(self.validator(schema, exactly_one=True))


def _names(value: Any) -> Iterator[str]:
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            yield from item
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item[:1] if all(one is item[0] for one in item) else item)


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
