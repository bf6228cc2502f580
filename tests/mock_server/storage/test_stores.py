"""Answers: do all stores keep, change, page and forget alike, and can several processes share one?"""

import asyncio
import pickle
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from mock_server.scenarios.library import Library
from mock_server.simulation.records import Input, MessageRecord, RunRecord, ThreadRecord
from mock_server.simulation.scenario import Scenario
from mock_server.storage.linked_list import UnknownCursorError
from mock_server.storage.lmdb import codec
from mock_server.storage.lmdb.store import LmdbStore
from mock_server.storage.memory import MemoryStore
from mock_server.storage.pagination import Window
from mock_server.storage.protocol import Bound, Store
from tests.mock_server.conftest import document

ALL = Window(100, ascending=True)
Making = Callable[..., Store]


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """What all runs here play."""
    return Library(document()).scenarios()["tool-call"]


@pytest.fixture(params=["memory", "lmdb"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Making]:
    """Makes stores of each kind."""
    made: list[Store] = []

    def make(bound: Bound | None = None) -> Store:
        store = MemoryStore(bound) if request.param == "memory" else LmdbStore(tmp_path / "store", bound)
        made.append(store)
        return store

    yield make
    for store in made:
        store.close()


def do(work: Callable[[], Awaitable[Any]]) -> Any:
    """Run what a test does with a store."""

    async def run() -> Any:
        return await work()

    return asyncio.run(run())


def meanwhile(work: Coroutine[Any, Any, Any]) -> None:
    """Let somebody else do something in the middle of a call."""
    thread = Thread(target=lambda: asyncio.run(work))
    thread.start()
    thread.join()


def run_in(scenario: Scenario, thread: str, name: str, **fields: Any) -> RunRecord:
    """A run of a thread."""
    return RunRecord(f"run_{name}", thread, 0, scenario, "server", "org/name", **fields)


async def add(store: Store, run: RunRecord) -> RunRecord | None:
    """Add a run to its thread, whatever the last one is."""
    return await store.add_run(run.thread_id, lambda _: run, lambda _: None)


def said(thread: str, name: str, text: str = "", role: str = "user") -> MessageRecord:
    """A message of a thread."""
    return MessageRecord(f"msg_{name}", thread, 0, role, ({"type": "text", "text": {"value": text}},))


def test_what_was_added_is_found_again_with_every_field(make: Making, scenario: Scenario) -> None:
    thread = ThreadRecord("t", 5, "A title", {"a": [1]}, {"code": {}}, "d", 3)
    message = MessageRecord(
        "msg_1", "t", 6, "user", ({"type": "text"},), ({"fileId": "f"},), "run_0", {"b": 2}
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
            (await store.run("run_1"), run),
        ):
            for name in type(given).__slots__:
                mine, theirs = getattr(kept, name), getattr(given, name)
                assert mine == theirs or list(mine) == list(theirs), name

    do(work)


def test_what_is_not_there_is_none(make: Making) -> None:
    async def work() -> None:
        store = make()
        assert (await store.thread("t"), await store.message("m"), await store.run("r")) == (None, None, None)
        assert await store.last_run("t") is None
        await store.add_thread(ThreadRecord("t", 0))
        assert await store.position("t", "m") is None
        assert await store.entries("t", "", 10, True) == []
        assert list((await store.runs("t", ALL)).entries) == []

    do(work)


def test_a_thread_is_added_once(make: Making) -> None:
    async def work() -> None:
        store = make()
        assert await store.add_thread(ThreadRecord("t", 0, "first"))
        assert not await store.add_thread(ThreadRecord("t", 1, "second"))
        assert (await store.thread("t")).title == "first"

    do(work)


def test_only_the_first_of_two_changes_of_one_version_is_made(make: Making, scenario: Scenario) -> None:
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
            assert not await replacing(replace(old, id="nobody"), first)

    do(work)


def test_a_run_is_made_for_what_was_said_last_and_allowed_by_the_last_run(
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
            assert added.id == f"run_{name}"
            await add(store, run_in(scenario, "other", f"other{name}"))
        assert seen == ["run_1", "run_2"]
        assert [run.id for run in (await store.runs("t", ALL)).entries] == ["run_1", "run_2", "run_3"]
        assert (await store.last_run("t")).id == "run_3"

    do(work)


def test_a_run_that_is_not_allowed_or_not_made_leaves_nothing(make: Making, scenario: Scenario) -> None:
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
        assert await store.run("run_2") is None
        assert [run.id for run in (await store.runs("t", ALL)).entries] == ["run_1"]

    do(work)


def test_a_run_is_made_and_allowed_anew_if_somebody_wrote_meanwhile(
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
    assert seen == ["", "run_0", "Hello", "run_0"]


def test_a_run_that_came_first_is_asked_too(tmp_path: Path, scenario: Scenario) -> None:
    async def work() -> None:
        one, two = LmdbStore(tmp_path / "store"), LmdbStore(tmp_path / "store")
        await one.add_thread(ThreadRecord("t", 0))

        def make(_: str) -> RunRecord:
            meanwhile(add(two, run_in(scenario, "t", "first")))
            return run_in(scenario, "t", "second")

        def refuse(last: RunRecord) -> None:
            raise LookupError(last.id)

        with pytest.raises(LookupError, match="run_first"):
            await one.add_run("t", make, refuse)
        assert [run.id for run in (await one.runs("t", ALL)).entries] == ["run_first"]
        for store in (one, two):
            store.close()

    do(work)


def test_a_thread_that_began_again_meanwhile_is_another_one(tmp_path: Path, scenario: Scenario) -> None:
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
    assert seen == ["run_before", "run_after"]


def test_a_message_needs_its_thread(make: Making) -> None:
    async def work() -> None:
        store = make()
        assert not await store.add_message(said("t", "1"))
        assert await store.message("msg_1") is None
        await store.add_thread(ThreadRecord("t", 0))
        assert await store.add_message(said("t", "1"))

    do(work)


def test_a_version_that_did_not_change_is_the_same_object_again(make: Making, scenario: Scenario) -> None:
    async def work() -> None:
        store, run = make(), run_in(scenario, "t", "1")
        await store.add_thread(ThreadRecord("t", 0))
        await add(store, run)
        assert await store.run("run_1") is await store.run("run_1")

    do(work)


@pytest.mark.parametrize("ascending", [True, False])
def test_messages_and_runs_of_a_thread_come_in_order_from_any_of_them(
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


def test_pages_agree_at_every_edge(tmp_path: Path, scenario: Scenario) -> None:
    async def work() -> None:
        stores: list[Store] = [MemoryStore(), LmdbStore(tmp_path / "store")]
        names = [f"run_{number}" for number in range(5)]
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
        for dataset, expected in (("", ["t", "u"]), ("d", ["t"]), ("nobody", [])):
            for store in stores:
                assert [thread.id for thread in (await store.threads(ALL, dataset)).entries] == expected
        stores[1].close()

    do(work)


@pytest.mark.parametrize("cursor", [{"after": "run_of_nobody"}, {"before": "msg_1"}])
def test_a_cursor_of_another_list_is_unknown(make: Making, cursor: dict[str, str]) -> None:
    async def work() -> None:
        store = make()
        await store.add_thread(ThreadRecord("t", 0))
        await store.add_message(said("t", "1"))
        with pytest.raises(UnknownCursorError):
            await store.runs("t", Window(1, True, **cursor))
        with pytest.raises(UnknownCursorError):
            await store.threads(Window(1, True, **cursor), "")

    do(work)


def test_the_oldest_runs_that_are_over_go_and_their_threads_with_them(
    make: Making, scenario: Scenario
) -> None:
    forgotten: list[str] = []

    async def work() -> None:
        store = make(Bound(3, lambda run: run.model != "active", forgotten.append))
        for number in range(40):
            thread = "busy" if number % 2 else f"t{number}"
            await store.add_thread(ThreadRecord(thread, 0, dataset_id="d"))
            model = "active" if number in (0, 1) else "over"
            await add(store, replace(run_in(scenario, thread, f"{number:02}"), model=model))
        kept = [number for number in range(40) if await store.run(f"run_{number:02}")]
        assert {0, 1, 39} <= set(kept)
        assert len(kept) <= 5
        assert sorted(forgotten) == [f"run_{number:02}" for number in range(40) if number not in kept]
        threads = [thread.id for thread in (await store.threads(ALL, "")).entries]
        assert {"t0", "busy"} <= set(threads)
        assert len(threads) <= 5
        assert [thread.id for thread in (await store.threads(ALL, "d")).entries] == threads

    do(work)


def test_a_thread_that_somebody_wrote_to_since_stays_when_its_run_goes(
    make: Making, scenario: Scenario
) -> None:
    async def work() -> None:
        store = make(Bound(1, lambda run: True, lambda run_id: None))
        await store.add_thread(ThreadRecord("written", 0))
        await store.add_thread(ThreadRecord("left", 0))
        await store.add_message(said("left", "before"))
        await add(store, run_in(scenario, "left", "1"))
        await add(store, run_in(scenario, "written", "2"))
        await store.add_message(said("written", "after"))
        for number in range(3, 6):
            await store.add_thread(ThreadRecord(f"t{number}", 0))
            await add(store, run_in(scenario, f"t{number}", str(number)))
        assert await store.run("run_1") is await store.run("run_2") is None
        assert await store.thread("left") is await store.message("msg_before") is None
        assert [entry.id for _, entry in await store.entries("written", "", 9, True)] == ["msg_after"]

    do(work)


def test_nothing_is_left_after_clearing(make: Making, scenario: Scenario) -> None:
    async def work() -> None:
        store = make()
        await store.add_thread(ThreadRecord("t", 0))
        await add(store, run_in(scenario, "t", "1"))
        await store.clear()
        assert await store.thread("t") is await store.run("run_1") is None
        assert list((await store.threads(ALL, "")).entries) == []

    do(work)


def test_two_processes_see_what_each_other_does(tmp_path: Path, scenario: Scenario) -> None:
    async def work() -> None:
        one, two = LmdbStore(tmp_path / "store"), LmdbStore(tmp_path / "store")
        run = run_in(scenario, "t", "1")
        await one.add_thread(ThreadRecord("t", 0))
        await add(one, run)
        seen = await two.run("run_1")
        assert seen is not None
        assert (seen.scenario.name, seen.scenario.timeline) == (scenario.name, scenario.timeline)
        assert list(one.changes()) == []
        assert await two.replace_run(seen, replace(seen, metadata={"by": "two"}, version=1))
        assert not await one.replace_run(run, replace(run, metadata={"by": "one"}, version=1))
        assert (await one.run("run_1")).metadata == {"by": "two"}
        assert (list(one.changes()), list(one.changes())) == (["run_1"], [])
        for store in (one, two):
            store.close()

    do(work)


def test_a_bound_holds_for_all_processes_and_starts_together(tmp_path: Path, scenario: Scenario) -> None:
    bound = Bound(200, lambda run: True, lambda run_id: None)

    async def work() -> None:
        for start in range(4):
            one, two = LmdbStore(tmp_path / "store", bound), LmdbStore(tmp_path / "store", bound)
            await one.add_thread(ThreadRecord("t", 0))
            for number in range(50):
                await add(one, run_in(scenario, "t", f"{start}.one.{number}"))
                await add(two, run_in(scenario, "t", f"{start}.two.{number}"))
            kept = [run.id for run in (await two.runs("t", Window(1000, ascending=True))).entries]
            assert len(kept) - min(200, 100 * (start + 1)) in range(2 * 3)
            assert kept[-1] == f"run_{start}.two.49"
            for store in (one, two):
                store.close()

    do(work)


def test_a_process_may_clear_what_another_has_not_counted(tmp_path: Path, scenario: Scenario) -> None:
    bound = Bound(20, lambda run: True, lambda run_id: None)

    async def work() -> None:
        one, two = LmdbStore(tmp_path / "store", bound), LmdbStore(tmp_path / "store", bound)
        wide = LmdbStore(tmp_path / "store", replace(bound, most_runs=2000))
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
        assert [run.id for run in (await store.runs(name, ALL)).entries] == ["run_1"]
        assert list((await store.runs(f"{name}s", ALL)).entries) == []
        found = await store.thread(name)
        assert found is not None
        assert found.id == name

    do(work)


def test_mocks_of_different_tests_share_a_file_and_nothing_else(tmp_path: Path, scenario: Scenario) -> None:
    async def work() -> None:
        one, two = (LmdbStore(tmp_path / "store", sandbox=test) for test in ("one", "two"))
        for store in (one, two):
            assert await store.add_thread(ThreadRecord("t", 0))
        await add(one, run_in(scenario, "t", "1"))
        assert await two.run("run_1") is None
        assert list((await two.runs("t", ALL)).entries) == []
        await two.clear()
        assert await one.run("run_1")
        for store in (one, two):
            store.close()

    do(work)


def test_a_file_keeps_everything_for_the_next_start(tmp_path: Path, scenario: Scenario) -> None:
    async def work() -> None:
        before = LmdbStore(tmp_path / "store")
        await before.add_thread(ThreadRecord("t", 0))
        await add(before, run_in(scenario, "t", "1"))
        before.close()
        after = LmdbStore(tmp_path / "store")
        assert (await after.run("run_1")).model == "org/name"
        after.close()

    do(work)


def test_a_file_that_is_no_store_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("Dear reader, " * 200)
    with pytest.raises(ValueError, match=r"^--store: .*letter: .*; name a file that can be written$"):
        LmdbStore(tmp_path / "letter").check()
    with pytest.raises(ValueError, match="--store: "):
        LmdbStore(tmp_path / "no" / "such" / "directory").check()


def test_bytes_that_are_no_scenario_are_not_obeyed(scenario: Scenario) -> None:
    assert codec.scenario(codec.scenario_bytes(scenario)).name == scenario.name
    with pytest.raises(pickle.UnpicklingError, match=r"a scenario has no builtins\.print in it"):
        codec.scenario(pickle.dumps(print))
