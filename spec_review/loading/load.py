"""Is a source an OpenAPI document, and what is wrong with it that does not prevent a review?"""

from collections.abc import Iterator
from typing import Any

from openapi import GRADES
from spec_review.loading.document import Cursor, Document
from spec_review.loading.limits import MAX_GROUPS
from spec_review.loading.parsed import Path, parse
from spec_review.loading.source import DanglingError, DocumentError, Source

OPAQUE = {
    "example",
    "examples",
    "enum",
    "const",
    "default",
    "value",
    "x-enum-grade",
    *(f"x-{grade}" for grade in GRADES[1:]),
}
"""Keys whose values are data: a `$ref` in them is not a reference."""

NAMED = {
    "properties",
    "patternProperties",
    "$defs",
    "responses",
    "schemas",
    "parameters",
    "headers",
    "requestBodies",
}
"""Keys whose members are named by the author: a member called `default` is not the keyword."""


def load(source: Source, effort: float = 1.0) -> Document:
    """Read a document. Raises `DocumentError` unless it is OpenAPI 3 and no `$ref` leads outside.

    A `$ref` or a discriminator mapping that points nowhere becomes one of the document's warnings.
    `effort` multiplies what the search in large schemas may cost.
    """
    document = Document(source, parse(source), effort=effort)
    content = document.parsed.content
    if not isinstance(content, dict):
        raise DocumentError(f"{source.name}: is a {_kind(content)}, not an OpenAPI document")
    if "swagger" in content:
        version = str(content["swagger"])[:20]
        raise DocumentError(f"{source.name}: is Swagger {version}; convert it to OpenAPI 3 first")
    version = str(content.get("openapi"))[:40]
    if not version.startswith("3."):
        problem = f"'openapi' is {version!r}" if "openapi" in content else "has no 'openapi' key"
        raise DocumentError(f"{source.name}: {problem}; expected an OpenAPI 3.0 or 3.1 document")
    _check_places(document.root)
    return document


Step = tuple[Any, str, Any]
"""A value on the way through a file, its key, and the step before; None before the first."""


def _check_places(root: Cursor) -> None:
    """Look at each place of the document and of the files that it refers to; each target is read once."""
    pending, known, seen = [root], set[tuple[int, str]](), set[int]()
    while pending:
        for cursor in _notable(pending.pop(), seen):
            reference = cursor.value.get("$ref")
            if isinstance(reference, str) and (id(cursor.document), reference) not in known:
                known.add((id(cursor.document), reference))
                target = _checked_target(cursor)
                if target.document is not cursor.document:
                    pending.append(target)
            _check_mapping(cursor)
            _check_patterns(cursor)


def _notable(top: Cursor, seen: set[int]) -> Iterator[Cursor]:
    """The places with a reference, a discriminator or a pattern; what was seen earlier is left out."""
    pending: list[Step] = [(top.value, "", None)]
    while pending:
        step = pending.pop()
        value, key, _ = step
        if id(value) in seen:
            continue
        seen.add(id(value))
        if type(value) is dict:
            if not NOTABLE.isdisjoint(value):
                yield Cursor(top.document, (*top.path, *_keys(step)), value)
            named = key in NAMED
            for name, child in value.items():
                if (type(child) is dict or type(child) is list) and (named or name not in OPAQUE):
                    pending.append((child, name, step))
        elif type(value) is list:
            for at, child in enumerate(value):
                if type(child) is dict or type(child) is list:
                    pending.append((child, str(at), step))


def _keys(step: Step) -> Path:
    keys = []
    while step[2] is not None:
        keys.append(step[1])
        step = step[2]
    return tuple(reversed(keys))


NOTABLE = {"$ref", "discriminator", "pattern", "patternProperties"}


def _checked_target(cursor: Cursor) -> Cursor:
    target = cursor.follow()
    if isinstance(target.value, str):
        place = f"{cursor.document.name}:{cursor.line}"
        cursor.document.warnings.setdefault(
            f"{place}: $ref '{cursor.value['$ref'][:200]}' refers to a text; it is read as one"
        )
    return target


def _check_mapping(cursor: Cursor) -> None:
    """A discriminator value that maps to nothing selects no schema."""
    discriminator = cursor.value.get("discriminator")
    mapping = discriminator.get("mapping") if isinstance(discriminator, dict) else None
    for key, target in mapping.items() if isinstance(mapping, dict) else ():
        if mapped(cursor, str(target)) is None:
            at = cursor.raw("discriminator").raw("mapping").raw(key)
            cursor.document.warnings.setdefault(
                f"{cursor.document.name}:{at.line}: the discriminator maps '{key[:80]}' to "
                f"'{str(target)[:200]}', which does not exist"
            )


def mapped(cursor: Cursor, target: str) -> Cursor | None:
    """The schema that a discriminator mapping names: by its component name or by a reference."""
    root = cursor.document.root
    component = root.get("components", "schemas")
    if component is not None and isinstance(component.value, dict) and target in component.value:
        return component.raw(target).follow()
    try:
        return cursor.target(target).follow()
    except DanglingError:
        return None
    except DocumentError:  # outside of the document's folder, or remote: nothing is read
        return None


def _check_patterns(cursor: Cursor) -> None:
    inner = cursor.value.get("patternProperties")
    listed = [cursor.value.get("pattern"), *(inner if isinstance(inner, dict) else ())]
    for pattern in listed:
        if isinstance(pattern, str) and pattern.count("(") > MAX_GROUPS and _nesting(pattern) > MAX_GROUPS:
            at = cursor.raw("pattern") if "pattern" in cursor.value else cursor
            place = f"{cursor.document.name}:{at.line}"
            raise DocumentError(f"{place}: the pattern nests more than {MAX_GROUPS} groups; simplify it")


def _nesting(pattern: str) -> int:
    deepest = depth = 0
    for char in pattern:
        depth += 1 if char == "(" else -1 if char == ")" else 0
        deepest = max(deepest, depth)
    return deepest


def _kind(value: Any) -> str:
    return {list: "list", str: "string", bool: "boolean"}.get(type(value), "number")
