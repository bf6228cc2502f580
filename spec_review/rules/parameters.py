"""Which parameters were removed, added, renamed, made required, or serialized differently?"""

from collections.abc import Iterator
from typing import Any

from spec_review.change import Change, Use
from spec_review.comparison import Comparison, make_change
from spec_review.grade import UNSTABLE, grade_at, weakest
from spec_review.loading import Cursor
from spec_review.operations import Pair
from spec_review.rules.operations import removal_announced
from spec_review.schema_pair import SchemaPair
from spec_review.values.pairing import similar
from spec_review.values.schema import View, alternatives, schema_of
from spec_review.values.shape import part_types

Key = tuple[str, str]
"""The `in` and the name of a parameter."""

Serialization = tuple[str, Any, Any]
"""Style, explode and allowReserved; or "content", the media type and None."""

STYLES = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}
"""The default style for each `in`."""


def all_parameters(comparison: Comparison) -> Iterator[Change]:
    """Changes to the parameters of each operation."""
    for pair in comparison.changed:
        base, revision = pair.base.parameters, pair.revision.parameters
        removed = [key for key in base if key not in revision]
        added = [key for key in revision if key not in base]
        for old_key, new_key in _moved(base, revision, removed, added):
            removed.remove(old_key)
            added.remove(new_key)
            yield _move(pair, old_key, new_key)
        for key in removed:
            if key[0] != "path":
                yield _removed(pair, key)
        for key in added:
            yield from _added(comparison, pair, key)
        for key in base:
            if key in revision:
                yield from _changed(comparison, pair, key)


def _moved(
    base: dict[Key, Cursor], revision: dict[Key, Cursor], removed: list[Key], added: list[Key]
) -> Iterator[tuple[Key, Key]]:
    """Pairs of a removed parameter and the added one that replaces it."""
    left = list(added)
    for old in removed:
        for new in left:
            renamed = old[0] == new[0] != "path" and similar(old[1], new[1])
            moved = old[0] != new[0] and "path" not in (old[0], new[0]) and old[1].lower() == new[1].lower()
            if moved or (renamed and _types(base[old]) & _types(revision[new])):
                left.remove(new)
                yield old, new
                break


def _types(cursor: Cursor) -> set[str]:
    schema = schema_of(parameter_schema(cursor), View("request", "full"))
    flat = [part_types(part) for one in alternatives(schema) for part in one]
    return set.union(*flat) if flat else {"string"}


def _move(pair: Pair, old: Key, new: Key) -> Change:
    base, revision = pair.base.parameters[old], pair.revision.parameters[new]
    use = Use(pair.name, words(old, base), pair)
    if old[0] == new[0]:
        message = f"The {use.part} was renamed to `{revision.text('name')}`; the old name has no effect."
        return make_change("request-parameter-renamed", message, base, revision, use, old=old[1], new=new[1])
    message = f"The {use.part} moved from {old[0]} to {new[0]}; a value in the {old[0]} has no effect."
    return make_change("request-parameter-moved", message, base, revision, use, old=old[0], new=new[0])


def _removed(pair: Pair, key: Key) -> Change:
    cursor = pair.base.parameters[key]
    required = cursor.flag("required") and not removal_announced(cursor) and not _unstable(pair)
    what = words(key, cursor)
    message = f"The {what} {'was required and was removed' if required else 'is no longer documented'}."
    id_ = "request-parameter-required-removed" if required else "request-parameter-removed"
    return make_change(id_, message, cursor, pair.revision.cursor, Use(pair.name, what), old=key[1])


def _unstable(pair: Pair) -> bool:
    return any(one.cursor.text("x-stability-level") in UNSTABLE for one in (pair.base, pair.revision))


def _added(comparison: Comparison, pair: Pair, key: Key) -> Iterator[Change]:
    cursor = pair.revision.parameters[key]
    what = words(key, cursor)
    use = Use(pair.name, what, pair, ("parameter", *key))
    owner = pair.base.cursor
    if key[0] == "path":  # the path has this parameter in both documents, but the base does not describe it
        base = _text_schema(cursor)
        schemas = SchemaPair(
            "request", "request-parameter", use, base, parameter_schema(cursor), as_text=True
        )
        comparison.schemas.append(schemas)
    elif cursor.flag("required"):
        message = f"The {what} was added and is required; requests without it fail."
        yield make_change("request-parameter-required-added", message, owner, cursor, use, new=key[1])
    else:
        message = f"The {what} was added and is optional."
        yield make_change("request-parameter-added", message, owner, cursor, use, new=key[1])


