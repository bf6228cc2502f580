"""Answers: what is left of a document when facts above a grade are taken away?

One principle binds this file: a lower view never demands more and never permits less. What demands (a
property's schema, a parameter, a keyword) is dropped with its grade; what permits (a response status, a media
type, one of several alternatives) stays, without what it demands in turn.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any


class Grade(StrEnum):
    """How well a fact is known, from the best known to the least; `openapi/README.md` defines the grades."""

    DOCUMENTED = "documented"
    OBSERVED = "observed"
    ASSUMED = "assumed"

    @property
    def rank(self) -> int:
        """0 for the best known."""
        return GRADES.index(self)


GRADES: tuple[Grade, ...] = tuple(Grade)
"""From the best known to the least."""

_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
_DATA = frozenset({"example", "examples", "default", "enum", "x-lifecycle", "x-enum-grade"})
"""Keys whose values are data: nothing in them is a fact of its own."""
_GONE = object()


def view(document: dict[str, Any], grade: Grade | str) -> dict[str, Any]:
    """The document with the facts up to `grade`, the keywords of `x-observed` and `x-assumed` merged in.

    The original stays as it is; examples are shared with it. Raises `ValueError` when `grade` is not one of
    `GRADES`, when an `x-grade` is not, or when a merged keyword collides with one that is there.
    """
    copy = _node(document, _level(grade))
    _drop_dangling_links(copy)
    return copy  # type: ignore[no-any-return]


def _level(grade: object) -> int:
    try:
        return Grade(grade).rank  # type: ignore[arg-type]
    except ValueError:
        raise ValueError(f"{grade!r} is not a grade; the grades are {', '.join(GRADES)}") from None


def _above(value: object, limit: int) -> bool:
    return isinstance(value, dict) and _level(value.get("x-grade", "documented")) > limit


def _node(node: Any, limit: int) -> Any:
    if isinstance(node, list):
        return [_node(item, limit) for item in node]
    if not isinstance(node, dict):
        return node
    merged = _merge_graded_keywords(node, limit)
    required = merged.get("required")
    if isinstance(required, list) and isinstance(merged.get("properties"), dict):
        merged["required"] = [name for name in required if not _above(merged["properties"].get(name), limit)]
        if not merged["required"]:
            del merged["required"]
    return {key: value for key, raw in merged.items() if (value := _child(key, raw, limit)) is not _GONE}


def _merge_graded_keywords(node: dict[str, Any], limit: int) -> dict[str, Any]:
    merged = {key: value for key, value in node.items() if key not in ("x-observed", "x-assumed")}
    for level, grade in enumerate(GRADES):
        extra = node.get(f"x-{grade}")
        if isinstance(extra, dict) and level <= limit:
            _merge(merged, extra, grade)
    return merged


def _merge(merged: dict[str, Any], extra: dict[str, Any], grade: Grade) -> None:
    for key, value in extra.items():
        if key == "required":
            merged[key] = [*merged.get(key, []), *value]
        elif key == "nullable" or merged.get(key, value) == value:
            merged[key] = value
        else:
            raise ValueError(f"x-{grade}.{key} stands beside a {key} of its own; a keyword has one value")


def _child(key: str, value: Any, limit: int) -> Any:
    """What stays of the value under `key`; `_GONE` when nothing does."""
    if key in _DATA:
        return value
    if key in _CONTAINERS:
        return _CONTAINERS[key](value, limit)
    if key in _METHODS and _above(value, limit):
        return _GONE
    if _above(value, limit):
        return {}
    return _node(value, limit)


def _dropping(value: Any, limit: int) -> Any:
    """Members above the limit go; an emptied list or mapping goes with them."""
    if isinstance(value, list):
        kept = [_node(item, limit) for item in value if not _above(item, limit)]
        return kept or (_GONE if value else value)
    if isinstance(value, dict):
        return {name: _node(item, limit) for name, item in value.items() if not _above(item, limit)}
    return value


def _loosening(value: Any, limit: int) -> Any:
    """Members above the limit stay by name and lose what they demand."""
    if not isinstance(value, dict):
        return _node(value, limit)
    return {
        name: _loosened(item) if _above(item, limit) else _node(item, limit) for name, item in value.items()
    }


def _loosened(item: dict[str, Any]) -> dict[str, Any]:
    return {key: item[key] for key in ("description",) if key in item}


def _permitting(value: Any, limit: int) -> Any:
    """Alternatives all stay: each permits something."""
    return [_node(item, limit) for item in value] if isinstance(value, list) else _node(value, limit)


_CONTAINERS: dict[str, Callable[[Any, int], Any]] = {
    "properties": _dropping,
    "parameters": _dropping,
    "headers": _dropping,
    "allOf": _dropping,
    "anyOf": _permitting,
    "oneOf": _permitting,
    "responses": _loosening,
    "content": _loosening,
    "schemas": _loosening,
}


def _drop_dangling_links(document: dict[str, Any]) -> None:
    """Links that lead to an operation which is not in this view lead nowhere."""
    operations = {
        operation.get("operationId")
        for item in document.get("paths", {}).values()
        for method, operation in item.items()
        if method in _METHODS
    }
    links = document.get("components", {}).get("links", {})
    gone = {name for name, link in links.items() if link.get("operationId") not in operations}
    for name in gone:
        del links[name]
    _drop_references(document.get("paths", {}), {f"#/components/links/{name}" for name in gone})


def _drop_references(node: Any, targets: set[str]) -> None:
    for value in list(node.values()) if isinstance(node, dict) else []:
        _drop_references(value, targets)
    if isinstance(node, dict) and isinstance(links := node.get("links"), dict):
        node["links"] = {name: link for name, link in links.items() if link.get("$ref") not in targets}
