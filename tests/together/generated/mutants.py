"""How many faults that the document yields does the checker catch, and which does it miss?

    python -m tests.together.generated.mutants --count 250 --seed 1 --profile standard --jobs 2
    python -m tests.together.generated.mutants --only 'drop | getRun | model | - | always'

A documented fault is caught when the checker exits with 1. An observed or assumed one is caught when the
checker reports anything that it does not report of the good deployment.
"""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click

from openapi import GRADES, Grade
from tests.together.generated.checking import CRASHED, Finding, Job, Verdict, check_all
from tests.together.generated.combined import Conforming, Wire
from tests.together.generated.mutation.catalogue import deployment, every, sample
from tests.together.generated.mutation.mutant import Mutant
from tests.together.generated.options import made

Base = tuple[tuple[str, Any], ...]
_WAIT = ("--max-wait", "10")


@dataclass(frozen=True)
class Measured:
    """A mutant, what the checker said of it, and what it said that it does not say of the good deployment."""

    mutant: Mutant
    verdict: Verdict
    new: tuple[Finding, ...]

    @property
    def caught(self) -> bool:
        """Whether the checker caught the fault."""
        if self.mutant.grade is Grade.DOCUMENTED:
            crashed = self.verdict.exit_code == CRASHED and bool(self.verdict.failures)
            return self.verdict.exit_code == 1 or crashed
        return bool(self.new)

    @property
    def fired(self) -> int:
        """How often the fault showed while it was checked."""
        return int(self.verdict.reported.get("fired", 0))

    @property
    def word(self) -> str:
        """What became of the mutant."""
        if self.caught:
            return "caught"
        if self.verdict.exit_code not in (0, 1):
            return f"exit {self.verdict.exit_code}"
        return "MISSED" if self.fired else "NOT TRIED"


def base_of(mutant: Mutant) -> Base:
    """The choices of the good deployment that a mutant is compared with."""
    if mutant.operator == "choose":
        return tuple(pair for pair in mutant.base if pair[0] != mutant.place)
    return mutant.base


def baselines(mutants: Iterable[Mutant], profile: str, jobs: int) -> dict[Base, set[tuple[str, str]]]:
    """What the checker reports of each good deployment."""
    bases = list(dict.fromkeys(map(base_of, mutants)))
    good = [Job(partial(Conforming, made(dict(base))), Wire(), profile, _WAIT) for base in bases]
    found = {}
    for at, verdict in check_all(good, jobs):
        found[bases[at]] = {(one.slug, one.place) for one in verdict.findings}
        if verdict.exit_code:
            print(f"the good deployment {bases[at]} is not clean: exit {verdict.exit_code}", flush=True)
    return found


def measure(mutants: Sequence[Mutant], profile: str, jobs: int, output: str) -> list[Measured]:
    """Check each mutant; a line for each as they come, and all so far in the file `output`."""
    known = baselines(mutants, profile, jobs)
    work = [Job(partial(deployment, mutant), Wire(), profile, _WAIT) for mutant in mutants]
    results = {}
    for at, verdict in check_all(work, jobs):
        mutant = mutants[at]
        before = known[base_of(mutant)]
        new = tuple(one for one in verdict.findings if (one.slug, one.place) not in before)
        results[at] = Measured(mutant, verdict, new)
        print(line(results[at]), flush=True)
        if output:
            Path(output).write_text(json.dumps([_plain(one) for one in results.values()], indent=1))
    return [results[at] for at in sorted(results)]


def line(one: Measured) -> str:
    """One line of the table."""
    slugs = ",".join(dict.fromkeys(finding.slug for finding in one.new))
    seconds = f"{one.verdict.seconds:5.1f} s"
    return f"{one.word:9} {seconds} {one.mutant.grade:10} {one.fired:4}x {one.mutant.name}  {slugs}"


def rates(results: Sequence[Measured]) -> str:
    """The kill rate of each grade, and of each class at each grade."""
    lines = [f"{'':28} {'caught':>6} {'of':>4} {'rate':>5}  missed, not tried, no verdict"]
    for grade in GRADES:
        lines.append(_rate(f"all {grade}", [one for one in results if one.mutant.grade is grade]))
    classes: dict[str, list[Measured]] = defaultdict(list)
    for one in sorted(results, key=lambda one: (one.mutant.grade.rank, one.mutant.operator)):
        classes[f"{one.mutant.grade} {one.mutant.operator}"].append(one)
    return "\n".join([*lines, *(_rate(name, members) for name, members in classes.items())])