def _text_schema(cursor: Cursor) -> Cursor:
    return Cursor(cursor.document, (*cursor.path, "undescribed"), {"type": "string", "minLength": 1})


def _changed(comparison: Comparison, pair: Pair, key: Key) -> Iterator[Change]:
    base, revision = pair.base.parameters[key], pair.revision.parameters[key]
    use = Use(pair.name, words(key, base), pair, ("parameter", *key))
    required = base.flag("required"), revision.flag("required")
    if key[0] != "path" and required[0] != required[1]:
        yield _required_changed(base, revision, use)
    yield from _serialization_changed(base, revision, use)
    schemas = SchemaPair(
        "request",
        "request-parameter",
        use,
        parameter_schema(base),
        parameter_schema(revision),
        weakest(grade_at(base), grade_at(revision)),
        serialization_of(base)[0] != "content",
        not all(required),
    )
    comparison.schemas.append(schemas)


def _serialization_changed(base: Cursor, revision: Cursor, use: Use) -> Iterator[Change]:
    """Another text for the same value, or another value for the same text."""
    old, new = serialization_of(base), serialization_of(revision)
    id_, what = "request-parameter-style-changed", use.part
    if old != new and (_matters(base, revision) or "content" in (old[0], new[0])):
        one, other = serialization_words(old), serialization_words(new)
        message = f"The serialization of the {what} changed from {one} to {other}."
        yield make_change(id_, message, base, revision, use, old=one, new=other)
    elif old == new and _parsed_differently(base, revision, old):
        one, other = _kind(base), _kind(revision)
        message = f"The {what} is now parsed as a {other} and no longer as a {one}; separators matter."
        yield make_change(id_, message, base, revision, use, old=one, new=other)


def _required_changed(base: Cursor, revision: Cursor, use: Use) -> Change:
    if revision.flag("required"):
        message = f"The {use.part} is now required; requests without it fail."
        return make_change("request-parameter-became-required", message, base, revision, use)
    message = f"The {use.part} is now optional."
    return make_change("request-parameter-became-optional", message, base, revision, use)


def parameter_schema(parameter: Cursor) -> Cursor | None:
    """The schema of a parameter or header: its `schema`, or that of its media type."""
    schema = parameter.get("schema")
    if schema is not None:
        return schema if isinstance(schema.value, dict | bool) else None
    for _, media in parameter.entries("content"):
        return media.get("schema")
    return None


def serialization_of(parameter: Cursor) -> Serialization:
    """How the values of a parameter or header are serialized."""
    for media, _ in parameter.entries("content"):
        return ("content", media, None)
    style = parameter.text("style") or STYLES.get(parameter.text("in"), "simple")
    explode = parameter.value.get("explode")
    return (style, explode if isinstance(explode, bool) else style == "form", parameter.flag("allowReserved"))


def serialization_words(serialization: Serialization) -> str:
    """A serialization in words, for example "form, exploded"."""
    if serialization[0] == "content":
        return str(serialization[1])
    reserved = ", reserved characters as they are" if serialization[2] else ""
    return f"{serialization[0]}{', exploded' if serialization[1] else ''}{reserved}"


def _matters(base: Cursor, revision: Cursor) -> bool:
    """Whether a change of style or explode changes the text: for arrays, objects, `matrix` and `label`."""
    old, new = serialization_of(base), serialization_of(revision)
    if old[0] != new[0] and {old[0], new[0]} & {"matrix", "label"}:
        return True
    if old[2] != new[2]:
        return bool(old[2])
    return bool({"array", "object"} & (_types(base) | _types(revision)))


def _is_list(cursor: Cursor) -> bool:
    return "array" in _types(cursor) and "string" not in _types(cursor)


def _kind(cursor: Cursor) -> str:
    return "list" if _is_list(cursor) else "single value"


def _parsed_differently(base: Cursor, revision: Cursor, serialization: Serialization) -> bool:
    """Whether only one document parses the text as a list; exploded lists have no separators."""
    if serialization[0] == "content" or serialization[1]:
        return False
    return _is_list(base) != _is_list(revision)


def words(key: Key, cursor: Cursor) -> str:
    """The name of a parameter in a sentence, for example "query parameter `limit`"."""
    return f"{key[0]} parameter `{cursor.text('name') or key[1]}`"
