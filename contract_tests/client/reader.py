"""How is a response read, so that the arrival time of each part is known and reading ends in time?"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from contract_tests.document import EVENT_STREAM, Operation
from contract_tests.observations.exchange import Chunk, Exchange, Intent
from contract_tests.redaction import Secrets

_GRACE = 2.0


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


class Reader:
    """Sends one request and reads its response. It stops reading after `timeout` seconds."""

    def __init__(self, draft: Draft, timeout: float) -> None:
        self._draft, self._timeout = draft, timeout
        self._sent, self._wall = time.monotonic(), time.time()
        self.status = 0
        self._headers: tuple[tuple[str, str], ...] = ()
        self._chunks: list[Chunk] = []
        self._cut = False

    def read(self, http: httpx.Client) -> Exchange:
        """Send the request and read the whole response."""
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
            chunks=tuple(self._chunks),
            error=error,
            cut=self._cut,
            wall=self._wall,
            intents=draft.intents,
            generated_for=draft.generated_for,
            secrets=draft.secrets,
        )

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
        """Shut the connection after a time. Reading blocks, so another thread has to end it."""
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
