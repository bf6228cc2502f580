"""Does every response of the mock match the document?

Checks responses with openapi-core, which shares no code with the mock. Only `--self-check` and the tests use
this module, because openapi-core is slow to import.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from openapi_core import Config, OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mock_server.control.app import PREFIX
from mock_server.errors import Refusal
from mock_server.http.connexion_api import ROUTING_CONTEXT
from mock_server.http.request import send_bytes
from mock_server.http.schemas import compiled, explain

STREAM = "text/event-stream"
METHODS = ("get", "post", "put", "patch", "delete")

_NO_OPERATION: tuple[str, str, frozenset[str]] = ("", "", frozenset())


class ResponseCheck:
    """Checks responses against a document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        config = Config(spec_validator_cls=None, extra_media_type_deserializers={STREAM: json.loads})
        self._api = OpenAPI.from_dict(dict(document), config=config)
        self._server: str = document["servers"][0]["url"]
        self._error = compiled(document["components"]["schemas"]["Error"])
        self._operations = {
            operation["operationId"]: (path, method, frozenset(operation["responses"]))
            for path, item in document["paths"].items()
            for method, operation in item.items()
            if method in METHODS
        }

    def mismatch(self, operation_id: str | None, status: int, content_type: str, body: bytes) -> str | None:
        """What is wrong with a response; None if it matches. Without an operation, it has to be an error."""
        path, method, statuses = self._operations.get(operation_id or "", _NO_OPERATION)
        if str(status) not in statuses:
            return self._no_error(status, content_type, body)
        host, _, base = self._server.partition("//")[2].partition("/")
        request = MockRequest(f"https://{host}", method, f"/{base}{path.replace('{', '').replace('}', '')}")
        media_type = content_type.partition(";")[0]
        bodies = [json.dumps(event).encode() for event in events(body)] if media_type == STREAM else [body]
        for data in bodies:
            try:
                self._api.validate_response(request, MockResponse(data, status, content_type=media_type))
            except OpenAPIError as error:
                return f"{operation_id} {status}: {_reasons(error)} in {data[:500]!r}"
        return None

    def _no_error(self, status: int, content_type: str, body: bytes) -> str | None:
        """What is wrong with a response that no operation describes: it has to be an error."""
        if status < 400 or content_type != "application/json":
            return f"{status} {content_type} is not in the document"
        for error in self._error.iter_errors(json.loads(body)):
            return f"{status}: {explain(error)}"
        return None


def events(stream: bytes) -> Iterator[dict[str, Any]]:
    """The events of a stream without network conditions, with their data decoded."""
    for block in stream.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and line[0] != ":")
        if data := fields.get("data"):
            name = {"event": fields["event"]} if "event" in fields else {}
            yield {**name, "data": data if data == "[DONE]" else json.loads(data)}


class SelfCheck:
    """Wraps the application. A response that does not match the document becomes a 500 that says why."""

    def __init__(
        self, app: ASGIApp, document: Mapping[str, Any], exempt: Callable[[str], bool] = lambda _: False
    ) -> None:
        self.app = app
        self._check = ResponseCheck(document)
        self._exempt = exempt

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one scope."""
        of_api = scope["type"] == "http" and not scope["path"].startswith(PREFIX)
        checked = _Checked(send, scope, self._mismatch) if of_api else send
        await self.app(scope, receive, checked)

    def _mismatch(self, scope: Scope, headers: Mapping[str, str], status: int, body: bytes) -> str | None:
        routed = scope.get("extensions", {}).get(ROUTING_CONTEXT, {})
        if scope["method"] in ("HEAD", "OPTIONS") or self._exempt(headers.get("x-mock-scenario", "")):
            return None
        if not routed and status < 400:
            return None
        return self._check.mismatch(routed.get("operation_id"), status, headers.get("content-type", ""), body)


class _Checked:
    """A `send` that passes a response on once it is checked: a stream by events, others as a whole."""

    def __init__(self, send: Send, scope: Scope, mismatch: Callable[..., str | None]) -> None:
        self._send, self._scope, self._mismatch = send, scope, mismatch
        self._start: Message = {}
        self._headers: dict[str, str] = {}
        self._body = b""

    async def __call__(self, message: Message) -> None:
        """Pass a message on once it is checked."""
        if message["type"] == "http.response.start":
            self._start = message
            self._headers = {key.decode(): value.decode("latin-1") for key, value in message["headers"]}
            if self._streams:
                await self._send(message)
            return
        self._body += message.get("body", b"")
        if self._streams:
            await self._pass_events(message)
        elif not message.get("more_body"):
            await self._pass_whole()

    @property
    def _streams(self) -> bool:
        return self._headers.get("content-type", "").startswith(STREAM)

    async def _pass_events(self, message: Message) -> None:
        whole, blank, self._body = self._body.rpartition(b"\n\n")
        if wrong := self._mismatch(self._scope, self._headers, self._start["status"], whole + blank):
            error = json.dumps({"code": "internal", "message": f"self-check: {wrong}"}).encode()
            message = {**message, "body": b"event: error\ndata: %b\n\n" % error}
        await self._send(message)

    async def _pass_whole(self) -> None:
        wrong = self._mismatch(self._scope, self._headers, self._start["status"], self._body)
        if wrong:
            await send_bytes(self._send, 500, Refusal("internal", f"self-check: {wrong}").body())
            return
        await self._send(self._start)
        await self._send({"type": "http.response.body", "body": self._body})


def _reasons(error: BaseException) -> str:
    """The error and its causes, outermost first, in one line."""
    causes = getattr(error, "schema_errors", None) or ([error.__cause__] if error.__cause__ else [])
    lines = [str(error).splitlines()[0][:300], *(_reasons(cause) for cause in causes if cause)]
    return "; ".join(dict.fromkeys(lines))
