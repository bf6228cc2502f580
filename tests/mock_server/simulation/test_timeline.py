"""Does the timeline of every scenario follow the document?"""

from dataclasses import replace
from itertools import pairwise

from mock_server.simulation.lifecycle import REQUIRES_ACTION
from mock_server.simulation.records import Input
from mock_server.simulation.snapshot import snapshot, stop_at
from mock_server.simulation.timeline import timeline_of
from tests.mock_server.simulation.runs import CREATED, every_scenario, record_of, times, variants


@every_scenario
def test_statuses_follow_each_other_as_the_document_allows(name: str) -> None:
    for record in variants(name):
        facts = record.scenario.lifecycles.run
        statuses = [change.patch["status"] for change in timeline_of(record).of_run]
        assert statuses[0] == facts.initial
        assert all(facts.may_follow(*pair) for pair in pairwise(statuses)), statuses
        assert statuses[-1] in facts.terminal


@every_scenario
def test_timestamps_are_set_with_their_status_and_never_change(name: str) -> None:
    for record in variants(name):
        facts = record.scenario.lifecycles.run
        before: dict[str, str] = {}
        for now in times(record):
            run = snapshot(record, now).run
            stamps = {field: run[field] for field in facts.timestamps.values() if field in run}
            assert before.items() <= stamps.items()
            assert ("usage" in run) == (run["status"] in facts.terminal)
            assert ("requiredAction" in run) == (run["status"] == REQUIRES_ACTION)
            if stamp := facts.timestamps.get(run["status"]):
                assert stamp in stamps
            ends = {facts.timestamps[status] for status in facts.terminal if status in facts.timestamps}
            assert ends & stamps.keys() <= {facts.timestamps.get(run["status"], "")}
            before = stamps


@every_scenario
def test_every_run_ends_by_its_deadline(name: str) -> None:
    for record in variants(name):
        end = snapshot(record, CREATED + 10**9)
        assert end.is_terminal
        assert timeline_of(record).changes[-1].at <= timeline_of(record).expires_at
        assert all(step["status"] != "in_progress" for step in end.steps)


@every_scenario
def test_a_cancel_request_does_not_change_the_past(name: str) -> None:
    record = record_of(name)
    for seconds in (0.2, 1.0, 1.7):
        at = CREATED + int(seconds * 1000)
        cancelled = replace(record, inputs=(Input(at, "cancel"),))
        before = [change for change in timeline_of(record).changes if change.at < at]
        assert list(timeline_of(cancelled).changes[: len(before)]) == before or stop_at(record, 0) <= at


@every_scenario
def test_at_pace_0_a_run_stops_when_it_is_created(name: str) -> None:
    record = record_of(name, pace=0.0)
    run = snapshot(record, CREATED).run
    assert run["status"] == REQUIRES_ACTION or run["status"] in record.scenario.lifecycles.run.terminal
    assert stop_at(record, 0) == CREATED
    ends = {name: value for name, value in run.items() if name.endswith("At") and name != "expiresAt"}
    assert set(ends.values()) == {run["createdAt"]}


def test_the_deltas_of_a_message_join_to_its_text() -> None:
    record = record_of("hello")
    deltas = [change.text for change in timeline_of(record).changes if change.text]
    [message] = snapshot(record, CREATED + 10_000).messages
    assert len(deltas) == 12
    assert "".join(deltas) == message["content"][0]["text"]["value"]
    assert 'You said "Good morning".' in "".join(deltas)


def test_at_most_three_deltas_follow_a_cancel_request() -> None:
    record = record_of("cancel")
    at = CREATED + 5_000
    before = snapshot(record, at).messages[0]["content"][0]["text"]["value"]
    cancelled = replace(record, inputs=(Input(at, "cancel"),))
    after = snapshot(cancelled, CREATED + 60_000).messages[0]["content"][0]["text"]["value"]
    later = [change for change in timeline_of(cancelled).changes if change.text and change.at > at]
    assert after.startswith(before)
    assert 0 < len(later) <= 3
    assert snapshot(cancelled, at).status == "cancelling"
    assert snapshot(cancelled, at + 1_499).status == "cancelling"
    assert snapshot(cancelled, at + 1_500).status == "cancelled"


def test_placeholders_in_the_users_words_are_left_as_they_are() -> None:
    record = record_of("instant", prompt="{{model}} {{")
    [message] = snapshot(record, CREATED).messages
    assert message["content"][0]["text"]["value"] == 'You said "{{model}} {{".'


def test_the_answer_mentions_that_the_user_has_said_nothing() -> None:
    [message] = snapshot(record_of("instant", prompt=""), CREATED).messages
    assert message["content"][0]["text"]["value"] == "You have not said anything yet."


def test_the_same_seed_gives_the_same_changes_and_another_seed_gives_others() -> None:
    first, again, other = record_of("hello"), record_of("hello"), record_of("hello", seed="2")
    assert timeline_of(first).changes == timeline_of(again).changes
    assert timeline_of(first).changes != timeline_of(other).changes
