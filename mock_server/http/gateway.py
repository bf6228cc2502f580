"""What is done for every request and response?

The outermost layer of the API and of the control calls. It finds the sandbox of the request, answers
preflights and adds CORS headers, turns exceptions into error responses, writes the log, and handles startup
and shutdown.
"""

import sys
import time
import traceback

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mock_server.errors import Refusal
from mock_server.http.abort import CutError, reset
from mock_server.http.bodies import GoneError
from mock_server.http.cors import Cors
from mock_server.http.request import Header, send_bytes
from mock_server.sandboxes.journal import SEEN
from mock_server.sandboxes.registry import TEST_HEADER, Sandboxes
from mock_server.sandboxes.sandbox import SANDBOX

_REFUSED = "tune_mock.refused"
"""The key in the ASGI scope of the error message, for the log."""
_LOGGED = (b"x-mock-scenario", b"x-mock-hint")


class Gateway:
    """The outermost ASGI middleware."""

    def __init__(self, app: ASGIApp, sandboxes: Sandboxes, cors: Cors) -> None:
        self.app = app
        self._sandboxes = sandboxes
        self._cors = cors
        self._quiet = sandboxes.shared.settings.quiet

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one scope."""
        if scope["type"] != "http":
            await self._lifespan(scope, receive, send)
            return
        origin = test = None
        for name, value in scope["headers"]:
            if name == b"origin":
                origin = value
            elif name == TEST_HEADER:
                test = value.decode("latin-1")
        scope[SANDBOX] = self._sandboxes.of_test(test) if test else self._sandboxes.shared
        if origin is None and self._quiet and scope["method"] != "HEAD":
            await self._answer(scope, receive, send)
            return
        seen = _Observed(
            send, self._cors.headers(origin) if origin is not None else [], scope["method"] == "HEAD"
        )
        started = time.perf_counter()
        if origin is not None and _is_preflight(scope):
            await self._preflight(origin, scope, seen)
        else:
            await self._answer(scope, receive, seen)
        if not self._quiet:
            _log(scope, seen, time.perf_counter() - started)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = 200
        try:
            await self.app(scope, receive, send)
        except Refusal as refusal:
            status, scope[_REFUSED] = refusal.status, refusal.message
            await _refuse(refusal, send)
        except GoneError:
            pass
        except CutError:
            await reset(scope)
        except Exception:
            # A bug in the mock: the client gets an error in the usual format, the terminal a traceback.
            status = 500
            traceback.print_exc()
            await _refuse(
                Refusal("internal", "the mock itself failed; see the traceback in its terminal"), send
            )
        finally:
            if (seen := scope.get(SEEN)) is not None:
                seen.status = status

    async def _preflight(self, origin: bytes, scope: Scope, seen: "_Observed") -> None:
        try:
            seen.headers = self._cors.preflight(origin, scope["headers"])
        except Refusal as refusal:
            await _refuse(refusal, seen)
            return
        await seen({"type": "http.response.start", "status": 204, "headers": []})
        await seen({"type": "http.response.body", "body": b""})

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        while scope["type"] == "lifespan":
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                self._sandboxes.close()
                return


class _Observed:
    """A `send` that adds headers, remembers what is logged, and drops the body of responses to HEAD."""

    def __init__(self, send: Send, headers: list[Header], head: bool) -> None:
        self._send = send
        self._head = head
        self.headers = headers
        self.status = 0
        self.notes: list[str] = []

    async def __call__(self, message: Message) -> None:
        """Pass a message on."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.notes = [value.decode() for name, value in message["headers"] if name in _LOGGED]
            message["headers"] = [*message.get("headers", ()), *self.headers]
        elif self._head:
            message["body"] = b""
        await self._send(message)


async def _refuse(refusal: Refusal, send: Send) -> None:
    headers = [(name.encode(), value.encode("latin-1", "replace")) for name, value in refusal.headers.items()]
    await send_bytes(send, refusal.status, refusal.body(), headers)


def _is_preflight(scope: Scope) -> bool:
    asked = b"access-control-request-method"
    return scope["method"] == "OPTIONS" and any(name == asked for name, _ in scope["headers"])


def _log(scope: Scope, seen: _Observed, seconds: float) -> None:
    notes = [*seen.notes, *([ascii(scope[_REFUSED])[1:-1]] if _REFUSED in scope else [])]
    status = seen.status or "disconnected"
    line = f"{scope['method']} {ascii(scope['path'])[1:-1]} {status} {seconds * 1000:.0f} ms"
    sys.stderr.write("  ".join([line, *notes]) + "\n")
