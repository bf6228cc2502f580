"""Is a file that is not a store of this format rejected, and left as it is?"""

import asyncio
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_server.scenarios.library import Library
from mock_server.simulation.scenario import Scenario
from mock_server.storage.lmdb.file_format import FORMAT
from mock_server.storage.lmdb.keys import FORMAT_KEY, Keys
from mock_server.storage.lmdb.store import LmdbStore
from tests.mock_server.conftest import document
from tests.mock_server.storage.lmdb.files import contents, edit, former_store, hostile, run_of, thread


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """The scenario of all runs here."""
    return Library(document()).scenarios()["tool-call"]


def fill(path: Path, scenario: Scenario, threads: int = 40) -> None:
    """Create a store with threads and runs."""

    async def work() -> None:
        store = LmdbStore(path)
        for number in range(threads):
            run = run_of(f"thread {number}", number, scenario)
            await store.add_thread(thread(run.thread_id))
            await store.add_run(run.thread_id, lambda _, run=run: run, lambda _: None)  # type: ignore[misc]
        store.close()

    asyncio.run(work())


def refusal(path: Path) -> str:
    """The reason why a file is rejected. Checks that nothing in its directory changes."""
    before = {file: file.read_bytes() for file in path.parent.iterdir() if file.is_file()}
    with pytest.raises(ValueError, match=r"^--store: ") as caught:
        LmdbStore(path).check()
    assert {file: file.read_bytes() for file in path.parent.iterdir() if file.is_file()} == before
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    return message.removeprefix(f"--store: {path} ")


def test_a_new_store_holds_its_format(tmp_path: Path) -> None:
    LmdbStore(tmp_path / "store").check()
    assert contents(tmp_path / "store") == {FORMAT_KEY: FORMAT}
    LmdbStore(tmp_path / "store").check()


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    (tmp_path / "store").touch()
    LmdbStore(tmp_path / "store").check()
    assert contents(tmp_path / "store") == {FORMAT_KEY: FORMAT}


def test_a_store_can_be_checked_while_it_is_open(tmp_path: Path, scenario: Scenario) -> None:
    fill(tmp_path / "store", scenario)
    one, two = LmdbStore(tmp_path / "store"), LmdbStore(tmp_path / "store")
    assert asyncio.run(one.thread("thread 1"))
    two.check()
    assert asyncio.run(one.thread("thread 1"))
    one.close()


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(min_size=1, max_size=300) | st.binary(min_size=8000, max_size=9000))
def test_random_bytes_are_rejected(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "letter").write_bytes(content)
    assert refusal(tmp_path / "letter") == "is not a store: found no LMDB file; name another file"


def test_a_pickle_is_rejected_and_not_loaded(tmp_path: Path) -> None:
    (tmp_path / "store").write_bytes(hostile(tmp_path / "executed"))
    assert refusal(tmp_path / "store").startswith("is not a store: ")
    assert not (tmp_path / "executed").exists()


def test_a_file_of_the_former_format_is_rejected(tmp_path: Path, scenario: Scenario) -> None:
    former_store(tmp_path / "store", scenario)
    assert refusal(tmp_path / "store") == (
        "has format 1, of an earlier tune-mock; this one reads format 2; delete it, or name another file"
    )


def test_a_file_of_the_former_format_without_runs_is_rejected(tmp_path: Path) -> None:
    edit(tmp_path / "store", {Keys("").counts: bytes(16)})
    assert refusal(tmp_path / "store").startswith("has format 1, ")


@pytest.mark.parametrize(
    ("written", "named"), [(b"3", "3"), (b"12", "12"), (b"", "unknown"), (b"x", "unknown")]
)
def test_a_file_of_another_format_is_rejected(tmp_path: Path, written: bytes, named: str) -> None:
    edit(tmp_path / "store", {FORMAT_KEY: written})
    assert refusal(tmp_path / "store").startswith(f"has format {named}; this tune-mock reads format 2; ")


def test_a_file_of_another_program_is_rejected(tmp_path: Path) -> None:
    edit(tmp_path / "store", {b"users": b"1"})
    assert refusal(tmp_path / "store").startswith("is not a store: found an LMDB file of another program; ")


def test_a_pipe_or_directory_is_rejected(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "directory").mkdir()
    for name in ("pipe", "directory"):
        assert "something other than a regular file" in refusal(tmp_path / name)
    with pytest.raises(ValueError, match=r"--store: .*; name a file that can be written$"):
        LmdbStore(tmp_path / "missing" / "store").check()


@pytest.mark.parametrize("size", [200, 4096, 8191, 8192, 12_288, 40_000])
def test_a_truncated_file_is_rejected(tmp_path: Path, scenario: Scenario, size: int) -> None:
    fill(tmp_path / "store", scenario)
    (tmp_path / "store").write_bytes((tmp_path / "store").read_bytes()[:size])
    assert refusal(tmp_path / "store").startswith("is a damaged file: found ")


def test_damaged_counts_are_found_at_the_start(tmp_path: Path, scenario: Scenario) -> None:
    fill(tmp_path / "store", scenario)
    edit(tmp_path / "store", {Keys("").counts: b"many"})
    with pytest.raises(ValueError, match="the store is damaged: the counts: they are not two numbers; "):
        LmdbStore(tmp_path / "store").check()


def test_the_command_exits_with_2_and_one_line(tmp_path: Path, scenario: Scenario) -> None:
    former_store(tmp_path / "store", scenario)
    before = (tmp_path / "store").read_bytes()
    for more in ([], ["--workers", "2"]):
        command = [
            sys.executable,
            "-m",
            "mock_server",
            "--port",
            "0",
            "--store",
            str(tmp_path / "store"),
            *more,
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"tune-mock: --store: {tmp_path / 'store'} has format 1, ")
        assert len(done.stderr.splitlines()) == 1
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"store": before}


def test_only_the_owner_can_read_the_file_and_its_companions(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = LmdbStore(tmp_path / "store")
        store.check()
        assert asyncio.run(store.add_thread(thread("t")))
        modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
        store.close()
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(("store", "store-lock", "store-turn"), 0o600)


WRITER = """
import asyncio, sys
from pathlib import Path
from mock_server.simulation.records import ThreadRecord
from mock_server.storage.lmdb.store import LmdbStore

async def work(number=0):
    store = LmdbStore(Path(sys.argv[1]))
    while True:
        await store.add_thread(ThreadRecord(f"{number}", 0, "title" * (number % 2000)))
        if number == 200:
            print("ready", flush=True)
        number += 1

asyncio.run(work())
"""


def test_a_store_survives_the_kill_of_its_writer(tmp_path: Path) -> None:
    dice = random.Random(3)
    for _ in range(3):
        command = [sys.executable, "-c", WRITER, str(tmp_path / "store")]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        try:
            writer.wait(dice.random() / 10)
        except subprocess.TimeoutExpired:
            writer.send_signal(signal.SIGKILL)
        writer.wait(30)
        writer.stdout.close()
        LmdbStore(tmp_path / "store").check()
