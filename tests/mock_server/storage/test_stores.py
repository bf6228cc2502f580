"""Do all stores behave the same, and can several processes share one?"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID

import pytest

from mock_server.scenarios.library import Library
from mock_server.simulation.records import Input, MessageRecord, RunRecord, ThreadRecord
from mock_server.simulation.scenario import Scenario
from mock_server.storage import memory
from mock_server.storage.linked_list import UnknownCursorError
from mock_server.storage.lmdb import records
from mock_server.storage.lmdb.store import LmdbStore
from mock_server.storage.memory import MemoryStore
from mock_server.storage.pagination import Window
from mock_server.storage.protocol import RetentionPolicy, Store
from tests.mock_server.conftest import document

ALL = Window(100, ascending=True)
Making = Callable[..., Store]


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """The scenario of all runs here."""
    return Library(document()).scenarios()["tool-call"]


@pytest.fixture(params=["memory", "lmdb"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Making]:
    """A function that creates stores, once for each kind of store."""
    made: list[Store] = []

    def make(policy: RetentionPolicy | None = None) -> Store:
        store = MemoryStore(policy) if request.param == "memory" else LmdbStore(tmp_path / "store", policy)
        made.append(store)
        return store

    yield make
    for store in made:
        store.close()


def do(work: Callable[[], Awaitable[Any]]) -> Any:
    """Run the asynchronous part of a test."""

    async def run() -> Any:
        return await work()

    return asyncio.run(run())


def meanwhile(work: Coroutine[Any, Any, Any]) -> None:
    """Do something in another thread while a call of a store is running."""
    thread = Thread(target=lambda: asyncio.run(work))
    thread.start()
    thread.join()


def run_id(name: str) -> str:
    """The id of a run with a short name."""
    return f"run_{UUID(bytes=name.encode().rjust(16, bytes(1)))}"


def run_in(scenario: Scenario, thread: str, name: str, **fields: Any) -> RunRecord:
    """A run of a thread."""
    return RunRecord(run_id(name), thread, 0, scenario, "server", "org/name", **fields)


async def add(store: Store, run: RunRecord) -> RunRecord | None:
    """Add a run to its thread without a check of the last run."""
    return await store.add_run(run.thread_id, lambda _: run, lambda _: None)


def said(thread: str, name: str, text: str = "", role: str = "user") -> MessageRecord:
    """A message of a thread."""
    return MessageRecord(f"msg_{name}", thread, 0, role, ({"type": "text", "text": {"value": text}},))


def test_a_record_is_found_again_with_every_field(make: Making, scenario: Scenario) -> None:
    thread = ThreadRecord("t", 5, "A title", {"a": [1]}, {"code": {}}, "d", 3)
    message = MessageRecord(
        "msg_1", "t", 6, "user", ({"type": "text"},), ({"fileId": "f"},), run_id("0"), {"b": 2}
    )
    run = run_in(
        scenario,
        "t",
        "1",
        prompt="Hi\u2028",
        assistant_id="a",
        instructions="i",
        tools=({"type": "function"},),
        metadata={"c": None},
        conditions=("cut=3",),
        seed="s",
        pace=0.0,
        inputs=(Input(9, "outputs", {"call": "four"}),),
        version=2,
    )

    async def work() -> None:
        store = make()
        assert await store.add_thread(thread)
        await store.add_message(message)
        assert await add(store, run) is run
        for kept, given in (
            (await store.thread("t"), thread),
            (await store.message("msg_1"), message),
            (await store.run(run_id("1")), run),
        ):
            for name in type(given).__slots__:
                mine, theirs = getattr(kept, name), getattr(given, name)
                assert mine == theirs or list(mine) == list(theirs), name

    do(work)


def test_a_missing_record_is_none(make: Making) -> None:
    async def work() -> None:
        store = make()
        assert (await store.thread("t"), await store.message("m"), await store.run("r")) == (None, None, None)
        assert await store.last_run("t") is None
        await store.add_thread(ThreadRecord("t", 0))
        assert await store.position("t", "m") is None
        assert await store.entries("t", "", 10, True) == []
        assert list((await store.runs("t", ALL)).entries) == []

    do(work)


def test_a_thread_id_can_be_added_once(make: Making) -> None:
    async def work() -> None:
        store = make()
        assert await store.add_thread(ThreadRecord("t", 0, "first"))
        assert not await store.add_thread(ThreadRecord("t", 1, "second"))
        assert (await store.thread("t")).title == "first"

    do(work)


def test_a_version_can_be_replaced_once(make: Making, scenario: Scenario) -> None:
    async def work() -> None:
        store, thread, run = make(), ThreadRecord("t", 0), run_in(scenario, "t", "1")
        await store.add_thread(thread)
        await add(store, run)
        for replacing, reading, old in (
            (store.replace_thread, store.thread, thread),
            (store.replace_run, store.run, run),
        ):
            first, second = (
                replace(old, metadata={"n": 1}, version=1),
                replace(old, metadata={"n": 2}, version=1),
            )
            assert await replacing(old, first)
            assert not await replacing(old, second)
            assert (await reading(old.id)).metadata == {"n": 1}
            assert not await replacing(replace(old, id="missing"), first)

    do(work)


def test_a_run_is_made_from_the_last_user_message_and_checked_against_the_last_run(
    make: Making, scenario: Scenario
) -> None:
    seen: list[str] = []

    async def work() -> None:
        store = make()
        assert await add(store, run_in(scenario, "t", "1")) is None
        for thread in ("t", "other"):
            await store.add_thread(ThreadRecord(thread, 0))
            await store.add_message(said(thread, f"{thread}1", "mine"))
            await store.add_message(said(thread, f"{thread}2", "not mine", "assistant"))
        for name in "123":

            def made(words: str, name: str = name) -> RunRecord:
                assert words == "mine"
                return run_in(scenario, "t", name)

            added = await store.add_run("t", made, lambda last: seen.append(last.id))
            assert added is not None
            assert added.id == run_id(name)
            await add(store, run_in(scenario, "other", f"other{name}"))
        assert seen == [run_id("1"), run_id("2")]
        assert [run.id for run in (await store.runs("t", ALL)).entries] == [run_id(name) for name in "123"]
        assert (await store.last_run("t")).id == run_id("3")

    do(work)


def test_a_rejected_run_is_not_added(make: Making, scenario: Scenario) -> None:
    async def work() -> None:
        store = make()
        await store.add_thread(ThreadRecord("t", 0))

        def refuse(_: Any) -> Any:
            raise LookupError

        with pytest.raises(LookupError):
            await store.add_run("t", refuse, lambda _: None)
        await add(store, run_in(scenario, "t", "1"))
        with pytest.raises(LookupError):
            await store.add_run("t", lambda _: run_in(scenario, "t", "2"), refuse)
        assert await store.run(run_id("2")) is None
        assert [run.id for run in (await store.runs("t", ALL)).entries] == [run_id("1")]

    do(work)


def test_a_run_is_made_again_after_a_new_message_from_another_process(
    tmp_path: Path, scenario: Scenario
) -> None:
    seen: list[str] = []

    async def work() -> None:
        one, two = LmdbStore(tmp_path / "store"), LmdbStore(tmp_path / "store")
        await one.add_thread(ThreadRecord("t", 0))

        def make(words: str) -> RunRecord:
            seen.append(words)
            if not words:
                meanwhile(two.add_message(said("t", "1", "Hello")))
            return run_in(scenario, "t", "1", prompt=words)

        await add(two, run_in(scenario, "t", "0"))
        added = await one.add_run("t", make, lambda last: seen.append(last.id))
        assert added is not None
        assert added.prompt == "Hello"
        for store in (one, two):
            store.close()

    do(work)
    assert seen == ["", run_id("0"), "Hello", run_id("0")]


def test_a_run_that_another_process_added_first_is_checked(tmp_path: Path, scenario: Scenario) -> None:
    async def work() -> None:
        one, two = LmdbStore(tmp_path / "store"), LmdbStore(tmp_path / "store")
        await one.add_thread(ThreadRecord("t", 0))

        def make(_: str) -> RunRecord:
            meanwhile(add(two, run_in(scenario, "t", "first")))
            return run_in(scenario, "t", "second")

        def refuse(last: RunRecord) -> None:
            raise LookupError(last.id)

        with pytest.raises(LookupError, match=run_id("first")):
            await one.add_run("t", make, refuse)
        assert [run.id for run in (await one.runs("t", ALL)).entries] == [run_id("first")]
        for store in (one, two):
            store.close()

    do(work)


def test_a_thread_that_was_deleted_and_created_meanwhile_is_another_thread(
    tmp_path: Path, scenario: Scenario
) -> None:
    seen: list[str] = []

    async def begin_again(store: Store) -> None:
        await store.clear()
        await store.add_thread(ThreadRecord("t", 0))
        await add(store, run_in(scenario, "t", "after"))

    async def work() -> None:
        one, two = LmdbStore(tmp_path / "store"), LmdbStore(tmp_path / "store")
        await one.add_thread(ThreadRecord("t", 0))
        await add(one, run_in(scenario, "t", "before"))

        def make(_: str) -> RunRecord:
            meanwhile(begin_again(two))
            return run_in(scenario, "t", "mine")

        assert await one.add_run("t", make, lambda last: seen.append(last.id))
        for store in (one, two):
            store.close()

    do(work)
    assert seen == [run_id("before"), run_id("after")]


def test_a_message_needs_its_thread(make: Making) -> None:
    async def work() -> None:
        store = make()
        assert not await store.add_message(said("t", "1"))
        assert await store.message("msg_1") is None
        await store.add_thread(ThreadRecord("t", 0))
        assert await store.add_message(said("t", "1"))

    do(work)


def test_an_unchanged_run_is_the_same_object(make: Making, scenario: Scenario) -> None:
    async def work() -> None:
        store, run = make(), run_in(scenario, "t", "1")
        await store.add_thread(ThreadRecord("t", 0))
        await add(store, run)
        assert await store.run(run_id("1")) is await store.run(run_id("1"))

    do(work)


@pytest.mark.parametrize("ascending", [True, False])
def test_the_entries_of_a_thread_are_ordered_from_any_start(
    make: Making, scenario: Scenario, ascending: bool
) -> None:
    async def work() -> None:
        store = make()
        for thread in ("t", "other"):
            await store.add_thread(ThreadRecord(thread, 0))
        ids = []
        for number in range(8):
            entry: Any = run_in(scenario, "t", str(number)) if number % 3 == 0 else said("t", str(number))
            ids.append(entry.id)
            await (add(store, entry) if number % 3 == 0 else store.add_message(entry))
            await store.add_message(said("other", f"other{number}"))
        ordered = ids if ascending else ids[::-1]
        found = await store.entries("t", "", 100, ascending)
        assert [entry.id for _, entry in found] == ordered
        positions = [position for position, _ in found]
        assert positions == sorted(positions, reverse=not ascending)
        for number, start in enumerate(ordered):
            page = await store.entries("t", start, 3, ascending)
            assert [entry.id for _, entry in page] == ordered[number : number + 3]
            assert page[0][0] == await store.position("t", start)

    do(work)


def test_all_stores_give_the_same_pages(tmp_path: Path, scenario: Scenario) -> None:
    async def work() -> None:
        stores: list[Store] = [MemoryStore(), LmdbStore(tmp_path / "store")]
        names = [run_id(f"{number}") for number in range(5)]
        for store in stores:
            for thread in ("t", "u"):
                await store.add_thread(ThreadRecord(thread, 0, dataset_id="d" if thread == "t" else ""))
            for number in range(5):
                await add(store, run_in(scenario, "t", str(number)))
                await store.add_message(said("t", str(number)))
        for limit in (1, 2, 5, 6):
            for ascending in (True, False):
                for after in ("", *names):
                    for before in ("", *names):
                        window = Window(limit, ascending, after, before)
                        pages = [await store.runs("t", window) for store in stores]
                        assert [run.id for run in pages[0].entries] == [run.id for run in pages[1].entries], (
                            window
                        )
                        assert pages[0].more == pages[1].more, window
        for dataset, expected in (("", ["t", "u"]), ("d", ["t"]), ("other", [])):
            for store in stores:
                assert [thread.id for thread in (await store.threads(ALL, dataset)).entries] == expected
        stores[1].close()

    do(work)


@pytest.mark.parametrize("cursor", [{"after": run_id("missing")}, {"before": "msg_1"}])
def test_a_cursor_from_another_list_is_unknown(make: Making, cursor: dict[str, str]) -> None:
    async def work() -> None:
        store = make()
        await store.add_thread(ThreadRecord("t", 0))
        await store.add_message(said("t", "1"))
        with pytest.raises(UnknownCursorError):
            await store.runs("t", Window(1, True, **cursor))
        with pytest.raises(UnknownCursorError):
            await store.threads(Window(1, True, **cursor), "")

    do(work)


def test_the_oldest_ended_runs_are_evicted_with_their_threads(make: Making, scenario: Scenario) -> None:
    evicted: list[str] = []

    async def work() -> None:
        store = make(RetentionPolicy(3, lambda run: run.model != "active", evicted.append))
        for number in range(40):
            thread = "busy" if number % 2 else f"t{number}"
            await store.add_thread(ThreadRecord(thread, 0, dataset_id="d"))
            model = "active" if number in (0, 1) else "over"
            await add(store, replace(run_in(scenario, thread, f"{number:02}"), model=model))
        kept = [number for number in range(40) if await store.run(run_id(f"{number:02}"))]
        assert {0, 1, 39} <= set(kept)
        assert len(kept) <= 5
        assert sorted(evicted) == [run_id(f"{number:02}") for number in range(40) if number not in kept]
        threads = [thread.id for thread in (await store.threads(ALL, "")).entries]
        assert {"t0", "busy"} <= set(threads)
        assert len(threads) <= 5
        assert [thread.id for thread in (await store.threads(ALL, "d")).entries] == threads

    do(work)


def test_a_thread_with_a_later_message_outlives_its_last_run(make: Making, scenario: Scenario) -> None:
    async def work() -> None:
        store = make(RetentionPolicy(1, lambda run: True, lambda run_id: None))
        await store.add_thread(ThreadRecord("written", 0))
        await store.add_thread(ThreadRecord("left", 0))
        await store.add_message(said("left", "before"))
        await add(store, run_in(scenario, "left", "1"))
        await add(store, run_in(scenario, "written", "2"))
        await store.add_message(said("written", "after"))
        for number in range(3, 6):
            await store.add_thread(ThreadRecord(f"t{number}", 0))
            await add(store, run_in(scenario, f"t{number}", str(number)))
        assert await store.run(run_id("1")) is await store.run(run_id("2")) is None
        assert await store.thread("left") is await store.message("msg_before") is None
        assert [entry.id for _, entry in await store.entries("written", "", 9, True)] == ["msg_after"]

    do(work)


def test_the_oldest_messages_of_a_long_thread_are_evicted(
    make: Making, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "MAX_ENTRIES", 10)
    monkeypatch.setattr(records, "MAX_ENTRIES", 10)
    store = make()

    async def work() -> list[list[str]]:
        shown = []
        await store.add_thread(ThreadRecord("a", 1))
        await store.add_thread(ThreadRecord("b", 1))
        await store.add_message(said("b", "other"))
        for number in range(30):
            await add(store, run_in(scenario, "a", f"r{number}"))
            await store.add_message(said("a", f"m{number}", f"text {number}"))
            entries = await store.entries("a", "", 100, True)
            shown.append([one.id for _, one in entries if isinstance(one, MessageRecord)])
        assert await store.message("msg_m0") is None
        assert await store.position("a", "msg_m0") is None
        assert await store.message("msg_other") is not None
        return shown

    shown = do(work)
    assert shown[4] == [f"msg_m{number}" for number in range(5)]
    assert shown[29] == [f"msg_m{number}" for number in range(25, 30)]


def test_clear_deletes_everything(make: Making, scenario: Scenario) -> None:
    async def work() -> None:
        store = make()
        await store.add_thread(ThreadRecord("t", 0))
        await add(store, run_in(scenario, "t", "1"))
        await store.clear()
        assert await store.thread("t") is await store.run(run_id("1")) is None
        assert list((await store.threads(ALL, "")).entries) == []

    do(work)


def test_two_processes_see_each_others_changes(tmp_path: Path, scenario: Scenario) -> None:
    async def work() -> None:
        one, two = LmdbStore(tmp_path / "store"), LmdbStore(tmp_path / "store")
        run = run_in(scenario, "t", "1")
        await one.add_thread(ThreadRecord("t", 0))
        await add(one, run)
        seen = await two.run(run_id("1"))
        assert seen is not None
        assert (seen.scenario.name, seen.scenario.timeline) == (scenario.name, scenario.timeline)
        assert list(one.changes()) == []
        assert await two.replace_run(seen, replace(seen, metadata={"by": "two"}, version=1))
        assert not await one.replace_run(run, replace(run, metadata={"by": "one"}, version=1))
        assert (await one.run(run_id("1"))).metadata == {"by": "two"}
        assert (list(one.changes()), list(one.changes())) == ([run_id("1")], [])
        for store in (one, two):
            store.close()

    do(work)


def test_the_limit_holds_across_processes_and_restarts(tmp_path: Path, scenario: Scenario) -> None:
    policy = RetentionPolicy(200, lambda run: True, lambda run_id: None)

    async def work() -> None:
        for start in range(4):
            one, two = LmdbStore(tmp_path / "store", policy), LmdbStore(tmp_path / "store", policy)
            await one.add_thread(ThreadRecord("t", 0))
            for number in range(50):
                await add(one, run_in(scenario, "t", f"{start}.one.{number}"))
                await add(two, run_in(scenario, "t", f"{start}.two.{number}"))
            kept = [run.id for run in (await two.runs("t", Window(1000, ascending=True))).entries]
            assert len(kept) - min(200, 100 * (start + 1)) in range(2 * 3)
            assert kept[-1] == run_id(f"{start}.two.49")
            for store in (one, two):
                store.close()

    do(work)


def test_a_process_may_clear_runs_that_another_has_not_counted(tmp_path: Path, scenario: Scenario) -> None:
    policy = RetentionPolicy(20, lambda run: True, lambda run_id: None)

    async def work() -> None:
        one, two = LmdbStore(tmp_path / "store", policy), LmdbStore(tmp_path / "store", policy)
        wide = LmdbStore(tmp_path / "store", replace(policy, max_runs=2000))
        await one.add_thread(ThreadRecord("t", 0))
        for number in range(10):
            await add(wide, run_in(scenario, "t", f"before{number}"))
        await two.clear()
        await one.add_thread(ThreadRecord("t", 0))
        wide.close()
        for number in range(60):
            await add(one, run_in(scenario, "t", f"{number}"))
        kept = (await one.runs("t", ALL)).entries
        assert 20 <= len(kept) <= 22
        for store in (one, two):
            store.close()

    do(work)


@pytest.mark.parametrize("name", ["t" * 600, "\u2028é", "t" * 200, "t" * 201])
def test_an_id_may_be_anything(make: Making, scenario: Scenario, name: str) -> None:
    async def work() -> None:
        store = make()
        assert await store.add_thread(ThreadRecord(name, 0))
        assert await store.add_thread(ThreadRecord(f"{name}s", 0))
        await add(store, run_in(scenario, name, "1"))
        assert [run.id for run in (await store.runs(name, ALL)).entries] == [run_id("1")]
        assert list((await store.runs(f"{name}s", ALL)).entries) == []
        found = await store.thread(name)
        assert found is not None
        assert found.id == name

    do(work)


def test_sandboxes_in_one_file_are_isolated(tmp_path: Path, scenario: Scenario) -> None:
    async def work() -> None:
        one, two = (LmdbStore(tmp_path / "store", sandbox=test) for test in ("one", "two"))
        for store in (one, two):
            assert await store.add_thread(ThreadRecord("t", 0))
        await add(one, run_in(scenario, "t", "1"))
        assert await two.run(run_id("1")) is None
        assert list((await two.runs("t", ALL)).entries) == []
        await two.clear()
        assert await one.run(run_id("1"))
        for store in (one, two):
            store.close()

    do(work)


def test_a_file_survives_a_restart(tmp_path: Path, scenario: Scenario) -> None:
    async def work() -> None:
        before = LmdbStore(tmp_path / "store")
        await before.add_thread(ThreadRecord("t", 0))
        await add(before, run_in(scenario, "t", "1"))
        before.close()
        after = LmdbStore(tmp_path / "store")
        assert (await after.run(run_id("1"))).model == "org/name"
        after.close()

    do(work)
