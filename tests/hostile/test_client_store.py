"""Does a store keep what clients saw, and keep it from others?"""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from mock_server.storage.lmdb.store import LmdbStore
from mock_server.testing import TuneMock
from tests.serving import free_port, wait_until_listening

KEY = {"X-Tune-Key": "sk-tune-test"}


@contextmanager
def served(store: Path, how_it_ends: signal.Signals, *arguments: str) -> Iterator[str]:
    """The origin of a server with this store, which a signal ends."""
    port = free_port()
    command = [sys.executable, "-m", "mock_server", "--port", str(port), "--quiet", "--store", str(store)]
    process = subprocess.Popen([*command, *arguments], stdout=subprocess.DEVNULL)
    try:
        assert wait_until_listening(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(how_it_ends)
        process.wait(10)


def created(origin: str, model: str) -> dict[str, Any]:
    """A new run in a new thread, once it is created."""
    body = {"model": model, "thread": {"messages": [{"role": "user", "content": "Hi"}]}}
    answer = httpx.post(f"{origin}/v1/threads/runs", headers=KEY, json=body, timeout=20)
    found: dict[str, Any] = answer.json()
    assert answer.status_code == 200, found
    return found


def read(origin: str, run: dict[str, Any]) -> dict[str, Any]:
    """The run as a poll shows it."""
    path = f"/v1/threads/{run['threadId']}/runs/{run['id']}"
    found: dict[str, Any] = httpx.get(origin + path, headers=KEY, timeout=20).json()
    return found


@pytest.mark.parametrize("how_it_ends", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_run_that_a_client_saw_completed_stays_so_after_a_restart(
    tmp_path: Path, how_it_ends: signal.Signals, workers: str
) -> None:
    store = tmp_path / "store"
    arguments = ("--speed", "100", "--workers", workers)
    with served(store, how_it_ends, *arguments) as origin:
        runs = [created(origin, "mock/hello") for _ in range(3)]
        before = [read(origin, run) for run in runs]
        assert [run["status"] for run in before] == ["completed"] * 3
    with served(store, how_it_ends, *arguments) as origin:
        assert [read(origin, run) for run in runs] == before
        again = httpx.post(
            f"{origin}/v1/threads/{runs[0]['threadId']}/runs",
            headers=KEY,
            json={"model": "mock/hello"},
            timeout=20,
        )
        assert again.json()["createdAt"] >= before[0]["completedAt"]


@pytest.mark.parametrize("how_it_ends", [signal.SIGTERM, signal.SIGKILL])
def test_a_clock_that_was_moved_does_not_go_back_at_a_restart(
    tmp_path: Path, how_it_ends: signal.Signals
) -> None:
    store = tmp_path / "store"
    arguments = ("--clock", "manual", "--create", "background")
    with served(store, how_it_ends, *arguments) as origin:
        mocks = [TuneMock(origin), TuneMock(origin, test="one")]
        path = "/threads/t/runs"
        for mock in mocks:
            httpx.post(mock.url + path, headers=mock.headers, json={"model": "mock/hello"})
            mock.advance(1000)
        before = [httpx.get(mock.url + path, headers=mock.headers).json() for mock in mocks]
        times = [mock.clock()["now"] for mock in mocks]
        assert all(page["data"][0]["status"] == "completed" for page in before)
    with served(store, how_it_ends, *arguments) as origin:
        mocks = [TuneMock(origin), TuneMock(origin, test="one")]
        assert [httpx.get(mock.url + path, headers=mock.headers).json() for mock in mocks] == before
        assert [mock.clock()["now"] for mock in mocks] == times


def test_the_files_of_a_store_are_for_their_owner_alone(tmp_path: Path) -> None:
    store = tmp_path / "store"
    before = os.umask(0)
    try:
        with served(store, signal.SIGTERM) as origin:
            created(origin, "mock/instant")
    finally:
        os.umask(before)
    files = sorted(tmp_path.iterdir())
    assert len(files) > 1
    assert {file.name: stat.S_IMODE(file.stat().st_mode) for file in files} == {
        file.name: 0o600 for file in files
    }


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files as Linux does")
def test_a_new_store_for_which_there_is_no_space_is_one_line_and_exit_2(tmp_path: Path) -> None:
    program = (
        "import resource, signal, sys\n"
        "from mock_server.cli import main\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))\n"
        f"sys.exit(main(['--port', '0', '--store', {str(tmp_path / 'store')!r}]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("tune-mock: --store: ")
    assert len(done.stderr.splitlines()) == 1


def test_a_kept_time_goes_back_only_on_purpose(tmp_path: Path) -> None:
    store = LmdbStore(tmp_path / "store")
    assert store.time() == 0
    for timestamp, lower, kept in ((5, False, 5), (3, False, 5), (9, False, 9), (4, True, 4)):
        store.keep_time(timestamp, lower=lower)
        assert store.time() == kept
    store.close()
    assert store.time() == 4
    store.close()
