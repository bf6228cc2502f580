"""How is a run begun, changed and answered?"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from starlette.types import Send

from mock_server import choice
from mock_server.call import Call, send_json
from mock_server.errors import Refusal, unknown
from mock_server.playback import rest_at, run_at
from mock_server.records import Input, RunRecord
from mock_server.streaming import stream
from mock_server.timeline import compiled
from mock_server.waiting import Client


def choose(call: Call, words: str) -> choice.Choice:
    """The scenario for the run that is asked for."""
    world = call.world
    return choice.choose(
        world.library.scenarios(),
        control=world.override(),
        prefer=call.prefer,
        body=call.body,
        words=words,
        default=world.settings.scenario,
    )


def new_run(call: Call, thread_id: str, chosen: choice.Choice, words: str) -> RunRecord:
    """The record of the run that is asked for."""
    world, body = call.world, call.body
    return RunRecord(
        id=world.ids.new("run"),
        thread_id=thread_id,
        created_at=world.clock.now(),
        scenario=chosen.scenario,
        chosen_by=chosen.by,
        model=body["model"],
        prompt=words,
        assistant_id=body.get("assistantId", ""),
        instructions=body.get("instructions", ""),
        tools=body.get("tools", ()),
        metadata=body.get("metadata", {}),
        wires=chosen.wires,
        seed=world.seed,
        pace=world.pace,
    )


async def existing(call: Call) -> RunRecord:
    """The run that the path names; raises `Refusal` if its thread has none such."""
    record = await call.world.store.run(call.path["runId"])
    if record is None or record.thread_id != call.path["threadId"]:
        raise unknown("run", call.path["runId"], f" in thread {call.path['threadId']}")
    return record


async def changed(call: Call, change: Callable[[RunRecord], RunRecord]) -> RunRecord:
    """The run that the path names, after a change judged and made on its current version."""
    while True:
        old = await existing(call)
        new = change(old)
        if new is old:
            return old
        new = replace(new, version=old.version + 1)
        if await call.world.store.replace_run(old, new):
            call.world.clock.wake(new.id)
            return new


def with_input(record: RunRecord, now: int, kind: Any, outputs: Mapping[str, str] | None = None) -> RunRecord:
    """The run with one more thing that its client did."""
    return replace(record, inputs=(*record.inputs, Input(now, kind, outputs or {})))


async def answer(call: Call, send: Send, record: RunRecord) -> None:
    """Answer with the run as it is now."""
    call.tell("x-mock-scenario", choice.described(record.scenario.name, record.wires, record.chosen_by))
    await send_json(send, run_at(record, call.world.clock.now()), call.answer_headers)


async def answer_work(call: Call, send: Send, record: RunRecord, begin: int) -> None:
    """Answer a request that set the model to work: with the stream, at once, or when it waits for somebody else."""
    applied = ["respond-async"] if "respond-async" in call.prefer else []
    in_background = bool(applied) or call.world.settings.create == "background"
    if record.chosen_by == "prefer" and begin == 0:
        applied.append(f"scenario={'+'.join((record.scenario.name, *record.wires))}")
    if call.body.get("stream"):
        call.tell("x-mock-scenario", choice.described(record.scenario.name, record.wires, record.chosen_by))
        await stream(call, send, record, begin)
        return
    if applied:
        call.tell("preference-applied", ", ".join(applied))
    if not in_background:
        record = await _at_rest(call, record, begin)
    await answer(call, send, record)


async def _at_rest(call: Call, record: RunRecord, begin: int) -> RunRecord:
    """The run once it waits for somebody else or is over."""
    clock = call.world.clock
    if rest_at(record, begin) <= clock.now():
        return record
    async with Client(call, record.id) as client:
        while client.here:
            record = await call.world.store.run(record.id) or record
            if (rest := rest_at(record, begin)) <= clock.now():
                return record
            await clock.wait_until(rest, record.id)
    raise Refusal("unavailable", "the mock is stopping")


def begin_of_last_round(record: RunRecord) -> int:
    """Where in the timeline the last submission of tool outputs begins."""
    return compiled(record).begins[-1]
