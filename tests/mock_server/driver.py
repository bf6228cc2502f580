"""Answers: how does a test talk to the mock without a network and without waiting?

A client of the ASGI application with a loop of its own: plain calls from plain tests, time that only the test
moves, streams whose pieces arrive as time is moved. Every answer is held against the document.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from starlette.types import ASGIApp, Message

from mock_server.response_check import events

KEY = {"X-Tune-Key": "sk-tune-test"}
SETTLING = 60
"""So many turns of the loop let everything happen that can happen without more time."""


@dataclass
class Answer:
    """What came back so far."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    chunks: list[bytes] = field(default_factory=list)
    over: bool = False

    @property
    def body(self) -> bytes:
        """All bytes."""
        return b"".join(self.chunks)

    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)

    def events(self) -> list[dict[str, Any]]:
        """The stream's events so far."""
        return list(events(self.body))

    def names(self) -> list[str]:
        """The names of the stream's events so far."""
        return [event.get("event", event["data"]) for event in self.events()]


class Exchange:
    """A request on its way."""

    def __init__(self, driver: "Driver", scope: dict[str, Any], body: list[bytes], more: bool) -> None:
        self.answer = Answer()
        self._incoming: asyncio.Queue[Message] = asyncio.Queue()
        for number, part in enumerate(body, start=1):
            self._incoming.put_nowait(
                {"type": "http.request", "body": part, "more_body": more or number < len(body)}
            )
        self._driver = driver
        self.task = driver.loop.create_task(driver.app(scope, self._incoming.get, self._send))

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.answer.status = message["status"]
            for name, value in message["headers"]:
                key = name.decode()
                before = f"{self.answer.headers[key]}, " if key in self.answer.headers else ""
                self.answer.headers[key] = before + value.decode("latin-1")
        elif message.get("body"):
            self.answer.chunks.append(message["body"])
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self.answer.over = True

    @property
    def done(self) -> bool:
        """Whether the application has nothing more to do for this request."""
        return self.task.done()

    def result(self) -> None:
        """Raise what the application raised, if it did."""
        if self.task.done():
            self.task.result()

    def go_away(self) -> None:
        """The client closes the connection."""
        self._incoming.put_nowait({"type": "http.disconnect"})
        self._driver.settle()


class Driver:
    """A client in the same process; `turns` of the loop are enough for what is asked of it."""

    turns = SETTLING

    def __init__(self, app: ASGIApp, clock: Any, complaints: list[str]) -> None:
        self.app, self.clock, self._complaints = app, clock, complaints
        self.loop = asyncio.new_event_loop()
        self._open: list[Exchange] = []

    def close(self) -> None:
        """Go away from everything."""
        for exchange in self._open:
            if not exchange.done:
                exchange.go_away()
            exchange.result()
        self.loop.close()

    def settle(self) -> None:
        """Let happen what can happen now."""

        async def turns() -> None:
            for _ in range(self.turns):
                await asyncio.sleep(0)

        self.loop.run_until_complete(turns())
        assert not self._complaints

    def advance(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.clock.advance(seconds)
        self.settle()

    def open(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        parts: list[bytes] | None = None,
        more: bool = False,
    ) -> Exchange:
        """Send a request and see how far it gets without more time.

        `parts` are bytes as they are; with `more` the body is not over behind them.
        """
        sent = {**KEY, "Host": "127.0.0.1:4010", **(headers or {})}
        if body is not None:
            parts = [body if isinstance(body, bytes) else json.dumps(body).encode()]
            sent.setdefault("Content-Type", "application/json")
        url = urlsplit(path if path.startswith(("/v1", "//", "/docs", "/_mock")) else f"/v1{path}")
        raw = quote(url.path, safe="/%:@!$&'()*+,;=~-._")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(raw),
            "raw_path": raw.encode(),
            "query_string": url.query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in sent.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 4010),
        }
        exchange = Exchange(self, scope, parts or [b""], more)
        self._open.append(exchange)
        self.settle()
        exchange.result()
        return exchange

    def finished(self, exchange: Exchange) -> Answer:
        """The answer to a request for which files are read in another thread."""
        self.loop.run_until_complete(exchange.task)
        return exchange.answer

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> Answer:
        """Send a request that is answered without more time."""
        exchange = self.open(method, path, body, **options)
        assert exchange.answer.over, f"{method} {path} waits"
        return exchange.answer

    def get(self, path: str, **options: Any) -> Answer:
        """A GET."""
        return self.call("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        """A POST."""
        return self.call("POST", path, {} if body is None else body, **options)

    def run(self, scenario: str = "hello", *, thread: str = "t", **fields: Any) -> Any:
        """A new run of a scenario, created without waiting for it."""
        prefer = {"Prefer": f"scenario={scenario}, respond-async"}
        answer = self.post(f"/threads/{thread}/runs", {"model": "acme/m", **fields}, headers=prefer)
        assert answer.status == 200, answer.body
        return answer.json()

    def stream(self, scenario: str = "hello", *, thread: str = "t", **fields: Any) -> Exchange:
        """A new run of a scenario, streamed."""
        body = {"model": "acme/m", "stream": True, **fields}
        return self.open("POST", f"/threads/{thread}/runs", body, headers={"Prefer": f"scenario={scenario}"})
