"""Are the ceilings hard, also for several threads and processes?"""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from contract_tests.client.budget import Budget, BudgetExceeded


def budget(folder: Path, **ceilings: float) -> Budget:
    given = {"runs": 3, "tokens": 300, "requests": 5, "seconds": 60, "started": time.time(), **ceilings}
    return Budget(folder, **given)  # type: ignore[arg-type]


def test_requests_stop_at_the_ceiling(tmp_path: Path) -> None:
    ours = budget(tmp_path)
    for _ in range(5):
        ours.take_request()
    with pytest.raises(BudgetExceeded, match="--max-requests 5 is spent"):
        ours.take_request()
    assert ours.spent.requests == 5


def test_two_processes_share_one_budget(tmp_path: Path) -> None:
    one, other = budget(tmp_path), budget(tmp_path)
    for taker in (one, other, one, other, one):
        taker.take_request()
    with pytest.raises(BudgetExceeded):
        other.take_request()


def test_many_threads_never_exceed_the_ceiling(tmp_path: Path) -> None:
    ours = budget(tmp_path, requests=50)

    def take(_: int) -> bool:
        try:
            ours.take_request()
        except BudgetExceeded:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(200))) <= 50


def test_a_rejected_run_costs_nothing(tmp_path: Path) -> None:
    ours = budget(tmp_path, runs=1)
    with ours.run(100):
        pass
    with ours.run(100) as reservation:
        reservation.used = True
    assert (ours.spent.runs, ours.spent.tokens) == (1, 100)


def test_runs_and_tokens_stop_at_their_ceilings(tmp_path: Path) -> None:
    ours = budget(tmp_path, runs=2, tokens=100)
    with ours.run(100) as reservation:
        reservation.used = True
    with pytest.raises(BudgetExceeded, match="--max-tokens 100"), ours.run(100):
        pass


def test_requests_stop_when_no_time_is_left(tmp_path: Path) -> None:
    with pytest.raises(BudgetExceeded, match="--max-seconds 10 is spent"):
        budget(tmp_path, seconds=10, started=time.time() - 11).take_request()
