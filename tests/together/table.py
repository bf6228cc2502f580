"""Which check catches which fault? `make reference` writes it into the documentation.

    python -m tests.together.table

`proof.yaml` lists for each faulty deployment the checks that catch it, the intended one first. This command
adds missing faults from the results of `tests.together.measure` in build/together.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import yaml

from contract_tests.checks import REGISTRY
from tests.together.cases import cases
from tests.together.measure import RESULTS, Result

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


def proofs(known: Proof) -> dict[str, str]:
    """For each check, as Markdown, the faults that prove it, or the reason why there are none."""
    faults = by_check(known)
    shown = {slug: ", ".join(_fault(*one) for one in faults.get(slug, [])[:SHOWN]) for slug in REGISTRY}
    return {slug: text or REASONS.get(slug, "") for slug, text in shown.items()}


def _fault(name: str, others: list[str]) -> str:
    """A fault, and the other checks that catch it if they are few."""
    if not others:
        return f"**{name}**"
    return f"{name} (with {', '.join(others)})" if len(others) < COMPANIONS else name


def measured(folder: Path) -> list[Result]:
    """The results for the faulty deployments."""
    faults = {case.name for case in cases() if case.group != "variants"}
    results = [Result(**json.loads(path.read_text())) for path in sorted(folder.glob("*.json"))]
    return [result for result in results if result.name in faults]


def main() -> None:
    """Add missing faults from the last measurement."""
    known = {**learned(measured(RESULTS / "standard")), **proof()}
    ordered = {case.name: known[case.name] for case in cases() if case.name in known}
    PROOF.write_text(yaml.safe_dump(ordered, sort_keys=False, width=110), encoding="utf-8")


if __name__ == "__main__":
    main()
