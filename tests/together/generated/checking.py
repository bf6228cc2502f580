"""What does tune-check say of a deployment, without the seconds that its start takes?

Each check is a process forked from one that has loaded everything. The deployment is served by another, so
that neither waits for the other.
"""

import json
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from contract_tests import cli
from contract_tests.document import document
from tests.together.deployment import KEY
from tests.together.generated.combined import Wire
from tests.together.generated.server import serving

LONGEST_SECONDS = 240
CRASHED = 70
BROKEN = "broken"
_FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Finding:
    """One place of one finding of the checker."""

    slug: str
    severity: str
    grade: str
    place: str
    seen: str
    expected: str

    @property
    def key(self) -> tuple[str, str]:
        """What makes two findings the same, wherever they are."""
        return self.slug, self.severity

    @property
    def text(self) -> str:
        """The finding as a line."""
        return (
            f"{self.severity} {self.slug} at {self.place}: {self.seen[:160]}; expected {self.expected[:80]}"
        )


@dataclass(frozen=True)
class Verdict:
    """What the checker said of one deployment; `reported` is what the deployment itself reports."""

    exit_code: int
    seconds: float
    findings: tuple[Finding, ...] = ()
    reason: str = ""
    reported: dict[str, Any] = field(default_factory=dict)

    @property
    def failures(self) -> tuple[Finding, ...]:
        """The findings that make the check fail."""
        return tuple(one for one in self.findings if one.severity == "failure")


@dataclass(frozen=True)
class Job:
    """A deployment to check: how to make it, and how to check it."""

    make: Callable[[], Any]
    wire: Wire
    profile: str
    arguments: tuple[str, ...] = ()


def check(job: Job) -> Verdict:
    """Check one deployment. To be called in a process without other threads."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        began = time.monotonic()
        checker = os.fork()
        if checker == 0:
            listener.close()
            _run_checker(job, url, report)
        app = job.make()
        with serving(app, job.wire, listener):
            code = _ended(checker, began + LONGEST_SECONDS)
        seconds = time.monotonic() - began
        findings, reason = _read(report) if report.exists() else ((), "")
        reason = _tail(report) if code == CRASHED or not report.exists() else reason
    return Verdict(code, seconds, findings, reason, getattr(app, "reported", dict)())


def _run_checker(job: Job, url: str, report: Path) -> None:
    """Be the checker, and end with its exit code."""
    output = os.open(report.with_suffix(".text"), os.O_CREAT | os.O_WRONLY)
    os.dup2(output, 1)
    os.dup2(output, 2)
    code = CRASHED
    try:
        arguments = [url, "--key", KEY, "--profile", job.profile, "--json", str(report)]
        code = cli.main([*arguments, *job.arguments])
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _ended(process: int, deadline: float) -> int:
    """The exit code of a child; -1 if it had to be ended."""
    while time.monotonic() < deadline:
        found, status = os.waitpid(process, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return -1


def _read(report: Path) -> tuple[tuple[Finding, ...], str]:
    reported = json.loads(report.read_text())
    found = [
        Finding(one["slug"], one["severity"], one["grade"], at["place"], at["seen"], at["expected"])
        for one in reported["findings"]
        if one["outcome"] == BROKEN
        for at in one["places"]
    ]
    return tuple(found), reported["reason"]


def _tail(report: Path) -> str:
    text = report.with_suffix(".text")
    return text.read_text(errors="replace")[-500:] if text.exists() else ""


def check_all(jobs: Sequence[Job], at_once: int) -> Iterator[tuple[int, Verdict]]:
    """Check deployments, some at a time; each verdict with the number of its job, as they come."""
    document()
    for number, verdict in in_processes(check, jobs, at_once):
        yield number, verdict or Verdict(-2, 0.0, reason="the measuring process died")


def in_processes(work: Callable[[Any], Any], items: Sequence[Any], at_once: int) -> Iterator[tuple[int, Any]]:
    """Do some work on each item in a process of its own; each result, None where the process died."""
    waiting, running = list(enumerate(items)), {}
    while waiting or running:
        while waiting and len(running) < at_once:
            number, item = waiting.pop(0)
            reader, writer = _FORK.Pipe(duplex=False)
            process = _FORK.Process(target=_work, args=(work, item, writer))
            process.start()
            writer.close()
            running[reader] = (number, process)
        yield from _finished(running, wait(list(running)))


def _finished(running: dict[Any, Any], ready: Iterable[Any]) -> Iterator[tuple[int, Any]]:
    for reader in ready:
        number, process = running.pop(reader)
        try:
            result = reader.recv()
        except EOFError:
            result = None
        process.join()
        yield number, result


def _work(work: Callable[[Any], Any], item: Any, writer: Connection) -> None:
    writer.send(work(item))
    writer.close()
