"""Is the body of a request valid for its operation?"""

import json
import re
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.types import Receive, Scope

from mock_server.errors import Refusal, invalid
from mock_server.http.schemas import compiled, explain

DEEPEST = 100
"""The largest number of nested arrays and objects in a body."""
_MOST_DIGITS = 18
_LONG_NUMBER = re.compile(rb"\d{19}")
_EMPTY: dict[str, Any] = {}


class GoneError(Exception):
    """Raised when the client disconnects before its request is complete."""


class Body:
    """The request body of one operation."""

    def __init__(self, request_body: Mapping[str, Any], largest: int) -> None:
        self._types: tuple[str, ...] = tuple(name.lower() for name in request_body["content"])
        if self._types != ("application/json",):
            raise ValueError(f"the mock reads only application/json bodies, not {', '.join(self._types)}")
        self._required: bool = request_body.get("required", False)
        self._largest = largest
        schema = request_body["content"]["application/json"]["schema"]
        self._validator = compiled(schema)
        self.fields = frozenset(_properties(schema))

    async def read(self, scope: Scope, receive: Receive) -> tuple[Any, bytes]:
        """The parsed body and its bytes. Raises `Refusal` if it is not valid."""
        for name, value in scope["headers"]:
            if name == b"content-type":
                self._check_type(value)
            elif name == b"content-length":
                self._check_size(_length(value))
        raw = await self._receive(receive)
        if not raw:
            if self._required:
                raise invalid("body: is required; send a JSON object")
            return _EMPTY, raw
        body = self._parse(raw)
        if not self._validator.is_valid(body):
            self._refuse(body, raw)
        return body, raw

    def _check_type(self, header: bytes) -> None:
        if header == b"application/json":
            return
        sent = header.decode("latin-1").partition(";")[0].strip()
        if sent.lower() not in self._types:
            message = f"Content-Type {sent or '(empty)'} is not accepted; send {', '.join(self._types)}"
            raise Refusal("invalid_argument", message, status=415)

    def _check_size(self, size: int) -> None:
        if size > self._largest:
            message = f"the body has {size} bytes or more; at most {self._largest} are accepted"
            raise Refusal("resource_exhausted", message, status=413)

    async def _receive(self, receive: Receive) -> bytes:
        message = await receive()
        raw: bytes = message.get("body", b"")
        if message.get("more_body"):
            raw = await self._receive_rest(raw, receive)
        elif message["type"] == "http.disconnect":
            raise GoneError
        elif len(raw) > self._largest:
            self._check_size(len(raw))
        return raw

    async def _receive_rest(self, first: bytes, receive: Receive) -> bytes:
        parts, size, more = [first], len(first), True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise GoneError
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            self._check_size(size)
            more = message.get("more_body", False)
        return b"".join(parts)

    def _parse(self, raw: bytes) -> Any:
        try:
            body = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise invalid(f"body: must be JSON in UTF-8: {error}") from None
        if raw.count(b"[") + raw.count(b"{") > DEEPEST and _depth(body) > DEEPEST:
            raise invalid(f"body: must not be nested deeper than {DEEPEST} levels")
        return body

    def _refuse(self, body: Any, raw: bytes) -> None:
        """Raise the error. Integers above 64 bits are parsed again, since the fast parser rounds them."""
        exact = json.loads(raw) if _LONG_NUMBER.search(raw) else body
        for error in self._validator.iter_errors(exact):
            raise invalid(explain(error))


def _length(header: bytes) -> int:
    """The value of a `Content-Length` header. Python itself refuses to read thousands of digits."""
    if len(header) > _MOST_DIGITS or not header.isdigit():
        raise invalid(f"Content-Length: must be a number of at most {_MOST_DIGITS} digits")
    return int(header)


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level:
        depth += 1
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        level = inner
    return depth


def _properties(schema: Mapping[str, Any]) -> set[str]:
    names = set(schema.get("properties", ()))
    for keyword in ("allOf", "anyOf", "oneOf"):
        for member in schema.get(keyword, ()):
            names |= _properties(member)
    return names
