"""Does the mock stay the same size under a long mixed load?

`python -m tests.hostile.soak [--seconds 300] [--store memory|file] [--clients 6]` starts a server on the
loopback interface. Clients create, stream, poll, cancel, list, disconnect early, send garbage, make control
calls and reset. Every ten seconds one line gives the requests so far, the resident memory and the open
descriptors. The exit code is 1 if memory or descriptors have grown after a warm-up.
"""

import argparse
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.serving import free_port, wait_until_listening

# Few runs and few tests: the stores are full after seconds, and what grows afterwards should not.
MAX_RUNS = 100
TESTS = 5
INTERVAL = 10.0
GROWTH = 1.25
"""The largest size at the end, as a multiple of that after the warm-up."""
KEY = {"X-Tune-Key": "sk-tune-soak", "Content-Type": "application/json"}
SCENARIOS = (
    "hello",
    "instant",
    "tool-call",
    "long-answer",
    "hello+split",
    "hello+cut=3",
    "hello+duplicate=1",
)
PREFERENCES = ("respond-async", "wire=latency=0.01", "a" + "; " * 4000, "wire=split+split", "clock=manual")


@dataclass
class Client:
    """One client that sends random requests until it is stopped."""

    port: int
    seed: int
    stopped: threading.Event
    counts: Counter[str] = field(default_factory=Counter)

    def work(self) -> None:
        """Send requests until stopped."""
        self.random = random.Random(self.seed)
        self.runs: list[tuple[str, str]] = []
        actions: list[Callable[[], None]] = [
            *[self.create] * 6,
            *[self.poll] * 8,
            *(self.stream, self.stream_and_leave, self.cancel, self.list, self.garbage, self.half_a_body),
            *(self.message, self.control, self.journal),
        ]
        while not self.stopped.is_set():
            action = self.random.choice(actions)
            with suppress(OSError, http.client.HTTPException, ValueError):
                action()
            self.counts[action.__name__] += 1
            if self.random.random() < 0.0005:
                with suppress(OSError, http.client.HTTPException, ValueError):
                    self.request("POST", "/_mock/reset")

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send a request on a new connection; the decoded body."""
        sent = None if body is None else json.dumps(body)
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request(method, path, sent, KEY | headers)
            return json.loads(connection.getresponse().read())

    def create(self) -> None:
        """Create a run; keep its ids."""
        thread = f"thread_{self.seed}_{self.random.randrange(500)}"
        body = {
            "model": f"mock/{self.random.choice(SCENARIOS)}",
            "metadata": {"a": "x" * self.random.randrange(500)},
        }
        test = {"X-Mock-Test": f"t{self.random.randrange(TESTS)}"} if self.random.random() < 0.1 else {}
        prefer = self.random.choice(PREFERENCES)
        run = self.request(
            "POST", f"/v1/threads/{thread}/runs", body, Prefer=f"respond-async, {prefer}", **test
        )
        if "id" in run and not test:
            self.runs = [*self.runs[-50:], (run["threadId"], run["id"])]

    def poll(self) -> None:
        """Poll a run, its steps or the messages of its thread."""
        if self.runs:
            thread, run = self.random.choice(self.runs)
            path = self.random.choice((f"runs/{run}", f"runs/{run}/steps", "messages"))
            self.request("GET", f"/v1/threads/{thread}/{path}")

    def cancel(self) -> None:
        """Cancel a run."""
        if self.runs:
            thread, run = self.random.choice(self.runs)
            self.request("POST", f"/v1/threads/{thread}/runs/{run}/cancel", {})

    def list(self) -> None:
        """List threads."""
        self.request("GET", f"/v1/threads?limit={self.random.randrange(1, 100)}")

    def message(self) -> None:
        """Post a message into a thread that has runs."""
        if self.runs:
            body = {"role": "user", "content": "Hi " * self.random.randrange(1, 300)}
            self.request("POST", f"/v1/threads/{self.random.choice(self.runs)[0]}/messages", body)

    def control(self) -> None:
        """Read the overview or the state."""
        self.request("GET", self.random.choice(("/_mock", "/_mock/clock", "/_mock/state?limit=20")))

    def journal(self) -> None:
        """Read the journal of one operation."""
        self.request("GET", "/_mock/journal?operation=cancelRun")

    def stream(self) -> None:
        """Stream a run to its end."""
        self._send(self._streaming(), to_the_end=True)

    def stream_and_leave(self) -> None:
        """Stream a run and disconnect early."""
        self._send(self._streaming(), to_the_end=False)

    def garbage(self) -> None:
        """Send bytes that are no request, or headers that are too large."""
        self._send(
            self.random.choice((self.random.randbytes(300), b"GET / HTTP/1.1\r\nA: " + b"x" * 50_000)), False
        )

    def half_a_body(self) -> None:
        """Disconnect in the middle of a body."""
        head = b"POST /v1/threads/t/runs HTTP/1.1\r\nHost: localhost\r\nX-Tune-Key: k\r\n"
        self._send(head + b"Content-Length: 9999\r\nContent-Type: application/json\r\n\r\n{", False)

    def _streaming(self) -> bytes:
        body = json.dumps({"model": f"mock/{self.random.choice(SCENARIOS)}", "stream": True}).encode()
        head = f"POST /v1/threads/stream_{self.random.randrange(10**9)}/runs HTTP/1.1\r\nHost: localhost\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in KEY.items())
        return f"{head}Connection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body

    def _send(self, data: bytes, to_the_end: bool) -> None:
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(data)
            connection.settimeout(20 if to_the_end else 0.05)
            while connection.recv(65536) and to_the_end:
                pass


def size(process: int) -> tuple[float, int]:
    """Resident memory in MB without the pages of files, and open descriptors."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
    return int(fields["RssAnon"].split()[0]) / 1024, len(os.listdir(f"/proc/{process}/fd"))  # noqa: PTH208


