"""How is a value judged where it travels: as JSON, or as the text of a parameter or header?

On the wire a query value is a string, so `5` satisfies `integer`, `number` and `string` alike. A text is
accepted if any reading of it that the schema's types allow is accepted.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from spec_review.values import candidates
from spec_review.values.oracle import Oracle
from spec_review.values.schema import TYPES, Schema, alternatives
from spec_review.values.shape import Shape, shape_of

Acceptor = Callable[[Any], bool]
Refusal = tuple[str, tuple[Any, ...], dict[str, Any]]
NUMBER = re.compile(r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$")


class Judge:
    """Values as JSON."""

    def acceptor(self, oracle: Oracle, schema: Schema, strictly: bool = False) -> Acceptor:
        """What tells whether the schema accepts a value; `strictly` holds a request to every word of it."""
        exactly_one = strictly and any(part.view.direction == "request" for part in schema)
        return oracle.validator(schema, exactly_one).is_valid

    def accepts(self, oracle: Oracle, schema: Schema, value: Any, strictly: bool = False) -> bool:
        """Whether a schema accepts the value."""
        return self.acceptor(oracle, schema, strictly)(value)

    def refusals(self, oracle: Oracle, schema: Schema, value: Any) -> list[Refusal]:
        """The keywords of a flat schema that refuse the value."""
        return oracle.refusals(schema, value)

    def scalars(self, one: Shape, other: Shape) -> Iterator[Any]:
        """The boundary scalars to try."""
        return candidates.scalars(one, other)


@dataclass(frozen=True)
class WireJudge(Judge):
    """Values as texts, lists of texts and mappings of texts."""

    def acceptor(self, oracle: Oracle, schema: Schema, strictly: bool = False) -> Acceptor:
        """What tells whether any reading of a value's text satisfies the schema."""
        judge = super().acceptor(oracle, schema, strictly)
        return lambda value: judge(read(oracle, schema, written(value)))

    def refusals(self, oracle: Oracle, schema: Schema, value: Any) -> list[Refusal]:
        """The keywords that refuse the text's best reading."""
        return oracle.refusals(schema, read(oracle, schema, written(value)))


def written(value: Any) -> Any:
    """A value as it is written on the wire."""
    if isinstance(value, list):
        return [written(item) for item in value]
    if isinstance(value, dict):
        return {name: written(item) for name, item in value.items()}
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return "" if value is None else str(value)


def read(oracle: Oracle, schema: Schema, text: Any) -> Any:
    """The reading of a written value that satisfies the schema, or else the likeliest one."""
    first: Any = None
    for position, flat in enumerate(alternatives(schema)):
        for reading in _readings(oracle, flat, text):
            if oracle.accepts(schema, reading):
                return reading
            first = reading if position == 0 and first is None else first
    return text if first is None else first


def _readings(oracle: Oracle, flat: Schema, text: Any) -> Iterator[Any]:
    shape = shape_of(flat)
    if isinstance(text, dict):
        yield {
            name: read(oracle, shape.properties.get(name, shape.additional), item)
            for name, item in text.items()
        }
        return
    listed = "array" in shape.types and set(shape.types) != set(TYPES)
    if isinstance(text, list):
        if listed or set(shape.types) == set(TYPES):
            yield [read(oracle, shape.items or (), item) for item in text]
        elif len(text) == 1:
            yield from _scalar(shape, text[0])
        else:
            yield text
        return
    if listed:
        yield [read(oracle, shape.items or (), text)]
    yield from _scalar(shape, text)


def _scalar(shape: Shape, text: Any) -> Iterator[Any]:
    """Every JSON scalar that the text may stand for under these types, the likeliest first."""
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
