"""Which examples do not fit their schemas any more?"""

from collections.abc import Iterator

from spec_review.change import Change, Use
from spec_review.comparison import Comparison, found
from spec_review.loading import Cursor
from spec_review.operations import Operation
from spec_review.values.schema import Direction, View, schema_of


def examples(comparison: Comparison) -> Iterator[Change]:
    """Examples of the revision that break its schemas, unless the base had them broken too."""
    for pair in comparison.matching.pairs:
        known = {key for key, *_ in _broken(comparison, pair.base)}
        for key, example, schema, part in _broken(comparison, pair.head):
            if key not in known:
                use = Use(pair.name, part)
                name = example.path[-2] if example.path[-1] == "value" else "example"
                message = f"The example `{name}` of the {part} does not fit its schema any more."
                yield found("example-no-longer-fits", message, schema, example, use, subject=example.pointer)


def _broken(
    comparison: Comparison, operation: Operation
) -> Iterator[tuple[tuple[str, ...], Cursor, Cursor, str]]:
    for place, holder, way, part in _holders(operation):
        schema = holder.get("schema")
        if schema is None:
            continue
        for name, example in _examples(holder):
            key = ("fits", schema.key, example.key, way)
            if key not in comparison.memory:
                full = schema_of(schema, View(way, "full"))
                comparison.memory[key] = comparison.oracle.accepts(full, example.value)
            if not comparison.memory[key]:
                yield (*place, name), example, schema, part


def _holders(operation: Operation) -> Iterator[tuple[tuple[str, ...], Cursor, Direction, str]]:
    for key, parameter in operation.parameters.items():
        yield key, parameter, "request", f"{key[0]} parameter `{parameter.text('name')}`"
    for media, holder in operation.cursor.entries("requestBody", "content"):
        if "json" in media:
            yield ("body", media), holder, "request", "request body"
    for status, response in operation.cursor.entries("responses"):
        for media, holder in response.entries("content"):
            if "json" in media:
                yield (status, media), holder, "response", f"{status} response"


def _examples(holder: Cursor) -> Iterator[tuple[str, Cursor]]:
    if isinstance(holder.value, dict) and "example" in holder.value:
        yield "example", holder.raw("example")
    for name, example in holder.entries("examples"):
        if isinstance(example.value, dict) and "value" in example.value:
            yield name, example.raw("value")