def measured(
    process: subprocess.Popen[bytes], seconds: float, clients: list[Client]
) -> list[tuple[float, int]]:
    """The sizes of the server during the load, each of which is printed."""
    sizes, started = [], time.monotonic()
    while time.monotonic() - started < seconds and process.poll() is None:
        time.sleep(INTERVAL)
        sizes.append(size(process.pid))
        done = sum(sum(client.counts.values()) for client in clients)
        memory, descriptors = sizes[-1]
        passed = time.monotonic() - started
        print(f"{passed:6.0f} s {done:8} requests {memory:7.1f} MB {descriptors:4} descriptors", flush=True)
    return sizes


def soak(seconds: float, store: str, clients: int) -> int:
    """Run the load against a new server; the exit code."""
    port, stopped = free_port(), threading.Event()
    with tempfile.TemporaryDirectory() as directory:
        where = store if store == "memory" else str(Path(directory) / "store")
        arguments = [
            "--port",
            str(port),
            "--quiet",
            "--speed",
            "20",
            "--max-runs",
            str(MAX_RUNS),
            "--store",
            where,
        ]
        process = subprocess.Popen(
            [sys.executable, "-m", "mock_server", *arguments], stdout=subprocess.DEVNULL
        )
        working = [Client(port, number, stopped) for number in range(clients)]
        try:
            assert wait_until_listening(port, process)
            threads = [threading.Thread(target=client.work, daemon=True) for client in working]
            for thread in threads:
                thread.start()
            sizes = measured(process, seconds, working)
            stopped.set()
            for thread in threads:
                thread.join(30)
            time.sleep(3)
            final = size(process.pid)
        finally:
            stopped.set()
            process.send_signal(signal.SIGTERM)
            process.wait(20)
    return verdict(sizes, final)


def verdict(sizes: list[tuple[float, int]], final: tuple[float, int]) -> int:
    """Print the growth since the middle of the load, and the descriptors once it has ended; the exit code."""
    half = sizes[: len(sizes) // 2] or sizes
    before, after = max(memory for memory, _ in half), max(memory for memory, _ in sizes)
    print(
        f"memory {before:.1f} MB in the first half, {after:.1f} MB at most; {final[1]} descriptors when idle"
    )
    return int(after > before * GROWTH or final[1] > min(fds for _, fds in sizes) + 5)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--store", choices=["memory", "file"], default="memory")
    parser.add_argument("--clients", type=int, default=6)
    given = parser.parse_args()
    sys.exit(soak(given.seconds, given.store, given.clients))
