"""Are network conditions parsed as they are written?"""

import random
from statistics import median

import pytest

import openapi
from mock_server.simulation.conditions import KINDS, ConditionError, Delay, check, parse
from mock_server.simulation.operations import operations

OPERATIONS = operations(openapi.load())


@pytest.mark.parametrize("name", KINDS)
def test_a_condition_keeps_the_text_it_was_written_as(name: str) -> None:
    value = {"status": "=429", "latency": "=0.1"}.get(name, "")
    condition = parse(f"{name}{value}")
    assert (condition.name, condition.written) == (name, f"{name}{value}")


def test_white_space_around_a_condition_is_dropped() -> None:
    assert parse(" status=429 ;\r\n first=2\n").written == "status=429;first=2"


@pytest.mark.parametrize(
    "seconds", ["\n1", "1_0", "\N{FULLWIDTH DIGIT TWO}", "nan", "inf", "-1", "3601", "1e400", ""]
)
def test_seconds_are_plain_numbers_up_to_one_hour(seconds: str) -> None:
    for written in (f"late-poll={seconds}", f"latency=uniform:{seconds}:3600"):
        with pytest.raises(ConditionError, match="is not a number of seconds from 0 to 3600"):
            parse(written)
    assert [parse(f"late-poll={text}").value for text in ("2", "0.5", ".5", "1e-2")] == [2, 0.5, 0.5, 0.01]


def test_options_select_the_requests() -> None:
    requests = parse("status=500;on=polls;every=3;retry-after=9").requests
    assert requests.includes("getRun", OPERATIONS)
    assert not requests.includes("createRun", OPERATIONS)
    assert [number for number in range(1, 10) if requests.applies_to(number)] == [3, 6, 9]
    first = parse("status=500;first=2").requests
    assert [number for number in range(1, 10) if first.applies_to(number)] == [1, 2]
    assert first.includes("createThreadAndRun", OPERATIONS)
    assert parse("latency=1").requests.includes("listThreads", OPERATIONS)


@pytest.mark.parametrize("name", ["create", "polls", "any", *sorted(OPERATIONS.all)])
def test_a_condition_can_be_for_every_operation_and_group(name: str) -> None:
    check(parse(f"status=500;on={name}"), OPERATIONS)


def test_a_condition_for_an_unknown_operation_is_refused() -> None:
    with pytest.raises(ConditionError, match="'pools' is not create, polls, any or an operationId"):
        check(parse("status=500;on=pools"), OPERATIONS)


def test_delays_have_the_distribution_that_is_named() -> None:
    rng = random.Random(1)
    uniform = [Delay("uniform", 0.2, 0.4).seconds(rng) for _ in range(500)]
    assert min(uniform) >= 0.2
    assert max(uniform) <= 0.4
    tail = [Delay("lognormal", 0.3, 1.0).seconds(rng) for _ in range(2001)]
    assert 0.25 < median(tail) < 0.35
    assert max(tail) > 2
    assert Delay("fixed", 0.7).seconds(rng) == 0.7


@pytest.mark.parametrize(
    "written", ["", "hello", "cut=x", "late-poll=x", "latency=fixed", "status=429;first"]
)
def test_an_error_is_one_line(written: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(written)
    assert "\n" not in str(caught.value)
