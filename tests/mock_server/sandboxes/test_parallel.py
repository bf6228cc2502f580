"""Are twenty parallel tests on one server isolated from each other?"""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from mock_server.testing import TuneMock

TESTS = 20
ENDS = {"hello": "completed", "fails-late": "failed", "tool-expired": "expired", "cancel": "cancelled"}


def play(mock: TuneMock, scenario: str, together: Barrier) -> tuple[list[str], list[Any], str]:
    """One test: a run from start to end, in a thread that has the same id in all tests."""
    mock.use_scenario(scenario)
    together.wait()
    with mock.client() as client:
        headers = {"Prefer": "respond-async"}
        run = client.post("/threads/same/runs", json={"model": "m"}, headers=headers).json()
        together.wait()
        mock.advance(1)
        if scenario == "cancel":
            client.post(f"/threads/same/runs/{run['id']}/cancel")
        together.wait()
        mock.jump(ENDS[scenario])
        ended = client.get(f"/threads/same/runs/{run['id']}").json()["status"]
        listed = [one["id"] for one in client.get("/threads/same/runs").json()["data"]]
    together.wait()
    return listed, [entry["operation"] for entry in mock.journal()], ended


def test_twenty_parallel_tests_are_isolated(tune_mock: TuneMock) -> None:
    together = Barrier(TESTS, timeout=60)
    scenarios = [list(ENDS)[number % len(ENDS)] for number in range(TESTS)]
    mocks = [tune_mock.for_test(f"parallel {number}") for number in range(TESTS)]
    with ThreadPoolExecutor(TESTS) as pool:
        results = list(pool.map(play, mocks, scenarios, [together] * TESTS))
    for scenario, (listed, journal, ended) in zip(scenarios, results, strict=True):
        assert ended == ENDS[scenario]
        assert len(listed) == 1
        assert journal == [
            "createRun",
            *(["cancelRun"] if scenario == "cancel" else []),
            "getRun",
            "listRuns",
        ]
    assert len({listed[0] for listed, _, _ in results}) == TESTS
    assert tune_mock.runs() == []
