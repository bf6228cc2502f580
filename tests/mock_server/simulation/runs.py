"""Which runs do the tests of the simulation play?"""

from collections.abc import Iterator
from dataclasses import replace

import pytest

import openapi
from mock_server.scenarios.library import Library
from mock_server.simulation.ids import Ids
from mock_server.simulation.lifecycle import REQUIRES_ACTION
from mock_server.simulation.records import Input, RunRecord
from mock_server.simulation.snapshot import last_start, snapshot, stop_at
from mock_server.simulation.timeline import timeline_of

LIBRARY = Library(openapi.load()).scenarios()
CREATED = 1_735_689_600_000
SCENARIOS = sorted(name for name, scenario in LIBRARY.items() if not scenario.breaks)
every_scenario = pytest.mark.parametrize("name", SCENARIOS)


def record_of(name: str, **fields: object) -> RunRecord:
    """A run of a scenario, created at `CREATED`."""
    run_id = Ids(name).new("run")
    record = RunRecord(
        run_id, "thread_1", CREATED, LIBRARY[name], "prefer", "acme/m", prompt="Good morning", seed="1"
    )
    return replace(record, **fields)  # type: ignore[arg-type]


def with_outputs(record: RunRecord, at: int) -> RunRecord:
    """A run that requires action, after its client has submitted an output for each tool call."""
    calls = snapshot(record, at).run["requiredAction"]["submitToolOutputs"]["toolCalls"]
    outputs = {call["id"]: f"output {number}" for number, call in enumerate(calls)}
    return replace(record, inputs=(*record.inputs, Input(at, "outputs", outputs)))


def variants(name: str) -> Iterator[RunRecord]:
    """Runs of a scenario: left alone, cancelled at different times, and with the tool outputs it needs."""
    record = record_of(name)
    yield record
    stop = stop_at(record, 0)
    for seconds in (0, 0.5, 1.2, 3):
        at = CREATED + int(seconds * 1000)
        if at < stop or snapshot(record, at).status == REQUIRES_ACTION:
            yield replace(record, inputs=(Input(at, "cancel"),))
    while snapshot(record, stop).status == REQUIRES_ACTION:
        record = with_outputs(record, stop + 700)
        yield record
        stop = stop_at(record, last_start(record))


def times(record: RunRecord) -> list[int]:
    """Every tenth of a second while something happens, the time of each change, and 1 ms before it."""
    changes = {change.at for change in timeline_of(record).changes}
    tenths = range(CREATED, min(max(changes), CREATED + 40_000) + 200, 100)
    return sorted({*tenths, *changes, *(at - 1 for at in changes if at > CREATED)})
