"""How is a value checked against a schema: as JSON, or as the text of a parameter or header?

In a query string every value is text, so `5` satisfies `integer`, `number` and `string`. A text is accepted
if the schema accepts one of the values that the text can stand for.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from spec_review.values import candidates
from spec_review.values.schema import TYPES, Schema, alternatives
from spec_review.values.shape import Shape, shape_of
from spec_review.values.validators import Validators

Acceptor = Callable[[Any], bool]
Rejection = tuple[str, tuple[Any, ...], dict[str, Any]]
NUMBER = re.compile(r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$")


class JsonChecker:
    """Checks values that are sent as JSON."""

    def acceptor(
        self, validators: Validators, schema: Schema, strictly: bool = False, exact: bool = False
    ) -> Acceptor:
        """A function that checks values; with `strictly`, a request must match exactly one `oneOf` member.

        With `exact`, it checks everything that a value contains, also in very large schemas.
        """
        exactly_one = strictly and any(part.view.direction == "request" for part in schema)
        if exact and validators.is_large(schema):
            return lambda value: validators.exact(schema, exactly_one, value).is_valid(value)
        return validators.validator(schema, exactly_one).is_valid

    def accepts(self, validators: Validators, schema: Schema, value: Any, strictly: bool = False) -> bool:
        """Whether a schema accepts the value, with everything that the value contains."""
        return self.acceptor(validators, schema, strictly, exact=True)(value)

    def rejections(self, validators: Validators, schema: Schema, value: Any) -> list[Rejection]:
        """The keywords of a flat schema that reject the value."""
        return validators.rejections(schema, value)

    def scalars(self, one: Shape, other: Shape) -> Iterator[Any]:
        """The boundary values to try, without arrays and objects."""
        return candidates.scalars(one, other)


@dataclass(frozen=True)
class TextChecker(JsonChecker):
    """Checks values that are sent as text, as lists of texts or as mappings of texts."""

    def acceptor(
        self, validators: Validators, schema: Schema, strictly: bool = False, exact: bool = False
    ) -> Acceptor:
        """A function that checks whether the schema accepts a value of the serialized text."""
        checker = super().acceptor(validators, schema, strictly, exact)
        return lambda value: checker(deserialized(validators, schema, serialized(value)))

    def rejections(self, validators: Validators, schema: Schema, value: Any) -> list[Rejection]:
        """The keywords that reject the most likely value of the serialized text."""
        return validators.rejections(schema, deserialized(validators, schema, serialized(value)))


def serialized(value: Any) -> Any:
    """The value as text, or as lists and mappings of texts."""
    if isinstance(value, list):
        return [serialized(item) for item in value]
    if isinstance(value, dict):
        return {name: serialized(item) for name, item in value.items()}
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return "" if value is None else str(value)


def deserialized(validators: Validators, schema: Schema, text: Any) -> Any:
    """The value of the text that the schema accepts, or the most likely value if it accepts none."""
    first: Any = None
    for position, flat in enumerate(alternatives(schema)):
        for value in _values_of_text(validators, flat, text):
            if validators.accepts(schema, value):
                return value
            first = value if position == 0 and first is None else first
    return text if first is None else first


def _values_of_text(validators: Validators, flat: Schema, text: Any) -> Iterator[Any]:
    shape = shape_of(flat)
    if isinstance(text, dict):
        yield {
            name: deserialized(validators, shape.properties.get(name, shape.additional), item)
            for name, item in text.items()
        }
        return
    listed = "array" in shape.types and set(shape.types) != set(TYPES)
    if isinstance(text, list):
        if listed or set(shape.types) == set(TYPES):
            yield [deserialized(validators, shape.items or (), item) for item in text]
        elif len(text) == 1:
            yield from _scalar(shape, text[0])
        else:
            yield text
        return
    if listed:
        yield [deserialized(validators, shape.items or (), text)]
    yield from _scalar(shape, text)


def _scalar(shape: Shape, text: Any) -> Iterator[Any]:
    """The scalars that the text can stand for, given the allowed types; the most likely first."""
    if not isinstance(text, str):
        yield text
        return
    if {"integer", "number"} & set(shape.types) and NUMBER.match(text):
        yield float(text) if set(text) & set(".eE") else int(text)
    if "boolean" in shape.types and text in ("true", "false"):
        yield text == "true"
    if "null" in shape.types and text == "":
        yield None
    if "string" in shape.types or not shape.types:
        yield text
    if "object" not in shape.types:
        yield text
