"""How does every request of this suite reach the service under test, and what is kept of it?"""

import json
import ssl
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, TypedDict
from urllib.parse import urlencode

import httpx

from contract_tests.client.budget import Budget, BudgetExceeded, Reservation
from contract_tests.document import EVENT_STREAM, Operation, contract
from contract_tests.observations.exchange import KEY_HEADER, Chunk, Exchange, Intent
from contract_tests.redaction import Secrets
from contract_tests.settings import Settings, UsageError

OWN_KEY = "\0own"
_HEADERS = {
    "User-Agent": "tune-check",
    "Accept": "application/json, text/event-stream",
    "Accept-Encoding": "identity",
}
_ATTEMPTS = 6
_GRACE = 2.0
_LONGEST_PAUSE = 20.0


class RequestOptions(TypedDict, total=False):
    """The options of `Client.send`, for those who pass them on."""

    body: Any
    content: bytes | None
    params: Mapping[str, Any] | Sequence[tuple[str, str]] | None
    headers: Mapping[str, str] | None
    key: str | None
    intents: Collection[Intent]
    patient: bool
    timeout: float | None


class Record:
    """All exchanges, in the order they ended."""

    def __init__(self) -> None:
        self._exchanges: list[Exchange] = []
        self._lock = threading.Lock()

    def add(self, exchange: Exchange) -> None:
        """Keep one exchange."""
        with self._lock:
            self._exchanges.append(exchange)

    @property
    def exchanges(self) -> list[Exchange]:
        """What has been kept so far."""
        with self._lock:
            return list(self._exchanges)


