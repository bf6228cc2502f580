"""Which value is at a place in a document after resolving `$ref`, also to other local files?"""

from collections.abc import Callable, Container, Hashable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import unquote

from openapi import GRADES
from spec_review.loading.limits import MAX_FILES
from spec_review.loading.marks import TextMarks
from spec_review.loading.parsed import Parsed, Path, parse
from spec_review.loading.source import DanglingError, DocumentError, Source

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Document:
    """A file and the files it refers to."""

    source: Source
    parsed: Parsed
    others: dict[str, "Document"] = field(default_factory=dict)
    memory: dict[Any, Any] = field(default_factory=dict)  # cached results about places in the document
    warnings: dict[str, None] = field(default_factory=dict)  # what is wrong but does not prevent a review
    effort: float = 1.0

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

    @cached_property
    def may_have_grades(self) -> bool:
        """Whether the text has a keyword for grades anywhere."""
        return any(self.source.mentions(f"x-{word}") for word in ("grade", "enum-grade", *GRADES[1:]))

    def once(self, key: Hashable, work: Callable[[], Result]) -> Result:
        """The result of a work whose key is in the memory of this document; it is done once."""
        if key not in self.memory:
            self.memory[key] = work()
        result: Result = self.memory[key]
        return result

    def file(self, reference: str) -> "Document":
        """The file that a reference names; each file is read once. Raises `DocumentError`."""
        key = unquote(reference)
        name = self.source.neighbour_name(key)
        if name == self.name:
            return self
        if name not in self.others:
            if len(self.others) >= MAX_FILES:
                raise DocumentError(f"{self.name}: refers to more than {MAX_FILES} files; split the document")
            source = self.source.neighbour(key)
            self.others[name] = Document(
                source, _parsed(source), self.others, warnings=self.warnings, effort=self.effort
            )
        return self.others[name]

    @cached_property
    def label(self) -> str:
        """The path of the file without its revision."""
        return self.source.path

    def at(self, path: Path) -> Any:
        """The value at a path. Raises `KeyError`, `IndexError` or `ValueError` when there is none."""
        value: Any = self.content
        for key in path:
            value = _inside(value, key)
        return value


@dataclass(eq=False, slots=True)  # not frozen: a review makes millions, and freezing triples their cost
class Cursor:
    """A place in a document and its value; it is never changed."""

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
        """The cursor with its `$ref` resolved, also through several files.

        A `$ref` that points nowhere is a warning; its place counts as empty.
        """
        if not isinstance(self.value, dict) or "$ref" not in self.value:
            return self
        cursor, seen = self, set[tuple[int, Path]]()
        while isinstance(cursor.value, dict) and isinstance(cursor.value.get("$ref"), str):
            if cursor.key in seen:
                shown = _one_line(self.value["$ref"])
                raise DocumentError(f"{self.document.name}:{self.line}: $ref '{shown}' refers to itself")
            seen.add(cursor.key)
            try:
                cursor = cursor.target(cursor.value["$ref"])
            except DanglingError as problem:
                cursor.document.warnings.setdefault(str(problem))
                return Cursor(cursor.document, cursor.path, {})
        return cursor

    def target(self, reference: str) -> "Cursor":
        """The place a reference names. Raises `DanglingError` when there is none."""
        return self.document.once(("target", reference), lambda: self._target(reference))

    def _target(self, reference: str) -> "Cursor":
        file, _, fragment = reference.partition("#")
        path = tuple(unquote(part).replace("~1", "/").replace("~0", "~") for part in fragment.split("/")[1:])
        try:
            document = self.document.file(file) if file else self.document
            return Cursor(document, path, document.at(path))
        except DanglingError as problem:
            reason = str(problem)
        except (KeyError, IndexError, ValueError, TypeError):
            reason = "define the target or correct the reference"
        place = f"{self.document.name}:{self.line}"
        raise DanglingError(f"{place}: $ref '{_one_line(reference)}' does not resolve; {reason}")

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

    def without(self, keys: Container[str]) -> "Cursor":
        """The same place with fewer members; it counts as a place of its own."""
        members = {key: value for key, value in self.value.items() if key not in keys}
        return Cursor(self.document, (*self.path, "without"), members)

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


def _inside(value: Any, key: str) -> Any:
    return value[int(key)] if isinstance(value, list) else value[key]


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]


def _parsed(source: Source) -> Parsed:
    """The content of a file; one that is neither YAML nor JSON by its name is a text."""
    if source.path.lower().endswith((".md", ".markdown", ".txt", ".html")):
        return Parsed(source.name, source.text, TextMarks())
    return parse(source)
