"""What do network conditions do to a request: refuse it, delay its answer?

The conditions come from the request's own `Prefer: wire=...`, and from the run that the request is about. If
the path names no run, that is the last run of the thread; without one, the conditions of the default scenario
apply. A request that creates a run meets the conditions that are chosen for the run.
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
    """The conditions in a text such as `split+cut=5`; `by` says who chose them. Raises `Refusal`."""
    try:
        return conditions(tuple(part for part in written.split("+") if part))
    except WireError as error:
        raise invalid(f"{error} (chosen by {by})") from None


async def meet(request: Request) -> None:
    """Apply the conditions for a request that creates no run. Raises `Refusal` if one refuses the request."""
    if request.operation_id in CREATES:
        return
    own = wires_of(request.prefer.get("wire", ""), "prefer")
    _apply(request, (*own, *await _of_subject(request)))


def meet_creation(request: Request, written: Sequence[str]) -> None:
    """Apply the conditions chosen for a run to the request that creates it. Raises `Refusal`."""
    _apply(request, conditions(tuple(written)))


def delayed(request: Request, send: Send) -> Send:
    """A `send` that holds back the answer for as long as the conditions say."""
    return _Delayed(request, send) if request.delay else send


async def _of_subject(request: Request) -> tuple[Wire, ...]:
    """The conditions of the run that a request is about."""
    store, thread_id = request.sandbox.store, request.path.get("threadId", "")
    record = await store.run(request.path.get("runId", ""))
    if record is None:
        record = await store.last_run(thread_id)
    if record is None:
        return wires_of(request.sandbox.scenario.partition("+")[2], "server")
    return conditions(record.wires)


def _apply(request: Request, wires: tuple[Wire, ...]) -> None:
    request.delay = 0
    for wire in wires:
        if wire.name in ("status", "latency") and _is_chosen(request, wire):
            if wire.name == "status":
                raise _refusal(wire)
            seconds = request.sandbox.counters.delay(wire.value) * request.sandbox.pace
            request.delay += milliseconds(seconds)


def _is_chosen(request: Request, wire: Wire) -> bool:
    """Whether a condition applies to this request; counts the request if so far it may."""
    subject = request.path.get("runId") or request.path.get("threadId", "")
    nothing_to_miss = wire.value == 404 and not subject
    return (
        wire.calls.concerns(request.operation_id)
        and not nothing_to_miss
        and wire.calls.meets(request.sandbox.counters.count(wire.written, subject))
    )


def _refusal(wire: Wire) -> Refusal:
    headers = {"retry-after": str(wire.retry_after)} if wire.value in _RETRIED else {}
    message = f"the network condition {wire.written} answers {wire.value}"
    return Refusal(_CODES[wire.value], message, headers=headers)


class _Delayed:
    """A `send` that waits before the first byte, unless the client disconnects."""

    def __init__(self, request: Request, send: Send) -> None:
        self._request, self._send = request, send

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._wait()
        await self._send(message)

    async def _wait(self) -> None:
        clock, key = self._request.sandbox.clock, f"latency {id(self)}"
        until = clock.now() + self._request.delay
        async with Client(self._request, key) as client:
            while client.here and clock.now() < until:
                await clock.wait_until(until, key)
