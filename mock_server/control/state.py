"""What does a sandbox hold?"""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

from mock_server.errors import unknown
from mock_server.sandboxes.sandbox import Sandbox
from mock_server.simulation import views
from mock_server.simulation.records import RunRecord, ThreadRecord
from mock_server.simulation.snapshot import snapshot
from mock_server.simulation.timestamps import rfc3339
from mock_server.storage.pagination import LARGEST, Window
from mock_server.storage.protocol import Entry, UnknownCursorError

Json = dict[str, Any]


MOST_ENTRIES = 1000
"""Messages and runs of one thread, and of the threads of a page but for the last one."""


class _Thread(NamedTuple):
    """A thread, its newest messages and runs (oldest first), and whether older ones are left out."""

    record: ThreadRecord
    entries: Sequence[Entry]
    has_older: bool


async def state(sandbox: Sandbox, limit: int, after: str) -> Json:
    """At most `limit` threads with their messages and runs, as they are now, and whether there are more.

    `after` is the id of the last thread of the page before. Raises `Refusal` if there is no such thread.
    """
    records, more = await _threads(sandbox, limit, after)
    threads: list[_Thread] = []
    for record in records:
        if sum(len(thread.entries) for thread in threads) >= MOST_ENTRIES:
            more = True
            break
        threads.append(await _thread(sandbox, record))
    entries = [entry for thread in threads for entry in thread.entries]
    runs = sorted((one for one in entries if isinstance(one, RunRecord)), key=lambda run: run.created_at)
    return {
        "now": rfc3339(sandbox.clock.now()),
        "threads": [await _shown(sandbox, thread) for thread in threads],
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


async def _thread(sandbox: Sandbox, record: ThreadRecord) -> _Thread:
    # Other requests are answered in between.
    await asyncio.sleep(0)
    newest = await sandbox.store.entries(record.id, "", MOST_ENTRIES + 1, ascending=False)
    entries = [entry for _, entry in newest[:MOST_ENTRIES]]
    return _Thread(record, entries[::-1], has_older=len(newest) > MOST_ENTRIES)


async def _shown(sandbox: Sandbox, thread: _Thread) -> Json:
    messages: list[Json] = []
    for entry in thread.entries:
        if isinstance(entry, RunRecord):
            await asyncio.sleep(0)
            messages += snapshot(entry, sandbox.now_of(entry)).messages
        else:
            messages.append(views.message(entry))
    return {**views.thread(thread.record), "messages": messages, "hasOlder": thread.has_older}


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
