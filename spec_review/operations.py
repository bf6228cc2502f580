"""Which operation of the base corresponds to which of the revision?

Names of path parameters do not count. A path includes the path of its base URL.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, product
from typing import Any
from urllib.parse import urlsplit

from spec_review.loading import Cursor, Document

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
TEMPLATE = re.compile(r"\{([^{}]*)\}")
IGNORED_HEADERS = {"accept", "content-type", "authorization"}
"""Header parameters with these names are ignored (OpenAPI, Parameter Object)."""


@dataclass(frozen=True, eq=False)
class Server:
    """A base URL: its origin and its path."""

    origin: str
    path: str
    cursor: Cursor | None = None

    @property
    def url(self) -> str:
        """The origin and the path as one string."""
        return f"{self.origin}{self.path}" or "/"


@dataclass(frozen=True, eq=False)
class Operation:
    """A method on a path, with the path item it belongs to."""

    document: Document
    method: str
    path: str
    cursor: Cursor
    item: Cursor

    @property
    def name(self) -> str:
        """The operationId, or the method and path."""
        return self.cursor.text("operationId") or f"{self.method.upper()} {self.path}"

    @property
    def normalized_path(self) -> str:
        """The path with `{}` for each path parameter."""
        return TEMPLATE.sub("{}", self.path)

    @cached_property
    def servers(self) -> list[Server]:
        """The base URLs of the operation: its own, those of its path item, or those of the document."""
        for owner in (self.cursor, self.item, self.document.root):
            if isinstance(owner.value, dict) and isinstance(owner.value.get("servers"), list):
                if owner.value["servers"] or owner is self.document.root:
                    return _servers(owner)
                return [Server("", "")]
        return [Server("", "")]

    @cached_property
    def full_paths(self) -> set[str]:
        """The path below each base URL, with `{}` for each path parameter."""
        return {TEMPLATE.sub("{}", server.path) + self.normalized_path for server in self.servers}

    @cached_property
    def parameters(self) -> dict[tuple[str, str], Cursor]:
        """The parameters by `in` and name: path parameters by position, headers in lower case."""
        order = TEMPLATE.findall(self.path)
        found: dict[tuple[str, str], Cursor] = {}
        for owner in (self.item, self.cursor):
            for parameter in owner.elements("parameters"):
                place, name = parameter.text("in"), parameter.text("name")
                key = _parameter_key(place, name, order)
                if key is not None:
                    found[key] = parameter
        return found


def _parameter_key(place: str, name: str, order: list[str]) -> tuple[str, str] | None:
    if place == "path":  # a parameter that is not in the path keeps its name
        return ("path", str(order.index(name)) if name in order else name)
    if place == "header":
        return None if name.lower() in IGNORED_HEADERS else ("header", name.lower())
    return (place, name)


@dataclass(frozen=True, eq=False)
class Pair:
    """An operation of the base and the one it corresponds to in the revision."""

    base: Operation
    revision: Operation

    @property
    def name(self) -> str:
        """Its name in the base."""
        return self.base.name

    @property
    def address(self) -> str:
        """Its method and path in the base."""
        return f"{self.base.method.upper()} {self.base.path}"

    @property
    def key(self) -> str:
        """Its method and path in the base, with `{}` for each path parameter."""
        return f"{self.base.method.upper()} {self.base.normalized_path}"


@dataclass(frozen=True, eq=False)
class Matching:
    """The corresponding operations of both documents, and those that only one has."""

    pairs: list[Pair]
    removed: list[Operation]
    added: list[Operation]

    @cached_property
    def names(self) -> dict[str, str]:
        """The name in the revision for each name in the base."""
        return {pair.base.name: pair.revision.name for pair in self.pairs}


def operations(document: Document) -> Iterator[Operation]:
    """All operations of a document, in the order of its paths."""
    for path, item in document.root.entries("paths"):
        for method in METHODS:
            cursor = item.get(method)
            if cursor is not None and isinstance(cursor.value, dict):
                yield Operation(document, method, path, cursor, item)


def match(base: Document, revision: Document) -> Matching:
    """Pair operations by their full path, then the rest by their path without the base URL."""
    left, right = list(operations(base)), list(operations(revision))
    pairs: list[Pair] = []
    for keys in (_full_paths, _paths):
        matched = {id(pair.revision) for pair in pairs}
        index = _index([one for one in right if id(one) not in matched], keys)
        unmatched = []
        for one in left:
            candidates = (other for key in sorted(keys(one)) for other in index.get((one.method, key), []))
            found = next(candidates, None)
            if found is None:
                unmatched.append(one)
                continue
            pairs.append(Pair(one, found))
            _remove(index, found, keys)
        left = unmatched
    taken = {id(pair.revision) for pair in pairs}
    return Matching(pairs, left, [other for other in right if id(other) not in taken])


Keys = Callable[[Operation], set[str]]
Index = dict[tuple[str, str], list[Operation]]


def _full_paths(one: Operation) -> set[str]:
    return one.full_paths


def _paths(one: Operation) -> set[str]:
    return {one.normalized_path}


def _remove(index: Index, one: Operation, keys: Keys) -> None:
    for key in keys(one):
        index[(one.method, key)].remove(one)


def _index(found: list[Operation], keys: Keys) -> Index:
    index: Index = {}
    for one in found:
        for key in keys(one):
            index.setdefault((one.method, key), []).append(one)
    return index


def _servers(owner: Cursor) -> list[Server]:
    def found() -> list[Server]:
        listed = [server for cursor in owner.elements("servers") for server in _expanded(cursor)]
        return listed or [Server("", "")]

    return owner.document.once(("servers", owner.path), found)


def _expanded(cursor: Cursor) -> Iterator[Server]:
    """One server per combination of variable values, at most 16."""
    url = cursor.text("url")
    names = TEMPLATE.findall(url)
    choices = [_values(cursor.get("variables", name)) for name in names]
    for chosen in islice(product(*choices), 16):
        filled = url
        for name, value in zip(names, chosen, strict=True):
            filled = filled.replace("{" + name + "}", value)
        yield _server(filled, cursor)


def _values(variable: Cursor | None) -> list[str]:
    value: Any = variable.value if variable is not None else {}
    if not isinstance(value, dict):
        return [""]
    listed = value.get("enum")
    return (
        [str(item) for item in listed]
        if isinstance(listed, list) and listed
        else [str(value.get("default", ""))]
    )


def _server(url: str, cursor: Cursor) -> Server:
    parts = urlsplit(url)
    origin = f"{parts.scheme.lower()}://{parts.netloc.lower()}" if parts.netloc else ""
    path = parts.path.rstrip("/")
    return Server(origin, path if not path or path.startswith("/") else "/" + path, cursor)
