"""Which check catches which fault? Writes the tables of contract_tests/README.md.

    python -m tests.together.table [--learn]

`proof.yaml` lists for each faulty deployment the checks that catch it, the intended one first. `--learn`
adds missing faults from the results of `tests.together.measure` in build/together.
"""

import json
from collections import Counter, defaultdict
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
# Why a check catches no fault.
REASONS = {"operation-tried": "reports what was not tried; it breaks nothing"}
SHOWN, COMPANIONS = 3, 3
Proof = dict[str, list[str]]


def proof() -> Proof:
    """The checks that catch each fault, the intended one first."""
    found: Proof = yaml.safe_load(PROOF.read_text(encoding="utf-8"))
    return found


def learned(results: Iterable[Result]) -> Proof:
    """The proof in measured results. The check that catches the fewest faults is the intended one."""
    severity = {case.name: case.severity for case in cases()}
    caught = {result.name: result.slugs.get(severity[result.name], []) for result in results}
    frequency = Counter(slug for slugs in caught.values() for slug in slugs)
    return {
        name: sorted(slugs, key=lambda slug: (frequency[slug], slug))
        for name, slugs in caught.items()
        if slugs
    }


def by_check(known: Proof) -> dict[str, list[tuple[str, list[str]]]]:
    """The faults that each check catches, most specific first, and the other checks that catch them."""
    found: dict[str, list[tuple[str, list[str]]]] = defaultdict(list)
    for name, slugs in known.items():
        for slug in slugs:
            found[slug].append((name, [one for one in slugs if one != slug]))
    for slug, pairs in found.items():
        pairs.sort(key=lambda pair: (known[pair[0]][0] != slug, len(pair[1]), pair[0]))
    return found


def table(known: Proof) -> str:
    """The checks as a Markdown table, in the order of reports."""
    faults = by_check(known)
    lines = ["| check | fact | grade | faults that prove it |", "| --- | --- | --- | --- |"]
    for slug, check in REGISTRY.items():
        cases_text = ", ".join(_fault(name, others) for name, others in faults.get(slug, [])[:SHOWN])
        fact = check.fact.replace("|", "\\|")
        lines.append(f"| `{slug}` | {fact} | {check.grade} | {cases_text or REASONS.get(slug, '')} |")
    return "\n".join(lines)


def _fault(name: str, others: list[str]) -> str:
    """A fault, and the other checks that catch it if they are few."""
    if not others:
        return f"**{name}**"
    return f"{name} (with {', '.join(others)})" if len(others) < COMPANIONS else name


def profiles() -> str:
    """The profiles and their ceilings as a Markdown table."""
    lines = [
        "| profile | runs | tokens | requests | seconds | generated requests for each operation and mode |"
    ]
    lines.append("| --- | --- | --- | --- | --- | --- |")
    for name, one in PROFILES.items():
        cells = (f"`{name}`", one.runs, one.tokens, one.requests, f"{one.seconds:g}", one.examples)
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def written(text: str) -> str:
    """The text of the README with current tables."""
    for name, content in (("checks", table(proof())), ("profiles", profiles())):
        before, begin, rest = text.partition(f"<!-- {name} -->")
        _, end, after = rest.partition(f"<!-- /{name} -->")
        assert begin, f"{README} has no place for {name}"
        text = f"{before}{begin}\n{content}\n{end}{after}"
    return text


def measured(folder: Path) -> list[Result]:
    """The results for the faulty deployments."""
    faults = {case.name for case in cases() if case.group != "variants"}
    results = [Result(**json.loads(path.read_text())) for path in sorted(folder.glob("*.json"))]
    return [result for result in results if result.name in faults]


@click.command()
@click.option("--learn", is_flag=True, help="Add missing faults from the last measurement.")
def main(learn: bool) -> None:
    """Write the tables into the README."""
    if learn:
        known = {**learned(measured(RESULTS / "standard")), **proof()}
        ordered = {case.name: known[case.name] for case in cases() if case.name in known}
        PROOF.write_text(yaml.safe_dump(ordered, sort_keys=False, width=110), encoding="utf-8")
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
