"""How is a response read, so that the arrival time of each part is known and reading ends in time?"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from contract_tests.client.network.decoding import Decoder, Undecodable
from contract_tests.client.network.metering import HEADERS_LIMIT, Meter, TooLarge, metered
from contract_tests.document import EVENT_STREAM, JSON, Operation
from contract_tests.observations.exchange import Chunk, Exchange, Intent
from contract_tests.observations.json_text import is_cut_off
from contract_tests.redaction import Secrets

_GRACE = 2.0
_MOST_PARTS = 50_000


@dataclass(frozen=True)
class Draft:
    """A request that is ready to be sent, and what its exchange will say of it."""

    request: httpx.Request
    operation: Operation | None
    parameters: Mapping[str, str]
    body: bytes
    intents: frozenset[Intent]
    generated_for: str
    secrets: Secrets
    before: tuple[Exchange, ...] = ()


class Reader:
    """Sends one request and reads its response. It stops after `timeout` seconds, and at the ceilings."""

    def __init__(self, draft: Draft, timeout: float) -> None:
        self._draft, self._timeout = draft, timeout
        self._sent, self._wall = time.monotonic(), time.time()
        self._meter = Meter(self._sent + timeout)
        self.status = 0
        self._headers: tuple[tuple[str, str], ...] = ()
        self._parts: list[tuple[float, bytearray]] = []
        self._read_last = -1
        self._cut = False
        self._error = ""

    def read(self, http: httpx.Client) -> Exchange:
        """Send the request and read the whole response."""
        request = self._draft.request
        request.extensions["timeout"] = httpx.Timeout(self._timeout).as_dict()
        try:
            with metered(self._meter):
                self._read(http.send(request, stream=True))
        except (TooLarge, Undecodable) as reason:
            self._error = str(reason)
        exchange = self.exchange()
        return self.exchange(_cut_by_length(exchange)) if exchange.media_type == JSON else exchange

    def exchange(self, error: str = "") -> Exchange:
        """The exchange as far as it is known now. `error` says why the response is not complete."""
        draft, url = self._draft, self._draft.request.url
        headers = draft.request.headers.raw
        return Exchange(
            method=draft.request.method,
            url=str(url),
            operation=draft.operation,
            path_parameters=draft.parameters,
            query=tuple(url.params.multi_items()),
            request_headers=tuple((name.decode("latin-1"), text.decode("latin-1")) for name, text in headers),
            request_body=draft.body,
            sent=self._sent,
            received=time.monotonic(),
            status=self.status,
            headers=self._headers,
            chunks=tuple(Chunk(at, bytes(data)) for at, data in self._parts),
            error=error or self._error,
            cut=self._cut,
            wall=self._wall,
            intents=draft.intents,
            generated_for=draft.generated_for,
            secrets=draft.secrets,
            before=draft.before,
        )

    def _read(self, response: httpx.Response) -> None:
        try:
            self._meter.in_body = True
            self.status = response.status_code
            headers = response.headers.raw
            self._headers = tuple(
                (name.decode("latin-1"), value.decode("latin-1")) for name, value in headers[:HEADERS_LIMIT]
            )
            if len(headers) > HEADERS_LIMIT:
                raise TooLarge(f"more than {HEADERS_LIMIT} headers; reading stopped")
            self._read_body(response)
        finally:
            response.close()

    def _read_body(self, response: httpx.Response) -> None:
        decoder = Decoder(response.headers.get_list("content-encoding"))
        is_stream = response.headers.get("content-type", "").lower().startswith(EVENT_STREAM)
        tail = b""
        try:
            for raw in response.iter_raw():
                data = decoder.decode(raw)
                self._keep(data)
                tail = (tail + data)[-64:]
                if is_stream and b"[DONE]" in tail:
                    self._meter.deadline = min(self._meter.deadline, time.monotonic() + _GRACE)
                    is_stream = False
        except httpx.ReadTimeout:
            self._cut = True

    def _keep(self, data: bytes) -> None:
        """Keep a part of the body. Parts that arrived in one read of the network are one."""
        if self._parts and self._read_last == self._meter.reads:
            self._parts[-1][1].extend(data)
            return
        if len(self._parts) == _MOST_PARTS:
            raise TooLarge(f"more than {_MOST_PARTS} parts of a body; reading stopped")
        self._read_last = self._meter.reads
        self._parts.append((time.monotonic(), bytearray(data)))


def _cut_by_length(exchange: Exchange) -> str:
    """What is wrong if Content-Length ends a body within its JSON, empty otherwise."""
    length = exchange.header("content-length").strip()
    if not exchange.body or exchange.error or length != str(len(exchange.body)) or exchange.json is not None:
        return ""
    if not is_cut_off(exchange.body):
        return ""
    end = exchange.body[-40:].decode("utf-8", "backslashreplace")
    return f"Content-Length: {length} ends the body within its JSON, after {end!r}"
