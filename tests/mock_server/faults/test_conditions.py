"""Answers: are wire conditions read as they are written, and do they meet the calls they concern?"""

import random
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest

import openapi
from mock_server.sandboxes.counters import MAX_COUNTERS, Counters
from mock_server.scenarios.loader import facts, load
from mock_server.scenarios.yaml_fields import ScenarioError
from mock_server.simulation.conditions import CREATES, KINDS, POLLS, REST, Delay, WireError, parse
from tests.mock_server.driver import Driver

HEAD = "summary: s\nreveals: r\n"
TIMELINE = "timeline:\n  - {at: 0, status: queued}\n"


def test_conditions_know_the_operations_of_the_document() -> None:
    paths = openapi.load()["paths"].values()
    operations = {
        operation["operationId"]
        for item in paths
        for operation in item.values()
        if "operationId" in operation
    }
    assert operations == CREATES | POLLS | REST
    assert not CREATES & POLLS


@pytest.mark.parametrize("name", KINDS)
def test_a_condition_keeps_the_text_it_was_written_as(name: str) -> None:
    value = {"status": "=429", "latency": "=0.1"}.get(name, "")
    wire = parse(f"{name}{value}")
    assert (wire.name, wire.written) == (name, f"{name}{value}")


def test_white_space_around_a_condition_is_not_kept(mock: Driver) -> None:
    assert parse(" status=429 ;\r\n first=2\n").written == "status=429;first=2"
    body = {"model": "m", "metadata": {"scenario": "instant+split\r\n"}}
    answer = mock.post("/threads/t/runs", body)
    assert answer.headers["x-mock-scenario"] == "instant+split; by=metadata"


@pytest.mark.parametrize(
    "seconds", ["\n1", "1_0", "\N{FULLWIDTH DIGIT TWO}", "nan", "inf", "-1", "3601", "1e400", ""]
)
def test_seconds_are_plain_numbers_within_an_hour(seconds: str) -> None:
    for written in (f"late-poll={seconds}", f"latency=uniform:{seconds}:3600"):
        with pytest.raises(WireError, match="is not a number of seconds from 0 to 3600"):
            parse(written)
    assert [parse(f"late-poll={text}").value for text in ("2", "0.5", ".5", "1e-2")] == [2, 0.5, 0.5, 0.01]


def test_options_choose_the_calls() -> None:
    calls = parse("status=500;on=polls;every=3;retry-after=9").calls
    assert calls.concerns("getRun")
    assert not calls.concerns("createRun")
    assert [number for number in range(1, 10) if calls.meets(number)] == [3, 6, 9]
    assert [number for number in range(1, 10) if parse("status=500;first=2").calls.meets(number)] == [1, 2]
    assert parse("status=500").calls.concerns("createThreadAndRun")
    assert parse("latency=1").calls.concerns("listThreads")


def test_delays_are_thrown_as_they_are_named() -> None:
    dice = random.Random(1)
    uniform = [Delay("uniform", 0.2, 0.4).seconds(dice) for _ in range(500)]
    assert min(uniform) >= 0.2
    assert max(uniform) <= 0.4
    tail = [Delay("lognormal", 0.3, 1.0).seconds(dice) for _ in range(2001)]
    assert 0.25 < median(tail) < 0.35
    assert max(tail) > 2
    assert Delay("fixed", 0.7).seconds(dice) == 0.7


@pytest.mark.parametrize(
    "written", ["", "hello", "cut=x", "late-poll=x", "latency=fixed", "status=429;first"]
)
def test_what_is_no_condition_is_an_error_of_one_line(written: str) -> None:
    with pytest.raises(WireError) as caught:
        parse(written)
    assert "\n" not in str(caught.value)


def test_the_tally_forgets_the_oldest_subject_first() -> None:
    counters = Counters()
    for number in range(MAX_COUNTERS + 1):
        counters.count("status=429", f"run_{number}")
    assert counters.count("status=429", "run_0") == 1
    assert counters.count("status=429", f"run_{MAX_COUNTERS}") == 2


def test_the_default_scenarios_conditions_concern_calls_about_no_run(
    make_mock: Callable[..., Driver],
) -> None:
    mock = make_mock(scenario="hello+status=503;on=any")
    assert mock.get("/threads").status == 503
    assert mock.post("/threads").status == 503
    assert make_mock(scenario="hello+status=503").post("/threads").status == 200


def test_a_call_that_cannot_miss_anything_is_never_not_found(make_mock: Callable[..., Driver]) -> None:
    mock = make_mock(scenario="hello+status=404;on=any")
    assert mock.post("/threads").status == 200
    assert mock.get("/threads/t").status == 404


