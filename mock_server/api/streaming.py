"""How does a run's timeline reach a client that listens?

The stream folds the same changes as every other view, waits for the next one through the clock, and notices
when the run is changed by somebody else. It costs nothing once the client is gone.
"""

from starlette.types import Send

from mock_server.faults.stream import Chunks, conditioned
from mock_server.http.disconnect import Client
from mock_server.http.request import Header, Request
from mock_server.http.sse import DONE, KEEP_ALIVE, encode
from mock_server.simulation.conditions import conditions
from mock_server.simulation.outline import outline
from mock_server.simulation.playback import Playback, run_at
from mock_server.simulation.records import RunRecord
from mock_server.simulation.timeline import Timeline, compiled

_HEADERS: list[Header] = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]


async def stream(request: Request, send: Send, record: RunRecord, begin: int) -> None:
    """Send the run's events from a position of its timeline up to its next rest."""
    headers = [*_HEADERS, *request.answer_headers]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    request.begun(200)
    async with Client(request, record.id) as client:
        chunks = _Stream(request, record, begin).chunks(client)
        if record.wires:
            chunks = conditioned(chunks, conditions(record.wires), f"{record.seed} {record.id}", client.gone)
        async for chunk in chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


class _Stream:
    """One client's way along a timeline."""

    def __init__(self, request: Request, record: RunRecord, begin: int) -> None:
        self._sandbox, self._record, self._position = request.sandbox, record, begin
        self._timeline: Timeline | None = None
        self._next = 0

    def _opening(self, now: int) -> bytes:
        """The events that come first, as far as there is time to perform the timeline before the next ones.

        Of many streams that are opened at once each begins the sooner.
        """
        record, short = self._record, outline(self._record)
        if self._position or record.wires or short is None or not short.opening:
            return b""
        self._next = record.created_at + short.next
        if self._next <= now:
            return b""
        self._position = 1
        run = run_at(record, record.created_at)
        return b"".join(encode(name, run) for name in short.opening)

    async def _newest(self) -> Timeline:
        """The timeline of the run's present version; every version has the same past."""
        record = await self._sandbox.store.run(self._record.id) or self._record
        if self._timeline is None or record is not self._record:
            self._record, self._timeline = record, compiled(record)
            self._playback = Playback(record, self._timeline)
            for change in self._timeline.changes[: self._position]:
                self._playback.apply(change)
        return self._timeline

    async def chunks(self, client: Client) -> Chunks:
        """What is sent, piece by piece: all events that are due, or a comment after a long silence.

        Where wire conditions count events, each is a piece of its own.
        """
        key, clock = self._record.id, self._sandbox.clock_of(self._record.id)
        spoke = clock.now()
        if opening := self._opening(spoke):
            yield opening
            await clock.wait_until(min(self._next, spoke + clock.keep_alive), key)
        over = False
        while client.here and not over:
            timeline, now = await self._newest(), clock.now()
            due, over = self._due(timeline, now)
            if not due and now >= spoke + clock.keep_alive:
                due = [KEEP_ALIVE]
            if due:
                for piece in due if self._record.wires else [b"".join(due)]:
                    yield piece
                spoke = now
            if not over:
                following = timeline.changes[self._position].at
                await clock.wait_until(min(following, spoke + clock.keep_alive), key)

    def _due(self, timeline: Timeline, now: int) -> tuple[list[bytes], bool]:
        """The events up to now, and whether the stream is over."""
        parts: list[bytes] = []
        while timeline.changes[self._position].at <= now:
            change = timeline.changes[self._position]
            parts += [encode(name, data) for name, data in self._playback.events(change)]
            if self._position in timeline.rests:
                return [*parts, DONE], True
            self._position += 1
        return parts, False
