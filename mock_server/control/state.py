"""What does a sandbox hold, all of it?"""

from collections.abc import AsyncIterator
from typing import Any

from mock_server.api.threads import every_entry
from mock_server.sandboxes.sandbox import Sandbox
from mock_server.simulation import views
from mock_server.simulation.records import RunRecord, ThreadRecord
from mock_server.simulation.snapshot import snapshot
from mock_server.simulation.timestamps import rfc3339
from mock_server.storage.pagination import LARGEST, Window

Json = dict[str, Any]


async def every_thread(sandbox: Sandbox) -> AsyncIterator[ThreadRecord]:
    """All threads, oldest first."""
    cursor, more = "", True
    while more:
        page = await sandbox.store.threads(Window(LARGEST, ascending=True, after=cursor), "")
        for thread in page.entries:
            yield thread
        more, cursor = page.more, page.entries[-1].id if page.entries else ""


async def every_run(sandbox: Sandbox) -> AsyncIterator[RunRecord]:
    """All runs, thread by thread, the oldest of each thread first."""
    async for thread in every_thread(sandbox):
        cursor, more = "", True
        while more:
            page = await sandbox.store.runs(thread.id, Window(LARGEST, ascending=True, after=cursor))
            for run in page.entries:
                yield run
            more, cursor = page.more, page.entries[-1].id if page.entries else ""


async def counts(sandbox: Sandbox) -> tuple[int, int]:
    """The numbers of threads and runs."""
    threads = sum([1 async for _ in every_thread(sandbox)])
    return threads, sum([1 async for _ in every_run(sandbox)])


async def state(sandbox: Sandbox) -> Json:
    """Every thread with its messages, and every run with its steps, as they are now."""
    runs = sorted([run async for run in every_run(sandbox)], key=lambda run: run.created_at)
    return {
        "now": rfc3339(sandbox.clock.now()),
        "threads": [await _thread(sandbox, thread) async for thread in every_thread(sandbox)],
        "runs": [_run(sandbox, run) for run in runs],
    }


async def _thread(sandbox: Sandbox, thread: ThreadRecord) -> Json:
    messages: list[Json] = []
    async for _, entry in every_entry(sandbox, thread.id):
        if isinstance(entry, RunRecord):
            messages += snapshot(entry, sandbox.now_of(entry)).messages
        else:
            messages.append(views.message(entry))
    return {**views.thread(thread), "messages": messages}


def _run(sandbox: Sandbox, run: RunRecord) -> Json:
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
