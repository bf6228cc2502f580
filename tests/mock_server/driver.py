"""How does a test call the mock without a network and without waiting?

`Driver` is a synchronous client of the ASGI application with its own event loop. Time moves only when the
test moves it, and streams send what is due. Every response is validated against the document.
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
SETTLING_TURNS = 60
"""After this number of iterations of the event loop, all work is done that needs no more virtual time."""


@dataclass
class Answer:
    """The response so far."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    chunks: list[bytes] = field(default_factory=list)
    over: bool = False

    @property
    def body(self) -> bytes:
        """The body so far."""
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
    """A request and its response, which may still be open."""

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
        """Whether the application has finished this request."""
        return self.task.done()

    def result(self) -> None:
        """Raise the application's exception, if there is one."""
        if self.task.done():
            self.task.result()

    def go_away(self) -> None:
        """Disconnect the client."""
        self._incoming.put_nowait({"type": "http.disconnect"})
        self._driver.settle()


class Driver:
    """A client in the same process. `settle` runs `turns` iterations of the event loop."""

    turns = SETTLING_TURNS

    def __init__(self, app: ASGIApp, clock: Any, mismatches: list[str]) -> None:
        self.app, self.clock, self._mismatches = app, clock, mismatches
        self.loop = asyncio.new_event_loop()
        self._open: list[Exchange] = []

    def close(self) -> None:
        """Disconnect all open requests and close the event loop."""
        for exchange in self._open:
            if not exchange.done:
                exchange.go_away()
            exchange.result()
        self.loop.close()

    def settle(self) -> None:
        """Run everything that needs no more virtual time."""

        async def turns() -> None:
            for _ in range(self.turns):
                await asyncio.sleep(0)

        self.loop.run_until_complete(turns())
        assert not self._mismatches

    def advance(self, seconds: float) -> None:
        """Move the virtual clock forward."""
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
        """Send a request and run it as far as it gets without more virtual time.

        `parts` are the raw chunks of the body; with `more`, the body does not end after them.
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
        """The complete response of a request that uses another thread, for example to read files."""
        self.loop.run_until_complete(exchange.task)
        return exchange.answer

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> Answer:
        """Send a request that completes without more virtual time; returns the response."""
        exchange = self.open(method, path, body, **options)
        assert exchange.answer.over, f"{method} {path} does not complete"
        return exchange.answer

    def get(self, path: str, **options: Any) -> Answer:
        """Send a GET request."""
        return self.call("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        """Send a POST request."""
        return self.call("POST", path, {} if body is None else body, **options)

    def run(self, scenario: str = "hello", *, thread: str = "t", **fields: Any) -> Any:
        """Create a run of a scenario without waiting for it."""
        prefer = {"Prefer": f"scenario={scenario}, respond-async"}
        answer = self.post(f"/threads/{thread}/runs", {"model": "acme/m", **fields}, headers=prefer)
        assert answer.status == 200, answer.body
        return answer.json()

    def stream(self, scenario: str = "hello", *, thread: str = "t", **fields: Any) -> Exchange:
        """Create a run of a scenario and stream it."""
        body = {"model": "acme/m", "stream": True, **fields}
        return self.open("POST", f"/threads/{thread}/runs", body, headers={"Prefer": f"scenario={scenario}"})
