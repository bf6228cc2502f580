"""Do tune-check and `st run` send equally many requests, and is their comparison correct?"""

from benchmarks.checker import Cost, examples_for, table


def test_the_number_of_examples_gives_the_number_of_requests() -> None:
    assert examples_for(1000, [(4, 800), (16, 1400)]) == 8
    assert examples_for(2000, [(4, 800), (16, 1400)]) == 28


def test_at_least_one_example_is_used() -> None:
    assert examples_for(10, [(4, 800), (16, 1400)]) == 1


def test_trials_with_equal_requests_give_the_smaller_number_of_examples() -> None:
    assert examples_for(1000, [(4, 800), (16, 800)]) == 4


def test_a_ratio_is_the_median_over_the_rounds_with_its_range() -> None:
    checked = [Cost(10, 1000, 8), Cost(30, 1000, 8), Cost(20, 1000, 8)]
    plain = [Cost(10, 1000, 16), Cost(20, 2000, 16), Cost(10, 1000, 16)]
    rows = [row.strip("| ").split(" | ") for row in table(checked, plain, 8).splitlines()]
    assert rows[0][1:] == ["seconds", "requests", "seconds per 1,000 requests", "CPU seconds"]
    assert rows[2][1:] == ["20.0", "1,000", "20.00", "8.0"]
    assert rows[3] == ["`st run --max-examples 8`", "10.0", "1,000", "10.00", "16.0"]
    assert rows[4][1:] == ["1.50 (1.00-2.00)", "1.00 (0.50-1.00)", "2.00 (1.00-3.00)", "0.50 (0.50-0.50)"]
