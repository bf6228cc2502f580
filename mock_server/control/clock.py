"""How is time moved, and to where?"""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from mock_server.control.state import every_run
from mock_server.errors import Refusal, invalid, quoted, unknown
from mock_server.sandboxes.sandbox import Sandbox
from mock_server.simulation.clock import Clock
from mock_server.simulation.records import RunRecord
from mock_server.simulation.snapshot import snapshot
from mock_server.simulation.timestamps import milliseconds, rfc3339

NEXT = "next"
LATEST = 221_845_392_000_000
"""The year 9000: years have four digits, and a run may live on for some."""
_TURNS = 5


async def run_named(sandbox: Sandbox, run_id: str | None) -> RunRecord | None:
    """The run that a call names, if it names one."""
    if not run_id:
        return None
    record = await sandbox.store.run(run_id)
    if record is None:
        raise unknown("run", run_id)
    return record


def clock_for(sandbox: Sandbox, run: RunRecord | None) -> Clock:
    """The clock that a call means: that of the run, or everybody's."""
    return sandbox.clock_of(run.id) if run else sandbox.clock


async def shown(sandbox: Sandbox, run: RunRecord | None) -> dict[str, Any]:
    """The clock as it is answered."""
    clock = clock_for(sandbox, run)
    now = clock.now()
    ahead = [change_at async for record in _living(sandbox, run) for change_at in _moments(record, now)]
    following = {"next": rfc3339(min(ahead))} if ahead else {}
    return {"now": rfc3339(now), "speed": clock.speed, **following}


async def advance(sandbox: Sandbox, run: RunRecord | None, by: float | None, to: str | None) -> None:
    """Move the clock by so many seconds or to a moment; raises `Refusal` where there is no such moment."""
    if (by is None) == (to is None):
        raise invalid("say either by (seconds) or to (next, a status or a time)")
    clock = clock_for(sandbox, run)
    now = clock.now()
    instant = now + milliseconds(by) if by is not None else await _target(sandbox, run, to or "", now)
    if instant > LATEST:
        raise invalid(f"the clock can be moved no later than {rfc3339(LATEST)}")
    clock.move_to(max(instant, clock.now()))
    # Whoever waited gets its turns before the answer: what was due on open streams has then been written.
    for _ in range(_TURNS):
        await asyncio.sleep(0)


async def _living(sandbox: Sandbox, run: RunRecord | None) -> AsyncIterator[RunRecord]:
    """The runs that live by the clock that is meant."""
    if run:
        yield run
        return
    async for record in every_run(sandbox):
        if sandbox.clock_of(record.id) is sandbox.clock:
            yield record


def _moments(record: RunRecord, now: int) -> list[int]:
    """The next moment of a run, if there is one."""
    following = snapshot(record, now).next_change
    return [] if following is None else [following]


async def _target(sandbox: Sandbox, run: RunRecord | None, to: str, now: int) -> int:
    runs = [record async for record in _living(sandbox, run)]
    if to == NEXT:
        found = [at for record in runs for at in _moments(record, now)]
        return min(found) if found else _nothing_ahead("nothing is to come in any run")
    if to[:1].isdigit():
        return _time(to, now)
    return _status(runs, to, now)


def _time(to: str, now: int) -> int:
    try:
        moment = datetime.fromisoformat(to)
    except ValueError:
        raise invalid(f"to: {quoted(to)} is not a time such as 2025-01-01T00:10:00Z") from None
    if moment.tzinfo is None:
        raise invalid(f"to: {quoted(to)} has no time zone; write 2025-01-01T00:10:00Z")
    instant = milliseconds(moment.timestamp())
    if instant < now:
        raise invalid(f"to: {quoted(to)} is past; it is {rfc3339(now)} and the clock never goes back")
    return instant


def _status(runs: list[RunRecord], to: str, now: int) -> int:
    """The first moment at which a run reaches a status; now if one is there already and none will be."""
    ahead = [one for record in runs for one in snapshot(record, now).upcoming]
    known = {status for record in runs for status in record.scenario.lifecycles.run.next}
    if runs and to not in known | {status for _, status in ahead}:
        raise invalid(f"to: {quoted(to)} is not next, a time or a status ({', '.join(sorted(known))})")
    if found := [at for at, status in ahead if status == to]:
        return min(found)
    if any(snapshot(record, now).status == to for record in runs):
        return now
    coming = ", ".join(dict.fromkeys(status for _, status in sorted(ahead))) or "nothing"
    return _nothing_ahead(f"no run is going to be {to}; to come: {coming}")


def _nothing_ahead(message: str) -> int:
    raise Refusal("failed_precondition", message)
