"""Is every scenario consistent between stream and polls, and does it conform to the document?

The tests run for each scenario file, so a new scenario needs no new test. The golden traces in `traces/` hold
the stream of each scenario for a fixed seed. `TUNE_TRACES=write` rewrites them; their diff shows what changes
for clients.
"""

import os
from itertools import pairwise
from pathlib import Path

import pytest

import openapi
from mock_server.scenarios.library import BUILT_IN, Library
from mock_server.simulation.lifecycle import lifecycles
from tests.mock_server.driver import Driver
from tests.mock_server.playing import play, played, trace

NAMES = sorted(path.stem for path in BUILT_IN.glob("*.yaml"))
TRACES = Path(__file__).with_name("traces")
LIFECYCLES = lifecycles(openapi.load())
RUN, STEP = LIFECYCLES.run, LIFECYCLES.step
CHECKED = 12
"""After this number of polls, time moves in large steps, so that few more polls are validated."""


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in NAMES])
def name(request: pytest.FixtureRequest) -> str:
    """The name of each scenario, one after the other."""
    return str(request.param)


def test_stream_and_polls_agree_at_every_tenth_of_a_second(name: str) -> None:
    run_play, polls, differences = played(name)
    assert differences == []
    assert len(polls) > 1 or name == "instant"
    assert len(run_play.events) > 3


def test_a_scenario_streams_its_golden_trace(name: str) -> None:
    path, now = TRACES / f"{name}.txt", trace(played(name)[0])
    if os.environ.get("TUNE_TRACES") == "write":
        path.write_text(now, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == now


def test_statuses_follow_the_lifecycle_of_the_document(name: str) -> None:
    run_play, polls, _ = played(name)
    streamed = [event["data"]["status"] for _, event in run_play.events if _is_run_event(event)]
    polled = [poll.run["status"] for poll in polls]
    assert (streamed[0], polled[-1] in RUN.terminal) == (RUN.initial, True)
    wrong_in_stream = [(one, other) for one, other in _changes(streamed) if not RUN.may_follow(one, other)]
    wrong_in_polls = [(one, other) for one, other in _changes(polled) if other not in _reachable(one)]
    # A scenario with `breaks` must leave the lifecycle.
    assert bool(wrong_in_stream) is bool(wrong_in_polls) is _breaks(name), (wrong_in_stream, wrong_in_polls)


def test_each_status_sets_its_timestamp_once(name: str) -> None:
    _, polls, _ = played(name)
    fields = set(RUN.timestamps.values())
    before: dict[str, str] = {}
    for poll in polls:
        stamps = {field: poll.run[field] for field in fields if field in poll.run}
        assert before.items() <= stamps.items()
        assert all(poll.run["createdAt"] <= stamp for stamp in stamps.values())
        before = stamps
    last = polls[-1].run
    reached = {event["data"]["status"] for _, event in played(name)[0].events if _is_run_event(event)}
    reached |= {poll.run["status"] for poll in polls}
    assert set(before) == {RUN.timestamps[status] for status in reached if status in RUN.timestamps}
    assert (last["status"] == "failed") == ("lastError" in last)


def test_a_terminal_run_has_no_open_steps(name: str) -> None:
    _, polls, _ = played(name)
    assert {step["status"] for step in polls[-1].steps} <= STEP.terminal
    assert "requiredAction" not in polls[-1].run
    assert polls[-1].run["usage"]["totalTokens"] > 0


def test_every_response_about_a_scenario_conforms_to_the_document(name: str, mock: Driver) -> None:
    run_play = play(name, mock)
    for number, poll in enumerate(run_play.polls(name)):
        assert poll.run["id"] == run_play.run_id
        if number >= CHECKED:
            mock.advance(1000)


def test_every_scenario_has_a_summary_and_says_what_it_reveals() -> None:
    for scenario in Library(openapi.load()).scenarios().values():
        assert scenario.summary
        assert scenario.reveals
        assert not scenario.summary.endswith(".")


def _breaks(name: str) -> bool:
    return bool(Library(openapi.load()).scenarios()[name].breaks)


def _is_run_event(event: dict[str, object]) -> bool:
    data = event["data"]
    return isinstance(data, dict) and data.get("object") == "run"


def _changes(statuses: list[str]) -> list[tuple[str, str]]:
    return [(one, other) for one, other in pairwise(statuses) if one != other]


def _reachable(status: str) -> set[str]:
    found: set[str] = set()
    pending = [status]
    while pending:
        for following in RUN.next.get(pending.pop(), ()):
            if following not in found:
                found.add(following)
                pending.append(following)
    return found
