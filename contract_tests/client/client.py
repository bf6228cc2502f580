"""How does every request reach the service under test, and what is recorded of it?"""

import json
import ssl
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any, TypedDict
from urllib.parse import urlencode

import httpx

from contract_tests.client.budget import Budget, BudgetExceeded, Reservation
from contract_tests.client.network.clients import ONE_CONNECTION, Clients
from contract_tests.client.network.cookies import NoCookies
from contract_tests.client.network.outage import CONFIRMED_AFTER, UNAVAILABLE, Outage
from contract_tests.client.network.pulse import Pulse
from contract_tests.client.predecessors import Predecessors
from contract_tests.client.reader import Draft, Reader
from contract_tests.document import EVENT_STREAM, Operation, document
from contract_tests.observations.exchange import KEY_HEADER, Exchange, Intent
from contract_tests.redaction import Secrets, is_secret
from contract_tests.settings import Settings, UsageError

OWN_KEY = "\0own"
"""The argument `key` of `Client.send` that means the key of the settings."""
_HEADERS = {
    "User-Agent": "tune-check",
    "Accept": "application/json, text/event-stream",
    "Accept-Encoding": "identity",
}
RECORD_LIMIT, LARGE_LIMIT = 128 * 2**20, 24 * 2**20
"""How many bytes all bodies of a session may have, and how many the large ones of them."""
_LARGE = 2**16
_ATTEMPTS = 6
_LONGEST_PAUSE = 20.0


class RequestOptions(TypedDict, total=False):
    """The options of `Client.send`, for functions that pass them on."""

    body: Any
    content: bytes | None
    params: Mapping[str, Any] | Sequence[tuple[str, str]] | None
    headers: Mapping[str, str] | None
    key: str | None
    intents: Collection[Intent]
    patient: bool
    timeout: float | None


class Record:
    """All exchanges, in the order in which they ended. Threads may share it."""

    def __init__(self) -> None:
        self._exchanges: list[Exchange] = []
        self._octets = self._large = 0
        self._lock = threading.Lock()

    def add(self, exchange: Exchange) -> None:
        """Add one exchange."""
        with self._lock:
            self._exchanges.append(exchange)
            self._octets += len(exchange.body)
            self._large += len(exchange.body) if len(exchange.body) > _LARGE else 0

    def forget(self, condition: Callable[[Exchange], bool]) -> None:
        """Remove the exchanges that a condition holds for."""
        with self._lock:
            self._exchanges = [one for one in self._exchanges if not condition(one)]

    @property
    def full(self) -> bool:
        """Whether the bodies have more bytes than one session keeps."""
        return self._octets > RECORD_LIMIT or self._large > LARGE_LIMIT

    @property
    def exchanges(self) -> list[Exchange]:
        """A copy of the exchanges recorded so far."""
        with self._lock:
            return list(self._exchanges)


