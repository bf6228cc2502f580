"""How are requests of the library `requests` sent by the checker's client?"""

import json
import threading
import time
from io import BytesIO
from typing import Any, cast
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPHeaderDict, HTTPResponse

from contract_tests.client.budget import BudgetExceeded
from contract_tests.client.client import Client
from contract_tests.document import document
from contract_tests.observations.exchange import Exchange, Intent

_OWN_HEADERS = frozenset(
    {"user-agent", "accept-encoding", "accept", "connection", "content-length", "x-tune-key"}
    | {"x-org-id", "x-schemathesis-testcaseid"}
)


class Adapter(BaseAdapter):
    """Sends prepared requests by our client, until the deadline. `runs` counts the runs that are left."""

    def __init__(self, client: Client, purpose: str, runs: threading.Semaphore, deadline: float) -> None:
        super().__init__()
        self._client, self._runs, self._deadline = client, runs, deadline
        self._purpose = purpose
        self.exhausted = ""
        self.sent = 0

    def session(self) -> requests.Session:
        """A session that sends everything by this adapter."""
        session = requests.Session()
        session.mount("http://", self)
        session.mount("https://", self)
        return session

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        """Send one request within the budget."""
        if self.exhausted or time.monotonic() > self._deadline:
            raise requests.exceptions.ConnectionError(self.exhausted or "no time is left", request=request)
        parts = urlsplit(str(request.url))
        path = parts.path.removeprefix(urlsplit(self._client.base).path)
        try:
            exchange = self._forward(str(request.method), path, parts.query, request)
        except BudgetExceeded as reason:
            self.exhausted = str(reason)
            raise requests.exceptions.ConnectionError(str(reason), request=request) from None
        self.sent += 1
        if not exchange.status:
            raise requests.exceptions.ConnectionError(exchange.error, request=request)
        return _response(request, exchange)

    def close(self) -> None:
        """There is nothing to close."""

    def _forward(self, method: str, path: str, query: str, request: requests.PreparedRequest) -> Exchange:
        headers = {
            name: text if isinstance(text, str) else text.decode("latin-1")
            for name, text in request.headers.items()
            if name.lower() not in _OWN_HEADERS
        }
        body = request.body.encode() if isinstance(request.body, str) else cast("bytes | None", request.body)
        target = f"{path}?{query}" if query else path
        operation, _ = document().match(method, path)
        starts_run = operation is not None and operation.starts_run
        if starts_run and not self._runs.acquire(blocking=False):
            raise BudgetExceeded("no runs are left for generated requests")
        exchange = self._client.send(
            method,
            target,
            content=self._capped(body) if starts_run else body,
            headers=headers,
            intents=[Intent.GENERATED],
            generated_for=self._purpose,
        )
        if starts_run and not exchange.ok:
            self._runs.release()
        return exchange

    def _capped(self, body: bytes | None) -> bytes | None:
        """The body of a new run with our token limit, unless it has a smaller one or is not an object."""
        try:
            plain = json.loads(body or b"")
        except ValueError:
            return body
        most = self._client.budget.tokens_per_run
        asked = plain.get("maxCompletionTokens", most) if isinstance(plain, dict) else ""
        if (
            isinstance(asked, int)
            and not isinstance(asked, bool)
            and (asked > most or "maxCompletionTokens" not in plain)
        ):
            return json.dumps({**plain, "maxCompletionTokens": min(asked, most)}).encode()
        return body


def _response(request: requests.PreparedRequest, exchange: Exchange) -> requests.Response:
    """The recorded response as an object of the library `requests`. Its body is not coded any more."""
    headers = HTTPHeaderDict(pair for pair in exchange.headers if pair[0].lower() != "content-encoding")
    response = requests.Response()
    response.status_code = exchange.status
    response.headers = CaseInsensitiveDict(headers)
    response.raw = HTTPResponse(
        body=BytesIO(exchange.body),
        headers=headers,
        status=exchange.status,
        version=11,
        preload_content=False,
    )
    response.encoding = "utf-8"
    response.reason = str(exchange.status)
    response.url = str(request.url)
    response.request = request
    return response
