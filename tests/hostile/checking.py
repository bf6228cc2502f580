"""What does `tune-check` do and write when it meets a hostile deployment?"""

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.hostile.deployment import HostileDeployment
from tests.hostile.key_forms import leaks

REPORTS = {
    "--json": "report.json",
    "--html": "report.html",
    "--markdown": "report.md",
    "--junitxml": "junit.xml",
}
MEMORY = 2**30
# Of these, tabs and line ends are harmless in a file, and line ends in a terminal.
UNSAFE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
COMMAND = re.compile(r"^\s*::|##\[|##vso\[", re.MULTILINE)


@dataclass
class Checked:
    """How one check of a hostile deployment ended."""

    code: int
    seconds: float
    out: str
    err: str
    files: dict[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)

    def problems(self, key: str, most_seconds: float) -> Iterator[str]:
        """Whatever must not happen."""
        if self.code not in (0, 1, 3):
            yield f"exit {self.code}"
        if self.seconds > most_seconds:
            yield f"took {self.seconds:.1f} s"
        for name, text in {"terminal": self.out, "standard error": self.err, **self.files}.items():
            yield from (f"{name}: {leak}" for leak in leaks(text, key))
            if "Traceback (most recent" in text:
                yield f"{name}: a traceback"
            if found := UNSAFE.search(text):
                yield f"{name}: {found[0]!r} in {text[max(0, found.start() - 40) : found.end() + 40]!r}"
        inside = self.out.split("::stop-commands::")[0]
        if found := COMMAND.search(inside) or COMMAND.search(self.err):
            yield f"a workflow command: {found.string[found.start() : found.end() + 60]!r}"
        if self.left:
            yield f"left {self.left}"


def check(
    deployment: HostileDeployment, key: str, *options: str, seconds: float = 3, **extra: str
) -> Checked:
    """Check a hostile deployment with every report."""
    with tempfile.TemporaryDirectory() as folder:
        home, scratch = Path(folder, "here"), Path(folder, "scratch")
        home.mkdir()
        scratch.mkdir()
        options = (*options, "--save-har", str(home / "traffic.har"))
        written = [part for flag, name in REPORTS.items() for part in (flag, str(home / name))]
        command = [sys.executable, "-m", "contract_tests", deployment.url, "--max-seconds", str(seconds)]
        command += ["--profile", "smoke", "--timeout", "2", "--max-wait", "2", *written, *options]
        path = f"{Path(__file__).parents[2]}"
        environment = {**os.environ, "TUNE_API_KEY": key, "TMPDIR": str(scratch), "PYTHONPATH": path, **extra}
        began = time.monotonic()
        done = subprocess.run(
            command, cwd=home, env=environment, capture_output=True, timeout=120, preexec_fn=_limited
        )
        took = time.monotonic() - began
        files = {one.name: one.read_text(encoding="utf-8") for one in home.iterdir()}
        left = [str(one) for one in scratch.rglob("*")]
        return Checked(done.returncode, took, done.stdout.decode(), done.stderr.decode(), files, left)


def _limited() -> None:
    """Fail instead of filling the machine's memory."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
