"""Which runs does Hypothesis generate?"""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from mock_server.simulation.lifecycle import REQUIRES_ACTION
from mock_server.simulation.records import Input, RunRecord
from mock_server.simulation.scenario import (
    ALL,
    Event,
    Message,
    Moment,
    Scenario,
    Status,
    ToolCall,
    ToolCalls,
)
from mock_server.simulation.snapshot import last_start, snapshot, stop_at
from mock_server.simulation.timeline import timeline_of
from tests.mock_server.simulation.runs import CREATED, LIBRARY, with_outputs

RUN = LIBRARY["hello"].lifecycles.run
TEXTS = st.sampled_from(["", "Hi.", "You {{said}}, {{user}}, {{model}}, {{outputs}}", " {{instructions}}\n"])
DELTAS = st.none() | st.integers(1, 4)
WORDS = st.text(st.sampled_from("a {}é\n"), max_size=12)


def _moment(draw: st.DrawFn, at: float) -> Moment:
    until = at + draw(st.sampled_from([0.0, 0.2, 1.0]))
    match draw(st.sampled_from(["status", "status", "message", "calls", "event"])):
        case "status":
            return _status(draw, at, draw(st.sampled_from([*RUN.next, "warming_up"])))
        case "message":
            return Message(at, until, draw(TEXTS), draw(DELTAS), draw(st.booleans()))
        case "calls":
            calls = draw(st.lists(st.builds(ToolCall, st.just("f"), TEXTS), min_size=1, max_size=3))
            return ToolCalls(at, until, tuple(calls), draw(DELTAS))
    return Event(at, "ping", {"n": 1})


def _status(draw: st.DrawFn, at: float, status: str) -> Status:
    error = draw(st.none() | st.just({"code": "server_error", "message": "m"}))
    names = st.sampled_from(["queue", "usage", "metadata", *RUN.timestamps.values()])
    fields: dict[str, Any] = draw(st.dictionaries(names, st.sampled_from([None, 1, "x"]), max_size=2))
    return Status(at, status, error, draw(st.sampled_from([0, 1, ALL])), fields)


def _moments(draw: st.DrawFn, first: str) -> tuple[Moment, ...]:
    at = 0.0
    found: list[Moment] = [_status(draw, at, first)]
    for _ in range(draw(st.integers(0, 5))):
        at += draw(st.sampled_from([0.0, 0.1, 1.5]))
        found.append(_moment(draw, at))
    return tuple(found)


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """A scenario of any moments in any order, whether or not it follows the document."""
    return replace(
        LIBRARY["hello"],
        name="generated",
        timeline=_moments(draw, draw(st.sampled_from(["queued", "in_progress", "completed"]))),
        after_cancel=_moments(draw, "cancelling"),
        after_outputs=(_moments(draw, "in_progress"),),
        expires=draw(st.sampled_from([0.0, 1.0, 600.0])),
    )


@st.composite
def records(draw: st.DrawFn) -> RunRecord:
    """A run of a built-in or generated scenario, with what its client did to it."""
    record = RunRecord(
        id="run_5b0c1a2e-1111-4222-8333-444444444444",
        thread_id="thread_1",
        created_at=CREATED,
        scenario=draw(st.sampled_from(list(LIBRARY.values())) | scenarios()),
        chosen_by="prefer",
        model="acme/m",
        prompt=draw(WORDS),
        instructions=draw(WORDS),
        seed=draw(st.sampled_from(["1", "2"])),
        pace=draw(st.sampled_from([0.0, 1.0, 2.5])),
    )
    for _ in range(draw(st.integers(0, 2))):
        record = _changed(draw, record)
    return record


def _changed(draw: st.DrawFn, record: RunRecord) -> RunRecord:
    """The run after its client has cancelled it or submitted tool outputs, if the run allows that."""
    earliest = record.inputs[-1].at if record.inputs else CREATED
    stop = max(stop_at(record, last_start(record)), earliest)
    if draw(st.booleans()) and _waits_for_calls(record, stop):
        return with_outputs(record, stop + draw(st.integers(0, 1)))
    at = earliest + draw(st.integers(0, 3000))
    if snapshot(record, at).is_terminal:
        return record
    return replace(record, inputs=(*record.inputs, Input(at, "cancel")))


def _waits_for_calls(record: RunRecord, at: int) -> bool:
    return all(snapshot(record, at + later).status == REQUIRES_ACTION for later in (0, 1))


@st.composite
def records_and_times(draw: st.DrawFn) -> tuple[RunRecord, list[int]]:
    """A run, and some times in order: near its changes, and far from them."""
    record = draw(records())
    near = st.sampled_from([change.at for change in timeline_of(record).changes])
    around = st.builds(lambda at, offset: max(at + offset, CREATED), near, st.sampled_from([-1, 0, 1]))
    return record, sorted(draw(st.lists(around | st.integers(CREATED, CREATED + 10**7), max_size=6)))
