"""Does every check have a fault that proves it, and is what is not checked in the document?"""

import re

from contract_tests.checks import REGISTRY
from openapi import DOCUMENT
from tests.repository.sources import ROOT
from tests.together.cases import cases
from tests.together.measure import Result
from tests.together.table import REASONS, by_check, learned, proof, proofs

TEXT = (ROOT / "docs/explanation/what-is-not-checked.md").read_text(encoding="utf-8")
CAUGHT = {slug for slugs in proof().values() for slug in slugs}


def test_every_check_catches_a_fault_or_has_a_reason() -> None:
    assert set(REGISTRY) - CAUGHT - set(REASONS) == set()


def test_every_reason_and_proof_has_a_check() -> None:
    assert (CAUGHT | set(REASONS)) - set(REGISTRY) == set()
    assert set(REASONS) & CAUGHT == set()


def test_every_proven_fault_exists() -> None:
    assert set(proof()) - {case.name for case in cases() if case.group != "variants"} == set()


def test_what_is_not_checked_is_in_the_document() -> None:
    section = TEXT.partition("<!-- not-checked -->")[2].partition("<!-- /not-checked -->")[0]
    assert section
    document = DOCUMENT.read_text(encoding="utf-8")
    assert [name for name in re.findall(r"`([\w-]+)`", section) if name not in document] == []


def test_the_intended_check_is_the_one_that_catches_the_fewest_faults() -> None:
    both = Result("any-key-is-accepted", 1, 1.0, {"failure": ["no-key-refused", "wrong-key-refused"]})
    one = Result("empty-key-is-accepted", 1, 1.0, {"failure": ["no-key-refused"], "note": ["first-status"]})
    known = learned([both, one])
    assert known == {
        "any-key-is-accepted": ["wrong-key-refused", "no-key-refused"],
        "empty-key-is-accepted": ["no-key-refused"],
    }
    assert by_check(known)["no-key-refused"] == [
        ("empty-key-is-accepted", []),
        ("any-key-is-accepted", ["wrong-key-refused"]),
    ]


def test_a_fault_that_one_check_alone_catches_is_in_bold() -> None:
    shown = proofs({"a-fault": ["no-key-refused"], "another": ["no-key-refused", "wrong-key-refused"]})
    assert shown["no-key-refused"] == "**a-fault**, another (with wrong-key-refused)"
    assert shown["operation-tried"] == REASONS["operation-tried"]
