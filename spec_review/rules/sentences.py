"""Which sentence describes a change to a schema?"""

import json
from collections.abc import Sequence
from typing import Any

from spec_review.catalogue import Kind
from spec_review.schema_pair import SchemaPair
from spec_review.values.schema import Schema, keywords
from spec_review.values.search import Difference
from spec_review.values.shape import allowed_by, same, shape_of

MAX_LENGTH = 60
SHOWN = 8
"""The most values of an enum in a sentence."""

EXCLUSIVE = {"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"}
EMPTY = {
    "a string shorter than 1 characters": "an empty string",
    "an array with fewer than 1 items": "an empty array",
    "an object with fewer than 1 properties": "an empty object",
}


def path_words(schemas: SchemaPair, path: tuple[str, ...]) -> str:
    """A place inside a body, for example "`data[].status` in the 200 response"."""
    if not path:
        return f"the {schemas.use.part}"
    text = ""
    for step in path:
        text += step if step.startswith("[") else (".*" if step == "{}" else f".{step}")
    return f"`{text.lstrip('.')}` in the {schemas.use.part}"


def plain(value: Any) -> Any:
    """A scalar as it is, any other value as JSON."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


def short(value: Any) -> str:
    """A value as JSON, truncated to `MAX_LENGTH` characters."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= MAX_LENGTH else f"{text[: MAX_LENGTH - 1]}…"


def bound_of(keyword: str, schema: Schema) -> Any:
    """The value of a keyword in a schema, the strictest when several parts have it."""
    parts = [keywords(part) for part in schema]
    if keyword in ("type", "nullable", "alternatives"):
        return _types(schema)
    if keyword == "enum":
        allowed = allowed_by(schema)
        return None if allowed is None else list(allowed)
    values = [own[key] for own in parts for key in (keyword, EXCLUSIVE.get(keyword, keyword)) if key in own]
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if numbers:
        return max(numbers) if keyword.startswith("min") else min(numbers)
    return values[0] if values and not isinstance(values[0], dict) else None


def _types(schema: Schema) -> str:
    types = list(shape_of(schema).types)
    if len(types) == 7:
        return "any"
    if "number" in types and "integer" in types:
        types.remove("integer")
    return " or ".join(types)


def sentence(
    schemas: SchemaPair,
    difference: Difference,
    keyword: str,
    kind: Kind,
    base: Schema,
    revision: Schema,
    narrowed: bool,
) -> str:
    """A sentence for a difference; `narrowed` says that the revision accepts less than the base."""
    where = capital(path_words(schemas, difference.path))
    if keyword == "required":
        return _required(schemas, difference, base, revision, narrowed)
    less, more = (base, revision) if narrowed else (revision, base)
    values = kind.values.format(
        bound=_bound(keyword, more if more else less),
        types=_lost_types(less, more),
        values=_lost_values(less, more, difference.value),
        value=short(_inner(difference)),
        alternative=_alternative(difference),
        name=difference.name,
    )
    values = EMPTY.get(values, values)
    if keyword in EXCLUSIVE and bound_of(keyword, more) is None:
        values = f"a value outside the range of {_bound('format', more)}"
    if schemas.direction == "request":
        return f"{where} {'no longer accepts' if narrowed else 'now also accepts'} {values}."
    verb = "have" if keyword in ("field", "additionalProperties") else "be"
    return f"{where} {'can no longer' if narrowed else 'may now'} {verb} {values}."


def _required(
    schemas: SchemaPair, difference: Difference, base: Schema, revision: Schema, narrowed: bool
) -> str:
    inside = capital(path_words(schemas, (*difference.path, difference.name)))
    request = schemas.direction == "request"
    if narrowed and difference.name not in shape_of(base).properties:
        return f"{inside} was added and is required."
    if narrowed:
        return f"{inside} is now {'required' if request else 'always present'}."
    if difference.name not in shape_of(revision).properties:
        return f"{inside} is no longer required." if request else f"{inside} was required and was removed."
    return f"{inside} {'is now optional' if request else 'may now be missing'}."


def _bound(keyword: str, schema: Schema) -> str:
    value = bound_of(keyword, schema)
    if keyword in EXCLUSIVE and _is_exclusive(keyword, schema, value):
        return f"{value} or equal to it"
    return (
        f"`{value}`" if keyword in ("pattern", "format") else f"{value:,}" if _is_long(value) else str(value)
    )


def _is_long(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 1_000_000


def _is_exclusive(keyword: str, schema: Schema, bound: Any) -> bool:
    """Whether the bound itself is excluded: by `true` in OpenAPI 3.0, by the number in 3.1."""
    parts = [keywords(part) for part in schema]
    exclusive = [(own.get(keyword), own.get(EXCLUSIVE[keyword])) for own in parts]
    return any(
        (stated is True and value == bound) or (stated is not True and stated == bound)
        for value, stated in exclusive
    )


def _or(words: Sequence[str]) -> str:
    """The words as a list: "a, b or c"."""
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _lost_types(less: Schema, more: Schema) -> str:
    left, right = shape_of(less).types, shape_of(more).types
    lost = [name for name in left if name not in right]
    if "number" in lost and "integer" in lost:
        lost.remove("integer")
    return _or(lost) or _types(less)


def _lost_values(less: Schema, more: Schema, value: Any) -> str:
    left, right = allowed_by(less), allowed_by(more)
    if left is not None and right is not None:
        return _listed([one for one in left if not any(same(one, other) for other in right)])
    if right is not None:
        return f"a value other than {_listed(right)}"
    return short(value)


def _listed(values: Sequence[Any]) -> str:
    """The first values and the number of the others."""
    shown = [f"`{one}`" if isinstance(one, str) and len(one) <= MAX_LENGTH else short(one) for one in values]
    more = len(shown) - SHOWN
    return _or([*shown[:SHOWN], f"{more} more values"] if more > 1 else shown) or "some values"


def _alternative(difference: Difference) -> str:
    """The name of an alternative: that of its component, or its title; else a value that shows it."""
    for part in difference.accepting:
        path = part.cursor.path
        if path[:2] == ("components", "schemas") and len(path) == 3:
            return f"the alternative `{path[2]}`"
        title = part.cursor.text("title")
        if title:
            return f"the alternative `{title}`"
    return f"a value such as {short(_inner(difference))}"


def _inner(difference: Difference) -> Any:
    value = difference.value
    for step in difference.path:
        value = _step(value, step)
    return value


def _step(value: Any, step: str) -> Any:
    if isinstance(value, list):
        return value[0] if value else value
    if isinstance(value, dict):
        return value.get(step, next(reversed(value.values())) if value else value)
    return value


def capital(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]
