"""How does a person say what happened to a schema?"""

import json
from typing import TYPE_CHECKING, Any

from spec_review.catalogue import Kind
from spec_review.values.schema import Schema, keywords
from spec_review.values.search import Difference
from spec_review.values.shape import same, shape_of

if TYPE_CHECKING:
    from spec_review.rules.site import Site

LONGEST = 60
EXCLUSIVE = {"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"}


def path_words(site: "Site", path: tuple[str, ...]) -> str:
    """A place inside a message: `data[].status` in the 200 response."""
    if not path:
        return f"the {site.use.part}"
    text = ""
    for step in path:
        text += step if step.startswith("[") else (".*" if step == "{}" else f".{step}")
    return f"`{text.lstrip('.')}` in the {site.use.part}"


def plain(value: Any) -> Any:
    """A value as text, cut where it is long."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return short(value)


def short(value: Any) -> str:
    """A value as JSON, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def bound_of(keyword: str, schema: Schema) -> Any:
    """What the parts say for a keyword, the strictest where several do."""
    said = [keywords(part) for part in schema]
    if keyword in ("type", "nullable", "alternatives"):
        return _types(schema)
    if keyword == "enum":
        allowed = shape_of(schema).allowed
        return None if allowed is None else list(allowed)
    values = [own[key] for own in said for key in (keyword, EXCLUSIVE.get(keyword, keyword)) if key in own]
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
    site: "Site", hit: Difference, keyword: str, kind: Kind, base: Schema, head: Schema, narrowed: bool
) -> str:
    """A difference as a sentence a person would write."""
    where = capital(path_words(site, hit.path))
    if keyword == "required":
        return _required(site, hit, base, head, narrowed)
    less, more = (base, head) if narrowed else (head, base)
    what = kind.what.format(
        bound=_bound(keyword, more if more else less),
        types=_lost_types(less, more),
        values=_lost_values(less, more, hit.value),
        value=short(_inner(hit)),
        name=hit.name,
    )
    if site.way == "request":
        return f"{where} {'no longer takes' if narrowed else 'now also takes'} {what}."
    if narrowed:
        return f"{where} is never again {what}." if keyword != "field" else f"{where} never has {what}."
    return f"{where} may now {'have' if keyword in ('field', 'additionalProperties') else 'be'} {what}."


def _required(site: "Site", hit: Difference, base: Schema, head: Schema, narrowed: bool) -> str:
    inside = capital(path_words(site, (*hit.path, hit.name)))
    if narrowed and hit.name not in shape_of(base).properties:
        return f"{inside} is new and required."
    if narrowed:
        return f"{inside} is now required." if site.way == "request" else f"{inside} is always there now."
    if hit.name not in shape_of(head).properties:
        return (
            f"{inside} was always there and is gone."
            if site.way == "response"
            else f"{inside} is not asked for now."
        )
    return f"{inside} may now be missing." if site.way == "response" else f"{inside} may now be left out."


def _bound(keyword: str, schema: Schema) -> str:
    value = bound_of(keyword, schema)
    return f"`{value}`" if keyword in ("pattern",) else str(value) if not isinstance(value, str) else value


def _lost_types(less: Schema, more: Schema) -> str:
    left, right = shape_of(less).types, shape_of(more).types
    lost = [name for name in left if name not in right]
    if "number" in lost and "integer" in lost:
        lost.remove("integer")
    return " or ".join(lost) or _types(less)


def _lost_values(less: Schema, more: Schema, value: Any) -> str:
    left, right = shape_of(less).allowed, shape_of(more).allowed
    if left is not None and right is not None:
        lost = [one for one in left if not any(same(one, other) for other in right)]
        return (
            " or ".join(f"`{one}`" if isinstance(one, str) else short(one) for one in lost[:8])
            or "some values"
        )
    return f"anything but {' or '.join(map(short, right[:8]))}" if right is not None else short(value)


def _inner(hit: Difference) -> Any:
    value = hit.value
    for step in hit.path:
        value = _step(value, step)
    return value


def _step(value: Any, step: str) -> Any:
    if isinstance(value, list):
        return value[0] if value else value
    if isinstance(value, dict):
        return value.get(step, next(reversed(value.values())) if value else value)
    return value


def capital(text: str) -> str:
    """A sentence's beginning."""
    return text[:1].upper() + text[1:]
