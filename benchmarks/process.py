"""When does a server send its first response, and how much CPU time and memory does it use?

This module reads `/proc`, so it needs Linux.
"""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_TIMEOUT = 60.0
TICK = 0.002
TICKS = os.sysconf("SC_CLK_TCK")


class StartError(Exception):
    """A server did not start or did not respond."""


def free_port() -> int:
    """A free port on the loopback interface."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Server:
    """A running server: its URL, its process id, and the seconds until its first response."""

    url: str
    process: int
    cold_start: float

    def cpu(self) -> float:
        """The CPU seconds that its processes have used."""
        return sum(_cpu(process) for process in family(self.process))

    def peak_memory(self) -> float:
        """The sum of the peak memory of its processes, in MiB."""
        return sum(_peak(process) for process in family(self.process))


def family(process: int) -> list[int]:
    """A process id and those of all descendants."""
    found = [process]
    for parent in found:
        try:
            tasks = list(Path(f"/proc/{parent}/task").iterdir())
            found += [int(child) for task in tasks for child in (task / "children").read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def _cpu(process: int) -> float:
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def _peak(process: int) -> float:
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def _await_response(port: int, path: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_TIMEOUT)
        try:
            connection.request("GET", path, headers={"X-Tune-Key": "sk-tune-bench"})
            connection.getresponse().read()
            return
        except (ConnectionError, http.client.HTTPException):
            time.sleep(TICK)
        finally:
            connection.close()
    ended = process.poll()
    raise StartError(
        f"ended with {ended}" if ended is not None else f"sent no response within {START_TIMEOUT:g} s"
    )


@contextmanager
def serving(
    command: Sequence[str], port: int, path: str, environment: Mapping[str, str], log: Path
) -> Iterator[Server]:
    """Run a server during the block; it is ready when it responds to a GET of the path."""
    with log.open("wb") as output:
        started = time.monotonic()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=os.environ | environment,
            start_new_session=True,
        )
        try:
            _await_response(port, path, process)
            yield Server(f"http://127.0.0.1:{port}", process.pid, time.monotonic() - started)
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Stop the server and its child processes, which are one process group."""
    try:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    except ProcessLookupError:
        process.wait()
