"""Do all views of a run agree at all times, whichever way they are computed?"""

import ast
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

import mock_server
from mock_server.simulation import _fast_path, playback
from mock_server.simulation.event_stream import EventStream
from mock_server.simulation.playback import Playback
from mock_server.simulation.records import RunRecord
from mock_server.simulation.snapshot import last_start, snapshot, stop_at
from mock_server.simulation.timeline import timeline_of
from tests.mock_server.simulation.generated import records_and_times
from tests.mock_server.simulation.runs import CREATED, SCENARIOS, every_scenario, record_of, times, variants

INTERNAL = {"_fast_path", "playback", "script", "timeline", "tokens"}
generated = settings(
    max_examples=150, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)


@given(records_and_times())
@generated
def test_the_fast_path_and_the_timeline_agree(case: tuple[RunRecord, list[int]]) -> None:
    record, moments = case
    timeline = timeline_of(record)
    for now in moments:
        seen, slow = snapshot(record, now), playback.played(record, now)
        assert seen.run == slow.run == playback.run_at(record, now)
        assert seen.status == slow.run["status"]
        assert seen.steps == list(slow.steps.values())
        assert seen.messages == list(slow.messages.values())
        assert seen.next_change == min((one.at for one in timeline.changes if one.at > now), default=None)
        assert [at for at, _ in seen.upcoming] == [one.at for one in timeline.of_run if one.at > now]
    assert stop_at(record, 0) == timeline.changes[timeline.stop_after(0)].at


@given(records_and_times())
@generated
def test_a_stream_has_the_events_of_the_timeline_however_often_it_is_read(
    case: tuple[RunRecord, list[int]],
) -> None:
    record, moments = case
    timeline, start = timeline_of(record), last_start(record)
    expected = Playback(record, timeline)
    for change in timeline.changes[:start]:
        expected.apply(change)
    stream, position = EventStream(record, start), start
    for now in moments:
        stream.follow(replace(record))
        events = [(name, dict(data)) for name, data in stream.due(now)]
        stop = timeline.stop_after(start)
        while position <= stop and timeline.changes[position].at <= now:
            for name, data in expected.events(timeline.changes[position]):
                assert events.pop(0) == (name, data)
            position += 1
        assert events == []
        assert stream.ended is (position > stop)
        assert stream.ended or stream.next_at == timeline.changes[position].at


@every_scenario
def test_streams_and_polls_agree_at_all_times(name: str) -> None:
    for record in variants(name):
        timeline = timeline_of(record)
        streamed, position = Playback(record, timeline), 0
        for now in times(record):
            while position < len(timeline.changes) and timeline.changes[position].at <= now:
                list(streamed.events(timeline.changes[position]))
                position += 1
            seen = snapshot(record, now)
            assert seen.run == streamed.run
            assert seen.status == streamed.run["status"]
            assert seen.steps == list(streamed.steps.values())
            assert seen.messages == list(streamed.messages.values())


def test_most_scenarios_have_a_schedule() -> None:
    scheduled = {name for name in SCENARIOS if _fast_path.schedule_of(record_of(name))}
    assert {"hello", "instant", "cancel", "fails-early"} <= scheduled
    assert not {"tool-call", "expired"} & scheduled


@pytest.mark.parametrize("name", ["hello", "thinking", "cancel"])
def test_a_stream_begins_before_its_timeline_is_computed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = EventStream(record_of(name), 0)
    monkeypatch.delattr("mock_server.simulation.event_stream.timeline_of")
    assert [event for event, _ in stream.due(CREATED)] == ["thread.run.created", "thread.run.queued"]


def test_other_packages_use_snapshots_and_streams_only() -> None:
    package = Path(mock_server.__file__).parent
    found = {
        f"{path.relative_to(package)}: {node.module}"
        for path in package.rglob("*.py")
        if path.parent.name != "simulation"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module
        if node.module.startswith("mock_server.simulation.") and node.module.rpartition(".")[2] in INTERNAL
    }
    assert found == set()
