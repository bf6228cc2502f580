"""How does a control call read a clock, and where does it move one?"""

import asyncio
from datetime import datetime
from typing import Any

from mock_server.errors import Refusal, invalid, quoted, unknown
from mock_server.sandboxes.sandbox import Sandbox
from mock_server.simulation.clock import Clock
from mock_server.simulation.records import RunRecord
from mock_server.simulation.snapshot import snapshot
from mock_server.simulation.timestamps import LATEST, milliseconds, rfc3339

NEXT = "next"
MOST_RUNS = 1000
"""Runs that are searched for the next change."""
_YIELDS = 5


async def find_run(sandbox: Sandbox, run_id: str | None) -> RunRecord | None:
    """The run that a control call names; None if it names no run. Raises `Refusal` if it does not exist."""
    if not run_id:
        return None
    run = await sandbox.store.run(run_id)
    if run is None:
        raise unknown("run", run_id)
    return run


def clock_for(sandbox: Sandbox, run: RunRecord | None) -> Clock:
    """The clock of a run, or that of the sandbox."""
    return sandbox.clock_of(run.id) if run else sandbox.clock


async def as_json(sandbox: Sandbox, run: RunRecord | None) -> dict[str, Any]:
    """The time, the speed and the next change of a clock, as a control call returns them."""
    clock = clock_for(sandbox, run)
    now = clock.now()
    ahead = _next_change(await _runs_on(sandbox, run), now)
    shown = {"now": rfc3339(now), "speed": clock.speed}
    return shown if ahead is None else {**shown, "next": rfc3339(ahead)}


async def advance(sandbox: Sandbox, run: RunRecord | None, by: float | None, to: str | None) -> None:
    """Move a clock by seconds, or to a time, a status or the next change. Raises `Refusal`."""
    if (by is None) == (to is None):
        raise invalid("send either by (seconds) or to (next, a status or a time)")
    clock = clock_for(sandbox, run)
    now = clock.now()
    target = now + milliseconds(by) if by is not None else await _target(sandbox, run, to or "", now)
    if target > LATEST:
        raise invalid(f"the clock cannot be moved beyond {rfc3339(LATEST)}")
    clock.move_to(max(target, clock.now()))
    sandbox.keep_time()
    # Streams that waited for the clock send what is due before the control call is answered.
    for _ in range(_YIELDS):
        await asyncio.sleep(0)


async def _runs_on(sandbox: Sandbox, run: RunRecord | None) -> list[RunRecord]:
    """The run that a control call names, or the newest runs on the clock of the sandbox."""
    if run:
        return [run]
    runs = await sandbox.store.newest_runs(MOST_RUNS)
    return [one for one in runs if sandbox.clock_of(one.id) is sandbox.clock]


async def _target(sandbox: Sandbox, run: RunRecord | None, to: str, now: int) -> int:
    """The time that `to` stands for."""
    if to[:1].isdigit():
        return _parse_time(to, now)
    runs = await _runs_on(sandbox, run)
    if to != NEXT:
        return _time_of_status(runs, to, now)
    ahead = _next_change(runs, now)
    if ahead is None:
        raise Refusal("failed_precondition", "no run has a change ahead")
    return ahead


def _next_change(runs: list[RunRecord], now: int) -> int | None:
    """When the next change of any of the runs comes."""
    seen = (snapshot(run, now) for run in runs)
    # The status is cheap; the next change needs the whole timeline of the run.
    ahead = (one.next_change for one in seen if not one.is_terminal)
    return min((at for at in ahead if at is not None), default=None)


def _parse_time(to: str, now: int) -> int:
    try:
        time = datetime.fromisoformat(to)
    except ValueError:
        raise invalid(f"to: must be a time such as 2025-01-01T00:10:00Z, got {quoted(to)}") from None
    if time.tzinfo is None:
        raise invalid(f"to: {quoted(to)} has no time zone; write 2025-01-01T00:10:00Z")
    target = milliseconds(time.timestamp())
    if target < now:
        raise invalid(f"to: {quoted(to)} is past; the clock is at {rfc3339(now)} and cannot go back")
    return target


def _time_of_status(runs: list[RunRecord], status: str, now: int) -> int:
    """When the first run reaches a status; now, if a run has it and no other will reach it."""
    ahead = [change for run in runs for change in snapshot(run, now).upcoming]
    known = {status for run in runs for status in run.scenario.lifecycles.run.next}
    if runs and status not in known | {reached for _, reached in ahead}:
        allowed = ", ".join(sorted(known))
        raise invalid(f"to: must be next, a time or a status ({allowed}), got {quoted(status)}")
    if times := [at for at, reached in ahead if reached == status]:
        return min(times)
    if any(snapshot(run, now).status == status for run in runs):
        return now
    coming = ", ".join(dict.fromkeys(reached for _, reached in sorted(ahead))) or "none"
    raise Refusal("failed_precondition", f"no run will be {status}; statuses ahead: {coming}")
