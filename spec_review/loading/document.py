"""Which value is at a place in a document after resolving `$ref`, also to other local files?"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from openapi import GRADES
from spec_review.loading.parsed import Parsed, Path, parse
from spec_review.loading.source import DocumentError, Source

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


@dataclass(frozen=True, eq=False)
class Document:
    """A file and the files it refers to."""

    source: Source
    parsed: Parsed
    others: dict[str, "Document"] = field(default_factory=dict)
    memory: dict[Any, Any] = field(default_factory=dict)  # cached results about places in the document

    @property
    def content(self) -> dict[str, Any]:
        """The data of the file."""
        content: dict[str, Any] = self.parsed.content
        return content

    @property
    def name(self) -> str:
        """The name that the command line or the `$ref` gave the file."""
        return self.source.name

    @property
    def root(self) -> "Cursor":
        """The cursor at the top of the file."""
        return Cursor(self, (), self.content)

    @cached_property
    def is_31(self) -> bool:
        """Whether schemas are JSON Schema 2020-12 (OpenAPI 3.1) rather than the dialect of OpenAPI 3.0."""
        return str(self.content.get("openapi", "")).startswith(("3.1", "3.2"))

    def file(self, reference: str) -> "Document":
        """The file that a reference names; each file is read once."""
        key = unquote(reference)
        source = self.source.neighbour(key)
        if source.name == self.name:
            return self
        if source.name not in self.others:
            self.others[source.name] = Document(source, parse(source.text, source.name), self.others)
        return self.others[source.name]

    def at(self, path: Path) -> Any:
        """The value at a path. Raises `KeyError`, `IndexError` or `ValueError` when there is none."""
        value: Any = self.content
        for key in path:
            value = _inside(value, key)
        return value


@dataclass(frozen=True, eq=False)
class Cursor:
    """A place in a document and its value."""

    document: Document
    path: Path
    value: Any

    @property
    def key(self) -> tuple[int, Path]:
        """Equal for two cursors at the same place."""
        return (id(self.document), self.path)

    @property
    def pointer(self) -> str:
        """The JSON pointer of the place."""
        return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in self.path)

    @property
    def line(self) -> int:
        """The line of the place, or of the nearest parent that has one."""
        return self.document.parsed.line(self.path)

    def follow(self) -> "Cursor":
        """The cursor with its `$ref` resolved, also through several files."""
        cursor, seen = self, set()
        while isinstance(cursor.value, dict) and isinstance(cursor.value.get("$ref"), str):
            if cursor.key in seen:
                raise DocumentError(
                    f"{self.document.name}:{self.line}: $ref '{self.value['$ref']}' refers to itself"
                )
            seen.add(cursor.key)
            cursor = cursor.target(cursor.value["$ref"])
        return cursor

    def target(self, reference: str) -> "Cursor":
        """The place a reference names."""
        file, _, fragment = reference.partition("#")
        document = self.document.file(file) if file else self.document
        path = tuple(unquote(part).replace("~1", "/").replace("~0", "~") for part in fragment.split("/")[1:])
        try:
            return Cursor(document, path, document.at(path))
        except (KeyError, IndexError, ValueError, TypeError):
            raise DocumentError(
                f"{self.document.name}:{self.line}: $ref '{reference}' does not resolve; "
                f"define the target or correct the reference"
            ) from None

    def get(self, *keys: str) -> "Cursor | None":
        """The value at these keys with each `$ref` resolved, or None when there is none or it is null."""
        cursor = self.follow()
        for key in keys:
            if not isinstance(cursor.value, dict) or cursor.value.get(key) is None:
                return None
            cursor = Cursor(cursor.document, (*cursor.path, key), cursor.value[key]).follow()
        return cursor

    def raw(self, key: str) -> "Cursor":
        """The child at a key or list index; its `$ref` is not resolved."""
        return Cursor(self.document, (*self.path, key), _inside(self.value, key))

    def entries(self, *keys: str) -> Iterator[tuple[str, "Cursor"]]:
        """The members of the mapping at these keys, `$ref` resolved; only objects are included."""
        parent = self.get(*keys)
        if parent is not None and isinstance(parent.value, dict):
            for key in parent.value:
                member = parent.raw(key).follow()
                if isinstance(member.value, dict):
                    yield key, member

    def elements(self, *keys: str) -> Iterator["Cursor"]:
        """The items of the list at these keys, `$ref` resolved; only objects are included."""
        parent = self.get(*keys)
        if parent is not None and isinstance(parent.value, list):
            for position in range(len(parent.value)):
                item = parent.raw(str(position)).follow()
                if isinstance(item.value, dict):
                    yield item

    def text(self, key: str) -> str:
        """The string at a key; empty when there is none."""
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return value if isinstance(value, str) else ""

    def flag(self, key: str) -> bool:
        """Whether the value at a key is `true`."""
        return isinstance(self.value, dict) and self.value.get(key) is True


def load(source: Source) -> Document:
    """Read a document. Raises `DocumentError` unless it is OpenAPI 3 and every `$ref` resolves."""
    document = Document(source, parse(source.text, source.name))
    content = document.parsed.content
    if not isinstance(content, dict):
        raise DocumentError(f"{source.name}: is a {_kind(content)}, not an OpenAPI document")
    if "swagger" in content:
        raise DocumentError(f"{source.name}: is Swagger {content['swagger']}; convert it to OpenAPI 3 first")
    version = content.get("openapi")
    if not str(version).startswith("3."):
        problem = f"'openapi' is {version!r}" if "openapi" in content else "has no 'openapi' key"
        raise DocumentError(f"{source.name}: {problem}; expected an OpenAPI 3.0 or 3.1 document")
    _check_references(document.root)
    return document


def _check_references(root: Cursor) -> None:
    pending, seen = [root], set()
    while pending:
        cursor = pending.pop()
        if id(cursor.value) in seen:
            continue
        seen.add(id(cursor.value))
        reference = cursor.value.get("$ref") if isinstance(cursor.value, dict) else None
        if isinstance(reference, str):
            pending.append(cursor.follow())
        pending.extend(_children(cursor))


def _children(cursor: Cursor) -> Iterator[Cursor]:
    value = cursor.value
    named = cursor.path[-1:] and cursor.path[-1] in NAMED
    if isinstance(value, dict):
        for key, child in value.items():
            if isinstance(child, dict | list) and (named or key not in OPAQUE):
                yield cursor.raw(key)
    elif isinstance(value, list):
        for position, child in enumerate(value):
            if isinstance(child, dict | list):
                yield cursor.raw(str(position))


def _inside(value: Any, key: str) -> Any:
    return value[int(key)] if isinstance(value, list) else value[key]


def _kind(value: Any) -> str:
    return {list: "list", str: "string", bool: "boolean"}.get(type(value), "number")
