"""How is a run begun, changed and answered?"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from starlette.types import Send

from mock_server.api import scenario_selection, threads
from mock_server.api.streaming import stream
from mock_server.errors import Refusal, unknown
from mock_server.faults.calls import meet_creation
from mock_server.http.disconnect import Client
from mock_server.http.request import Request, send_json
from mock_server.simulation.clock import Clock
from mock_server.simulation.records import Input, RunRecord
from mock_server.simulation.snapshot import last_start, snapshot, stop_at

_CLOCKS = {"manual": 0.0, "real": 1.0}
"""The speeds of the clocks that a request can ask for its run: `Prefer: clock=manual`."""


def choose(request: Request, send: Send, words: str) -> tuple[scenario_selection.Choice, Send]:
    """The scenario for the run that is asked for, and the `send` that meets the conditions chosen with it."""
    sandbox = request.sandbox
    chosen = scenario_selection.choose(
        sandbox.library.scenarios(),
        control=sandbox.assigned(),
        prefer=request.prefer,
        body=request.body,
        words=words,
        default=sandbox.scenario,
    )
    return chosen, meet_creation(request, send, chosen.wires) if chosen.wires else send


def new_run(request: Request, thread_id: str, chosen: scenario_selection.Choice, words: str) -> RunRecord:
    """The record of the run that is asked for."""
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
        wires=chosen.wires,
        seed=sandbox.seed,
        pace=sandbox.pace,
    )


def refuse_if_active(request: Request, last: RunRecord, wish: str) -> None:
    """Refuse what cannot be done in a thread while a run is active there; only its last run can be."""
    sandbox = request.sandbox
    if sandbox.settings.concurrent_runs:
        return
    status = snapshot(last, sandbox.now_of(last)).status
    if status not in last.scenario.lifecycles.run.terminal:
        state = f"run {last.id} of thread {last.thread_id} is still {status}"
        raise Refusal("failed_precondition", f"{state}: {wish} once it is over, or cancel it")


async def begin(
    request: Request, thread_id: str, choose: Callable[[str], tuple[scenario_selection.Choice, Send]]
) -> None:
    """Create the run that is asked for, and answer. `choose` is given what the user said last."""
    sandbox = request.sandbox
    chosen: tuple[scenario_selection.Choice, Send] | None = None
    heard = ""

    def decide(words: str) -> tuple[scenario_selection.Choice, Send]:
        nonlocal chosen, heard
        if chosen is None or words != heard:
            chosen, heard = choose(words), words
        return chosen

    def make(words: str) -> RunRecord:
        return new_run(request, thread_id, decide(words)[0], words)

    def allow(last: RunRecord) -> None:
        refuse_if_active(request, last, "create another one")

    while (record := await sandbox.store.add_run(thread_id, make, allow)) is None:
        decide("")  # A run that is refused lets no thread appear.
        await threads.existing_or_new(request, thread_id)
    made, send = decide(record.prompt)
    _note(request, record, made)
    await answer_work(request, send, record)


def _note(request: Request, record: RunRecord, made: scenario_selection.Choice) -> None:
    """Let the mock know what a new run means for it."""
    sandbox, own_clock = request.sandbox, request.prefer.get("clock")
    if own_clock in _CLOCKS and sandbox.settings.workers == 1:
        sandbox.run_clocks[record.id] = Clock(_CLOCKS[own_clock], record.created_at)
    if made.by == "control":
        sandbox.use_assignment()
    sandbox.conditioned = sandbox.conditioned or bool(made.wires)


async def existing(request: Request) -> RunRecord:
    """The run that the path names; raises `Refusal` if its thread has none such."""
    record = await request.sandbox.store.run(request.path["runId"])
    if record is None or record.thread_id != request.path["threadId"]:
        raise unknown("run", request.path["runId"], f" in thread {request.path['threadId']}")
    return record


async def changed(request: Request, change: Callable[[RunRecord], RunRecord]) -> RunRecord:
    """The run that the path names, after a change judged and made on its current version."""
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
    """The run with one more thing that its client did."""
    return replace(record, inputs=(*record.inputs, Input(now, kind, outputs or {})))


async def answer(request: Request, send: Send, record: RunRecord, now: int) -> None:
    """Answer with the run as it is at a timestamp."""
    _tell_scenario(request, record)
    await send_json(send, snapshot(record, now).run, request.answer_headers)


async def answer_work(request: Request, send: Send, record: RunRecord) -> None:
    """Answer a request that started the model: with a stream, at once, or when the run stops."""
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
    scenario = scenario_selection.described(record.scenario.name, record.wires, record.chosen_by)
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
