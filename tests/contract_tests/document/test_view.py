"""Does every version of the validator read every value that JSON allows?"""

from typing import Any

import pytest

from contract_tests.document import document


@pytest.mark.parametrize("value", ["\ud800", 10**40, -(10**40), 1e308, {"\ud800": [10**40]}], ids=repr)
def test_a_value_that_a_validator_may_not_read_is_valid_in_metadata(value: Any) -> None:
    view = document().documented
    schema = view.request_schema("createThread") or {}
    assert view.mismatches(schema, {"title": "A", "metadata": {"a": value}}) == []
    assert [one.place for one in view.mismatches(schema, {"title": 7, "metadata": {"a": value}})] == ["title"]
