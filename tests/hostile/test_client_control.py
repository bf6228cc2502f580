"""Do control calls stay cheap and closed, whatever the mock holds and any client sends?"""

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from mock_server import Settings
from mock_server.app import create_sandboxes
from mock_server.control import state
from mock_server.control.app import MOST_WAITING
from mock_server.control.clock import MOST_RUNS
from mock_server.sandboxes import registry
from mock_server.sandboxes import sandbox as sandbox_module
from mock_server.simulation.ids import Ids
from mock_server.simulation.records import MessageRecord, RunRecord, ThreadRecord
from mock_server.storage import protocol
from mock_server.storage.lmdb.store import LmdbStore
from mock_server.storage.memory import MemoryStore
from mock_server.storage.protocol import RetentionPolicy, Store
from mock_server.testing import TuneMock, running
from tests.mock_server.driver import Driver
from tests.mock_server.simulation.runs import record_of

MAX_RUNS = 40


def policy(max_runs: int = MAX_RUNS) -> RetentionPolicy:
    """A policy under which every run has ended."""
    return RetentionPolicy(max_runs, lambda _: True, lambda _: None)


@pytest.fixture(params=["memory", "lmdb"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store of each kind."""
    made: Store = MemoryStore(policy()) if request.param == "memory" else LmdbStore(tmp_path / "s", policy())
    yield made
    made.close()


def add(store: Store, count: int) -> list[str]:
    """Add runs, each in a thread of its own; their ids."""
    ids, template = Ids("1"), record_of("instant")

    async def work() -> list[str]:
        made = []
        for number in range(count):
            thread_id = f"thread_{number}"
            await store.add_thread(ThreadRecord(thread_id, 1))
            run = replace(template, id=ids.new("run"), thread_id=thread_id)
            await store.add_run(thread_id, lambda _, run=run: run, lambda _: None)  # type: ignore[misc]
            made.append(run.id)
        return made

    return asyncio.run(work())


@pytest.mark.parametrize("count", [0, 3, 30, 200])
def test_counts_and_newest_runs_are_known_without_a_search(store: Store, count: int) -> None:
    ids = add(store, count)
    threads, runs = asyncio.run(store.counts())
    newest = asyncio.run(store.newest_runs(10))
    assert [run.id for run in newest] == ids[::-1][:10]
    # A file may keep a few runs too many until they are counted.
    assert min(count, MAX_RUNS) <= runs <= min(count, MAX_RUNS + 16)
    assert min(count, MAX_RUNS) <= threads <= min(count, MAX_RUNS + 16)


def test_threads_without_runs_are_evicted_and_threads_with_runs_are_not(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "SPARE_THREADS", 10)
    add(store, 20)

    async def work() -> tuple[int, list[bool]]:
        for number in range(300):
            assert await store.add_thread(ThreadRecord(f"idle {number}", 1))
            await store.add_message(MessageRecord(f"m{number}", f"idle {number}", 1, "user", ()))
        kept = [await store.thread(f"thread_{number}") is not None for number in range(20)]
        assert await store.thread("idle 299")
        assert await store.message("m0") is None
        return (await store.counts())[0], kept

    threads, kept = asyncio.run(work())
    assert threads <= MAX_RUNS + 10 + 1
    assert kept == [True] * 20


def test_the_overview_and_the_clock_look_at_few_runs(
    make_mock: Callable[..., Driver], monkeypatch: pytest.MonkeyPatch
) -> None:
    mock, looked_at = make_mock(), []

    async def newest_runs(_: MemoryStore, count: int) -> list[RunRecord]:
        looked_at.append(count)
        return []

    def walk(*_: object) -> None:
        raise AssertionError("all runs are walked")

    monkeypatch.setattr(MemoryStore, "newest_runs", newest_runs)
    monkeypatch.setattr(MemoryStore, "runs", walk)
    monkeypatch.setattr(MemoryStore, "threads", walk)
    for path in ("/_mock", "/_mock/clock"):
        assert mock.get(path).status == 200
    assert looked_at == [MOST_RUNS] * 2


def test_the_state_is_read_page_by_page(make_mock: Callable[..., Driver]) -> None:
    mock = make_mock(create="background")
    made = [
        mock.post(f"/v1/threads/t{number}/runs", {"model": "mock/hello"}).json()["id"] for number in range(7)
    ]
    threads, runs, more, after = [], [], True, ""
    while more:
        page = mock.get(f"/_mock/state?limit=3{after}").json()
        assert len(page["threads"]) <= 3
        threads += [thread["id"] for thread in page["threads"]]
        runs += [entry["run"]["id"] for entry in page["runs"]]
        more, after = page["more"], f"&after={page['threads'][-1]['id']}"
    assert (threads, sorted(runs)) == ([f"t{number}" for number in range(7)], sorted(made))
    whole = mock.get("/_mock/state").json()
    assert [thread["id"] for thread in whole["threads"]] == threads
    assert whole["more"] is False
    assert mock.get("/_mock/state?after=nothing").status == 404
    assert mock.get("/_mock/state?limit=1001").status == 400


def test_the_state_of_many_threads_is_read_as_a_whole_by_the_library() -> None:
    with running(Settings(port=0, quiet=True, create="background")) as mock, mock.client() as client:
        for _ in range(1005):
            assert client.post("/threads", json={}).status_code == 200
        assert len(mock.state()["threads"]) == 1005


@pytest.mark.parametrize("on_disk", [False, True])
def test_what_an_evicted_sandbox_held_is_deleted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, on_disk: bool
) -> None:
    monkeypatch.setattr(registry, "MAX_TESTS", 3)
    sandboxes = create_sandboxes(Settings(store=tmp_path / "s" if on_disk else None))

    async def work() -> list[int]:
        for number in range(10):
            store = sandboxes.of_test(f"test {number}").store
            await store.add_thread(ThreadRecord("thread", 1))
            await asyncio.sleep(0.01)
        found = []
        for number in range(10):
            name = f"test {number}"
            held = LmdbStore(tmp_path / "s", sandbox=name) if on_disk else sandboxes.of_test(name).store
            found.append((await held.counts())[0])
            held.close()
            await asyncio.sleep(0.01)
        return found

    assert asyncio.run(work())[: 7 if on_disk else 0] == [0] * (7 if on_disk else 0)
    assert len(sandboxes.tests()) == 3
    sandboxes.end()


def test_workers_delete_together_what_the_oldest_sandboxes_held(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(registry, "MAX_TESTS", 3)
    monkeypatch.setattr(sandbox_module, "USE_SECONDS", 0)
    settings = Settings(store=tmp_path / "s", workers=2)
    workers = [create_sandboxes(settings), create_sandboxes(settings)]

    async def work() -> list[int]:
        for number in range(12):
            # Each test is used by one worker only; one more test by both, all the time.
            for worker in workers:
                sandbox = worker.of_test("always")
                if number == 0:
                    await sandbox.store.add_thread(ThreadRecord("thread", 1))
            sandbox = workers[number % 2].of_test(f"test {number}")
            await sandbox.store.add_thread(ThreadRecord("thread", 1))
            await asyncio.sleep(0)
        return [await _threads_of(tmp_path / "s", f"test {number}") for number in range(12)]

    assert asyncio.run(work()) == [0] * 10 + [1] * 2
    assert asyncio.run(_threads_of(tmp_path / "s", "always")) == 1
    for worker in workers:
        worker.end()


async def _threads_of(path: Path, test: str) -> int:
    """The number of threads that a file holds for a test."""
    held = LmdbStore(path, sandbox=test)
    found = (await held.counts())[0]
    held.close()
    return found


def test_wrong_tokens_are_slowed_and_never_compared_at_a_high_rate() -> None:
    with running(Settings(port=0, quiet=True, control_token="right")) as mock:
        assert TuneMock(mock.origin, token="right").overview()

        def guess(number: int) -> int:
            headers = {"Authorization": f"Bearer {number}"}
            return httpx.get(f"{mock.origin}/_mock", headers=headers, timeout=30).status_code

        started = time.monotonic()
        assert [guess(number) for number in range(10)] == [401] * 10
        assert time.monotonic() - started > 0.6
        with ThreadPoolExecutor(2 * MOST_WAITING) as pool:
            statuses = list(pool.map(guess, range(4 * MOST_WAITING)))
        assert set(statuses) == {401, 429}
        time.sleep(1.2)
        assert TuneMock(mock.origin, token="right").overview()


def test_the_state_of_a_thread_and_of_a_page_is_bounded(
    make_mock: Callable[..., Driver], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "MOST_ENTRIES", 10)
    mock = make_mock(speed=0, concurrent_runs=True)
    for number in range(12):
        mock.post("/threads/t/messages", {"role": "user", "content": f"{number}"})
    for thread in ("u", "v", "w"):
        for _ in range(6):
            mock.post(f"/threads/{thread}/runs", {"model": "mock/instant"})
    first = mock.get("/_mock/state").json()
    assert [thread["id"] for thread in first["threads"]] == ["t"]
    assert [thread["hasOlder"] for thread in first["threads"]] == [True]
    texts = [one["content"][0]["text"]["value"] for one in first["threads"][0]["messages"]]
    assert texts == [f"{number}" for number in range(2, 12)]
    assert first["more"] is True
    second = mock.get("/_mock/state?after=t").json()
    assert [thread["id"] for thread in second["threads"]] == ["u", "v"]
    assert [entry["run"]["threadId"] for entry in second["runs"]].count("u") == 6
    assert not any(thread["hasOlder"] for thread in second["threads"])
    third = mock.get("/_mock/state?after=v").json()
    assert ([thread["id"] for thread in third["threads"]], third["more"]) == (["w"], False)
