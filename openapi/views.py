"""What does a document state at a grade?

A lower view never demands more and never permits less. So a fact above the grade is removed if it demands
something: an operation, a parameter, a property, a keyword. A fact that permits something stays, without its
own demands: a response status, a media type, an alternative.
"""

from enum import Enum
from typing import Any

from openapi.grades import GRADES, Grade

_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
_DATA = frozenset({"example", "examples", "default", "enum"})
"""Keys whose values are data. Data contains no facts of its own."""
_KEYWORDS = {grade: f"x-{grade}" for grade in GRADES[1:]}
"""The extension that holds the further keywords of a schema, by grade."""
_REMOVED = object()


class _Rule(Enum):
    """What happens to a member above the grade."""

    REMOVE = "removed"
    EMPTY = "only its name and description are kept"
    KEEP = "kept"


_RULES = {
    "properties": _Rule.REMOVE,
    "parameters": _Rule.REMOVE,
    "headers": _Rule.REMOVE,
    "allOf": _Rule.REMOVE,
    "responses": _Rule.EMPTY,
    "content": _Rule.EMPTY,
    "schemas": _Rule.EMPTY,
    "anyOf": _Rule.KEEP,
    "oneOf": _Rule.KEEP,
}
"""The rule for the members of a list or mapping, by its key."""


def at_grade(document: dict[str, Any], grade: Grade | str) -> dict[str, Any]:
    """Return a copy of the document without the facts above `grade`.

    Keywords under `x-observed` and `x-assumed` are merged into their schemas, up to `grade`. The document is
    not modified. The copy shares examples and extensions with it.

    Raises `ValueError` if `grade` or an `x-grade` is not a grade, or if graded keywords cannot be merged. The
    message names the place in the document.
    """
    copy: dict[str, Any] = _copy(document, Grade(grade), "")
    _remove_dead_links(copy)
    return copy


def _copy(node: Any, grade: Grade, at: str) -> Any:
    """Copy a node without the facts above `grade` in it. The grade of the node itself is not compared."""
    if isinstance(node, list):
        return [_copy(item, grade, f"{at}/{index}") for index, item in enumerate(node)]
    if not isinstance(node, dict):
        return node
    _grade_of(node, at)
    merged = _merge_keywords(node, grade, at)
    _remove_requirements(merged, grade, at)
    copies = {key: _copy_value(str(key), value, grade, f"{at}/{key}") for key, value in merged.items()}
    return {key: value for key, value in copies.items() if value is not _REMOVED}


def _copy_value(key: str, value: Any, grade: Grade, at: str) -> Any:
    """Copy the value of a key, or return `_REMOVED`."""
    if key in _DATA or key.startswith("x-"):
        return value
    if key in _RULES and isinstance(value, dict | list):
        return _copy_members(value, _RULES[key], grade, at)
    if not _is_above(value, grade, at):
        return _copy(value, grade, at)
    return _REMOVED if key in _METHODS else {}


def _grade_of(node: dict[str, Any], at: str) -> Grade:
    if "x-grade" not in node:
        return Grade.DOCUMENTED
    try:
        return Grade(node["x-grade"])
    except ValueError as error:
        raise ValueError(f"{at}/x-grade: {error}") from None


def _is_above(node: Any, grade: Grade, at: str) -> bool:
    return isinstance(node, dict) and "x-grade" in node and _grade_of(node, at).rank > grade.rank


def _merge_keywords(schema: dict[str, Any], grade: Grade, at: str) -> dict[str, Any]:
    """Copy a schema (one level deep) with its graded keywords up to `grade` merged in."""
    merged = {key: value for key, value in schema.items() if key not in _KEYWORDS.values()}
    for level, extension in _KEYWORDS.items():
        keywords = schema.get(extension, {})
        if not isinstance(keywords, dict):
            raise ValueError(f"{at}/{extension}: is not a mapping of keywords")
        for key, value in keywords.items() if level.rank <= grade.rank else ():
            merged[key] = _merge_keyword(merged, key, value, f"{at}/{extension}")
    return merged


def _merge_keyword(schema: dict[str, Any], key: str, value: Any, at: str) -> Any:
    if key == "required":
        return list(dict.fromkeys([*schema.get(key, []), *value]))
    if key == "nullable" or schema.get(key, value) == value:
        return value
    raise ValueError(f"{at}/{key}: differs from the schema's own {key}; a keyword has one value")


def _remove_requirements(schema: dict[str, Any], grade: Grade, at: str) -> None:
    """Remove the properties above `grade` from `required`."""
    required, properties = schema.get("required"), schema.get("properties")
    if not (isinstance(required, list) and isinstance(properties, dict)):
        return
    schema["required"] = [
        name for name in required if not _is_above(properties.get(name), grade, f"{at}/properties/{name}")
    ]
    if not schema["required"]:
        del schema["required"]


def _copy_members(value: Any, rule: _Rule, grade: Grade, at: str) -> Any:
    """Copy a mapping or list member by member. A list that becomes empty is removed."""
    members = value.items() if isinstance(value, dict) else enumerate(value)
    copies = {key: _copy_member(member, rule, grade, f"{at}/{key}") for key, member in members}
    kept = {key: copy for key, copy in copies.items() if copy is not _REMOVED}
    if isinstance(value, dict):
        return kept
    return list(kept.values()) if kept or not value else _REMOVED


def _copy_member(member: Any, rule: _Rule, grade: Grade, at: str) -> Any:
    if rule is _Rule.KEEP or not _is_above(member, grade, at):
        return _copy(member, grade, at)
    if rule is _Rule.REMOVE:
        return _REMOVED
    return {"description": member["description"]} if "description" in member else {}


def _remove_dead_links(document: dict[str, Any]) -> None:
    """Remove the links to operations that the document does not contain."""
    components, operations = document.get("components", {}), _operations(document)
    known = {operation.get("operationId") for operation in operations}
    shared = components.get("links", {})

    def is_dead(link: dict[str, Any]) -> bool:
        target = shared.get(str(link.get("$ref")).removeprefix("#/components/links/"), link)
        return "operationId" in target and target["operationId"] not in known

    responses = [one for holder in (components, *operations) for one in holder.get("responses", {}).values()]
    for holder in (components, *responses):
        if "links" in holder:
            holder["links"] = {name: link for name, link in holder["links"].items() if not is_dead(link)}


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    items = document.get("paths", {}).values()
    return [operation for item in items for method, operation in item.items() if method in _METHODS]
