"""Answers: do all views of a run agree at every moment, and does every scenario live by the document?"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest

import openapi
from mock_server.scenarios.library import Library
from mock_server.simulation.ids import Ids
from mock_server.simulation.outline import outline
from mock_server.simulation.playback import Playback, messages_at, rest_at, run_at, status_at, steps_at
from mock_server.simulation.records import Input, RunRecord
from mock_server.simulation.timeline import WAITING, compiled

LIBRARY = Library(openapi.load()).scenarios()
BEGIN = 1_735_689_600_000
SCENARIOS = sorted(name for name, scenario in LIBRARY.items() if not scenario.breaks)
every_scenario = pytest.mark.parametrize("name", SCENARIOS)


def record_of(name: str, **fields: object) -> RunRecord:
    run_id = Ids(name).new("run")
    record = RunRecord(
        run_id, "thread_1", BEGIN, LIBRARY[name], "prefer", "acme/m", prompt="Good morning", seed="1"
    )
    return replace(record, **fields)  # type: ignore[arg-type]


def lives(name: str) -> Iterator[RunRecord]:
    """The scenario left alone, cancelled at several moments, and with tool outputs where it asks for some."""
    record = record_of(name)
    yield record
    rest = rest_at(record, 0)
    for seconds in (0, 0.5, 1.2, 3):
        at = BEGIN + int(seconds * 1000)
        if at < rest or run_at(record, at)["status"] == WAITING:
            yield replace(record, inputs=(Input(at, "cancel"),))
    while run_at(record, rest)["status"] == WAITING:
        calls = run_at(record, rest)["requiredAction"]["submitToolOutputs"]["toolCalls"]
        outputs = {call["id"]: f"output {number}" for number, call in enumerate(calls)}
        record = replace(record, inputs=(*record.inputs, Input(rest + 700, "outputs", outputs)))
        yield record
        rest = rest_at(record, compiled(record).begins[-1])


def instants(record: RunRecord) -> list[int]:
    """Every tenth of a second while something happens, and each moment of the timeline and the one before."""
    moments = {change.at for change in compiled(record).changes}
    tenths = range(BEGIN, min(max(moments), BEGIN + 40_000) + 200, 100)
    return sorted({*tenths, *moments, *(moment - 1 for moment in moments)})


@every_scenario
def test_the_stream_and_the_polls_agree_at_every_moment(name: str) -> None:
    for record in lives(name):
        timeline = compiled(record)
        playback, position = Playback(record, timeline), 0
        for now in instants(record):
            while position < len(timeline.changes) and timeline.changes[position].at <= now:
                list(playback.events(timeline.changes[position]))
                position += 1
            if now >= BEGIN:
                assert run_at(record, now) == playback.run
                assert status_at(record, now) == playback.run["status"]
                assert steps_at(record, now) == list(playback.steps.values())
                assert messages_at(record, now) == list(playback.messages.values())


@every_scenario
def test_a_run_answered_from_its_outline_is_the_one_of_its_timeline(name: str) -> None:
    record = record_of(name, pace=1.0)
    untouched = replace(record, prompt="a b c", instructions="Be kind", metadata={"a": 1})
    for pace in (1.0, 0.0):
        paced = replace(untouched, pace=pace)
        timeline = compiled(paced)
        folded = Playback(paced, timeline)
        for change in timeline.of_run:
            folded.apply(change)
            moment = [later for later in timeline.of_run if later.at == change.at][-1]
            if moment is change:
                assert run_at(paced, change.at) == folded.run
        assert rest_at(paced, 0) == timeline.changes[timeline.rests[0]].at


OPENED = [
    name
    for name in SCENARIOS
    if (short := outline(record_of(name))) is not None and short.opening and short.next > 0
]


@pytest.mark.parametrize("name", OPENED)
def test_a_stream_opened_from_its_outline_is_the_one_of_its_timeline(name: str) -> None:
    record = record_of(name)
    short, timeline = outline(record), compiled(record)
    assert short is not None
    opening = [(event, run_at(record, BEGIN)) for event in short.opening]
    assert opening == list(Playback(record, timeline).events(timeline.changes[0]))
    assert BEGIN + short.next == timeline.changes[1].at


def test_most_streams_are_opened_from_an_outline() -> None:
    assert {"hello", "thinking", "cancel"} <= {*OPENED}


def test_most_scenarios_have_an_outline() -> None:
    assert {name for name in ("hello", "instant", "cancel", "fails-early") if outline(record_of(name))} == {
        "hello",
        "instant",
        "cancel",
        "fails-early",
    }
    assert outline(record_of("tool-call")) is None
    assert outline(record_of("expired")) is None


@every_scenario
def test_statuses_follow_one_another_as_the_document_allows(name: str) -> None:
    for record in lives(name):
        facts = record.scenario.lifecycles.run
        statuses = [change.patch["status"] for change in compiled(record).of_run]
        assert statuses[0] == facts.initial
        assert all(facts.may_follow(*pair) for pair in pairwise(statuses)), statuses
        assert statuses[-1] in facts.terminal


@every_scenario
def test_timestamps_are_set_with_their_status_and_never_change(name: str) -> None:
    for record in lives(name):
        facts = record.scenario.lifecycles.run
        seen: dict[str, str] = {}
        for now in instants(record):
            if now < BEGIN:
                continue
            run = run_at(record, now)
            stamps = {name: run[name] for name in facts.timestamps.values() if name in run}
            assert seen.items() <= stamps.items()
            assert ("usage" in run) == (run["status"] in facts.terminal)
            assert ("requiredAction" in run) == (run["status"] == WAITING)
            if stamp := facts.timestamps.get(run["status"]):
                assert stamp in stamps
            ends = {facts.timestamps[status] for status in facts.terminal if status in facts.timestamps}
            assert ends & stamps.keys() <= {facts.timestamps.get(run["status"], "")}
            seen = stamps


@every_scenario
def test_every_run_ends_by_its_deadline(name: str) -> None:
    for record in lives(name):
        run = run_at(record, BEGIN + 10**9)
        assert run["status"] in record.scenario.lifecycles.run.terminal
        assert compiled(record).changes[-1].at <= compiled(record).expires_at
        assert all(step["status"] != "in_progress" for step in steps_at(record, BEGIN + 10**9))


@every_scenario
def test_a_change_leaves_the_past_as_it_was(name: str) -> None:
    record = record_of(name)
    for seconds in (0.2, 1.0, 1.7):
        at = BEGIN + int(seconds * 1000)
        cancelled = replace(record, inputs=(Input(at, "cancel"),))
        before = [change for change in compiled(record).changes if change.at < at]
        assert list(compiled(cancelled).changes[: len(before)]) == before or rest_at(record, 0) <= at


@every_scenario
def test_at_once_a_run_is_where_it_waits_for_somebody_or_over(name: str) -> None:
    record = record_of(name, pace=0.0)
    run = run_at(record, BEGIN)
    assert run["status"] == WAITING or run["status"] in record.scenario.lifecycles.run.terminal
    assert rest_at(record, 0) == BEGIN
    ends = {name: value for name, value in run.items() if name.endswith("At") and name != "expiresAt"}
    assert set(ends.values()) == {run["createdAt"]}


def test_the_pieces_of_a_message_join_to_its_text() -> None:
    record = record_of("hello")
    pieces = [change.text for change in compiled(record).changes if change.text]
    [message] = messages_at(record, BEGIN + 10_000)
    assert len(pieces) == 12
    assert "".join(pieces) == message["content"][0]["text"]["value"]
    assert 'You said "Good morning".' in "".join(pieces)


def test_after_a_cancel_request_at_most_three_more_pieces_come() -> None:
    record = record_of("cancel")
    at = BEGIN + 5_000
    before = messages_at(record, at)[0]["content"][0]["text"]["value"]
    cancelled = replace(record, inputs=(Input(at, "cancel"),))
    after = messages_at(cancelled, BEGIN + 60_000)[0]["content"][0]["text"]["value"]
    later = [change for change in compiled(cancelled).changes if change.text and change.at > at]
    assert after.startswith(before)
    assert 0 < len(later) <= 3
    assert run_at(cancelled, at)["status"] == "cancelling"
    assert run_at(cancelled, at + 1_499)["status"] == "cancelling"
    assert run_at(cancelled, at + 1_500)["status"] == "cancelled"


def test_a_placeholder_in_the_users_words_is_words() -> None:
    record = record_of("instant", prompt="{{model}} {{")
    [message] = messages_at(record, BEGIN)
    assert message["content"][0]["text"]["value"] == 'You said "{{model}} {{".'


def test_who_has_said_nothing_is_told_so() -> None:
    [message] = messages_at(record_of("instant", prompt=""), BEGIN)
    assert message["content"][0]["text"]["value"] == "You have not said anything yet."


def test_the_same_seed_gives_the_same_changes_and_another_seed_another_pace() -> None:
    first, again, other = record_of("hello"), record_of("hello"), record_of("hello", seed="2")
    assert compiled(first).changes == compiled(again).changes
    assert compiled(first).changes != compiled(other).changes
