"""Is the judge's README as the judge is, and does every check have a fault that proves it?"""

import re

from contract_tests.checks import REGISTRY
from openapi import DOCUMENT
from tests.together.cases import cases
from tests.together.measure import Result
from tests.together.table import README, REASONS, learned, proof, written

TEXT = README.read_text(encoding="utf-8")


def test_the_readme_has_the_tables_of_now() -> None:
    assert written(TEXT) == TEXT, "write them: python -m tests.together.table"


def test_every_check_has_a_fault_that_it_catches_or_a_reason_why_none() -> None:
    assert set(REGISTRY) - set(proof()) - set(REASONS) == set()


def test_no_reason_and_no_proof_outlives_its_check() -> None:
    assert (set(proof()) | set(REASONS)) - set(REGISTRY) == set()
    assert set(REASONS) & set(proof()) == set()


def test_every_fault_that_is_named_exists() -> None:
    faults = {case.name for case in cases() if case.group != "variants"}
    assert {name for named in proof().values() for name in named} - faults == set()


def test_what_is_not_checked_is_in_the_document() -> None:
    section = TEXT.partition("## What is not checked")[2].partition("\n## ")[0]
    document = DOCUMENT.read_text(encoding="utf-8")
    assert [name for name in re.findall(r"`([\w-]+)`", section) if name not in document] == []


def test_the_proof_of_a_check_is_what_fewest_others_catch() -> None:
    both = Result("both", 1, 1.0, {"failure": ["no-key-refused", "wrong-key-refused"]})
    one = Result("one", 1, 1.0, {"warning": ["no-key-refused"]})
    assert learned([both, one]) == {
        "no-key-refused": {"one": [], "both": ["wrong-key-refused"]},
        "wrong-key-refused": {"both": ["no-key-refused"]},
    }
