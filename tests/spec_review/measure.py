"""How well does the reviewer judge a directory of labelled pairs? `python -m tests.spec_review.measure DIR`

A pair is a directory with `base.yaml`, `head.yaml` and `label.json`, whose `verdict` is `breaking`, `warning`
or `nonbreaking`. Printed are the breaking changes caught, the false alarms, the share of schema-level errors
with a proof, the time a pair takes, and every disagreement.
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
    """What was said of one pair."""

    name: str
    verdict: str
    changes: Sequence[Change]
    seconds: float
    failure: str = ""

    @property
    def errors(self) -> list[Change]:
        """The changes called breaking."""
        return [change for change in self.changes if change.level == "error"]

    @property
    def said(self) -> str:
        """The verdict given."""
        levels = {change.level for change in self.changes}
        return "breaking" if "error" in levels else "warning" if "warning" in levels else "nonbreaking"


def outcomes(directory: Path) -> Iterator[Outcome]:
    """Every pair of the directory, judged."""
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
    """The numbers, and then each disagreement."""
    breaking = [one for one in results if one.verdict == "breaking"]
    lawful = [one for one in results if one.verdict == "nonbreaking"]
    caught = [one for one in breaking if one.errors]
    alarms = [one for one in lawful if one.errors]
    searched = [change for one in results for change in one.errors if change.searched]
    shown = [change for change in searched if change.proof is not None]
    yield f"{len(results)} pairs"
    yield f"breaking, caught:        {_share(len(caught), len(breaking))}"
    yield f"nonbreaking, an error:   {_share(len(alarms), len(lawful))}"
    yield f"verdicts alike:          {_share(sum(one.said == one.verdict for one in results), len(results))}"
    yield f"schema errors proved:    {_share(len(shown), len(searched))}"
    yield f"median time a pair:      {median(one.seconds for one in results):.3f} s"
    for one in results:
        if one.failure or (one.verdict == "breaking") != bool(one.errors):
            yield f"\n{one.name}: labelled {one.verdict}, said {one.failure or one.said}"
            yield from (
                f"  {change.level} {change.id}: {change.message}" for change in one.errors or one.changes
            )


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part / whole:.1f} %)" if whole else "none"


def main(argv: Sequence[str]) -> int:
    """Print the report of a directory."""
    if len(argv) != 1 or not Path(argv[0]).is_dir():
        print("usage: python -m tests.spec_review.measure DIR", file=sys.stderr)
        return 2
    results = list(outcomes(Path(argv[0])))
    if not results:
        print(f"{argv[0]}: holds no labelled pair", file=sys.stderr)
        return 2
    print("\n".join(report(results)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
