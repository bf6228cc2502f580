"""Is the README of the checker current, and does every check have a fault that proves it?"""

import re

from contract_tests.checks import REGISTRY
from openapi import DOCUMENT
from tests.together.cases import cases
from tests.together.measure import Result
from tests.together.table import README, REASONS, by_check, learned, proof, written

TEXT = README.read_text(encoding="utf-8")
CAUGHT = {slug for slugs in proof().values() for slug in slugs}


def test_the_tables_of_the_readme_are_current() -> None:
    assert written(TEXT) == TEXT, "update them: python -m tests.together.table"


def test_every_check_catches_a_fault_or_has_a_reason() -> None:
    assert set(REGISTRY) - CAUGHT - set(REASONS) == set()


def test_every_reason_and_proof_has_a_check() -> None:
    assert (CAUGHT | set(REASONS)) - set(REGISTRY) == set()
    assert set(REASONS) & CAUGHT == set()


def test_every_proven_fault_exists() -> None:
    assert set(proof()) - {case.name for case in cases() if case.group != "variants"} == set()


def test_what_is_not_checked_is_in_the_document() -> None:
    section = TEXT.partition("## What is not checked")[2].partition("\n## ")[0]
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
