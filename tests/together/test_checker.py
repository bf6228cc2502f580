"""Does every check catch its fault, and does the checker accept every conforming deployment?

By default the tests use one fault for each check and every third variant. `make prove` uses all.
"""

import os

import pytest
from starlette.requests import Request

from contract_tests.checks import REGISTRY
from tests.together.cases import Case, cases
from tests.together.checking import connected, failures, found_in
from tests.together.deployment import Deployment
from tests.together.service import Refusal
from tests.together.table import by_check, proof

ALL = bool(os.environ.get("PROVE"))
PROOF = proof()
FAULTS = {case.name: case for case in cases() if case.severity != "clean"}
VARIANTS = cases("variants")
PAIRS = {(slug, faults[0][0]) for slug, faults in by_check(PROOF).items()}
INTENDED = {(slugs[0], name) for name, slugs in PROOF.items()}


@pytest.mark.parametrize(("slug", "name"), sorted(PAIRS | INTENDED if ALL else PAIRS))
def test_a_check_catches_its_fault(slug: str, name: str) -> None:
    case = FAULTS[name]
    found = found_in(case, [slug]) or found_in(case, [slug], "standard", everything=True)
    assert case.severity in {finding.severity().value for finding in found}


@pytest.mark.parametrize("case", VARIANTS if ALL else VARIANTS[::3], ids=lambda case: case.name)
def test_a_conforming_variant_has_no_failures(case: Case) -> None:
    assert failures(found_in(case, REGISTRY)) == []


def test_every_fault_has_an_intended_check() -> None:
    assert set(FAULTS) - set(PROOF) == set()


@pytest.mark.parametrize(
    ("name", "can_be_checked"), [("key-is-only-a-bearer-token", True), ("no-key-is-good", False)]
)
def test_a_service_that_accepts_the_key_elsewhere_is_checked(name: str, can_be_checked: bool) -> None:
    case = FAULTS.get(name) or Case(name, "", "", "failure", NoKeyIsGood)
    assert connected(case) is can_be_checked


class NoKeyIsGood(Deployment):
    """Every key is rejected, wherever it is."""

    def authenticate(self, request: Request) -> None:
        raise Refusal(401, "unauthenticated", "the key is not known")
