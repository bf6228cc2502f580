"""Does the mock keep at most `--max-runs` runs, and never evict an active one?"""

from collections.abc import Callable

from tests.mock_server.driver import Driver

ASYNC = {"Prefer": "respond-async"}


def _create(mock: Driver, thread: str, scenario: str) -> str:
    answer = mock.post(f"/v1/threads/{thread}/runs", {"model": f"mock/{scenario}"}, headers=ASYNC)
    assert answer.status == 200, answer.body
    return str(answer.json()["id"])


def test_the_oldest_finished_runs_are_evicted(make_mock: Callable[..., Driver]) -> None:
    mock = make_mock(max_runs=5)
    active = _create(mock, "thread_active", "slow-queue")
    ids = [_create(mock, "thread_long", "instant") for _ in range(20)]
    answers = [mock.get(f"/v1/threads/thread_long/runs/{run_id}").status for run_id in ids]
    assert answers == [404] * 16 + [200] * 4
    assert mock.get(f"/v1/threads/thread_active/runs/{active}").json()["status"] == "queued"
    listed = mock.get("/v1/threads/thread_long/runs?limit=100&order=asc").json()["data"]
    assert [run["id"] for run in listed] == ids[16:]
    messages = mock.get("/v1/threads/thread_long/messages?limit=100").json()["data"]
    assert {message["runId"] for message in messages} == set(ids[16:])


def test_a_thread_is_evicted_with_its_last_run(make_mock: Callable[..., Driver]) -> None:
    mock = make_mock(max_runs=1)
    manual = {"Prefer": "clock=manual, respond-async"}
    first = mock.post("/v1/threads/thread_1/runs", {"model": "mock/instant"}, headers=manual).json()["id"]
    _create(mock, "thread_2", "instant")
    assert mock.get(f"/v1/threads/thread_1/runs/{first}").status == 404
    assert mock.get("/v1/threads/thread_1").status == 404
    assert mock.get("/v1/threads/thread_2").status == 200
