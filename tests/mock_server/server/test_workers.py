"""Do several worker processes behave as one mock?

Uses a real server with several workers. Every request opens a new connection, so any worker may answer it.
All workers must agree.
"""

import json
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.serving import free_port, mock, served

pytestmark = pytest.mark.xdist_group("workers")

WORKERS = 3
HEADERS = {"X-Tune-Key": "sk-tune-test", "Content-Type": "application/json"}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A mock with several workers."""
    log = tmp_path_factory.mktemp("workers") / "log"
    with mock(log, "--workers", str(WORKERS), "--quiet", "--seed", "1", "--speed", "4") as address:
        yield address


def request(url: str, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    """Send one request on a new connection; returns status and decoded body."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=30)
    sent = None if body is None else json.dumps(body)
    sent_headers = HEADERS | {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, parts.path + path, sent, sent_headers)
    response = connection.getresponse()
    read = response.read()
    connection.close()
    return response.status, json.loads(read)


def create(url: str, thread: str, scenario: str = "instant") -> Any:
    """Create a run without waiting for it."""
    status, run = request(
        url, "POST", f"/threads/{thread}/runs", {"model": f"mock/{scenario}"}, Prefer="respond-async"
    )
    assert status == 200, run
    return run


class Client:
    """A client that remembers every response and checks later responses against it."""

    def __init__(self, url: str, number: int) -> None:
        self.url, self.thread = url, f"thread_of_{number}"
        self.random = random.Random(number)
        self.runs: dict[str, dict[str, Any]] = {}

    def act(self) -> None:
        """Send a random request and check its response."""
        self.random.choice([self.create, self.create, self.modify, self.read, self.list, self.cancel])()

    def create(self) -> None:
        run = create(self.url, self.thread)
        assert run["id"] not in self.runs
        self.runs[run["id"]] = {}

    def modify(self) -> None:
        if self.runs:
            run_id = self.random.choice(list(self.runs))
            metadata = {"n": str(self.random.random())}
            status, run = request(self.url, "POST", self.path(run_id), {"metadata": metadata})
            assert (status, run["metadata"]) == (200, metadata)
            self.runs[run_id] = metadata

    def read(self) -> None:
        if self.runs:
            run_id = self.random.choice(list(self.runs))
            status, run = request(self.url, "GET", self.path(run_id))
            assert (status, run["metadata"]) == (200, self.runs[run_id])

    def list(self) -> None:
        _, page = request(self.url, "GET", f"/threads/{self.thread}/runs?limit=100&order=asc")
        assert [run["id"] for run in page.get("data", [])] == list(self.runs)
        assert [run["metadata"] for run in page.get("data", [])] == list(self.runs.values())

    def cancel(self) -> None:
        run = create(self.url, f"{self.thread}_cancelled_{self.random.random()}", "tool-expired")
        path = f"/threads/{run['threadId']}/runs/{run['id']}"
        status, cancelled = request(self.url, "POST", f"{path}/cancel")
        assert (status, cancelled["status"]) == (200, "cancelling")
        assert request(self.url, "GET", path)[1]["status"] in ("cancelling", "cancelled")

    def path(self, run_id: str) -> str:
        return f"/threads/{self.thread}/runs/{run_id}"


def test_every_worker_shows_everything_that_was_created(url: str) -> None:
    clients = [Client(url, number) for number in range(8)]

    def act(client: Client) -> None:
        for _ in range(25):
            client.act()
        client.list()

    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(act, clients))
    assert sum(len(client.runs) for client in clients) > 25


def test_only_one_of_many_concurrent_runs_in_a_thread_is_accepted(url: str) -> None:
    request(url, "POST", "/threads/thread_race/messages", {"role": "user", "content": "Go!"})
    barrier = threading.Barrier(12)

    def create_run(_: int) -> int:
        barrier.wait()
        body = {"model": "mock/tool-expired"}
        return request(url, "POST", "/threads/thread_race/runs", body, Prefer="respond-async")[0]

    with ThreadPoolExecutor(12) as pool:
        assert Counter(pool.map(create_run, range(12))) == {200: 1, 400: 11}


