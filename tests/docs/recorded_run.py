"""What does one run of the mock look like to a client that polls it and to one that follows its stream?"""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import h11
import httpx

from contract_tests.observations.sse import Event, Parser
from mock_server.settings import Settings
from mock_server.testing import TuneMock, running

THREAD = "thread_picture"
FIRST_POLL, POLL_EVERY, SECONDS = 0.25, 0.5, 3.0


@dataclass(frozen=True)
class Poll:
    """What a client that polls sees at a time: the run's status and the reply so far."""

    at: float
    status: str
    reply: str


@dataclass(frozen=True)
class Streamed:
    """One event of the stream, and the virtual time at which it came."""

    at: float
    name: str
    data: dict[str, Any]

    @property
    def status(self) -> str:
        """The status of the run that the event announces; empty if it announces none."""
        return str(self.data["status"]) if self.data.get("object") == "run" else ""

    @property
    def piece(self) -> str:
        """The piece of the reply that the event brings."""
        if self.name != "thread.message.delta":
            return ""
        return "".join(part["text"]["value"] for part in self.data["delta"]["content"])


@dataclass(frozen=True)
class Recorded:
    """One run, as it was polled and as it was streamed."""

    polls: tuple[Poll, ...]
    events: tuple[Streamed, ...]


class _Stream:
    """A stream that is read only as far as it has come."""

    def __init__(self, mock: TuneMock, body: dict[str, Any]) -> None:
        url = httpx.URL(mock.url)
        self._socket = socket.create_connection((url.host, url.port or 80))
        self._http, self._parser, self.open = h11.Connection(h11.CLIENT), Parser(), True
        content = json.dumps(body).encode()
        fixed = {"Host": url.host, "Content-Type": "application/json", "Content-Length": str(len(content))}
        headers = [*fixed.items(), *mock.headers.items()]
        request = h11.Request(method="POST", target=f"{url.path}/threads/{THREAD}/runs", headers=headers)
        for part in (request, h11.Data(data=content), h11.EndOfMessage()):
            self._socket.sendall(self._http.send(part) or b"")
        self._socket.setblocking(False)

    def read(self) -> Iterator[Event]:
        """The events that have come since the last look."""
        while self.open:
            try:
                self._http.receive_data(self._socket.recv(65536))
            except BlockingIOError:
                return
            yield from self._events()

    def _events(self) -> Iterator[Event]:
        while (part := self._http.next_event()) is not h11.NEED_DATA:
            if isinstance(part, h11.Data):
                yield from self._parser.feed(bytes(part.data))
            if isinstance(part, h11.EndOfMessage):
                self.open = False
                self._socket.close()
                return


@cache
def record(scenario: str = "hello", question: str = "What is a run?") -> Recorded:
    """Let a run of the scenario pass on a clock that the recording moves. The result is always the same."""
    settings = Settings(port=0, scenario=scenario, clock="manual", seed="picture", quiet=True)
    with running(settings) as mock, mock.client() as client:
        client.post(f"/threads/{THREAD}/messages", json={"role": "user", "content": question})
        stream = _Stream(mock, {"model": "meta/llama-3.1-8b-instruct", "stream": True})
        polls: list[Poll] = []
        events: list[Streamed] = []
        for at in _moments(_Control(client, mock.origin)):
            events += [Streamed(at, one.event, json.loads(one.data)) for one in stream.read() if _named(one)]
            if (at - FIRST_POLL) % POLL_EVERY == 0:
                polls.append(_poll(client, at))
        assert not stream.open, "the stream has not ended"
    return Recorded(tuple(polls), tuple(events))


class _Control:
    """The clock of a mock, in seconds since the recording began."""

    def __init__(self, client: httpx.Client, origin: str) -> None:
        self._client, self._url = client, f"{origin}/_mock/clock"
        self._start = self._time("now") or datetime.min

    def next(self) -> float:
        """When the next thing happens."""
        found = self._time("next")
        return (found - self._start).total_seconds() if found else SECONDS

    def jump(self, seconds: float) -> None:
        """Go to a time, and let the server wake the streams: it does so before it answers later requests."""
        to = (self._start + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
        self._client.post(f"{self._url}/advance", json={"to": to}).raise_for_status()
        for _ in range(3):
            self._time("now")

    def _time(self, name: str) -> datetime | None:
        text = self._client.get(self._url).raise_for_status().json().get(name)
        return datetime.fromisoformat(text) if text else None


def _moments(control: _Control) -> Iterator[float]:
    """Move the clock to each moment at which something happens or a poll is due; seconds since the start."""
    at, poll = 0.0, FIRST_POLL
    control.jump(at)
    while at < SECONDS:
        yield at
        at = min(control.next(), poll)
        poll += POLL_EVERY * (at == poll)
        control.jump(at)
    yield at


def _named(event: Event) -> bool:
    return event.data != "[DONE]"


def _poll(client: httpx.Client, at: float) -> Poll:
    (run,) = client.get(f"/threads/{THREAD}/runs").json()["data"]
    messages = client.get(f"/threads/{THREAD}/messages").json()["data"]
    reply = "".join(
        part["text"]["value"] for one in messages if one["role"] == "assistant" for part in one["content"]
    )
    return Poll(at, run["status"], reply)
