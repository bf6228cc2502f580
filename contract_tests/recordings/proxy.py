"""How is the traffic of a frontend checked? A proxy forwards it and evaluates it."""

import asyncio
import logging
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, NoReturn

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from contract_tests.client.client import RECORD_LIMIT
from contract_tests.client.network.decoding import Undecodable, decoded
from contract_tests.client.network.metering import BODY_LIMIT, TooLarge
from contract_tests.document import document
from contract_tests.findings import Finding, Outcome
from contract_tests.observations.exchange import Chunk, Exchange, Intent
from contract_tests.plain_text import one_line
from contract_tests.recordings.har import is_noise
from contract_tests.recordings.offline import OfflineOptions, check_exchanges, report, show
from contract_tests.redaction import Secrets, secrets_in
from contract_tests.report import Terminal, console
from contract_tests.settings import UsageError

# RFC 9110 7.6.1: these headers are about one connection, not about the message.
_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization"}
    | {"te", "trailer", "transfer-encoding", "upgrade"}
)
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_GRACE = 2
Headers = list[tuple[bytes, bytes]]


def serve(base: str, listen: str, options: OfflineOptions) -> int:
    """Forward requests to the service at `base` until Ctrl-C, then report. Returns the exit code."""
    proxy = CheckingProxy(base, options)
    with _listening(listen) as listener:
        host, port = listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        message = f"forwarding http://{shown}:{port}/v1 to {base}; press Ctrl-C for the report"
        print(f"tune-check: {message}", flush=True)
        config = uvicorn.Config(
            application(proxy),
            log_level="warning",
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=_GRACE,
        )
        logging.getLogger("uvicorn.error").addFilter(_WithoutTraces())
        before = signal.signal(signal.SIGTERM, _interrupt)
        try:
            with suppress(KeyboardInterrupt):
                uvicorn.Server(config).run(sockets=[listener])
        finally:
            signal.signal(signal.SIGTERM, before)
    return proxy.summarize()


class _WithoutTraces(logging.Filter):
    """Drops the trace of an upstream that broke off: the proxy has reported it, in one line."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to log a record."""
        error = record.exc_info[1] if record.exc_info else None
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        return not isinstance(error, httpx.HTTPError)


def application(proxy: "CheckingProxy") -> Starlette:
    """The proxy as an ASGI application."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with proxy.open():
            yield

    return Starlette(routes=[Route("/{path:path}", proxy.forward, methods=_METHODS)], lifespan=lifespan)


@dataclass
class CheckingProxy:
    """Forwards requests, records the exchanges with the API, and reports new findings."""

    base: str
    options: OfflineOptions
    transport: httpx.AsyncBaseTransport | None = None
    exchanges: list[Exchange] = field(default_factory=list)
    secrets: Secrets = field(default_factory=Secrets)
    aborted: int = 0
    too_large: int = 0

    def __post_init__(self) -> None:
        self.secrets.add(self.options.key)
        self._left = RECORD_LIMIT
        self._reported: set[tuple[Any, ...]] = set()
        self._terminal = Terminal(console(), self.secrets)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Forward and check for the duration of the block."""
        timeout = httpx.Timeout(None, connect=10)
        limits = httpx.Limits(max_connections=None)
        verify, transport = self.options.verify, self.transport
        self._news = asyncio.Event()
        async with httpx.AsyncClient(
            timeout=timeout, limits=limits, verify=verify, transport=transport
        ) as http:
            self._http = http
            checking = asyncio.create_task(self._check())
            try:
                yield
            finally:
                checking.cancel()

    async def forward(self, request: Request) -> Response:
        """Forward a request, and its response in chunks as they arrive."""
        draft = await self._draft(request)
        try:
            response = await self._http.send(draft.request, stream=True)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            message = one_line(f"tune-check cannot reach {self.base}: {error or type(error).__name__}")
            self._terminal.say(message)
            return JSONResponse({"code": "unavailable", "message": message}, 502)
        forwarded = StreamingResponse(self._body(draft, response), response.status_code)
        forwarded.raw_headers = end_to_end(response.headers.raw)
        return forwarded

    async def _draft(self, request: Request) -> "_Draft":
        scope = request.scope
        path = scope.get("raw_path", request.url.path.encode()).decode("latin-1").partition("?")[0]
        query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
        headers = [(name, value) for name, value in end_to_end(request.headers.raw) if name != b"host"]
        body = await request.body()
        url = f"{self.base.removesuffix('/v1')}{path}{query}"
        forwarded = httpx.Request(request.method, url, headers=headers, content=body or None)
        return _Draft(forwarded, path.removeprefix("/v1"), body, time.monotonic(), time.time())

    async def _body(self, draft: "_Draft", response: httpx.Response) -> AsyncIterator[bytes]:
        """The body in chunks as they arrive. The exchange is recorded when it has ended."""
        chunks: list[Chunk] = []
        error, whole, left = "", False, min(BODY_LIMIT, self._left)
        try:
            async for piece in response.aiter_raw():
                left -= len(piece)
                if left >= 0:
                    chunks.append(Chunk(time.monotonic(), piece))
                yield piece
            whole = left >= 0
            self.too_large += left < 0
        except httpx.HTTPError as reason:
            error = f"{type(reason).__name__}: {reason}"
            self._terminal.say(
                one_line(f"{self.base} broke off {draft.request.method} {draft.path}: {error}")
            )
            raise
        except (asyncio.CancelledError, GeneratorExit):
            self.aborted += 1
            raise
        finally:
            with suppress(httpx.HTTPError):
                await response.aclose()
            self._left -= sum(len(chunk.data) for chunk in chunks)
            if error or whole:
                self._keep(draft, response, chunks, error)

    def _keep(self, draft: "_Draft", response: httpx.Response, chunks: list[Chunk], error: str) -> None:
        """Record an exchange with the API and start checking it."""
        if draft.request.method != "OPTIONS" and document().knows_path(draft.path):
            self.exchanges.append(_exchange(draft, response, chunks, error, self.secrets))
            self._news.set()

    async def _check(self) -> None:
        """Check all exchanges whenever there is a new one, and report new findings."""
        while True:
            await self._news.wait()
            self._news.clear()
            _, findings = await asyncio.to_thread(check_exchanges, list(self.exchanges))
            self.report(findings)

    def report(self, findings: Iterable[Finding]) -> None:
        """Report each broken fact once, when it is first seen."""
        for finding in findings:
            if finding.outcome is Outcome.BROKEN and finding.key not in self._reported:
                self._reported.add(finding.key)
                self._terminal.finding(finding, finding.severity(self.options.threshold))

    def summarize(self) -> int:
        """Report on all traffic. Returns the exit code."""
        details = {
            "aborted by the client": str(self.aborted or ""),
            "too large to be checked": str(self.too_large or ""),
        }
        found = report(self.exchanges, f"traffic to {self.base}", self.options, details)
        return show(found, self.options, self.secrets)


