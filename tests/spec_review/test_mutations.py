"""Are small edits of a document reported, at the right place and by the right rule?"""

import pytest
import yaml

from openapi import DOCUMENT
from tests.spec_review.benchmark import generated
from tests.spec_review.mutations import Content, main, mutations, outcome

DOCUMENTS = {
    # A compatible change below an assumed fact is only a note.
    "our own": (yaml.safe_load(DOCUMENT.read_text(encoding="utf-8")), 4),
    "generated": (generated(30, changed=False), 1),
}
"""Each document, and how many of twenty edits may be reported without their own rule."""


@pytest.mark.parametrize(("content", "unnamed"), DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_a_small_edit_is_reported_at_its_place(content: Content, unnamed: int) -> None:
    results = [outcome(content, *one) for one in mutations(content, 20, seed=11)]
    assert [one for one in results if not one.reported] == []
    assert len([one for one in results if not one.named]) <= unnamed


def test_the_command_needs_a_file() -> None:
    assert main([]) == 2
