"""How do the events of a run reach a client that streams it?

The stream waits for the next event at the clock. It notices when another request changes the run. Once the
client has disconnected, it costs nothing.
"""

from starlette.types import Send

from mock_server.faults.stream import Chunks, conditioned
from mock_server.http.disconnect import Client
from mock_server.http.request import Header, Request
from mock_server.http.sse import DONE, KEEP_ALIVE, encode
from mock_server.simulation.conditions import parse
from mock_server.simulation.event_stream import EventStream
from mock_server.simulation.records import RunRecord
from mock_server.simulation.snapshot import last_start

_HEADERS: list[Header] = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]


async def stream(request: Request, send: Send, record: RunRecord) -> None:
    """Send the run's events until it is `requires_action` or terminal."""
    headers = [*_HEADERS, *request.answer_headers]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    request.begun(200)
    async with Client(request, record.id) as client:
        chunks = _chunks(request, record, client)
        if record.conditions:
            conditions = tuple(map(parse, record.conditions))
            chunks = conditioned(chunks, conditions, f"{record.seed} {record.id}", client.gone)
        async for chunk in chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _chunks(request: Request, record: RunRecord, client: Client) -> Chunks:
    """All events that are due, or a comment after a long silence.

    Network conditions count events, so with conditions each event is a chunk of its own.
    """
    store, clock = request.sandbox.store, request.sandbox.clock_of(record.id)
    events, last_sent = EventStream(record, last_start(record)), clock.now()
    while client.here and not events.ended:
        events.follow(await store.run(record.id) or record)
        now = clock.now()
        due = [encode(name, data) for name, data in events.due(now)]
        if events.ended:
            due.append(DONE)
        elif not due and now >= last_sent + clock.keep_alive:
            due = [KEEP_ALIVE]
        if due:
            last_sent = now
            for chunk in due if record.conditions else [b"".join(due)]:
                yield chunk
        if not events.ended:
            await clock.wait_until(min(events.next_at, last_sent + clock.keep_alive), record.id)
