"""What does a handler know of a request, and how does it answer?

A `Request` has been routed, authenticated and validated. Handlers see nothing else of HTTP.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from mock_server.http.prefer import preferences
from mock_server.sandboxes.journal import SEEN
from mock_server.sandboxes.sandbox import Sandbox

REQUEST = "tune_mock.request"
"""The key of the request in the ASGI scope."""

Header = tuple[bytes, bytes]

_JSON = (b"content-type", b"application/json")
_NO_PREFERENCES: Mapping[str, str] = {}


class Request:
    """One valid request.

    `prefer` are the preferences of its `Prefer` headers. `delay` says for how many milliseconds its answer is
    held back.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        operation_id: str,
        path: Mapping[str, str],
        query: Mapping[str, Any],
        body: Any,
        scope: Scope,
        receive: Receive,
    ) -> None:
        self.sandbox = sandbox
        self.operation_id = operation_id
        self.path = path
        self.query = query
        self.body = body
        self.receive = receive
        self.answer_headers: list[Header] = []
        self.delay = 0
        self._scope = scope
        self.prefer = preferences(given) if (given := self.headers(b"prefer")) else _NO_PREFERENCES

    def begun(self, status: int) -> None:
        """Note in the journal the status of a response that has begun."""
        if (seen := self._scope.get(SEEN)) is not None:
            seen.status = status

    def headers(self, name: bytes) -> list[str]:
        """The values of a header, given by its lower-case name."""
        return [value.decode("latin-1") for key, value in self._scope["headers"] if key == name]

    def tell(self, name: str, value: str) -> None:
        """Add a header to the response. Characters that are not ASCII are escaped."""
        self.answer_headers.append((name.encode(), value.encode("ascii", "backslashreplace")))


async def send_json(send: Send, body: Any, headers: Sequence[Header] = ()) -> None:
    """Respond with 200 and a JSON body."""
    await send_bytes(send, 200, orjson.dumps(body), headers)


async def send_bytes(send: Send, status: int, body: bytes, headers: Sequence[Header] = ()) -> None:
    """Respond with a body that is JSON already."""
    start = [_JSON, (b"content-length", b"%d" % len(body)), *headers]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": body})
