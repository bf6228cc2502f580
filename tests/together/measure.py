"""Which faulty deployments does tune-check catch, and which conforming ones does it fail?

python -m tests.together.measure [--jobs 2] [--profile standard] [--again] [NAME or GROUP ...]
"""

import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import click

from tests.together.cases import SEVERITIES, Case, cases
from tests.together.deployment import KEY
from tests.together.serve import serving

RESULTS = Path("build/together")
LONGEST_SECONDS = 240


@dataclass(frozen=True)
class Result:
    """The result of tune-check for one deployment. `slugs` are the checks with findings, by severity."""

    name: str
    exit_code: int
    seconds: float
    slugs: dict[str, list[str]]
    text: str = ""

    @property
    def severity(self) -> str:
        """The highest severity that was found."""
        return next((word for word in SEVERITIES if self.slugs.get(word)), "clean")


def check(case: Case, profile: str, *options: str) -> Result:
    """Run tune-check on one deployment."""
    with tempfile.TemporaryDirectory() as folder, serving(case.app(), **dict(case.serving)) as url:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "contract_tests", url, "--key", KEY, "--profile", profile]
        command += ["--json", str(report), *case.options, *options]
        began = time.monotonic()
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_SECONDS)
        except subprocess.TimeoutExpired as error:
            text = (error.stdout or b"").decode(errors="replace")
            return Result(case.name, -1, LONGEST_SECONDS, {}, text)
        seconds = time.monotonic() - began
        found = read(report) if report.exists() else {}
    return Result(case.name, done.returncode, seconds, found, (done.stdout + done.stderr)[-20_000:])


def read(report: Path) -> dict[str, list[str]]:
    """The checks that found a broken fact, by severity, from the JSON report."""
    found: dict[str, list[str]] = {}
    for finding in json.loads(report.read_text())["findings"]:
        if finding["outcome"] == "broken":
            found.setdefault(finding["severity"], []).append(finding["slug"])
    return {severity: sorted(set(slugs)) for severity, slugs in found.items()}


def verdict(case: Case, result: Result) -> str:
    """Whether the result for a deployment is right, in a word."""
    if result.exit_code not in (0, 1):
        return f"exit {result.exit_code}"
    if case.conforming and result.exit_code == 1:
        return "FALSE ALARM"
    if case.severity == "clean":
        return "clean"
    if case.severity == "failure":
        return "caught" if result.exit_code == 1 else "MISSED"
    return case.severity if result.slugs.get(case.severity) else "MISSED"


def stored(folder: Path, name: str) -> Result | None:
    """An earlier result, None if there is none."""
    path = folder / f"{name}.json"
    return Result(**json.loads(path.read_text())) if path.exists() else None


def measure(wanted: Iterable[Case], profile: str, jobs: int, again: bool) -> Iterator[tuple[Case, Result]]:
    """The result for each case as it arrives. Earlier results are used unless `again` is true."""
    folder = RESULTS / profile
    folder.mkdir(parents=True, exist_ok=True)
    fresh = []
    for case in wanted:
        known = None if again else stored(folder, case.name)
        if known:
            yield case, known
        else:
            fresh.append(case)
    with ProcessPoolExecutor(jobs) as pool:
        futures = {pool.submit(_check_by_name, case.name, profile): case for case in fresh}
        for future in as_completed(futures):
            result = future.result()
            (folder / f"{result.name}.json").write_text(json.dumps(asdict(result)))
            yield futures[future], result


def _check_by_name(name: str, profile: str) -> Result:
    """Check a case by name: a case has a class, which cannot be passed to another process."""
    (case,) = cases(name)
    return check(case, profile)


def line(case: Case, result: Result) -> str:
    """One line of the table."""
    slugs = " ".join(
        f"{word[0].upper()}:{','.join(result.slugs[word])}" for word in SEVERITIES if word in result.slugs
    )
    return f"{verdict(case, result):12} {result.seconds:5.1f} s  {case.group:10} {case.name:42} {slugs}"


def summary(pairs: list[tuple[Case, Result]]) -> str:
    """The totals, one line for each group."""
    lines = []
    for group in dict.fromkeys(case.group for case, _ in pairs):
        members = [(case, result) for case, result in pairs if case.group == group]
        words = Counter(re.sub("exit .*", "exit", verdict(case, result)) for case, result in members)
        words_text = ", ".join(f"{count} {word}" for word, count in words.most_common())
        lines.append(f"{group:12} {len(members):3}: {words_text}")
    seconds = [result.seconds for _, result in pairs]
    lines.append(f"median {median(seconds):.1f} s, longest {max(seconds):.1f} s, {len(pairs)} deployments")
    return "\n".join(lines)


@click.command()
@click.option("--jobs", default=2, show_default=True, help="How many deployments at a time.")
@click.option("--profile", default="standard", show_default=True, help="The profile of tune-check.")
@click.option("--again", is_flag=True, help="Ignore earlier results.")
@click.option("--show", is_flag=True, help="Print the output of tune-check.")
@click.argument("wanted", nargs=-1)
def main(jobs: int, profile: str, again: bool, show: bool, wanted: tuple[str, ...]) -> None:
    """Run tune-check on every deployment, or on the groups and names WANTED."""
    pairs = []
    for case, result in measure(cases(*wanted), profile, jobs, again):
        pairs.append((case, result))
        print(line(case, result), flush=True)
        if show:
            print(result.text, flush=True)
    order = list(cases(*wanted))
    pairs.sort(key=lambda pair: order.index(pair[0]))
    print(summary(pairs))
    sys.exit(any(word.isupper() or word.startswith("exit") for word in (verdict(*pair) for pair in pairs)))


if __name__ == "__main__":
    main()
