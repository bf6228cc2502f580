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
from mock_server.simulation.conditions import Condition, ConditionError, check, parse, parse_all
from mock_server.simulation.operations import Operations
from mock_server.simulation.timestamps import milliseconds

_CODES = {status: code for code, status in STATUS.items() if code != "failed_precondition"}
_RETRIED = (429, 503)


def read_conditions(written: str, by: str, operations: Operations) -> tuple[Condition, ...]:
    """The conditions in a text such as `split+cut=5`; `by` says what selected them. Raises `Refusal`."""
    try:
        conditions = parse_all(part for part in written.split("+") if part)
        for condition in conditions:
            check(condition, operations)
    except ConditionError as error:
        raise invalid(f"{error} (chosen by {by})") from None
    return conditions


async def meet(request: Request) -> None:
    """Apply the conditions for a request that creates no run. Raises `Refusal` if one refuses the request."""
    operations = request.sandbox.library.operations
    if request.operation_id in operations.create:
        return
    own = read_conditions(request.prefer.get("wire", ""), "prefer", operations)
    _apply(request, (*own, *await _of_subject(request)))


def meet_creation(request: Request, written: Sequence[str]) -> None:
    """Apply the conditions chosen for a run to the request that creates it. Raises `Refusal`."""
    _apply(request, tuple(map(parse, written)))


def delayed(request: Request, send: Send) -> Send:
    """A `send` that holds back the answer for as long as the conditions say."""
    return _Delayed(request, send) if request.delay else send


async def _of_subject(request: Request) -> tuple[Condition, ...]:
    """The conditions of the run that a request is about."""
    store, thread_id = request.sandbox.store, request.path.get("threadId", "")
    record = await store.run(request.path.get("runId", ""))
    if record is None:
        record = await store.last_run(thread_id)
    if record is None:
        default = request.sandbox.scenario.partition("+")[2]
        return read_conditions(default, "server", request.sandbox.library.operations)
    return tuple(map(parse, record.conditions))


def _apply(request: Request, conditions: tuple[Condition, ...]) -> None:
    request.delay = 0
    for condition in conditions:
        if condition.name in ("status", "latency") and _is_chosen(request, condition):
            if condition.name == "status":
                raise _refusal(condition)
            seconds = request.sandbox.counters.delay(condition.value) * request.sandbox.pace
            request.delay += milliseconds(seconds)


def _is_chosen(request: Request, condition: Condition) -> bool:
    """Whether a condition applies to this request. Counts the request if it is of the right operation."""
    subject = request.path.get("runId") or request.path.get("threadId", "")
    nothing_to_miss = condition.value == 404 and not subject
    return (
        condition.requests.includes(request.operation_id, request.sandbox.library.operations)
        and not nothing_to_miss
        and condition.requests.applies_to(request.sandbox.counters.count(condition.written, subject))
    )


def _refusal(condition: Condition) -> Refusal:
    headers = {"retry-after": str(condition.retry_after)} if condition.value in _RETRIED else {}
    message = f"the network condition {condition.written} answers {condition.value}"
    return Refusal(_CODES[condition.value], message, headers=headers)


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