class Client:
    """Sends requests within the budget, waits where the service asks for it, records everything."""

    def __init__(self, settings: Settings, budget: Budget, record: Record) -> None:
        self.settings, self.budget, self.record = settings, budget, record
        self.base = settings.url
        values = [value for name, value in settings.headers if _is_secret(name)]
        self.secrets = Secrets(settings.key, *values)
        self._not_before = 0.0
        self.capped = True
        self._http = httpx.Client(
            verify=verification(settings),
            proxy=settings.proxy or None,
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=16),
            headers={**_HEADERS, **dict(settings.headers)},
        )

    def send(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        content: bytes | None = None,
        params: Mapping[str, Any] | Sequence[tuple[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
        key: str | None = OWN_KEY,
        intents: Collection[Intent] = (),
        generated_for: str = "",
        patient: bool = True,
        timeout: float | None = None,
    ) -> Exchange:
        """Send a request to a path below the base URL and read the answer to its end.

        `body` is sent as JSON, `content` as it is. `key` None leaves the key away. `patient` waits and tries
        again where the service limits its rate. Raises `BudgetExceeded` when the budget does not allow it.
        """
        operation, parameters = contract().match(method, path.partition("?")[0])
        raw = self._body(operation, body, content, intents)
        query = f"?{urlencode(params, doseq=True)}" if params else ""
        request = self._http.build_request(method, f"{self.base}{path}{query}", content=raw)
        self._set_headers(request, headers, key, raw is not None and content is None)
        draft = _Draft(
            request, operation, parameters, raw or b"", frozenset(intents), generated_for, self.secrets
        )
        for attempt in range(_ATTEMPTS if patient else 1):
            exchange = self._send_once(draft, timeout or self._timeout(operation))
            pause = _pause(exchange, attempt)
            if pause is None or not patient or attempt == _ATTEMPTS - 1:
                break
            self._not_before = max(self._not_before, time.monotonic() + pause)
        return exchange

    def wait(self, seconds: float) -> None:
        """Let time pass, but not more than is left."""
        if self.budget.left <= 0:
            raise BudgetExceeded(f"--max-seconds {self.budget.seconds:g} is spent")
        time.sleep(max(0.0, min(seconds, self.budget.left)))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _body(
        self, operation: Operation | None, body: Any, content: bytes | None, intents: Collection[Intent]
    ) -> bytes | None:
        if content is not None or body is None:
            return content
        if operation is not None and operation.starts_run and isinstance(body, dict) and self.capped:
            capped = {"maxCompletionTokens": self.budget.tokens_per_run, **body}
            body = body if Intent.NO_TOKEN_LIMIT in intents else capped
        return json.dumps(body).encode()

    def _set_headers(
        self, request: httpx.Request, headers: Mapping[str, str] | None, key: str | None, is_json: bool
    ) -> None:
        if is_json:
            request.headers["Content-Type"] = "application/json"
        if self.settings.organization:
            request.headers["X-Org-Id"] = self.settings.organization
        value = self.settings.key if key == OWN_KEY else key
        if value is not None and (value or key != OWN_KEY):
            request.headers[KEY_HEADER] = value
        for name, text in (headers or {}).items():
            request.headers[name] = text

    def _timeout(self, operation: Operation | None) -> float:
        waits = operation is not None and operation.waits_for_run
        return self.settings.max_wait + 5 if waits else self.settings.timeout

    def _send_once(self, draft: "_Draft", timeout: float) -> Exchange:
        if (pause := self._not_before - time.monotonic()) > 0:
            self.wait(pause)
        self.budget.take_request()
        starts_run = draft.operation is not None and draft.operation.starts_run
        tokens = self.budget.tokens_per_run
        reservation = self.budget.run(tokens) if starts_run else nullcontext(Reservation(self.budget, 0))
        with reservation as reserved:
            exchange = self._transmit(draft, max(0.1, min(timeout, self.budget.left)))
            reserved.used = exchange.ok or not exchange.status
        if self.budget.left <= 0 and (exchange.cut or exchange.error):
            raise BudgetExceeded(f"--max-seconds {self.budget.seconds:g} is spent")
        self.record.add(exchange)
        return exchange

    def _transmit(self, draft: "_Draft", timeout: float) -> Exchange:
        """Send over the wire; a connection that was closed while it rested is tried once more."""
        for last in (False, True):
            reading = Reading(draft, timeout)
            try:
                return reading.read(self._http)
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as error:
                if last or reading.status:
                    return reading.exchange(error=_words(error))
            except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
                return reading.exchange(error=_words(error))
        raise AssertionError("unreachable: the second attempt returns")


@dataclass(frozen=True)
class _Draft:
    """A request ready to be sent, and what it is for."""

    request: httpx.Request
    operation: Operation | None
    parameters: Mapping[str, str]
    body: bytes
    intents: frozenset[Intent]
    generated_for: str
    secrets: Secrets


class Reading:
    """Reads one response, noting when each piece arrives; stops when it takes too long."""

    def __init__(self, draft: _Draft, timeout: float) -> None:
        self._draft, self._timeout = draft, timeout
        self._sent, self._wall = time.monotonic(), time.time()
        self.status = 0
        self._headers: tuple[tuple[str, str], ...] = ()
        self._chunks: list[Chunk] = []
        self._cut = False

    def read(self, http: httpx.Client) -> Exchange:
        """Send the request and read all of the response."""
        request = self._draft.request
        request.extensions["timeout"] = httpx.Timeout(self._timeout).as_dict()
        response = http.send(request, stream=True)
        try:
            self.status = response.status_code
            self._headers = tuple(
                (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw
            )
            self._read_body(response)
        finally:
            response.close()
        return self.exchange()

    def _read_body(self, response: httpx.Response) -> None:
        timer = self._cut_after(response, self._timeout)
        is_stream = response.headers.get("content-type", "").lower().startswith(EVENT_STREAM)
        tail = b""
        try:
            for data in response.iter_bytes():
                self._chunks.append(Chunk(time.monotonic(), data))
                tail = (tail + data)[-64:]
                if is_stream and b"[DONE]" in tail:
                    timer.cancel()
                    timer = self._cut_after(response, _GRACE)
                    is_stream = False
        except httpx.HTTPError:
            if not self._cut:
                raise
        finally:
            timer.cancel()

    def _cut_after(self, response: httpx.Response, seconds: float) -> threading.Timer:
        """Shut the connection when the time is over: reading blocks, so it takes another thread to end it."""
        timer = threading.Timer(seconds, self._shut, [response])
        timer.daemon = True
        timer.start()
        return timer

    def _shut(self, response: httpx.Response) -> None:
        self._cut = True
        stream = response.extensions.get("network_stream")
        socket = stream.get_extra_info("socket") if stream is not None else None
        if socket is not None:
            try:
                socket.shutdown(2)
            except OSError:
                return

    def exchange(self, error: str = "") -> Exchange:
        """What is known of the exchange now."""
        draft, url = self._draft, self._draft.request.url
        headers = draft.request.headers.raw
        return Exchange(
            method=draft.request.method,
            url=str(url),
            operation=draft.operation,
            path_parameters=draft.parameters,
            query=tuple(url.params.multi_items()),
            request_headers=tuple(
                (name.decode("latin-1"), value.decode("latin-1")) for name, value in headers
            ),
            request_body=draft.body,
            sent=self._sent,
            received=time.monotonic(),
            status=self.status,
            headers=self._headers,
            chunks=tuple(self._chunks),
            error=error,
            cut=self._cut,
            wall=self._wall,
            intents=draft.intents,
            generated_for=draft.generated_for,
            secrets=draft.secrets,
        )


def _pause(exchange: Exchange, attempt: int) -> float | None:
    """How long to wait before trying again, None if there is no reason to."""
    asked = exchange.header("retry-after")
    if exchange.status != 429 and not (exchange.status == 503 and asked):
        return None
    if asked.strip().isdigit():
        return min(_LONGEST_PAUSE, float(asked))
    try:
        return max(0.0, min(_LONGEST_PAUSE, parsedate_to_datetime(asked).timestamp() - time.time()))
    except (TypeError, ValueError):
        return min(_LONGEST_PAUSE, 0.25 * 2.0**attempt)


def verification(settings: Settings) -> ssl.SSLContext | bool:
    """How the service's certificate is verified."""
    if settings.insecure:
        return False
    if not settings.ca:
        return True
    try:
        return ssl.create_default_context(cafile=settings.ca)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"--ca: {settings.ca} holds no certificates: {error}") from None


def _is_secret(header: str) -> bool:
    return any(word in header.lower() for word in ("auth", "key", "token", "secret", "cookie"))


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
