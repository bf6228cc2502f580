"""Which operations do two documents have in common, parameter names erased and base paths counted in?"""

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
"""Header parameters of these names say nothing (OpenAPI, Parameter Object)."""


@dataclass(frozen=True, eq=False)
class Server:
    """A base URL: where, and below which path."""

    origin: str
    path: str
    cursor: Cursor | None = None

    @property
    def url(self) -> str:
        """The URL as one text."""
        return f"{self.origin}{self.path}" or "/"


@dataclass(frozen=True, eq=False)
class Operation:
    """A method on a path, with what it inherits."""

    document: Document
    method: str
    path: str
    cursor: Cursor
    item: Cursor

    @property
    def name(self) -> str:
        """The name people know it by."""
        return self.cursor.text("operationId") or f"{self.method.upper()} {self.path}"

    @property
    def erased(self) -> str:
        """The path without parameter names."""
        return TEMPLATE.sub("{}", self.path)

    @cached_property
    def servers(self) -> list[Server]:
        """The base URLs that hold here: the operation's own, its path's, or the document's."""
        for owner in (self.cursor, self.item, self.document.root):
            if isinstance(owner.value, dict) and isinstance(owner.value.get("servers"), list):
                if owner.value["servers"] or owner is self.document.root:
                    return _servers(owner)
                return [Server("", "")]
        return [Server("", "")]

    @cached_property
    def addresses(self) -> set[str]:
        """The paths below every origin, names erased."""
        return {TEMPLATE.sub("{}", server.path) + self.erased for server in self.servers}

    @cached_property
    def parameters(self) -> dict[tuple[str, str], Cursor]:
        """The parameters by place and name; path parameters by their position, headers without case."""
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
    if place == "path":  # one that the path does not name is kept by its own name
        return ("path", str(order.index(name)) if name in order else name)
    if place == "header":
        return None if name.lower() in IGNORED_HEADERS else ("header", name.lower())
    return (place, name)


@dataclass(frozen=True, eq=False)
class Pair:
    """One operation in both documents."""

    base: Operation
    head: Operation

    @property
    def name(self) -> str:
        """The name the base knows it by."""
        return self.base.name

    @property
    def address(self) -> str:
        """Its method and path, as the base writes them."""
        return f"{self.base.method.upper()} {self.base.path}"

    @property
    def key(self) -> str:
        """What it is, whatever it is called."""
        return f"{self.base.method.upper()} {self.base.erased}"


@dataclass(frozen=True, eq=False)
class Matching:
    """The operations of both documents."""

    pairs: list[Pair]
    removed: list[Operation]
    added: list[Operation]

    @cached_property
    def names(self) -> dict[str, str]:
        """What the revision calls each operation of the base."""
        return {pair.base.name: pair.head.name for pair in self.pairs}


def operations(document: Document) -> Iterator[Operation]:
    """Every operation of a document."""
    for path, item in document.root.entries("paths"):
        for method in METHODS:
            cursor = item.get(method)
            if cursor is not None and isinstance(cursor.value, dict):
                yield Operation(document, method, path, cursor, item)


def match(base: Document, head: Document) -> Matching:
    """Pair operations by full path, then by the path as it is written."""
    left, right = list(operations(base)), list(operations(head))
    pairs: list[Pair] = []
    for keys in (_addresses, _paths):
        met_already = {id(pair.head) for pair in pairs}
        index = _index([one for one in right if id(one) not in met_already], keys)
        unmet = []
        for one in left:
            candidates = (other for key in sorted(keys(one)) for other in index.get((one.method, key), []))
            met = next(candidates, None)
            if met is None:
                unmet.append(one)
                continue
            pairs.append(Pair(one, met))
            _forget(index, met, keys)
        left = unmet
    taken = {id(pair.head) for pair in pairs}
    return Matching(pairs, left, [other for other in right if id(other) not in taken])


Keys = Callable[[Operation], set[str]]
Index = dict[tuple[str, str], list[Operation]]


def _addresses(one: Operation) -> set[str]:
    return one.addresses


def _paths(one: Operation) -> set[str]:
    return {one.erased}


def _forget(index: Index, one: Operation, keys: Keys) -> None:
    for key in keys(one):
        index[(one.method, key)].remove(one)


def _index(found: list[Operation], keys: Keys) -> Index:
    index: Index = {}
    for one in found:
        for key in keys(one):
            index.setdefault((one.method, key), []).append(one)
    return index


def _servers(owner: Cursor) -> list[Server]:
    found = [server for cursor in owner.elements("servers") for server in _expanded(cursor)]
    return found or [Server("", "")]


def _expanded(cursor: Cursor) -> Iterator[Server]:
    """A server for every combination of its variables' values."""
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
