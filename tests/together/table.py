"""Which fault proves each check? Writes the tables of the judge's README.

    python -m tests.together.table [--learn]

`proof.yaml` names, for each check, the faulty deployments that it catches and which other checks catch them
as well; `--learn` takes them from what `tests.together.measure` left in build/together.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import click
import yaml

from contract_tests.checks import REGISTRY
from contract_tests.settings import PROFILES
from tests.together.cases import cases
from tests.together.measure import RESULTS, Result

README = Path("contract_tests/README.md")
PROOF = Path(__file__).with_name("proof.yaml")
# Why a check has no fault that it catches.
REASONS = {"operation-tried": "says what was not looked at; it breaks nothing"}
SHOWN, COMPANIONS = 3, 3
Proof = dict[str, dict[str, list[str]]]


def proof() -> Proof:
    """For each check, the cases that it catches, each with the other checks that catch it."""
    found: Proof = yaml.safe_load(PROOF.read_text(encoding="utf-8"))
    return found


def learned(results: Iterable[Result]) -> Proof:
    """The proof that measured results give: for each check the cases that fewest others catch."""
    by_check: dict[str, list[tuple[list[str], str]]] = defaultdict(list)
    for result in results:
        slugs = sorted({slug for found in result.slugs.values() for slug in found})
        for slug in slugs:
            by_check[slug].append(([one for one in slugs if one != slug], result.name))
    best = {
        slug: sorted(by_check[slug], key=lambda pair: (len(pair[0]), pair[1]))[:SHOWN]
        for slug in REGISTRY
        if slug in by_check
    }
    return {slug: {name: others for others, name in pairs} for slug, pairs in best.items()}


def table() -> str:
    """The table as Markdown: a line for each check, in the order in which they are reported."""
    known = proof()
    lines = ["| check | fact | grade | faults that prove it |", "| --- | --- | --- | --- |"]
    for slug, check in REGISTRY.items():
        told = ", ".join(_told(name, others) for name, others in known.get(slug, {}).items())
        fact = check.fact.replace("|", "\\|")
        lines.append(f"| `{slug}` | {fact} | {check.grade} | {told or REASONS.get(slug, '')} |")
    return "\n".join(lines)


def _told(name: str, others: list[str]) -> str:
    """A case, and which checks catch it as well where those are few."""
    if not others:
        return f"**{name}**"
    return f"{name} (with {', '.join(others)})" if len(others) < COMPANIONS else name


def profiles() -> str:
    """The profiles and their ceilings as Markdown."""
    lines = [
        "| profile | runs | tokens | requests | seconds | generated requests for each operation and mode |"
    ]
    lines.append("| --- | --- | --- | --- | --- | --- |")
    for name, one in PROFILES.items():
        cells = (f"`{name}`", one.runs, one.tokens, one.requests, f"{one.seconds:g}", one.examples)
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def written(text: str) -> str:
    """The README with the tables of now."""
    for name, content in (("checks", table()), ("profiles", profiles())):
        before, begin, rest = text.partition(f"<!-- {name} -->")
        _, end, after = rest.partition(f"<!-- /{name} -->")
        assert end, f"{README} has no place for {name}"
        text = f"{before}{begin}\n{content}\n{end}{after}"
    return text


def measured(folder: Path) -> list[Result]:
    """What was measured of the cases that are no lawful variants."""
    faults = {case.name for case in cases() if case.group != "variants"}
    results = [Result(**json.loads(path.read_text())) for path in sorted(folder.glob("*.json"))]
    return [result for result in results if result.name in faults]


@click.command()
@click.option("--learn", is_flag=True, help="Take the proof from the last measurement.")
def main(learn: bool) -> None:
    """Write the tables into the README."""
    if learn:
        fresh = {**proof(), **learned(measured(RESULTS / "standard"))}
        ordered = {slug: fresh[slug] for slug in REGISTRY if slug in fresh}
        PROOF.write_text(yaml.safe_dump(ordered, sort_keys=False, width=110), encoding="utf-8")
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
