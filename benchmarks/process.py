"""When does a server first answer, how much processor time and memory does it take?

Reads `/proc`: the benchmark runs on Linux.
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

PATIENCE = 60.0
TICK = 0.002
TICKS = os.sysconf("SC_CLK_TCK")


class StartError(Exception):
    """A server that never answered."""


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Server:
    """A running server: its address, its process, and how long it took to give its first answer."""

    url: str
    process: int
    cold_start: float

    def cpu(self) -> float:
        """The processor seconds its processes have used so far."""
        return sum(_cpu(process) for process in family(self.process))

    def peak_memory(self) -> float:
        """The most memory its processes have held, in MiB, added up."""
        return sum(_peak(process) for process in family(self.process))


def family(process: int) -> list[int]:
    """A process and all that descend from it."""
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


def _first_answer(port: int, path: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.request("GET", path, headers={"X-Tune-Key": "sk-tune-bench"})
            connection.getresponse().read()
            return
        except (ConnectionError, http.client.HTTPException):
            time.sleep(TICK)
        finally:
            connection.close()
    ended = process.poll()
    raise StartError(f"ended with {ended}" if ended is not None else f"gave no answer within {PATIENCE:g} s")


@contextmanager
def serving(
    command: Sequence[str], port: int, path: str, environment: Mapping[str, str], log: Path
) -> Iterator[Server]:
    """Run a server while the block lasts; its first answer is to a GET of the path."""
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
            _first_answer(port, path, process)
            yield Server(f"http://127.0.0.1:{port}", process.pid, time.monotonic() - started)
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server and whatever it started: it leads a process group of its own."""
    try:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    except ProcessLookupError:
        process.wait()
