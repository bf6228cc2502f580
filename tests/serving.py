"""How does a test get a mock of its own, in a process of its own?"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 30


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return once the process accepts connections; fail with what it said when it ends instead."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            process.wait(timeout=0.02)
        except subprocess.TimeoutExpired:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
        else:
            raise AssertionError(f"{process.args!r} ended with {process.returncode} before it listened")
    raise AssertionError(f"{process.args!r} did not listen on port {port} within {START_SECONDS} s")


@contextmanager
def served(command: list[str], port: int, **options: object) -> Iterator[None]:
    """Run a server on the port while the block lasts."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)  # type: ignore[call-overload]
    try:
        wait_until_listening(port, process)
        yield
    finally:
        process.terminate()
        process.wait(timeout=10)


@contextmanager
def mock(*arguments: str, log: Path | None = None) -> Iterator[str]:
    """A `tune-mock` with these arguments on a free port; its base URL, without a trailing slash."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TUNE_")}
    command = [sys.executable, "-m", "mock_server", "--port", str(port), *arguments]
    with (
        (log or Path(os.devnull)).open("wb") as output,
        served(command, port, stdout=output, stderr=output, env=environment),
    ):
        yield f"http://127.0.0.1:{port}/v1"
