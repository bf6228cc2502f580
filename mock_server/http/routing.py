"""Which operation is a request for?

Replaces connexion's `RoutingMiddleware`, and leaves the same result in the scope. It uses a tree of path
segments. It reads the path undecoded, so `%2F` in an id is part of the id. A concrete path takes precedence
over a templated one for every method (OpenAPI 3.0, Paths Object). If no path matches, the error gives advice.
"""

from functools import lru_cache
from typing import Any
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.errors import Refusal, invalid, quoted
from mock_server.http.connexion_api import (
    ROUTING_CONTEXT,
    AbstractOperation,
    AbstractRoutingAPI,
    Specification,
    SpecMiddleware,
)
from mock_server.sandboxes.journal import SEEN
from mock_server.sandboxes.sandbox import SANDBOX, Sandbox

_CACHE_SIZE, _LONGEST_CACHED = 1024, 200
"""The size of the path cache, and the largest number of bytes of a cached path."""


class _Node:
    """A node in the tree of path segments."""

    __slots__ = ("literals", "methods", "names", "templated")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.templated: _Node | None = None
        self.names: tuple[str, ...] = ()
        self.methods: dict[str, dict[str, str]] = {}

    def add(self, path: str) -> "_Node":
        """The node at the end of a path template."""
        node, names = self, []
        for segment in path.split("/")[1:]:
            if segment.startswith("{") and segment.endswith("}"):
                names.append(segment[1:-1])
                node.templated = node.templated or _Node()
                node = node.templated
            elif "{" in segment:
                raise ValueError(f"{path}: a parameter has to be a whole path segment")
            else:
                node = node.literals.setdefault(segment, _Node())
        node.names = tuple(names)
        return node

    def find(self, segments: list[str], start: int, values: list[str]) -> "_Node | None":
        """The node of a path. Adds the values of its parameters to `values`."""
        if start == len(segments):
            return self if self.methods else None
        segment = segments[start]
        literal = self.literals.get(segment)
        if literal is not None and (found := literal.find(segments, start + 1, values)):
            return found
        if self.templated is None or not segment:
            return None
        kept = len(values)
        values.append(segment)
        found = self.templated.find(segments, start + 1, values)
        if found is None:
            del values[kept:]
        return found


class _RoutingAPI(AbstractRoutingAPI[dict[str, str]]):
    """Adds the operations of one document to the tree."""

    def __init__(self, specification: Specification, *, root: _Node, **kwargs: Any) -> None:
        self._root = root
        super().__init__(specification, **kwargs)

    def make_operation(self, operation: AbstractOperation) -> dict[str, str]:
        """What is put into the scope for an operation."""
        return {"api_base_path": self.base_path, "operation_id": operation.operation_id}

    @staticmethod
    def _framework_path_and_name(operation: AbstractOperation, path: str) -> tuple[str, str]:
        return path, path

    def _add_operation_internal(
        self, method: str, path: str, operation: dict[str, str], name: str | None = None
    ) -> None:
        self._root.add(self.base_path + path).methods[method.upper()] = operation


class RoutingMiddleware(SpecMiddleware):
    """Puts the operation into the scope. Refuses unknown paths and wrong methods."""

    def __init__(self, app: ASGIApp, journaled: bool = True) -> None:
        self.app = app
        self._journaled = journaled
        self._root = _Node()
        self._cached = lru_cache(_CACHE_SIZE)(self._find)

    def add_api(self, specification: Specification, **kwargs: Any) -> None:
        """Add the paths of a document."""
        kwargs.pop("next_app", None)
        _RoutingAPI(specification, root=self._root, **kwargs)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find the operation, and pass the request on."""
        if self._journaled:
            sandbox: Sandbox = scope[SANDBOX]
            scope[SEEN] = sandbox.journal.note(scope, sandbox.clock.now())
        node, values = self._found(scope.get("raw_path") or scope["path"].encode())
        if node is None:
            raise Refusal(
                "not_found", f"there is no path {quoted(scope['path'])}{self._advice(scope['path'])}"
            )
        method = scope["method"]
        operation = node.methods.get("GET" if method == "HEAD" else method)
        if operation is None:
            allowed = _allowed(node)
            message = f"{method} is not allowed on {scope['path']}; allowed: {allowed}"
            raise Refusal("unimplemented", message, status=405, headers={"allow": allowed})
        scope["path_params"] = dict(zip(node.names, values, strict=True))
        scope.setdefault("extensions", {})[ROUTING_CONTEXT] = operation
        if self._journaled:
            scope[SEEN].operation = operation["operation_id"]
        await self.app(scope, receive, send)

    def _find(self, raw: bytes) -> tuple[_Node | None, list[str]]:
        """The node of an undecoded path, and the values of its parameters."""
        values: list[str] = []
        return self._root.find(_segments(raw), 0, values), values

    def _found(self, raw: bytes) -> tuple[_Node | None, list[str]]:
        """The same, cached for short paths."""
        return self._cached(raw) if len(raw) <= _LONGEST_CACHED else self._find(raw)

    def _advice(self, path: str) -> str:
        values: list[str] = []
        if path.endswith("/") and self._root.find(path.rstrip("/").split("/")[1:], 0, values):
            return "; paths do not end with /"
        prefixes = [f"/{name}" for name in self._root.literals if name]
        if not any(f"{path}/".startswith(f"{prefix}/") for prefix in prefixes):
            return f"; the API is under {', '.join(prefixes)}"
        return ""


def _allowed(node: _Node) -> str:
    methods = {*node.methods, *(["HEAD"] if "GET" in node.methods else [])}
    return ", ".join(sorted(methods))


def _segments(raw: bytes) -> list[str]:
    try:
        if b"%" not in raw:
            return raw.decode().split("/")[1:]
        return [unquote_to_bytes(segment).decode() for segment in raw.split(b"/")[1:]]
    except UnicodeDecodeError as error:
        shown = raw.decode("latin-1")
        raise invalid(
            f"path: must be UTF-8 once percent-decoded, got {quoted(shown)} ({error.reason})"
        ) from None
