"""How does a test get a server of its own, in a process or a thread of its own?"""

import asyncio
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

START_SECONDS = 60


def free_port() -> int:
    """A free port of the loopback interface."""
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


class _Server(uvicorn.Server):
    """A server that leaves no connection open behind it, whatever its requests were waiting for."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close what is still open once there was time to end."""
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)


@contextmanager
def in_thread(app: Any, **options: Any) -> Iterator[str]:
    """Serve an ASGI application on a free port while the block lasts; its origin. Options are uvicorn's."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="critical", ws="none", timeout_graceful_shutdown=1, **options)
    server = _Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            thread.join(0.005)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(5)
        listener.close()