def test_all_workers_agree_after_many_concurrent_changes(url: str) -> None:
    run = create(url, "thread_changes")
    path = f"/threads/thread_changes/runs/{run['id']}"

    def change(number: int) -> None:
        status, changed = request(url, "POST", path, {"metadata": {"n": str(number)}})
        assert (status, changed["metadata"]) == (200, {"n": str(number)})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(change, range(24)))
    seen = {json.dumps(request(url, "GET", path)[1]) for _ in range(12)}
    assert len(seen) == 1


def test_a_stream_sees_a_cancel_request_to_another_worker(url: str) -> None:
    responses = []
    for number in range(WORKERS + 1):
        parts, thread = urlsplit(url), f"thread_stream_{number}"
        connection = HTTPConnection(parts.netloc, timeout=30)
        body = json.dumps({"model": "mock/slow-queue", "stream": True})
        connection.request("POST", f"{parts.path}/threads/{thread}/runs", body, HEADERS)
        responses.append((thread, connection, connection.getresponse()))
    for thread, _, _ in responses:
        _, page = request(url, "GET", f"/threads/{thread}/runs")
        status, _ = request(url, "POST", f"/threads/{thread}/runs/{page['data'][0]['id']}/cancel")
        assert status == 200
    for _, connection, response in responses:
        text = response.read().decode()
        connection.close()
        assert "event: thread.run.cancelled" in text
        assert text.endswith("data: [DONE]\n\n")


def test_control_calls_are_unimplemented_with_several_workers(url: str) -> None:
    origin = url.removesuffix("/v1")
    status, refusal = request(origin, "GET", "/_mock")
    assert (status, refusal["code"]) == (501, "unimplemented")
    assert "--workers" in refusal["message"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--store", "memory"], "tune-mock: --store: memory needs a single process"),
        (["--clock", "manual"], "tune-mock: --clock: manual needs control calls"),
        (["--store", "{missing}/store"], "tune-mock: --store: "),
    ],
)
def test_options_that_several_workers_cannot_support_are_rejected_at_startup(
    arguments: list[str], error: str, tmp_path: Path
) -> None:
    filled = [argument.format(missing=tmp_path / "missing") for argument in arguments]
    done = subprocess.run(
        [sys.executable, "-m", "mock_server", "--workers", "2", *filled],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(error)
    assert len(done.stderr.splitlines()) == 1


def test_a_port_in_use_is_rejected_with_several_workers(url: str) -> None:
    port = str(urlsplit(url).port)
    done = subprocess.run(
        [sys.executable, "-m", "mock_server", "--workers", "2", "--port", port],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert f"port {port}" in done.stderr


def test_shutdown_stops_all_workers_and_keeps_the_store_file(tmp_path: Path) -> None:
    port, store = free_port(), tmp_path / "store"
    command = [sys.executable, "-m", "mock_server", "--workers", "2", "--quiet", "--port", str(port)]
    url, ids = f"http://127.0.0.1:{port}/v1", []
    for _ in range(2):
        with served([*command, "--store", str(store)], port, tmp_path / "log"):
            ids += [create(url, f"thread_{len(ids) + number}")["id"] for number in range(3)]
            for number, run_id in enumerate(ids):
                assert request(url, "GET", f"/threads/thread_{number}/runs/{run_id}")[0] == 200
        log = (tmp_path / "log").read_text()
        assert "control    not available with several workers" in log
        assert "unexpectedly" not in log


def test_a_worker_that_dies_stops_the_others_with_an_error(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "mock_server", "--workers", "2", "--quiet", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        if not children.exists():
            pytest.skip("this system does not list the children of a process")
        while len(pids := children.read_text().split()) < 2:
            assert process.poll() is None
        subprocess.run(["kill", f"-{signal.SIGKILL}", pids[0]], check=True)
        _, error = process.communicate(timeout=30)
        assert (process.returncode, error) == (
            1,
            "tune-mock: a worker ended unexpectedly; stopping the others\n",
        )
    finally:
        process.kill()
