"""Answers: does every scenario tell one and the same lawful story, however a client looks at it?

Generated over the files: a new scenario is tested by being there. The golden traces under `traces/` are what
each one streams for a fixed seed; `TUNE_TRACES=write` writes them anew, and the difference shows what has
changed for clients.
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
"""So many polls of each scenario are held against the document, and those after its end."""


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in NAMES])
def name(request: pytest.FixtureRequest) -> str:
    """Each scenario in turn."""
    return str(request.param)


def test_stream_and_polls_agree_at_every_tenth_of_a_second(name: str) -> None:
    story, polls, differences = played(name)
    assert differences == []
    assert len(polls) > 1 or name == "instant"
    assert len(story.told) > 3


def test_a_scenario_streams_what_its_golden_trace_says(name: str) -> None:
    path, now = TRACES / f"{name}.txt", trace(played(name)[0])
    if os.environ.get("TUNE_TRACES") == "write":
        path.write_text(now, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == now


def test_the_statuses_of_a_run_are_legal(name: str) -> None:
    story, polls, _ = played(name)
    told = [event["data"]["status"] for _, event in story.told if _is_about_the_run(event)]
    seen = [poll.run["status"] for poll in polls]
    assert (told[0], seen[-1] in RUN.terminal) == (RUN.initial, True)
    jumps = [(one, other) for one, other in _changes(told) if not RUN.may_follow(one, other)]
    leaps = [(one, other) for one, other in _changes(seen) if other not in _reachable(one)]
    # A scenario that leaves the contract on purpose has to do so.
    assert bool(jumps) is bool(leaps) is _breaks(name), (jumps, leaps)


def test_each_status_sets_its_timestamp_once_and_at_its_time(name: str) -> None:
    _, polls, _ = played(name)
    fields = set(RUN.timestamps.values())
    before: dict[str, str] = {}
    for poll in polls:
        stamps = {field: poll.run[field] for field in fields if field in poll.run}
        assert before.items() <= stamps.items()
        assert all(poll.run["createdAt"] <= stamp for stamp in stamps.values())
        before = stamps
    last = polls[-1].run
    reached = {event["data"]["status"] for _, event in played(name)[0].told if _is_about_the_run(event)}
    reached |= {poll.run["status"] for poll in polls}
    assert set(before) == {RUN.timestamps[status] for status in reached if status in RUN.timestamps}
    assert (last["status"] == "failed") == ("lastError" in last)


def test_nothing_of_a_run_that_is_over_is_still_open(name: str) -> None:
    _, polls, _ = played(name)
    assert {step["status"] for step in polls[-1].steps} <= STEP.terminal
    assert "requiredAction" not in polls[-1].run
    assert polls[-1].run["usage"]["totalTokens"] > 0


def test_every_answer_about_a_scenario_is_what_the_document_says(name: str, mock: Driver) -> None:
    story = play(name, mock)
    for number, poll in enumerate(story.polls(name)):
        assert poll.run["id"] == story.run_id
        if number >= CHECKED:
            mock.advance(1000)


def test_the_table_of_scenarios_says_what_each_reveals() -> None:
    for scenario in Library(openapi.load()).scenarios().values():
        assert scenario.summary
        assert scenario.reveals
        assert not scenario.summary.endswith(".")


def _breaks(name: str) -> bool:
    return bool(Library(openapi.load()).scenarios()[name].breaks)


def _is_about_the_run(event: dict[str, object]) -> bool:
    data = event["data"]
    return isinstance(data, dict) and data.get("object") == "run"


def _changes(statuses: list[str]) -> list[tuple[str, str]]:
    return [(one, other) for one, other in pairwise(statuses) if one != other]


def _reachable(status: str) -> set[str]:
    found: set[str] = set()
    open_ends = [status]
    while open_ends:
        for following in RUN.next.get(open_ends.pop(), ()):
            if following not in found:
                found.add(following)
                open_ends.append(following)
    return found
