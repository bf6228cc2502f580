"""Who may make control calls, and how are they served?

They are a second application with its own document, `control.yaml`. It is built at the first control call.
Pages of other origins must not control the mock, nor pages whose host name was pointed at this machine.
"""

import asyncio
import hmac
import time
from functools import partial
from ipaddress import ip_address
from pathlib import Path

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

import openapi
from mock_server.control.handlers import dispatch, handler
from mock_server.errors import Refusal
from mock_server.http.connexion_api import ConnexionMiddleware, Resolver
from mock_server.http.cors import Cors
from mock_server.http.gateway import Gateway
from mock_server.http.request import send_bytes
from mock_server.http.routing import RoutingMiddleware
from mock_server.http.validation import ValidationMiddleware
from mock_server.sandboxes.registry import Sandboxes
from mock_server.settings import Settings

DOCUMENT = Path(__file__).with_name("control.yaml")
PREFIX = "/_mock"
FREE_GUESSES = 5
"""Wrong tokens that are answered at once."""
DELAY = 0.02
"""Seconds for which the answer to the next wrong token is held back, doubled from one to the next."""
FORGET_SECONDS = 60.0
MOST_WAITING = 20
"""Answers to wrong tokens that are held back at once."""
_METHODS = "GET, POST, PUT, DELETE"


class WithControl:
    """The API and the control calls as one ASGI application."""

    def __init__(self, api: ASGIApp, sandboxes: Sandboxes) -> None:
        self._api, self._sandboxes = api, sandboxes
        self._control: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a scope to the API or to the control calls."""
        if scope["type"] != "http" or not f"{scope['path']}/".startswith(f"{PREFIX}/"):
            await self._api(scope, receive, send)
            return
        if self._control is None:
            self._control = _application(self._sandboxes)
        await self._control(scope, receive, send)


def _application(sandboxes: Sandboxes) -> ASGIApp:
    """The control calls as an ASGI application."""
    settings = sandboxes.shared.settings
    cors = Cors(settings.control_origins, _METHODS, "--control-origin")
    connexion = ConnexionMiddleware(
        partial(dispatch, sandboxes),
        import_name=__name__,
        middlewares=[
            partial(Gateway, sandboxes=sandboxes, cors=cors),
            partial(Guard, settings=settings),
            partial(RoutingMiddleware, journaled=False),
            ValidationMiddleware,
        ],
        resolver=Resolver(handler),
    )
    document = openapi.parse(DOCUMENT.read_text(encoding="utf-8"))
    connexion.add_api(document, largest_body=settings.largest_body)
    return _WithDocument(connexion, orjson.dumps(document))


class _WithDocument:
    """The control calls, and their document at `/_mock/openapi.json`, which anyone may read."""

    def __init__(self, app: ASGIApp, document: bytes) -> None:
        self._app, self._document = app, document

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["path"] == f"{PREFIX}/openapi.json" and scope["method"] in ("GET", "HEAD"):
            await send_bytes(send, 200, self._document, [])
        else:
            await self._app(scope, receive, send)


class Guard:
    """Refuses control calls with a foreign `Host`, a foreign origin, or no valid token."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._settings = settings
        self._waiting, self._wrong, self._last_wrong = 0, 0, 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request."""
        headers = {name: value.decode("latin-1") for name, value in reversed(scope["headers"])}
        self._check_host(scope, headers.get(b"host", ""))
        self._check_origin(scope, headers)
        await self._check_token(headers.get(b"authorization", ""))
        await self.app(scope, receive, send)

    def _check_host(self, scope: Scope, host: str) -> None:
        listening = (scope.get("server") or ("",))[0]
        own = {"localhost", "127.0.0.1", "[::1]", self._settings.host, listening, f"[{listening}]"}
        if _without_port(host).lower() not in own:
            raise _forbidden(f"Host: must be an address of this server, got {host!a}")

    def _check_origin(self, scope: Scope, headers: dict[bytes, str]) -> None:
        origin, host = headers.get(b"origin"), headers.get(b"host", "")
        if origin is None:
            if headers.get(b"sec-fetch-site", "none") not in ("none", "same-origin"):
                raise _forbidden("control calls are not allowed from pages of another origin")
        elif origin != f"{scope['scheme']}://{host}" and origin not in self._settings.control_origins:
            raise _forbidden(
                f"control calls are not allowed from pages of {origin!a};"
                f" allow them with --control-origin {origin}"
            )

    async def _check_token(self, authorization: str) -> None:
        token = self._settings.control_token
        if not token:
            if not is_loopback(self._settings.host):
                raise _forbidden(
                    "control calls require a token unless the server listens on loopback;"
                    " start it with --control-token"
                )
            return
        if self._waiting >= MOST_WAITING:
            message = "too many control calls with a wrong token"
            raise Refusal("resource_exhausted", message, headers={"retry-after": "1"})
        scheme, _, sent = authorization.partition(" ")
        same = hmac.compare_digest(sent.strip().encode("latin-1"), token.encode())
        if scheme.lower() != "bearer" or not same:
            await self._slow_down()
            raise Refusal(
                "unauthenticated",
                "the bearer token is missing or invalid;"
                " send that of --control-token as Authorization: Bearer TOKEN",
            )

    async def _slow_down(self) -> None:
        """Hold back the answer to a wrong token after the first few: longer for each one, up to a second.

        While many answers are held back, no token is compared. So guesses have a rate, whatever the number of
        connections.
        """
        now = time.monotonic()
        self._wrong = self._wrong + 1 if now - self._last_wrong < FORGET_SECONDS else 1
        self._last_wrong = now
        self._waiting += 1
        try:
            excess = self._wrong - FREE_GUESSES
            await asyncio.sleep(min(DELAY * 2 ** min(excess, 10), 1.0) if excess > 0 else 0)
        finally:
            self._waiting -= 1


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on an address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _without_port(host: str) -> str:
    """The value of a `Host` header without its port."""
    return host if host.endswith("]") else host.rpartition(":")[0] or host


def _forbidden(message: str) -> Refusal:
    return Refusal("permission_denied", message)
