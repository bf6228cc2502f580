"""Which conforming deployments does the checker fail, and which free choices make it do so?

    python -m tests.together.generated.conforming --count 60 --seed 1 --profile smoke
    python -m tests.together.generated.conforming --only '{"zeros": "absent"}'

Each deployment makes its free choices at random. When the checker fails one, choices are taken back to the
default until only those are left that make it fail.
"""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from tests.together.generated.checking import Finding, Job, Verdict, check_all
from tests.together.generated.combined import Conforming, Wire
from tests.together.generated.options import CHOICES, Options, made, read, sample, singles
from tests.together.generated.shrinking import shrink

Chosen = tuple[str, Any]


def job(options: Options, profile: str, *arguments: str) -> Job:
    """The check of one deployment."""
    return Job(partial(Conforming, options), Wire.of(options), profile, (*options.arguments(), *arguments))


def items(options: Options) -> list[Chosen]:
    """The choices that are not the default, each by itself."""
    chosen = options.differences()
    exceptions = chosen.pop("exceptions", ())
    return [*chosen.items(), *(("exceptions", pair) for pair in exceptions)]


def options_of(chosen: Sequence[Chosen]) -> Options:
    """The options with these choices alone."""
    plain = {name: value for name, value in chosen if name != "exceptions"}
    return made({**plain, "exceptions": [pair for name, pair in chosen if name == "exceptions"]})


class Culprits:
    """Finds out which choices make a check fail; what is known already is not looked for again."""

    def __init__(self, profile: str, jobs: int) -> None:
        self._profile, self._jobs = profile, jobs
        self.known: dict[str, list[tuple[Chosen, ...]]] = defaultdict(list)

    def of(self, options: Options, slug: str) -> tuple[Chosen, ...] | None:
        """The choices that make a check fail; None where it does not fail again."""
        chosen = items(options)
        for known in self.known[slug]:
            if all(one in chosen for one in known):
                return known
        for arguments in (("-k", slug), ()):
            if self._fail(slug, arguments, [chosen])[0]:
                found = shrink(chosen, partial(self._fail, slug, arguments))
                self.known[slug].append(found)
                return found
        return None

    def _fail(self, slug: str, arguments: tuple[str, ...], parts: Sequence[Sequence[Chosen]]) -> list[bool]:
        jobs = [job(options_of(part), self._profile, *arguments) for part in parts]
        verdicts = dict(check_all(jobs, self._jobs))
        return [slug in {one.slug for one in verdicts[at].failures} for at in range(len(jobs))]


def slugs(verdict: Verdict) -> dict[str, Finding]:
    """The checks that failed, each with the first of its findings."""
    found: dict[str, Finding] = {}
    for one in verdict.failures:
        found.setdefault(one.slug, one)
    return found


def word(verdict: Verdict) -> str:
    """Whether the checker was right about a conforming deployment, in a word."""
    if verdict.exit_code == 1:
        return "FALSE ALARM"
    return "clean" if verdict.exit_code == 0 else f"exit {verdict.exit_code}"


def report(number: int, options: Options, verdict: Verdict) -> None:
    """One line for each deployment, and one for each of its failures."""
    reason = "" if verdict.exit_code in (0, 1) else verdict.reason[-160:]
    print(f"{number:4} {word(verdict):12} {verdict.seconds:5.1f} s {options.as_json()} {reason}", flush=True)
    for finding in slugs(verdict).values():
        print(f"       {finding.text}", flush=True)


def explain(
    failed: Sequence[tuple[Options, Verdict]], culprits: Culprits
) -> Iterator[tuple[str, str, Finding]]:
    """For each failure the choices that make it, as text."""
    for options, verdict in failed:
        for slug, finding in slugs(verdict).items():
            found = culprits.of(options, slug)
            shown = "not again" if found is None else json.dumps(options_of(found).differences())
            print(f"     {slug}: {shown}", flush=True)
            yield slug, shown, finding


def reasons() -> str:
    """Each option with its values and why they conform."""
    return "\n".join(
        f"{one.name}: {', '.join(map(str, dict.fromkeys(one.metadata['values'])))}\n    {one.metadata['why']}"
        for one in CHOICES
    )


def summary(verdicts: Mapping[int, Verdict], explained: Sequence[tuple[str, str, Finding]]) -> str:
    """The totals, and each group of false alarms."""
    words = Counter(word(verdict) for verdict in verdicts.values())
    lines = [
        f"{len(verdicts)} conforming deployments: " + ", ".join(f"{n} {w}" for w, n in words.most_common())
    ]
    groups = Counter((slug, shown) for slug, shown, _ in explained)
    lines += [f"{count:4} {slug}: {shown}" for (slug, shown), count in groups.most_common()]
    return "\n".join(lines)


@click.command()
@click.option("--count", default=20, show_default=True, help="How many combinations.")
@click.option("--seed", default=1, show_default=True, help="The same seed draws the same combinations.")
@click.option("--profile", default="smoke", show_default=True, help="The checker's profile.")
@click.option("--jobs", default=2, show_default=True, help="How many deployments at a time.")
@click.option("--only", default="", help="The choices of one deployment, as JSON.")
@click.option("--each", is_flag=True, help="One deployment for each value of each option instead.")
@click.option("--explain/--no-explain", "explaining", default=True, help="Find the choices behind failures.")
@click.option("--output", default="", metavar="FILE", help="Write what was found as JSON.")
@click.option("--reasons", "listing", is_flag=True, help="List the options and why they conform, and stop.")
def main(
    count: int,
    seed: int,
    profile: str,
    jobs: int,
    only: str,
    each: bool,
    explaining: bool,
    output: str,
    listing: bool,
) -> None:
    """Check conforming deployments; exit 1 if any of them fails."""
    if listing:
        print(reasons())
        return
    combinations = [read(only)] if only else singles() if each else sample(count, seed)
    verdicts: dict[int, Verdict] = {}
    for number, verdict in check_all([job(one, profile) for one in combinations], jobs):
        verdicts[number] = verdict
        report(number, combinations[number], verdict)
    failed = [(combinations[at], verdict) for at, verdict in sorted(verdicts.items()) if verdict.failures]
    explained = list(explain(failed, Culprits(profile, jobs))) if explaining else []
    print(summary(verdicts, explained))
    if output:
        _write(Path(output), combinations, verdicts, explained)
    sys.exit(bool(failed))


def _write(
    path: Path, combinations: Sequence[Options], verdicts: Mapping[int, Verdict], explained: Any
) -> None:
    deployments = [
        {
            "options": combinations[at].differences(),
            "exit": verdict.exit_code,
            "reason": verdict.reason,
            "seconds": round(verdict.seconds, 1),
            "findings": [vars(one) for one in verdict.findings],
        }
        for at, verdict in sorted(verdicts.items())
    ]
    groups = [{"slug": slug, "choices": shown, **vars(finding)} for slug, shown, finding in explained]
    path.write_text(json.dumps({"deployments": deployments, "failures": groups}, indent=1))


if __name__ == "__main__":
    main()
