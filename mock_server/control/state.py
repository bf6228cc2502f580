"""What does a sandbox hold?"""

import asyncio
from typing import Any

from mock_server.api.threads import every_entry
from mock_server.errors import unknown
from mock_server.sandboxes.sandbox import Sandbox
from mock_server.simulation import views
from mock_server.simulation.records import RunRecord, ThreadRecord
from mock_server.simulation.snapshot import snapshot
from mock_server.simulation.timestamps import rfc3339
from mock_server.storage.pagination import LARGEST, Window
from mock_server.storage.protocol import UnknownCursorError

Json = dict[str, Any]


async def state(sandbox: Sandbox, limit: int, after: str) -> Json:
    """At most `limit` threads with their messages and runs, as they are now, and whether there are more.

    `after` is the id of the last thread of the page before. Raises `Refusal` if there is no such thread.
    """
    threads, more = await _threads(sandbox, limit, after)
    runs = sorted(
        [run for thread in threads for run in await _runs(sandbox, thread)], key=lambda run: run.created_at
    )
    return {
        "now": rfc3339(sandbox.clock.now()),
        "threads": [await _thread(sandbox, thread) for thread in threads],
        "runs": [await _run(sandbox, run) for run in runs],
        "more": more,
    }


async def _threads(sandbox: Sandbox, limit: int, after: str) -> tuple[list[ThreadRecord], bool]:
    """At most `limit` threads, oldest first, and whether there are more."""
    found: list[ThreadRecord] = []
    more = True
    while more and len(found) < limit:
        window = Window(min(LARGEST, limit - len(found)), ascending=True, after=after)
        try:
            page = await sandbox.store.threads(window, "")
        except UnknownCursorError:
            raise unknown("thread", after) from None
        found += page.entries
        more, after = page.more, found[-1].id if found else ""
    return found, more


async def _runs(sandbox: Sandbox, thread: ThreadRecord) -> list[RunRecord]:
    """All runs of a thread, oldest first."""
    found: list[RunRecord] = []
    cursor, more = "", True
    while more:
        try:
            page = await sandbox.store.runs(thread.id, Window(LARGEST, ascending=True, after=cursor))
        except UnknownCursorError:
            # The run was evicted meanwhile.
            break
        found += page.entries
        more, cursor = page.more, found[-1].id if found else ""
        await asyncio.sleep(0)
    return found


async def _thread(sandbox: Sandbox, thread: ThreadRecord) -> Json:
    messages: list[Json] = []
    async for _, entry in every_entry(sandbox, thread.id):
        if isinstance(entry, RunRecord):
            messages += snapshot(entry, sandbox.now_of(entry)).messages
        else:
            messages.append(views.message(entry))
    return {**views.thread(thread), "messages": messages}


async def _run(sandbox: Sandbox, run: RunRecord) -> Json:
    # Other requests are answered in between.
    await asyncio.sleep(0)
    now = sandbox.now_of(run)
    seen = snapshot(run, now)
    return {
        "run": seen.run,
        "steps": seen.steps,
        "scenario": "+".join((run.scenario.name, *run.conditions)),
        "chosenBy": run.chosen_by,
        "now": rfc3339(now),
        "ahead": [{"at": rfc3339(at), "status": status} for at, status in seen.upcoming],
    }
