"""Which parameters are gone, new, demanded, or written in another way?"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from spec_review.change import Change, Use
from spec_review.comparison import Comparison, found
from spec_review.grade import UNSTABLE, grade_at, weakest
from spec_review.loading import Cursor
from spec_review.operations import Pair
from spec_review.rules.operations import announced
from spec_review.rules.schemas import schema_changes
from spec_review.rules.site import Site
from spec_review.values.names import alike
from spec_review.values.schema import View, alternatives, schema_of
from spec_review.values.shape import part_types

Key = tuple[str, str]
STYLES = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}


def all_parameters(comparison: Comparison) -> Iterator[Change]:
    """Everything about parameters, operation by operation."""
    for pair in comparison.matching.pairs:
        base, head = pair.base.parameters, pair.head.parameters
        gone = [key for key in base if key not in head]
        new = [key for key in head if key not in base]
        for old_key, new_key in _moved(base, head, gone, new):
            gone.remove(old_key)
            new.remove(new_key)
            yield _move(pair, old_key, new_key)
        for key in gone:
            if key[0] != "path":
                yield _removed(pair, key)
        for key in new:
            yield from _added(comparison, pair, key)
        for key in base:
            if key in head:
                yield from _changed(comparison, pair, key)


def _moved(
    base: dict[Key, Cursor], head: dict[Key, Cursor], gone: list[Key], new: list[Key]
) -> Iterator[tuple[Key, Key]]:
    """Pairs of a parameter that is gone and the new one it has become."""
    left = list(new)
    for old in gone:
        for twin in left:
            same_place = old[0] == twin[0] != "path" and alike(old[1], twin[1])
            elsewhere = (
                old[0] != twin[0] and "path" not in (old[0], twin[0]) and old[1].lower() == twin[1].lower()
            )
            if elsewhere or (same_place and _types(base[old]) & _types(head[twin])):
                left.remove(twin)
                yield old, twin
                break


def _types(cursor: Cursor) -> set[str]:
    schema = schema_of(_schema(cursor), View("request", "full"))
    flat = [part_types(part) for one in alternatives(schema) for part in one]
    return set.union(*flat) if flat else {"string"}


def _move(pair: Pair, old: Key, new: Key) -> Change:
    base, head = pair.base.parameters[old], pair.head.parameters[new]
    use = Use(pair.name, words(old, base), pair)
    if old[0] == new[0]:
        message = (
            f"The {use.part} is called `{head.text('name')}` now; what is sent under the old name is lost."
        )
        return found("request-parameter-renamed", message, base, head, use, old=old[1], new=new[1])
    message = f"The {words(old, base)} is sent in the {new[0]} now; what is sent in the {old[0]} is lost."
    return found("request-parameter-moved", message, base, head, use, old=old[0], new=new[0])


def _removed(pair: Pair, key: Key) -> Change:
    cursor = pair.base.parameters[key]
    required = cursor.flag("required") and not announced(cursor) and not _unstable(pair)
    what = words(key, cursor)
    message = f"The {what} is {'gone, though it had to be sent' if required else 'no longer documented'}."
    id_ = "request-parameter-required-removed" if required else "request-parameter-removed"
    return found(id_, message, cursor, pair.head.cursor, Use(pair.name, what), old=key[1])


def _unstable(pair: Pair) -> bool:
    return any(one.cursor.text("x-stability-level") in UNSTABLE for one in (pair.base, pair.head))


def _added(comparison: Comparison, pair: Pair, key: Key) -> Iterator[Change]:
    cursor = pair.head.parameters[key]
    what = words(key, cursor)
    use = Use(pair.name, what, pair, ("parameter", *key))
    if key[0] == "path":  # the path had this place all along, undescribed
        site = Site("request", "request-parameter", use, None, _schema(cursor), wire=True)
        yield from schema_changes(comparison, replace(site, base=_text_schema(cursor)))
    elif cursor.flag("required"):
        message = f"The {what} is new and must be sent; requests without it fail."
        yield found("request-parameter-required-added", message, pair.base.cursor, cursor, use, new=key[1])
    else:
        yield found(
            "request-parameter-added", f"The {what} is new.", pair.base.cursor, cursor, use, new=key[1]
        )


def _text_schema(cursor: Cursor) -> Cursor:
    return Cursor(cursor.document, (*cursor.path, "undescribed"), {"type": "string", "minLength": 1})


def _changed(comparison: Comparison, pair: Pair, key: Key) -> Iterator[Change]:
    base, head = pair.base.parameters[key], pair.head.parameters[key]
    use = Use(pair.name, words(key, base), pair, ("parameter", *key))
    required = base.flag("required"), head.flag("required")
    if key[0] != "path" and required[0] != required[1]:
        yield _demanded(base, head, use)
    yield from _rewritten(base, head, use)
    grade = weakest(grade_at(base), grade_at(head))
    wire = written_as(base)[0] != "content"
    site = Site(
        "request", "request-parameter", use, _schema(base), _schema(head), grade, wire, not all(required)
    )
    yield from schema_changes(comparison, site)


def _rewritten(base: Cursor, head: Cursor, use: Use) -> Iterator[Change]:
    """The same value is written, or the same text is read, in another way."""
    old, new = written_as(base), written_as(head)
    id_, what = "request-parameter-style-changed", use.part
    if old != new and (_listed(base, head) or "content" in (old[0], new[0])):
        message = (
            f"The {what} was written as {_spelled(old)} and is {_spelled(new)} now; it is read otherwise."
        )
        yield found(id_, message, base, head, use, old=_spelled(old), new=_spelled(new))
    elif old == new and _split(base, head, old):
        message = (
            f"The {what} is read as a {_kind(head)} now: a text that holds a separator means another thing."
        )
        yield found(id_, message, base, head, use, old=_kind(base), new=_kind(head))


def _demanded(base: Cursor, head: Cursor, use: Use) -> Change:
    what = use.part
    if head.flag("required"):
        message = f"The {what} must be sent now; requests without it fail."
        return found("request-parameter-became-required", message, base, head, use)
    return found("request-parameter-became-optional", f"The {what} may be left out now.", base, head, use)


def _schema(parameter: Cursor) -> Cursor | None:
    """A parameter's schema, or that of its one content."""
    schema = parameter.get("schema")
    if schema is not None:
        return schema if isinstance(schema.value, dict | bool) else None
    for _, media in parameter.entries("content"):
        return media.get("schema")
    return None


