"""How does a test get a mock of its own, in a process of its own?"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

START_SECONDS = 60


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_listening(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Whether the process accepts connections; false when it ends instead, or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            process.wait(timeout=0.02)
        except subprocess.TimeoutExpired:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return True
        else:
            return False
    return False


@contextmanager
def served(command: list[str], port: int, log: Path, **options: Any) -> Iterator[None]:
    """Run a server on the port while the block lasts; what it says goes into the log."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, **options
        )
        try:
            assert wait_until_listening(port, process), f"{command} said:\n{log.read_text(encoding='utf-8')}"
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)


@contextmanager
def mock(log: Path, *arguments: str) -> Iterator[str]:
    """A `tune-mock` with these arguments on a free port; its base URL, without a trailing slash."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TUNE_")}
    command = [sys.executable, "-m", "mock_server", "--port", str(port), *arguments]
    with served(command, port, log, env=environment):
        yield f"http://127.0.0.1:{port}/v1"
