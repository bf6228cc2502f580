"""How is a run created, changed and answered?"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from starlette.types import Send

from mock_server.api import scenario_selection, threads
from mock_server.api.scenario_selection import Choice
from mock_server.api.streaming import stream
from mock_server.errors import Refusal, unknown
from mock_server.faults.calls import meet_creation
from mock_server.http.disconnect import Client
from mock_server.http.request import Request, send_json
from mock_server.simulation.clock import Clock
from mock_server.simulation.records import Input, RunRecord
from mock_server.simulation.snapshot import last_start, snapshot, stop_at

_CLOCKS = {"manual": 0.0, "real": 1.0}
"""The clocks that a request can ask for with `Prefer: clock=manual`, and their speeds."""


def choose(request: Request, words: str) -> Choice:
    """The scenario and network conditions of the new run, given the last user message of its thread.

    Raises `Refusal` if there is no such scenario, or if a condition refuses the request.
    """
    sandbox = request.sandbox
    chosen = scenario_selection.choose(
        sandbox.library,
        control=sandbox.assigned(),
        prefer=request.prefer,
        body=request.body,
        words=words,
        default=sandbox.scenario,
    )
    if chosen.conditions:
        meet_creation(request, chosen.conditions)
    return chosen


async def add(request: Request, thread_id: str, choose: Callable[[str], Choice]) -> RunRecord | None:
    """Store the new run in its thread; None if there is no such thread.

    `choose` maps the last user message of the thread to the run's scenario. If it raises `Refusal`, or if the
    thread has an active run, no run is stored.
    """

    def make(words: str) -> RunRecord:
        return _new_run(request, thread_id, choose(words), words)

    allow = partial(refuse_if_active, request, action="create another one")
    record = await request.sandbox.store.add_run(thread_id, make, allow)
    if record:
        _note(request, record)
    return record


async def add_to_new_thread(request: Request, thread_id: str, chosen: Choice) -> RunRecord:
    """Store the new run in a thread, which is created if it does not exist."""
    record = None
    while record is None:
        await threads.existing_or_new(request, thread_id)
        record = await add(request, thread_id, lambda _: chosen)
    return record


def _new_run(request: Request, thread_id: str, chosen: Choice, words: str) -> RunRecord:
    sandbox, body = request.sandbox, request.body
    return RunRecord(
        id=sandbox.ids.new("run"),
        thread_id=thread_id,
        created_at=sandbox.clock.now(),
        scenario=chosen.scenario,
        chosen_by=chosen.by,
        model=body["model"],
        prompt=words,
        assistant_id=body.get("assistantId", ""),
        instructions=body.get("instructions", ""),
        tools=body.get("tools", ()),
        metadata=body.get("metadata", {}),
        conditions=chosen.conditions,
        seed=sandbox.seed,
        pace=sandbox.pace,
    )


def _note(request: Request, record: RunRecord) -> None:
    """Note in the sandbox what a new run needs: its own clock, its assignment, its network conditions."""
    sandbox, own_clock = request.sandbox, request.prefer.get("clock")
    if own_clock in _CLOCKS and sandbox.settings.workers == 1:
        sandbox.run_clocks[record.id] = Clock(_CLOCKS[own_clock], record.created_at)
    if record.chosen_by == "control":
        sandbox.use_assignment()
    sandbox.conditioned = sandbox.conditioned or bool(record.conditions)


def refuse_if_active(request: Request, last: RunRecord, action: str) -> None:
    """Raise `Refusal` if a thread's last run is active, which prevents an action in the thread."""
    sandbox = request.sandbox
    if sandbox.settings.concurrent_runs:
        return
    seen = snapshot(last, sandbox.now_of(last))
    if not seen.is_terminal:
        state = f"run {last.id} of thread {last.thread_id} is still {seen.status}"
        raise Refusal("failed_precondition", f"{state}; cancel it, or {action} once it has ended")


async def existing(request: Request) -> RunRecord:
    """The run that the path names. Raises `Refusal` if it is not in the thread that the path names."""
    record = await request.sandbox.store.run(request.path["runId"])
    if record is None or record.thread_id != request.path["threadId"]:
        raise unknown("run", request.path["runId"], f" in thread {request.path['threadId']}")
    return record


async def changed(request: Request, change: Callable[[RunRecord], RunRecord]) -> RunRecord:
    """Apply a change to the current version of the run that the path names, and return the new version.

    `change` is called again if another request changes the run at the same time. It raises `Refusal` if the
    run does not allow the change. It returns its argument if there is nothing to change.
    """
    while True:
        old = await existing(request)
        new = change(old)
        if new is old:
            return old
        new = replace(new, version=old.version + 1)
        if await request.sandbox.store.replace_run(old, new):
            request.sandbox.clock_of(new.id).wake(new.id)
            return new


def with_input(record: RunRecord, now: int, kind: Any, outputs: Mapping[str, str] | None = None) -> RunRecord:
    """The run after its client has cancelled it or submitted outputs."""
    return replace(record, inputs=(*record.inputs, Input(now, kind, outputs or {})))


async def answer(request: Request, send: Send, record: RunRecord, now: int) -> None:
    """Answer with the run as it is at a timestamp."""
    _tell_scenario(request, record)
    await send_json(send, snapshot(record, now).run, request.answer_headers)


async def answer_started(request: Request, send: Send, record: RunRecord) -> None:
    """Answer a request that started the model: with a stream, in the background, or when the run stops."""
    if request.prefer and (applied := _applied(request, record)):
        request.tell("preference-applied", ", ".join(applied))
    if request.body.get("stream"):
        _tell_scenario(request, record)
        await stream(request, send, record)
        return
    if "respond-async" not in request.prefer and request.sandbox.settings.create == "blocking":
        record = await _stopped(request, record)
    await answer(request, send, record, request.sandbox.now_of(record))


def _tell_scenario(request: Request, record: RunRecord) -> None:
    scenario = scenario_selection.described(record.scenario.name, record.conditions, record.chosen_by)
    request.tell("x-mock-scenario", scenario)


def _applied(request: Request, record: RunRecord) -> list[str]:
    """The preferences that this answer honours; most of them only when the run is created."""
    prefer, created = request.prefer, not record.inputs
    applied = ["respond-async"] if "respond-async" in prefer and not request.body.get("stream") else []
    if created and record.chosen_by == "prefer":
        applied.append(f"scenario={prefer['scenario']}")
    if created and record.chosen_by != "control" and "wire" in prefer:
        applied.append(f"wire={prefer['wire']}")
    if created and prefer.get("clock") in _CLOCKS and request.sandbox.settings.workers == 1:
        applied.append(f"clock={prefer['clock']}")
    return applied


async def _stopped(request: Request, record: RunRecord) -> RunRecord:
    """The run once it is `requires_action` or terminal."""
    clock, start = request.sandbox.clock_of(record.id), last_start(record)
    if stop_at(record, start) <= clock.now():
        return record
    async with Client(request, record.id) as client:
        while client.here:
            record = await request.sandbox.store.run(record.id) or record
            if (stop := stop_at(record, start)) <= clock.now():
                return record
            await clock.wait_until(stop, record.id)
    raise Refusal("unavailable", "the mock is stopping or was reset")