schema_below = _schema
"""The schema of a parameter or header."""


def written_as(parameter: Cursor) -> tuple[str, Any, Any]:
    """How a value is written: its style, whether lists explode, whether reserved characters stay."""
    for media, _ in parameter.entries("content"):
        return ("content", media, None)
    style = parameter.text("style") or STYLES.get(parameter.text("in"), "simple")
    explode = parameter.value.get("explode")
    return (style, explode if isinstance(explode, bool) else style == "form", parameter.flag("allowReserved"))


def _spelled(way: tuple[str, Any, Any]) -> str:
    if way[0] == "content":
        return str(way[1])
    reserved = ", reserved characters as they are" if way[2] else ""
    return f"{way[0]}{', exploded' if way[1] else ''}{reserved}"


def _listed(base: Cursor, head: Cursor) -> bool:
    """Whether style and explode make a difference: to lists, objects, or by marks on single values."""
    one, other = written_as(base), written_as(head)
    if one[0] != other[0] and {one[0], other[0]} & {"matrix", "label"}:
        return True
    if one[2] != other[2]:
        return bool(one[2])
    return bool({"array", "object"} & (_types(base) | _types(head)))


def _is_list(cursor: Cursor) -> bool:
    return "array" in _types(cursor) and "string" not in _types(cursor)


def _kind(cursor: Cursor) -> str:
    return "list" if _is_list(cursor) else "single value"


def _split(base: Cursor, head: Cursor, way: tuple[str, Any, Any]) -> bool:
    """A single value read as a list is the same text only where each item is written by itself."""
    return way[0] != "content" and not way[1] and _is_list(base) != _is_list(head)


def words(key: Key, cursor: Cursor) -> str:
    """What a parameter is called in a sentence."""
    return f"{key[0]} parameter `{cursor.text('name') or key[1]}`"