def _rate(name: str, members: Sequence[Measured]) -> str:
    words = Counter("exit" if one.word.startswith("exit") else one.word for one in members)
    caught, total = words["caught"], len(members)
    rate = f"{caught / total:5.0%}" if total else "    -"
    return f"{name:34} {caught:4} {total:4} {rate}  {words['MISSED']}, {words['NOT TRIED']}, {words['exit']}"


def survivors(results: Sequence[Measured]) -> str:
    """Every mutant that was not caught, with what was changed."""
    return "\n".join(line(one) for one in results if not one.caught)


def left_out() -> str:
    """How many mutants break nothing, by the reason why."""
    reasons = Counter(one.equivalent for one in every() if one.equivalent)
    lines = [f"{count:6} {reason}" for reason, count in reasons.most_common()]
    return "\n".join(["mutants that break nothing, by the reason", *lines])


def false_alarms(results: Sequence[Measured]) -> str:
    """Equivalent mutants that were failed, each with the reason why it breaks nothing."""
    failed = [one for one in results if one.verdict.exit_code == 1]
    lines = [f"{len(failed)} of {len(results)} equivalents failed"]
    for one in failed:
        lines += [
            f"{one.mutant.name}: {one.mutant.equivalent}",
            *(f"    {each.text}" for each in one.verdict.failures),
        ]
    return "\n".join(lines)


@click.command()
@click.option("--count", default=50, show_default=True, help="How many mutants.")
@click.option("--seed", default=1, show_default=True, help="The same seed draws the same mutants.")
@click.option("--profile", default="standard", show_default=True, help="The checker's profile.")
@click.option("--jobs", default=2, show_default=True, help="How many deployments at a time.")
@click.option("--only", default="", help="The name of one mutant.")
@click.option("--operator", default="", help="Only mutants of this class.")
@click.option("--grade", default="", help="Only mutants that break facts of this grade.")
@click.option(
    "--equivalents", is_flag=True, help="Only mutants that break nothing: the checker must not fail them."
)
@click.option("--output", default="", metavar="FILE", help="Write what was found as JSON.")
@click.option("--bar", default=0.0, help="The rate of documented faults below which to exit with 1.")
def main(
    count: int,
    seed: int,
    profile: str,
    jobs: int,
    only: str,
    operator: str,
    grade: str,
    equivalents: bool,
    output: str,
    bar: float,
) -> None:
    """Check mutants of the good deployment, and report how many are caught."""
    wanted = [one for one in every() if one.name == only] if only else _wanted(operator, grade, equivalents)
    if not wanted:
        raise click.UsageError("no mutant is meant")
    mutants = wanted if only else sample(count, seed, wanted, jobs)
    print(f"{len(mutants)} mutants drawn of {len(wanted)}", flush=True)
    results = measure(mutants, profile, jobs, output)
    print(
        false_alarms(results) if equivalents else f"{rates(results)}\n\n{survivors(results)}\n\n{left_out()}"
    )
    documented = [one.caught for one in results if one.mutant.grade is Grade.DOCUMENTED]
    failed = any(one.verdict.exit_code == 1 for one in results) if equivalents else False
    sys.exit(failed or (bool(documented) and sum(documented) / len(documented) < bar))


def _wanted(operator: str, grade: str, equivalents: bool) -> list[Mutant]:
    return [
        one
        for one in every()
        if bool(one.equivalent) is equivalents
        and operator in ("", one.operator)
        and grade in ("", str(one.grade))
    ]


def _plain(one: Measured) -> dict[str, Any]:
    return {
        "name": one.mutant.name,
        "operator": one.mutant.operator,
        "grade": one.mutant.grade,
        "word": one.word,
        "fired": one.fired,
        "exit": one.verdict.exit_code,
        "seconds": round(one.verdict.seconds, 1),
        "reason": one.verdict.reason,
        "equivalent": one.mutant.equivalent,
        "findings": [each.text for each in one.new],
    }


if __name__ == "__main__":
    main()