@dataclass(frozen=True)
class _Draft:
    """A request that is being forwarded. `path` is below the base URL."""

    request: httpx.Request
    path: str
    body: bytes
    sent: float
    wall: float


def end_to_end(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """The headers that a proxy forwards."""
    pairs = list(headers)
    named = b",".join(value for name, value in pairs if name.lower() == b"connection")
    dropped = _HOP_BY_HOP | {name.strip().lower() for name in named.decode("latin-1").split(",")}
    return [(name, value) for name, value in pairs if name.decode("latin-1").lower() not in dropped]


def _exchange(
    draft: _Draft, response: httpx.Response, chunks: list[Chunk], error: str, secrets: Secrets
) -> Exchange:
    request = draft.request
    headers, received = _text(request.headers.raw), _text(response.headers.raw)
    cookies = [(name, value) for name, value in received if name.lower() == "set-cookie"]
    secrets.add(*secrets_in([*headers, *cookies], str(request.url)))
    operation, parameters = document().match(request.method, draft.path)
    compressed = response.headers.get("content-encoding", "identity") != "identity"
    return Exchange(
        method=request.method,
        url=str(request.url),
        operation=operation,
        path_parameters=parameters,
        query=tuple(request.url.params.multi_items()),
        request_headers=tuple((name, value) for name, value in headers if not is_noise(name)),
        request_body=draft.body,
        sent=draft.sent,
        received=time.monotonic(),
        status=response.status_code,
        headers=tuple((name, value) for name, value in received if name.lower() != "set-cookie"),
        chunks=_decompressed(response, chunks) if compressed else tuple(chunks),
        error=error,
        wall=draft.wall,
        intents=frozenset({Intent.RECORDED, Intent.UNTIMED} if compressed else {Intent.RECORDED}),
        secrets=secrets,
    )


def _text(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]


def _decompressed(response: httpx.Response, chunks: list[Chunk]) -> tuple[Chunk, ...]:
    """A compressed body as one decompressed chunk. The arrival times of its parts are lost."""
    pieces = [chunk.data for chunk in chunks]
    try:
        data = decoded(pieces, response.headers.get_list("content-encoding"))
    except (TooLarge, Undecodable):
        data = b"".join(pieces)
    return (Chunk(chunks[-1].at, data),) if chunks else ()


def _listening(listen: str) -> socket.socket:
    """A socket that listens on an address. Raises `UsageError`."""
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise UsageError(f"--listen: {listen!r} is not an address; write it like 127.0.0.1:4011")
    host = host.strip("[]") or "127.0.0.1"
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, int(port)), family=family)
    except OSError as error:
        raise UsageError(f"--listen: {listen}: {error.strerror or error}; use another address") from None


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
