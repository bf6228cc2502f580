"""How much load can one mock handle? `python -m benchmarks.limits [streams] [open] [page] [soak --creates N]`

For `streams` and `open`, Node.js opens streams to a mock server. For `page` and `soak`, the application runs
in this process without a network, so that only the mock is measured.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import openapi
from benchmarks.load import KEY
from benchmarks.peers import HERE
from benchmarks.process import Server, free_port, serving
from mock_server import Settings, create_app

HELLO = '{"model": "org/name", "stream": true}'
THINKING = '{"model": "mock/thinking", "stream": true}'
CREATE = b'{"model": "mock/instant"}'
RUNS = "/v1/threads/thread_limits/runs"


@contextmanager
def _mock() -> Iterator[Server]:
    port = free_port()
    command = [sys.executable, "-m", "mock_server", "--quiet", "--port", str(port)]
    with (
        tempfile.TemporaryDirectory() as directory,
        serving(command, port, "/v1/threads", {}, Path(directory) / "log") as server,
    ):
        yield server


def _watch(server: Server, body: str, count: int, seconds: int) -> subprocess.Popen[str]:
    path = f"/v1/threads/{abs(hash(body))}_#/runs"
    command = [
        "node",
        str(HERE / "watch.mjs"),
        server.url.rpartition(":")[2],
        path,
        body,
        str(count),
        str(seconds),
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _line(watching: subprocess.Popen[str]) -> Any:
    assert watching.stdout
    return json.loads(watching.stdout.readline())


def _resident(server: Server) -> float:
    status = Path(f"/proc/{server.process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def streams(count: int = 1000) -> None:
    """Measure this number of `hello` streams at once, in real time."""
    with _mock() as server:
        before = server.cpu()
        watching = _watch(server, HELLO, count, 60)
        opened, seen = _line(watching), _line(watching)
        cpu = (server.cpu() - before) / count * 1000
    print(
        f"- {opened['opened']} `hello` streams at once: {seen['complete']} complete and in order;"
        f" events delayed by {seen['p50']} ms (p50), {seen['p99']} ms (p99), {seen['last']} ms (maximum);"
        f" {cpu:.2f} ms of CPU per stream"
    )


def open_streams(count: int = 5000) -> None:
    """Measure this number of streams without events, and the cleanup after the clients disconnect."""
    with _mock() as server:
        watching = _watch(server, HELLO, 50, 10)
        _line(watching), _line(watching)
        before = _resident(server)
        watching = _watch(server, THINKING, count, 600)
        opened = _line(watching)["opened"]
        held = _waiting(server)
        each = (_resident(server) - before) / opened
        watching.kill()
        disconnected = time.monotonic()
        while _waiting(server):
            time.sleep(0.01)
        print(
            f"- {opened} open `thinking` streams ({held} counted by the mock): {each:.1f} KiB each;"
            f" all released {time.monotonic() - disconnected:.2f} s after the clients disconnected"
        )


def _waiting(server: Server) -> int:
    with urlopen(Request(f"{server.url}/_mock")) as answer:
        return int(json.load(answer)["waiting"])


class _Application:
    """The application, called in this process without a network."""

    def __init__(self, **settings: Any) -> None:
        self._app = create_app(Settings(quiet=True, seed="1", **settings), document=openapi.load())

    async def call(self, method: str, path: str, query: str = "", body: bytes = b"") -> bytes:
        """The body of the response."""
        parts: list[bytes] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            parts.append(message.get("body", b""))

        headers = [(b"x-tune-key", KEY.encode()), (b"content-type", b"application/json")]
        await self._app(
            {
                "type": "http",
                "method": method,
                "path": path,
                "raw_path": path.encode(),
                "query_string": query.encode(),
                "headers": headers,
            },
            receive,
            send,
        )
        return b"".join(parts)


def page(count: int = 100_000) -> None:
    """Measure a page of a thread with this number of runs, and of a thread with 100 runs."""
    mock = _Application(max_runs=10 * count)

    async def measure() -> list[str]:
        cells = []
        for runs in (100, count):
            path = f"/v1/threads/thread_{runs}/runs"
            ids = [json.loads(await mock.call("POST", path, body=CREATE))["id"] for _ in range(runs)]
            for query in (
                "limit=20",
                f"limit=20&after={ids[runs // 2]}",
                f"limit=20&before={ids[runs // 2]}",
            ):
                cells.append(f"{await _fastest(lambda: mock.call('GET', path, query)) * 1e6:.0f} µs")  # noqa: B023
        return cells

    cells = asyncio.run(measure())
    print(
        f"- a page of 20 runs (first page, after and before the middle): {', '.join(cells[:3])} of 100 runs;"
    )
    print(f"  {', '.join(cells[3:])} of {count:,} runs")


async def _fastest(call: Callable[[], Any], times: int = 50) -> float:
    best = float("inf")
    for _ in range(times):
        began = time.perf_counter()
        await call()
        best = min(best, time.perf_counter() - began)
    return best


def soak(creates: int) -> None:
    """Create this number of runs, half of them with a new thread, and measure the memory of the process."""
    mock = _Application()

    async def create() -> list[str]:
        held = []
        for number in range(creates):
            if number % 2:
                await mock.call("POST", RUNS, body=CREATE)
            else:
                await mock.call("POST", "/v1/threads/runs", body=CREATE)
            if (number + 1) % (creates // 10) == 0:
                held.append(f"{_own_memory():.0f}")
        return held

    began = time.monotonic()
    held = asyncio.run(create())
    seconds = time.monotonic() - began
    print(f"- {creates:,} creates in {seconds:.0f} s; MiB of memory after each tenth: {', '.join(held)}")


def _own_memory() -> float:
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS:"))


def main() -> int:
    """Run the chosen measurements, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.limits", description=__doc__)
    parser.add_argument(
        "what", nargs="*", choices=["streams", "open", "page", "soak", []], help="default: all"
    )
    parser.add_argument("--creates", type=int, default=1_000_000, help="number of runs that `soak` creates")
    arguments = parser.parse_args()
    measures: dict[str, Callable[[], None]] = {
        "streams": streams,
        "open": open_streams,
        "page": page,
        "soak": lambda: soak(arguments.creates),
    }
    for name in arguments.what or measures:
        measures[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
