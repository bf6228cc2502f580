"""Does every check catch the fault meant for it, and does the judge leave every lawful deployment alone?

The usual tests take one fault for each check and every third variant; `make prove` all.
"""

import os

import pytest

from contract_tests.checks import REGISTRY
from tests.together.cases import Case, cases
from tests.together.checking import failures, found_in
from tests.together.table import by_check, proof

ALL = bool(os.environ.get("PROVE"))
PROOF = proof()
FAULTS = {case.name: case for case in cases() if case.severity != "clean"}
VARIANTS = cases("variants")
PAIRS = {(slug, faults[0][0]) for slug, faults in by_check(PROOF).items()}
MEANT = {(slugs[0], name) for name, slugs in PROOF.items()}


@pytest.mark.parametrize(("slug", "name"), sorted(PAIRS | MEANT if ALL else PAIRS))
def test_a_check_catches_the_fault_it_is_meant_for(slug: str, name: str) -> None:
    case = FAULTS[name]
    found = found_in(case, [slug]) or found_in(case, [slug], "standard", everything=True)
    assert case.severity in {finding.severity().value for finding in found}


@pytest.mark.parametrize("case", VARIANTS if ALL else VARIANTS[::3], ids=lambda case: case.name)
def test_a_lawful_variant_is_judged_clean(case: Case) -> None:
    assert failures(found_in(case, REGISTRY)) == []


def test_every_fault_has_a_check_that_is_meant_for_it() -> None:
    assert set(FAULTS) - set(PROOF) == set()
