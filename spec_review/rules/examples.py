"""Which examples no longer match their schemas?"""

from collections.abc import Container, Iterator, Sequence

from spec_review.change import Change, Use
from spec_review.comparison import Comparison, make_change
from spec_review.loading import Cursor
from spec_review.operations import Operation
from spec_review.values.schema import Direction, View, schema_of


def examples(comparison: Comparison) -> Iterator[Change]:
    """Examples that do not match their schemas in the revision, except those that did not in the base."""
    for pair in comparison.changed:
        base, revision = (list(_holders(one)) for one in (pair.base, pair.revision))
        same = {key for key, one, *_ in base if _is_unchanged(comparison, key, one, revision)}
        found = list(_mismatches(comparison, revision, same))
        known = {key for key, *_ in _mismatches(comparison, base, same)} if found else set()
        for key, example, schema, part in found:
            if key not in known:
                use = Use(pair.name, part)
                name = example.path[-2] if example.path[-1] == "value" else "example"
                message = f"The example `{name}` of the {part} no longer matches its schema."
                yield make_change(
                    "example-no-longer-fits", message, schema, example, use, subject=example.pointer
                )


Holder = tuple[tuple[str, ...], Cursor, Direction, str]
"""What has a schema and examples: its key, its place, the direction of its values, and its name."""


def _is_unchanged(
    comparison: Comparison, key: tuple[str, ...], base: Cursor, revision: Sequence[Holder]
) -> bool:
    return any(comparison.unchanged.places(base, other) for name, other, *_ in revision if name == key)


def _mismatches(
    comparison: Comparison, holders: Sequence[Holder], same: Container[tuple[str, ...]]
) -> Iterator[tuple[tuple[str, ...], Cursor, Cursor, str]]:
    for place, holder, direction, part in holders:
        schema = holder.get("schema")
        if schema is None or place in same:
            continue
        for name, example in _examples(holder):
            key = ("example", schema.key, example.key, direction)
            if key not in comparison.memory:
                full = schema_of(schema, View(direction, "full"))
                comparison.memory[key] = comparison.validators.accepts(full, example.value)
            if not comparison.memory[key]:
                yield (*place, name), example, schema, part


def _holders(operation: Operation) -> Iterator[Holder]:
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
