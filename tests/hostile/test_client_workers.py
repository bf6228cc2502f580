"""Do all processes end when the parent of several workers ends, however and whenever that happens?"""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mock_server.server.parent import Parent
from tests.serving import free_port, wait_until_listening

pytestmark = [
    pytest.mark.xdist_group("workers"),
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc"),
]

KILLS = int(os.environ.get("HOSTILE_KILLS", "8"))
SECONDS_TO_END = 5
SIGNALS = [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT]
WORKERS = 5


def members(group: int) -> list[int]:
    """The processes of a group that have not ended."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, its_group = path.read_text().rpartition(")")[2].split()[:3]
        except (OSError, ValueError):
            continue
        if int(its_group) == group and state != "Z":
            found.append(int(path.parent.name))
    return found


def wait_until_ended(group: int) -> list[int]:
    """The processes of the group that are left after the time that they have."""
    deadline = time.monotonic() + SECONDS_TO_END
    while (left := members(group)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def can_listen(port: int) -> bool:
    """Whether the port is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def start(port: int) -> subprocess.Popen[bytes]:
    """A server with several workers, in a process group of its own."""
    command = [sys.executable, "-m", "mock_server", "--workers", str(WORKERS), "--port", str(port), "--quiet"]
    return subprocess.Popen(
        command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


@pytest.mark.parametrize("number", range(KILLS))
def test_no_process_is_left_after_a_signal_at_a_random_time(number: int) -> None:
    rng = random.Random(number if "HOSTILE_KILLS" not in os.environ else None)
    kind, port = SIGNALS[number % len(SIGNALS)], free_port()
    process = start(port)
    try:
        if number % 2:
            # While the workers are forked: as soon as there is a second process.
            deadline = time.monotonic() + 60
            while len(members(process.pid)) < 2 and time.monotonic() < deadline:
                time.sleep(0.001)
            time.sleep(rng.uniform(0, 0.05))
        else:
            assert wait_until_listening(port, process)
            time.sleep(rng.uniform(0, 1))
        process.send_signal(kind)
        assert wait_until_ended(process.pid) == []
        assert can_listen(port)
        error = process.communicate(timeout=10)[1]
        assert b"Traceback" not in error, error.decode()
    finally:
        for left in members(process.pid):
            os.kill(left, signal.SIGKILL)
        process.wait(10)
        if process.stderr:
            process.stderr.close()


def test_a_worker_ends_with_its_parent_without_the_help_of_the_kernel() -> None:
    program = (
        "import os, time\n"
        "from mock_server.server.parent import Parent\n"
        "parent = Parent()\n"
        "if os.fork() == 0:\n"
        "    parent.end_with_it(by_kernel=False)\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(60)\n"
        "time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], start_new_session=True, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.kill()
    assert wait_until_ended(process.pid) == []
    process.communicate()


def test_a_worker_whose_parent_ended_before_it_looked_ends_at_once() -> None:
    parent = Parent()
    child = os.fork()
    if child == 0:
        parent._id = -1
        parent.end_with_it()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