def test_the_header_of_any_call_concerns_that_call(mock: Driver) -> None:
    assert mock.get("/threads", headers={"Prefer": "wire=status=401;on=any"}).status == 401
    assert mock.get("/threads", headers={"Prefer": "wire=status=401"}).status == 200
    refused = mock.get("/threads", headers={"Prefer": "wire=nonsense"})
    assert refused.status == 400


def test_at_once_no_answer_is_delayed(make_mock: Callable[..., Driver]) -> None:
    mock = make_mock(speed=0)
    assert mock.get("/threads", headers={"Prefer": "wire=latency=2"}).status == 200
    assert mock.post("/threads/t/runs", {"model": "mock/hello+latency=2"}).json()["status"] == "completed"


def test_a_refused_creation_creates_nothing_and_uses_no_assignment_up(mock: Driver) -> None:
    body = {"scenario": "empty+status=503;first=1", "runs": 1}
    mock.call("POST", "/_mock/assignments", body)
    run = {"model": "m"}
    assert mock.post("/threads/t/runs", run, headers={"Prefer": "respond-async"}).status == 503
    assert mock.get("/threads").json()["data"] == []
    made = mock.post("/threads/t/runs", run, headers={"Prefer": "respond-async"})
    assert made.headers["x-mock-scenario"] == "empty+status=503;first=1; by=control"


def test_an_answer_waits_for_its_latency_and_not_for_a_client_that_is_gone(mock: Driver) -> None:
    prefer = {"Prefer": "wire=latency=2"}
    exchange, gone = (mock.open("GET", "/threads", headers=prefer) for _ in range(2))
    mock.advance(1.9)
    assert not exchange.answer.status
    gone.go_away()
    assert gone.done
    mock.advance(0.1)
    assert exchange.answer.status == 200


def test_a_stalled_stream_ends_when_its_client_goes_away(mock: Driver) -> None:
    stream = mock.stream("hello+stall=2")
    mock.advance(60)
    assert len(stream.answer.events()) == 2
    assert not stream.done
    stream.go_away()
    assert stream.done


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            f"{HEAD}wire: cut=0\n{TIMELINE}",
            "x.yaml:3: wire: wire condition 'cut=0': '0' is not a whole number",
        ),
        (
            f"{HEAD}wire: split+spilt\n{TIMELINE}",
            "x.yaml:3: wire: no wire condition 'spilt'; there are: split, ",
        ),
        (
            f"{HEAD}{TIMELINE}  - at: 1\n    event: {{name: a, data: {{}}}}\n",
            "timeline[1].event: needs breaks",
        ),
        (f"{HEAD}{TIMELINE}  - {{at: 1, status: failed, fields: {{a: 1}}}}\n", "fields: needs breaks"),
        (f"{HEAD}breaks: b\n{TIMELINE}  - {{at: 1, event: 3}}\n", "timeline[1].event: must be a mapping"),
        (
            f"{HEAD}breaks: b\n{TIMELINE}  - at: 1\n    event: {{name: a}}\n",
            "timeline[1].event.data: is missing",
        ),
        (
            f"{HEAD}breaks: b\n{TIMELINE}  - at: 1\n    event: {{nam: a}}\n",
            "nam: is not a key here (allowed: name",
        ),
    ],
)
def test_a_mistake_in_a_scenario_that_leaves_the_contract_is_told(
    tmp_path: Path, text: str, told: str
) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(text)
    with pytest.raises(ScenarioError) as caught:
        load(file, facts(openapi.load()), Path("x.yaml"))
    assert told in str(caught.value)


def test_a_client_that_tolerates_the_future_reads_an_ordinary_answer(mock: Driver) -> None:
    stream = mock.stream("from-the-future")
    mock.advance(3)
    told = stream.answer.events()
    assert {"thread.run.warming_up", "thread.run.weather", "ping"} <= set(stream.answer.names())
    assert told[-2]["data"]["status"] == "completed"
    assert told[-2]["data"]["completedBecause"] == {"kind": "said_everything"}
    assert "queue" not in told[-2]["data"]


@pytest.mark.parametrize("wire", ["split", "split+duplicate=2"])
def test_a_split_stream_has_the_same_bytes_however_often_the_clock_is_moved(
    make_mock: Callable[..., Driver], wire: str
) -> None:
    def told(*steps: float) -> bytes:
        mock = make_mock(seed="same")
        exchange = mock.stream(f"hello+{wire}")
        for step in steps:
            mock.advance(step)
        return mock.finished(exchange).body

    assert told(3) == told(*[0.1] * 30)
