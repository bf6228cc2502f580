"""How long does `tune-check` take compared with a plain `st run` that sends as many requests?

`python -m benchmarks.checker [--rounds N]` runs both commands one at a time, each against its own mock with
the same options and the same seed. The order changes with each round.

`tune-check` uses the profile `standard`. `st run` uses the document of the mock, the key as a header and its
default phases and checks, and continues after a failure. It stores no failures, so that all rounds are equal,
but it may keep the Unicode tables of Hypothesis on disk. Two calibration runs find the number of examples
that sends as many requests. By default `st run` shrinks failing requests and `tune-check` does not. With
`--no-shrink`, neither does, which is the stricter comparison.

The mock runs at `--speed 0`. At `--speed 1`, requests that create a run block for seconds, and `st run` sends
them one by one: the comparison would measure waiting.
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
    """The time that one command took, and the number of requests it sent."""

    seconds: float
    requests: float
    cpu: float


def examples_for(requests: float, trials: Sequence[tuple[int, float]]) -> int:
    """The number of examples that sends this many requests, interpolated linearly from two trials."""
    (few, less), (many, more) = trials
    if more <= less:
        return few
    return max(1, round(few + (requests - less) * (many - few) / (more - less)))


def table(checked: Sequence[Cost], plain: Sequence[Cost], examples: int) -> str:
    """A Markdown table of the medians of both commands, and of their ratio with its range over the rounds."""
    rows = [
        ["`tune-check --profile standard`", *_medians(checked)],
        [f"`st run --max-examples {examples}`", *_medians(plain)],
        ["tune-check / st run", *(_ratio(checked, plain, value) for _, value in COLUMNS.values())],
    ]
    return "\n".join(grid(["median", *COLUMNS], rows))


def _medians(costs: Sequence[Cost]) -> list[str]:
    return [form.format(median(map(value, costs))) for form, value in COLUMNS.values()]


def _ratio(checked: Sequence[Cost], plain: Sequence[Cost], value: Callable[[Cost], float]) -> str:
    each = [value(mine) / value(other) for mine, other in zip(checked, plain, strict=True)]
    return f"{median(each):.2f} ({min(each):.2f}-{max(each):.2f})"


class Bench:
    """Measures commands, each against a new mock."""

    def __init__(self, scratch: Path, speed: float, options: Sequence[str] = ()) -> None:
        self._scratch, self._speed, self._options = scratch, speed, options

    def checker(self) -> Cost:
        """The cost of `tune-check`."""
        command = [sys.executable, "-m", "contract_tests", "URL", "--profile", "standard"]
        return self._cost(command, Path.cwd())

    def plain(self, examples: int) -> Cost:
        """The cost of `st run` with this number of examples."""
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
                log = (self._scratch / "mock.log").read_text()[-500:]
                raise RuntimeError(f"the mock ended during {command[2]}: {error}: {log}") from error

    def _run(self, command: Sequence[str], place: Path) -> tuple[float, float]:
        """Wall and CPU seconds of a command. Raises `RuntimeError` unless it exits with 0 or 1."""
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
    """CPU seconds of all child processes that have ended; the mock is still running."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _requests(url: str) -> int:
    with urlopen(f"{url}/_mock") as answer:
        return int(json.load(answer)["requests"])


def _measured(bench: Bench, rounds: int) -> str:
    wanted = bench.checker().requests
    examples = examples_for(wanted, [(count, bench.plain(count).requests) for count in TRIALS])
    pairs = []
    for number in range(rounds):
        print(f"round {number + 1} of {rounds} ...", file=sys.stderr)
        pairs.append(_pair(bench, examples, plain_first=bool(number % 2)))
    checked, plain = zip(*pairs, strict=True)
    return table(checked, plain, examples)


def _pair(bench: Bench, examples: int, plain_first: bool) -> tuple[Cost, Cost]:
    if plain_first:
        plain = bench.plain(examples)
        return bench.checker(), plain
    return bench.checker(), bench.plain(examples)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.checker", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--rounds", type=int, default=3, help="number of rounds (default: 3)")
    parser.add_argument(
        "--speed", type=float, default=0, help="speed of the mock (default: 0, without waiting)"
    )
    parser.add_argument("--no-shrink", action="store_true", help="run `st run` with --no-shrink")
    arguments = parser.parse_args(argv)
    options = ["--no-shrink"] if arguments.no_shrink else []
    with tempfile.TemporaryDirectory() as scratch:
        print(_measured(Bench(Path(scratch), arguments.speed, options), max(1, arguments.rounds)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
