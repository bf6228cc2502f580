"""In which form is the content of a message shown?"""

from typing import Any

import pytest

from mock_server.simulation.content import parts


@pytest.mark.parametrize(
    ("sent", "shown"),
    [("hi", "hi"), ({"value": "hi"}, "hi"), ("", ""), ({}, ""), (None, ""), ({"value": {}}, "")],
)
def test_a_text_is_shown_under_value_and_an_empty_one_as_the_empty_text(sent: Any, shown: str) -> None:
    (part,) = parts([{"type": "text", "text": sent}])
    assert part["text"] == {"value": shown, "annotations": []}
