"""How often does the reviewer agree with a directory of labelled pairs?

Run with `python -m tests.spec_review.measure DIR`. A pair is a directory with `base.yaml`, `head.yaml` and
`label.json`, whose `verdict` is `breaking`, `warning` or `nonbreaking`. The output is the share of breaking
changes found, false alarms, schema errors with a proof, the time per pair, and each disagreement.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

from spec_review import Change, DocumentError, compare, load, open_source


@dataclass(frozen=True)
class Outcome:
    """The result for one pair."""

    name: str
    verdict: str
    changes: Sequence[Change]
    seconds: float
    failure: str = ""

    @property
    def errors(self) -> list[Change]:
        """The changes with level `error`."""
        return [change for change in self.changes if change.level == "error"]

    @property
    def found(self) -> str:
        """The verdict of the reviewer."""
        levels = {change.level for change in self.changes}
        return "breaking" if "error" in levels else "warning" if "warning" in levels else "nonbreaking"


def outcomes(directory: Path) -> Iterator[Outcome]:
    """The result for each pair in the directory."""
    for pair in sorted(directory.iterdir()):
        label = pair / "label.json"
        if not label.exists():
            continue
        verdict = json.loads(label.read_text(encoding="utf-8"))["verdict"]
        start = perf_counter()
        try:
            changes = compare(
                load(open_source(str(pair / "base.yaml"))), load(open_source(str(pair / "head.yaml")))
            )
            yield Outcome(pair.name, verdict, changes, perf_counter() - start)
        except DocumentError as problem:
            yield Outcome(pair.name, verdict, (), perf_counter() - start, str(problem))


def report(results: Sequence[Outcome]) -> Iterator[str]:
    """The figures, then each disagreement."""
    breaking = [one for one in results if one.verdict == "breaking"]
    nonbreaking = [one for one in results if one.verdict == "nonbreaking"]
    detected = [one for one in breaking if one.errors]
    alarms = [one for one in nonbreaking if one.errors]
    searched = [change for one in results for change in one.errors if change.searched]
    proved = [change for change in searched if change.proof is not None]
    yield f"{len(results)} pairs"
    yield f"breaking, reported:      {_share(len(detected), len(breaking))}"
    yield f"nonbreaking, reported:   {_share(len(alarms), len(nonbreaking))}"
    yield f"equal verdicts:          {_share(sum(one.found == one.verdict for one in results), len(results))}"
    yield f"schema errors proved:    {_share(len(proved), len(searched))}"
    yield f"median time per pair:    {median(one.seconds for one in results):.3f} s"
    for one in results:
        if one.failure or (one.verdict == "breaking") != bool(one.errors):
            yield f"\n{one.name}: labelled {one.verdict}, found {one.failure or one.found}"
            yield from (
                f"  {change.level} {change.id}: {change.message}" for change in one.errors or one.changes
            )


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part / whole:.1f} %)" if whole else "none"


def main(argv: Sequence[str]) -> int:
    """Print the figures for a directory; 2 for wrong usage."""
    if len(argv) != 1 or not Path(argv[0]).is_dir():
        print("usage: python -m tests.spec_review.measure DIR", file=sys.stderr)
        return 2
    results = list(outcomes(Path(argv[0])))
    if not results:
        print(f"{argv[0]}: contains no labelled pair", file=sys.stderr)
        return 2
    print("\n".join(report(results)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