class Client:
    """Sends requests within the budget, retries when the rate is limited, records every exchange."""

    def __init__(self, settings: Settings, budget: Budget, record: Record) -> None:
        self.settings, self.budget, self.record = settings, budget, record
        self.base = settings.url
        values = [value for name, value in settings.headers if is_secret(name)]
        self.secrets = Secrets(settings.key, *values)
        self.outage, self.gone = Outage(budget.spent.seconds), ""
        self._predecessors, self._pulse = Predecessors(), Pulse()
        self._not_before = 0.0
        self.capped = True
        wanted = verification(settings)
        verify = httpx.create_ssl_context() if wanted is True else wanted
        self._http = Clients(
            lambda: httpx.Client(
                verify=verify,
                proxy=settings.proxy or None,
                limits=ONE_CONNECTION,
                headers={**_HEADERS, **dict(settings.headers)},
                cookies=NoCookies(),
            )
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
        """Send a request to a path below the base URL and read the whole response.

        `body` is sent as JSON, `content` as raw bytes. `key` None sends no key. `patient` waits and retries
        when the service limits its rate. `timeout` is in seconds. Raises `BudgetExceeded`.
        """
        operation, parameters = document().match(method, path.partition("?")[0])
        raw = self._body(operation, body, content, intents)
        query = f"?{urlencode(params, doseq=True)}" if params else ""
        request = self._http.request(method, f"{self.base}{path}{query}", content=raw)
        self._set_headers(request, headers, key, raw is not None and content is None)
        marks = frozenset(intents)
        before = self._predecessors.of(f"{path}{query}")
        draft = Draft(request, operation, parameters, raw or b"", marks, generated_for, self.secrets, before)
        for attempt in range(_ATTEMPTS if patient else 1):
            exchange = self._send_once(draft, timeout or self._timeout(operation))
            pause = _pause(exchange, attempt)
            if pause is None or not patient or attempt == _ATTEMPTS - 1:
                break
            self._not_before = max(self._not_before, time.monotonic() + pause)
        return exchange

    def wait(self, seconds: float) -> None:
        """Sleep, but no longer than the budget allows. Raises `BudgetExceeded` when no time is left."""
        if self.budget.left <= 0:
            raise BudgetExceeded(self.budget.out_of_time)
        self.budget.pause(min(seconds, self.budget.left))

    def close(self) -> None:
        """Close the connections. Threads that wait for a response wait no longer."""
        self._pulse.close()
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

    def _send_once(self, draft: Draft, timeout: float) -> Exchange:
        if (pause := self._not_before - time.monotonic()) > 0:
            self.wait(pause)
        if self.record.full:
            most = f"{LARGE_LIMIT // 2**20} MiB of large responses, or {RECORD_LIMIT // 2**20} MiB in all"
            raise BudgetExceeded(f"the service sent more than {most}")
        self.budget.take_request()
        self._pulse.start()
        starts_run = draft.operation is not None and draft.operation.starts_run
        tokens = self.budget.tokens_per_run
        reservation = self.budget.run(tokens) if starts_run else nullcontext(Reservation(self.budget, 0))
        with reservation as reserved:
            exchange = self._transmit(draft, max(0.1, min(timeout, self.budget.left)))
            reserved.used = exchange.ok or not exchange.status
        if exchange.media_type == EVENT_STREAM:
            exchange = replace(exchange, lag=self._pulse.longest(exchange.sent, exchange.received))
        if self.budget.left <= 0 and (exchange.cut or exchange.error):
            raise BudgetExceeded(self.budget.out_of_time)
        self.record.add(exchange)
        self._predecessors.note(exchange)
        self._notice(exchange)
        return exchange

    def _notice(self, exchange: Exchange) -> None:
        """Stop everything if the service is gone. Raises `BudgetExceeded`."""
        if not self.outage.suspected(exchange) or self._answers():
            return
        self.gone = self.outage.described
        self.record.forget(self.outage.is_part)
        self.budget.stop(self.gone)
        raise BudgetExceeded(self.gone)

    def _answers(self) -> bool:
        """Whether the service still answers on a new connection."""
        url, end = f"{self.base}/threads?limit=1", time.monotonic() + CONFIRMED_AFTER
        while time.monotonic() < end:
            try:
                with self._http.one() as http:
                    answer = http.head(url, timeout=1, headers={"Connection": "close"})
                if answer.status_code not in UNAVAILABLE:
                    return True
            except httpx.HTTPError:
                self.budget.pause(0.25)
        return False

    def _transmit(self, draft: Draft, timeout: float) -> Exchange:
        """Send the request, and follow a redirect that only moves a final slash of the path."""
        exchange = self._sent(draft, timeout)
        target = _slash_moved(exchange)
        if not target:
            return exchange
        self.budget.take_request()
        request = self._http.request("GET", target, headers=draft.request.headers)
        return self._sent(replace(draft, request=request), timeout)

    def _sent(self, draft: Draft, timeout: float) -> Exchange:
        """Send the request. If an idle connection turns out to be closed, send it once more."""
        for last in (False, True):
            reader = Reader(draft, timeout)
            try:
                with self._http.one() as http:
                    return reader.read(http)
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as error:
                if last or reader.status or self.budget.left <= 0:
                    return reader.exchange(error=_text(error))
            except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
                return reader.exchange(error=_text(error))
        raise AssertionError("unreachable: the second attempt returns")


def _slash_moved(exchange: Exchange) -> str:
    """Where a GET is redirected with or without the final slash of its path, empty if it is not.

    Such a redirect stays on the same server, so that the request may be repeated with its headers.
    """
    if exchange.method != "GET" or exchange.status not in (301, 302, 307, 308):
        return ""
    try:
        asked, found = httpx.URL(exchange.url), httpx.URL(exchange.url).join(exchange.header("location"))
    except (httpx.InvalidURL, ValueError):
        return ""
    paths = [url.raw_path.partition(b"?")[0] for url in (asked, found)]
    same = (asked.scheme, asked.netloc, asked.query) == (found.scheme, found.netloc, found.query)
    moved = paths[0] != paths[1] and paths[0].rstrip(b"/") == paths[1].rstrip(b"/")
    return str(found) if same and moved else ""


def _pause(exchange: Exchange, attempt: int) -> float | None:
    """The seconds to wait before the next attempt, None if there is no reason to retry."""
    asked = exchange.header("retry-after")
    if exchange.status != 429 and not (exchange.status == 503 and asked):
        return None
    if asked.strip().isascii() and asked.strip().isdigit():
        return min(_LONGEST_PAUSE, float(asked))
    try:
        return max(0.0, min(_LONGEST_PAUSE, parsedate_to_datetime(asked).timestamp() - time.time()))
    except (TypeError, ValueError, ArithmeticError, LookupError):
        return min(_LONGEST_PAUSE, 0.25 * 2.0**attempt)


def verification(settings: Settings) -> ssl.SSLContext | bool:
    """How to verify the certificate of the service, as httpx takes it. Raises `UsageError` for `--ca`."""
    if settings.insecure:
        return False
    if not settings.ca:
        return True
    try:
        return ssl.create_default_context(cafile=settings.ca)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"--ca: {settings.ca} holds no certificates: {error}") from None


def _text(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
