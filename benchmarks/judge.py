"""How long does the judge take beside a plain `st run` that sends as many requests?

`python -m benchmarks.judge [--rounds N]`. Both are commands as a user types them, one at a time, each against
a mock of its own, started by the same command line with the same seed; the order turns with each round.
`tune-check` judges by the profile `standard`. `st run` has the document that the mock serves, the key as a
header, all phases and checks that it has by default, and goes on after a failure. It remembers no failures,
so that rounds are alike; the tables that hypothesis keeps on disk it may keep, which the judge does not. Two
calibrating runs tell how many examples make as many requests. By default `st run` shrinks what fails, which
the judge never does: `--no-shrink` compares with one that does not either, the stricter measure.

The mock plays at `--speed 0`: at the speed of life its creates wait for their runs, seconds each, and
`st run` makes them one after the other, so that waiting would be compared (`--speed 1` does).
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks.load import KEY
from benchmarks.process import free_port, serving
from benchmarks.table import grid

TRIALS = (8, 12)
COLUMNS: dict[str, tuple[str, Callable[["Cost"], float]]] = {
    "seconds": ("{:.1f}", lambda cost: cost.seconds),
    "requests": ("{:,.0f}", lambda cost: cost.requests),
    "seconds per 1,000 requests": ("{:.2f}", lambda cost: cost.seconds / max(cost.requests, 1) * 1000),
    "CPU seconds": ("{:.1f}", lambda cost: cost.cpu),
}


@dataclass(frozen=True)
class Cost:
    """What one command took, and how many requests its server saw."""

    seconds: float
    requests: float
    cpu: float


def examples_for(requests: float, trials: Sequence[tuple[int, float]]) -> int:
    """How many examples make so many requests, on the line through what two trials sent."""
    (few, less), (many, more) = trials
    if more <= less:
        return few
    return max(1, round(few + (requests - less) * (many - few) / (more - less)))


def table(judged: Sequence[Cost], plain: Sequence[Cost], examples: int) -> str:
    """Both commands and their ratio: medians, and of ratios the lowest and highest of the rounds."""
    rows = [
        ["`tune-check --profile standard`", *_medians(judged)],
        [f"`st run --max-examples {examples}`", *_medians(plain)],
        ["judge / st run", *(_ratio(judged, plain, value) for _, value in COLUMNS.values())],
    ]
    return "\n".join(grid(["median", *COLUMNS], rows))


def _medians(costs: Sequence[Cost]) -> list[str]:
    return [form.format(median(map(value, costs))) for form, value in COLUMNS.values()]


def _ratio(judged: Sequence[Cost], plain: Sequence[Cost], value: Callable[[Cost], float]) -> str:
    each = [value(mine) / value(other) for mine, other in zip(judged, plain, strict=True)]
    return f"{median(each):.2f} ({min(each):.2f}-{max(each):.2f})"


class Bench:
    """Measures commands, each against a fresh mock of one speed."""

    def __init__(self, scratch: Path, speed: float, options: Sequence[str] = ()) -> None:
        self._scratch, self._speed, self._options = scratch, speed, options

    def judge(self) -> Cost:
        """What `tune-check` costs."""
        command = [sys.executable, "-m", "contract_tests", "URL", "--profile", "standard"]
        return self._cost(command, Path.cwd())

    def plain(self, examples: int) -> Cost:
        """What `st run` costs with so many examples."""
        command = [sys.executable, "-m", "schemathesis.cli", "run", "URL/v1/openapi.json", "--url", "URL/v1"]
        command += ["--header", f"X-Tune-Key: {KEY}", "--max-examples", str(examples), "--seed", "1"]
        command += ["--continue-on-failure", "--generation-database", "none", *self._options]
        with tempfile.TemporaryDirectory() as place:
            return self._cost(command, Path(place))

    def _cost(self, command: Sequence[str], place: Path) -> Cost:
        port = free_port()
        mock = [sys.executable, "-m", "mock_server", "--port", str(port), "--quiet", "--key", KEY]
        mock += ["--seed", "1", "--speed", f"{self._speed:g}"]
        with serving(mock, port, "/_mock", {}, self._scratch / "mock.log") as server:
            before = _requests(server.url)
            words = [word.replace("URL", server.url) for word in command]
            seconds, cpu = self._run(words, place)
            try:
                return Cost(seconds, _requests(server.url) - before, cpu)
            except URLError as error:
                said = (self._scratch / "mock.log").read_text()[-500:]
                raise RuntimeError(f"the mock is gone after {command[2]}: {error}: {said}") from error

    def _run(self, command: Sequence[str], place: Path) -> tuple[float, float]:
        """Wall and processor seconds of a command; it may have findings, but must not break down."""
        log = self._scratch / "command.log"
        used, started = _children(), time.monotonic()
        with log.open("wb") as output:
            kept = {"HYPOTHESIS_STORAGE_DIRECTORY": str(self._scratch / "hypothesis")}
            environment = os.environ | kept | {"TUNE_API_KEY": KEY}
            done = subprocess.run(command, cwd=place, env=environment, stdout=output, stderr=output)
        seconds = time.monotonic() - started
        if done.returncode not in (0, 1):
            raise RuntimeError(f"{command[2]} ended with {done.returncode}: {log.read_text()[-500:]}")
        return seconds, _children() - used


def _children() -> float:
    """The processor seconds of all that was started here and has ended: the mock has not, meanwhile."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _requests(url: str) -> int:
    with urlopen(f"{url}/_mock") as answer:
        return int(json.load(answer)["requests"])


def _measured(bench: Bench, rounds: int) -> str:
    wanted = bench.judge().requests
    examples = examples_for(wanted, [(count, bench.plain(count).requests) for count in TRIALS])
    pairs = []
    for number in range(rounds):
        print(f"round {number + 1} of {rounds} ...", file=sys.stderr)
        pairs.append(_pair(bench, examples, plain_first=bool(number % 2)))
    judged, plain = zip(*pairs, strict=True)
    return table(judged, plain, examples)


def _pair(bench: Bench, examples: int, plain_first: bool) -> tuple[Cost, Cost]:
    if plain_first:
        plain = bench.plain(examples)
        return bench.judge(), plain
    return bench.judge(), bench.plain(examples)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.judge", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--rounds", type=int, default=3, help="so many rounds of both (default 3)")
    parser.add_argument("--speed", type=float, default=0, help="the mock's speed (default 0: nobody waits)")
    parser.add_argument("--no-shrink", action="store_true", help="let `st run` shrink no failures")
    arguments = parser.parse_args(argv)
    options = ["--no-shrink"] if arguments.no_shrink else []
    with tempfile.TemporaryDirectory() as scratch:
        print(_measured(Bench(Path(scratch), arguments.speed, options), max(1, arguments.rounds)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
