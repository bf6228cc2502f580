"""How long does `tune-review` take for large documents, and how much memory?

`python -m benchmarks.review [BASE HEAD ...]` generates documents of the shape and size of large published
ones and reviews them. Nothing is fetched. Pairs of paths are measured as well. `--against COMMAND` runs
another command on the same documents in turn, for example an older tune-review.

The floor is what it takes to read both documents with the standard library or with libyaml. The ratio to it
depends less on the machine than the seconds do.
"""

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.table import grid

FLOOR = """
import json, sys, yaml
loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
for path in sys.argv[1:]:
    text = open(path, encoding="utf-8").read()
    json.loads(text) if text.startswith("{") else list(yaml.parse(text, loader))
"""


@dataclass(frozen=True)
class Cost:
    """What one run of a command costs: seconds, processor seconds and MiB at most."""

    seconds: float
    cpu: float
    memory: float


@dataclass(frozen=True)
class Case:
    """Two documents to compare, and the name of the pair."""

    name: str
    base: Path
    head: Path

    @property
    def size(self) -> float:
        """The size of both documents in MB."""
        return (self.base.stat().st_size + self.head.stat().st_size) / 1e6


def cost(command: Sequence[str]) -> Cost:
    """Run a command without its output. Raises `RuntimeError` when it fails other than by findings."""
    start = time.perf_counter()
    process = os.posix_spawnp(command[0], command, os.environ, file_actions=_silent())
    _, status, usage = os.wait4(process, 0)
    seconds = time.perf_counter() - start
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 1):
        raise RuntimeError(f"{shlex.join(command)}: ended with exit code {code}")
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def _silent() -> list[tuple[int, int, str, int, int]]:
    return [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_WRONLY, 0) for stream in (1, 2)]


def generated(folder: Path, quick: bool) -> list[Case]:
    """The generated pairs. Another process writes them, so that this one stays small."""
    size = ["--quick"] if quick else []
    subprocess.run([sys.executable, "-m", "benchmarks.documents", str(folder), *size], check=True)
    heads = sorted(folder.glob("*.head.*"))
    return [
        Case(head.name.partition(".")[0], head.with_name(head.name.replace(".head.", ".base.")), head)
        for head in heads
    ]


def measured(case: Case, commands: dict[str, list[str]], rounds: int) -> dict[str, Cost]:
    """The median cost of each command; they take turns, so that other work affects all of them equally."""
    found: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            found[name].append(cost([*command, str(case.base), str(case.head)]))
    return {
        name: Cost(*(median(getattr(one, key) for one in costs) for key in ("seconds", "cpu", "memory")))
        for name, costs in found.items()
    }


def _rows(case: Case, costs: dict[str, Cost]) -> list[list[str]]:
    floor = costs.pop("floor")
    return [
        [
            case.name,
            f"{case.size:.1f} MB",
            name,
            f"{one.seconds:.2f}",
            f"{one.cpu:.2f}",
            f"{one.cpu / floor.cpu:.1f}",
            f"{one.memory:.0f}",
        ]
        for name, one in costs.items()
    ]


HEADINGS = ["documents", "size", "command", "seconds", "CPU seconds", "CPU / reading", "MiB"]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description="Measure tune-review on large documents.")
    parser.add_argument("paths", nargs="*", metavar="BASE HEAD", help="pairs of documents to measure as well")
    parser.add_argument("--against", metavar="COMMAND", help="another command to run on the same documents")
    parser.add_argument("--rounds", type=int, default=3, help="how often each command runs (default: 3)")
    parser.add_argument("--quick", action="store_true", help="documents of a tenth of the size, one round")
    options = parser.parse_args(argv)
    if len(options.paths) % 2:
        parser.error("give paths in pairs: BASE HEAD")
    commands = {"floor": [sys.executable, "-c", FLOOR], "tune-review": [sys.executable, "-m", "spec_review"]}
    if options.against:
        commands[options.against] = shlex.split(options.against)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        pairs = zip(options.paths[::2], options.paths[1::2], strict=True)
        given = [Case(Path(head).stem, Path(base), Path(head)) for base, head in pairs]
        for case in [*generated(Path(folder), options.quick), *given]:
            rows += _rows(case, measured(case, commands, 1 if options.quick else options.rounds))
            print(f"measured {case.name}", file=sys.stderr)
    print("\n".join(grid(HEADINGS, rows)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
