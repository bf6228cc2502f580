"""Are the results of the benchmark read and summarized correctly?"""

import json

import pytest

from benchmarks.bad_requests import BAD_REQUESTS
from benchmarks.load import LoadError, read
from benchmarks.measure import KINDS, Seen, Streams
from benchmarks.table import absolute, ratios, remarks

RESULT = {"requests": 3000, "microseconds": 2_000_000, "refused": 10, "broken": 1, "p50": 1500, "p99": 9000}
OUTPUT = f"BENCH {json.dumps(RESULT)}\n"


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


def test_the_result_of_wrk_is_converted_to_seconds_and_milliseconds() -> None:
    load = read("Running 2s test\n" + OUTPUT, refused=False)
    assert (load.rate, load.p50, load.p99) == (1500.0, 1.5, 9.0)


def test_an_unexpected_response_counts_as_wrong() -> None:
    assert read(OUTPUT, refused=False).wrong == 11
    assert read(OUTPUT, refused=True).wrong == 2991


def test_a_load_without_a_result_is_an_error_with_the_output() -> None:
    with pytest.raises(LoadError, match="unable to connect"):
        read("unable to connect to 127.0.0.1", refused=False)


def test_a_ratio_is_that_of_the_medians_with_the_range_of_the_rounds() -> None:
    rounds = [
        {"a": _seen(300), "b": _seen(100)},
        {"a": _seen(200), "b": _seen(100)},
        {"a": _seen(250), "b": _seen(50)},
    ]
    header, _, row, reference = ratios(rounds, ["a", "b"], "b").splitlines()
    create = header.split(" | ").index("create")
    assert row.split(" | ")[create] == "2.50 (2.00-5.00)"
    assert reference.split(" | ")[create] == "1.00"


def test_a_server_without_a_reference_has_no_ratio() -> None:
    assert " - |" in ratios([{"a": _seen(1)}], ["a"], "b")


def test_medians_have_units_and_the_number_of_right_statuses() -> None:
    seen = _seen(1234)
    seen.wrong = {"no key": 200}
    row = absolute([{"a": seen}], ["a"]).splitlines()[-1]
    assert "1,234/s" in row
    assert "2.0 / 8.0 ms" in row
    assert row.endswith(f"| {len(BAD_REQUESTS) - 1} of {len(BAD_REQUESTS)} |")


def test_unexpected_responses_and_incomplete_streams_are_reported() -> None:
    seen = _seen(10)
    seen.loads["list"] = read(OUTPUT, refused=False)
    seen.streams = Streams(5, 3, 1, 2, 3)
    assert list(remarks([{"a": seen}], ["a"])) == [
        "a: 11 of 3,000 responses to `list` were unexpected",
        "a: 2 streams did not end with `[DONE]`",
    ]
    assert list(remarks([{"a": _seen(10)}], ["a"])) == []


def test_there_are_at_least_38_bad_requests_with_different_rules() -> None:
    assert len({bad.rule for bad in BAD_REQUESTS}) == len(BAD_REQUESTS) >= 38
