"""Are the benchmark's numbers read and put side by side rightly?"""

import json

import pytest

from benchmarks.bad_requests import BAD_REQUESTS
from benchmarks.load import LoadError, read
from benchmarks.measure import KINDS, Seen, Streams
from benchmarks.table import absolute, ratios, remarks

SAID = {"requests": 3000, "microseconds": 2_000_000, "refused": 10, "broken": 1, "p50": 1500, "p99": 9000}
RESULT = f"BENCH {json.dumps(SAID)}\n"


def _seen(creates: int) -> Seen:
    quiet = {
        "requests": creates,
        "microseconds": 1_000_000,
        "refused": 0,
        "broken": 0,
        "p50": 2000,
        "p99": 8000,
    }
    load = read(f"BENCH {json.dumps(quiet)}", refused=False)
    return Seen(
        1.0, dict.fromkeys(KINDS, load), dict.fromkeys(KINDS, 100.0), 50.0, Streams(2, 2, 10, 20, 2.5)
    )


def test_what_the_load_generator_says_is_read_in_seconds_and_milliseconds() -> None:
    load = read("Running 2s test\n" + RESULT, refused=False)
    assert (load.rate, load.p50, load.p99) == (1500.0, 1.5, 9.0)


def test_an_answer_counts_as_wrong_when_it_is_not_the_one_meant() -> None:
    assert read(RESULT, refused=False).wrong == 11
    assert read(RESULT, refused=True).wrong == 2991


def test_a_load_without_a_result_is_an_error_that_shows_the_output() -> None:
    with pytest.raises(LoadError, match="unable to connect"):
        read("unable to connect to 127.0.0.1", refused=False)


def test_a_ratio_is_that_of_medians_and_its_spread_that_of_the_rounds() -> None:
    rounds = [
        {"a": _seen(300), "b": _seen(100)},
        {"a": _seen(200), "b": _seen(100)},
        {"a": _seen(250), "b": _seen(50)},
    ]
    header, _, row, reference = ratios(rounds, ["a", "b"], "b").splitlines()
    create = header.split(" | ").index("create")
    assert row.split(" | ")[create] == "2.50 (2.00-5.00)"
    assert reference.split(" | ")[create] == "1.00"


def test_a_server_that_was_left_out_of_the_reference_round_has_no_ratio() -> None:
    assert " - |" in ratios([{"a": _seen(1)}], ["a"], "b")


def test_medians_stand_in_their_units_beside_the_bad_requests_answered_rightly() -> None:
    seen = _seen(1234)
    seen.wrong = {"no key": 200}
    row = absolute([{"a": seen}], ["a"]).splitlines()[-1]
    assert "1,234/s" in row
    assert "2.0 / 8.0 ms" in row
    assert row.endswith(f"| {len(BAD_REQUESTS) - 1} of {len(BAD_REQUESTS)} |")


def test_a_load_that_got_other_answers_and_a_stream_that_was_cut_are_said() -> None:
    seen = _seen(10)
    seen.loads["list"] = read(RESULT, refused=False)
    seen.streams = Streams(5, 3, 1, 2, 3)
    assert list(remarks([{"a": seen}], ["a"])) == [
        "a: 11 of 3,000 answers to `list` were not the ones meant",
        "a: 2 streams did not end with `[DONE]`",
    ]
    assert list(remarks([{"a": _seen(10)}], ["a"])) == []


def test_every_bad_request_breaks_a_rule_of_its_own_and_there_are_enough() -> None:
    assert len({bad.rule for bad in BAD_REQUESTS}) == len(BAD_REQUESTS) >= 38
