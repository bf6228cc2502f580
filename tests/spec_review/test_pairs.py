"""Does each labelled pair get the verdict and the rules of its label?"""

import pytest

from spec_review import compare
from spec_review.catalogue import KEYWORDS, LOCATIONS, STRUCTURE, rule_id
from tests.spec_review.labelled import Labelled, labelled

ALL = list(labelled())


@pytest.mark.parametrize("pair", ALL, ids=lambda pair: pair.name)
def test_a_labelled_pair_gets_its_verdict(pair: Labelled) -> None:
    changes = compare(*pair.documents())
    ids = {change.id for change in changes}
    levels = {change.level for change in changes}
    shown = [(change.level, change.id, change.message) for change in changes]
    verdict = (
        "breaking"
        if "error" in levels
        else "warning"
        if "warning" in levels
        else "nonbreaking"
        if levels
        else "none"
    )
    expected = {"compatible": ("nonbreaking", "warning")}.get(pair.verdict, (pair.verdict,))
    assert verdict in expected, shown
    assert set(pair.ids) <= ids, shown
    assert not set(pair.without) & ids, shown
    if pair.count is not None:
        assert len([change for change in changes if change.level == "error"]) == pair.count, shown


def test_there_are_at_least_150_pairs_with_different_names() -> None:
    assert len(ALL) >= 150
    assert len({pair.name for pair in ALL}) == len(ALL)


OUTSIDE = {
    "document-added",
    "document-removed",
    "component-renamed",
    "lint-finding-new",
    "scenario-plays-differently",
}
"""Rules that need more than two documents or have tests of their own."""


def test_every_rule_is_triggered_by_one_pair_and_not_by_another() -> None:
    triggered = {id_ for pair in ALL for id_ in pair.ids}
    structural = {id_ for id_, *_ in STRUCTURE} - OUTSIDE
    assert not structural - triggered
    for id_ in structural:
        assert any(
            id_ not in pair.ids and pair.verdict in ("none", "nonbreaking", "warning") for pair in ALL
        ), id_


def test_every_keyword_is_narrowed_and_widened_by_a_pair() -> None:
    triggered = {id_ for pair in ALL for id_ in pair.ids}
    missing = [
        (keyword, place)
        for keyword, kind in KEYWORDS.items()
        if keyword not in ("", "const", "oneOf")  # not in 3.0; overlaps concern requests only
        for place in ("request-property", "response-property")
        if not {rule_id(place, kind.narrowed), rule_id(place, kind.widened)} & triggered
    ]
    assert not missing
    assert set(LOCATIONS.values()) == {"request", "response"}
