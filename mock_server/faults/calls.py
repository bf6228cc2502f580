"""What does a wire condition do to a call: refuse it, delay its answer?

Conditions come from the request's own `Prefer: wire=...`, from the run that it is about, the last run of the
thread, or else from the default scenario. A request that creates a run meets the conditions that were chosen
with it.
"""

from collections.abc import Sequence

from starlette.types import Message, Send

from mock_server.errors import STATUS, Refusal, invalid
from mock_server.http.disconnect import Client
from mock_server.http.request import Request
from mock_server.simulation.conditions import CREATES, Wire, WireError, conditions
from mock_server.simulation.timestamps import milliseconds

_CODES = {status: code for code, status in STATUS.items() if code != "failed_precondition"}
_RETRIED = (429, 503)


def wires_of(written: str, by: str) -> tuple[Wire, ...]:
    """The conditions of `split+cut=5`; raises `Refusal` for what is none."""
    try:
        return conditions(tuple(part for part in written.split("+") if part))
    except WireError as error:
        raise invalid(f"{error} (chosen by {by})") from None


async def meet(request: Request, send: Send) -> Send:
    """Meet what holds for a call that creates no run; the `send` to answer it with."""
    if request.operation_id in CREATES:
        return send
    own = wires_of(request.prefer.get("wire", ""), "prefer")
    return _met(request, send, (*own, *await _around(request)))


def meet_creation(request: Request, send: Send, written: Sequence[str]) -> Send:
    """Meet the conditions chosen for a run before it is created; the `send` to answer with."""
    return _met(request, send, conditions(tuple(written)))


async def _around(request: Request) -> tuple[Wire, ...]:
    """The conditions of what a call is about."""
    store, thread_id = request.sandbox.store, request.path.get("threadId", "")
    record = await store.run(request.path.get("runId", ""))
    if record is None:
        record = await store.last_run(thread_id)
    return (
        conditions(record.wires) if record else wires_of(request.sandbox.scenario.partition("+")[2], "server")
    )


def _met(request: Request, send: Send, wires: tuple[Wire, ...]) -> Send:
    for wire in wires:
        if wire.name in ("status", "latency") and _chosen(request, wire):
            if wire.name == "status":
                raise _refusal(wire)
            delay = request.sandbox.counters.delay(wire.value) * request.sandbox.pace
            send = _Late(request, send, milliseconds(delay))
    return send


def _chosen(request: Request, wire: Wire) -> bool:
    subject = request.path.get("runId") or request.path.get("threadId", "")
    nothing_to_miss = wire.value == 404 and not subject
    return (
        wire.calls.concerns(request.operation_id)
        and not nothing_to_miss
        and wire.calls.meets(request.sandbox.counters.count(wire.written, subject))
    )


def _refusal(wire: Wire) -> Refusal:
    headers = {"retry-after": str(wire.retry_after)} if wire.value in _RETRIED else {}
    return Refusal(
        _CODES[wire.value], f"the wire condition {wire.written} answers {wire.value}", headers=headers
    )


class _Late:
    """A `send` that waits before the first byte."""

    def __init__(self, request: Request, send: Send, delay: int) -> None:
        self._request, self._send, self._delay = request, send, delay

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._wait()
        await self._send(message)

    async def _wait(self) -> None:
        clock, key = self._request.sandbox.clock, f"latency {id(self)}"
        until = clock.now() + self._delay
        async with Client(self._request, key) as client:
            while client.here and clock.now() < until:
                await clock.wait_until(until, key)
