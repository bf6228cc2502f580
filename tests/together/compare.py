"""How many faulty deployments do a plain `st run` and `tune-check` find?

    python -m tests.together.compare [--jobs 2] [--each 4] [--write]

`st run` gets the documented view of the document with links and examples, the key, every check and every
phase. What it reports about the conforming deployment is its baseline, so that only its findings about the
fault count. Of `tune-check`, only its own checks count, without generated requests, in one process. Results
are stored in build/together. A second call measures only what is missing.
"""

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import click

import openapi
from contract_tests.checks import REGISTRY
from tests.together.cases import Case, cases
from tests.together.checking import failures, found_in
from tests.together.deployment import KEY
from tests.together.measure import RESULTS, Result
from tests.together.serve import serving

PAGE = Path("docs/explanation/what-is-not-checked.md")
MARKS = ("<!-- comparison -->", "<!-- /comparison -->")
EXAMPLES = 10
GROUPS = {
    "shapes": "Shape of responses",
    "requests": "Accepted and rejected requests",
    "auth": "Authentication",
    "http": "HTTP",
    "stream": "Event stream",
    "lifecycle": "Lifecycle of a run",
    "workflows": "Across requests",
    "pages": "Paging",
}


def schemathesis(url: str, baseline: Path, *more: str) -> tuple[int, float]:
    """The exit code of a plain `st run`, and its seconds."""
    command = [str(Path(sys.executable).with_name("st")), "run", "document.json", "--url", url]
    command += ["--header", f"X-Tune-Key: {KEY}", "--checks", "all", "--mode", "all", "--seed", "1"]
    command += ["--max-examples", str(EXAMPLES), "--no-shrink", "--baseline", str(baseline), *more]
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "document.json").write_text(json.dumps(openapi.load("documented")))
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=600)
    return done.returncode, time.monotonic() - began


def baseline(folder: Path) -> Path:
    """The findings of `st run` about the conforming deployment, over a few runs."""
    path = folder.resolve() / "baseline.json"
    if not path.exists():
        (case,) = cases("plain")
        for _ in range(3):
            with serving(case.app()) as url:
                schemathesis(url, path, "--baseline-update")
    return path


def tried(name: str, folder: Path) -> Result:
    """The result of `st run` for one deployment."""
    (case,) = cases(name)
    path = folder / f"{name}.json"
    if path.exists():
        return Result(**json.loads(path.read_text()))
    with serving(case.app(), **dict(case.serving)) as url:
        try:
            code, seconds = schemathesis(url, baseline(folder))
        except subprocess.TimeoutExpired as error:
            code, seconds = -1, error.timeout
    result = Result(name, code, seconds, {})
    path.write_text(json.dumps(result.__dict__))
    return result


def checked(name: str, folder: Path) -> Result:
    """The result of the checks for one deployment."""
    (case,) = cases(name)
    path = folder / f"{name}.json"
    if path.exists():
        return Result(**json.loads(path.read_text()))
    began = time.monotonic()
    bad = sorted({text.partition(":")[0] for text in failures(found_in(case, REGISTRY, "standard", True))})
    result = Result(name, 1 if bad else 0, time.monotonic() - began, {"failure": bad})
    path.write_text(json.dumps(result.__dict__))
    return result


def table(wanted: list[Case], plain: dict[str, Result], ours: dict[str, Result]) -> str:
    """The comparison as a Markdown table."""
    lines = ["| Faults | deployments | `st run` | `tune-check` |", "| --- | ---: | ---: | ---: |"]
    faults = [case for case in wanted if case.severity == "failure"]
    for group, title in [*GROUPS.items(), ("", "**All**")]:
        members = [case.name for case in faults if not group or case.group == group]
        lines.append(f"| {title} | {len(members)} | {found(members, plain)} | {found(members, ours)} |")
    conforming = [case.name for case in wanted if case.group == "variants"]
    alarms = f"{found(conforming, plain)} | {found(conforming, ours)}"
    lines.append(f"| False alarms on conforming variations | {len(conforming)} | {alarms} |")
    return "\n".join(lines)


def sample(each: int) -> list[Case]:
    """`each` faults of each group, evenly spread, and three times as many conforming variants."""
    chosen = []
    for group, count in [*((group, each) for group in GROUPS), ("variants", 3 * each)]:
        members = [case for case in cases(group) if case.severity in ("failure", "clean")]
        count = min(count, len(members))
        chosen += [members[index * len(members) // count] for index in range(count)]
    return chosen


def found(names: Iterable[str], results: dict[str, Result]) -> int:
    """How many of these deployments were failed."""
    return sum(results[name].exit_code == 1 for name in names)


def write(path: Path, text: str) -> None:
    """Write the table between its marks."""
    begin, end = MARKS
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    path.write_text(pattern.sub(lambda _: f"{begin}\n{text}\n{end}", path.read_text()))


@click.command()
@click.option("--jobs", default=2, show_default=True, help="How many deployments at a time.")
@click.option("--each", default=4, show_default=True, help="How many faults of each group.")
@click.option("--write", "wanted_in_page", is_flag=True, help=f"Write the table into {PAGE}.")
def main(jobs: int, each: int, wanted_in_page: bool) -> None:
    """Compare on some faults of each group and some conforming variants."""
    wanted = sample(each)
    folders = [RESULTS / f"schemathesis-{EXAMPLES}", RESULTS / "checks"]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    baseline(folders[0])
    names = [case.name for case in wanted]
    with ProcessPoolExecutor(jobs) as pool:
        plain, ours = (
            dict(zip(names, pool.map(measured, names, [folder] * len(names)), strict=True))
            for measured, folder in zip((tried, checked), folders, strict=True)
        )
    text = table(wanted, plain, ours)
    print(text)
    if wanted_in_page:
        write(PAGE, text)


if __name__ == "__main__":
    main()
