"""Are timestamps parsed as RFC 3339 describes?"""

import pytest

from contract_tests.observations.timestamps import parse_timestamp


@pytest.mark.parametrize(
    "text",
    [
        "2024-08-11T10:21:28Z",
        "2024-08-11T10:21:28.861Z",
        "2024-08-11T10:21:28.861123456Z",
        "2024-08-11t10:21:28z",
        "2024-08-11T12:21:28+02:00",
        "2024-08-11T04:51:28-05:30",
        "2016-12-31T23:59:60Z",
    ],
)
def test_an_rfc_3339_timestamp_is_parsed(text: str) -> None:
    assert parse_timestamp(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024-08-11",
        "2024-08-11 10:21:28Z",
        "2024-08-11T10:21:28",
        "2024-08-11T10:21Z",
        "2024-13-11T10:21:28Z",
        "2024-02-30T10:21:28Z",
        "2024-08-11T25:21:28Z",
        "2024-08-11T10:21:61Z",
        "2024-08-11T10:21:28+0200",
        "1723371688",
        1723371688,
        None,
    ],
)
def test_other_values_are_not_timestamps(text: object) -> None:
    assert parse_timestamp(text) is None


def test_timestamps_with_different_offsets_can_be_equal() -> None:
    one, other = parse_timestamp("2024-08-11T12:21:28+02:00"), parse_timestamp("2024-08-11T10:21:28Z")
    assert one is not None
    assert other is not None
    assert not one.differs(other)


@pytest.mark.parametrize(
    ("first", "second", "before"),
    [
        ("2024-08-11T10:21:28.100Z", "2024-08-11T10:21:28.200Z", True),
        ("2024-08-11T10:21:28.200Z", "2024-08-11T10:21:28.100Z", False),
        ("2024-08-11T10:21:28Z", "2024-08-11T10:21:28.900Z", False),
        ("2024-08-11T10:21:27Z", "2024-08-11T10:21:28.900Z", True),
    ],
)
def test_a_timestamp_is_before_another_only_if_precision_allows_it(
    first: str, second: str, before: bool
) -> None:
    one, other = parse_timestamp(first), parse_timestamp(second)
    assert one is not None
    assert other is not None
    assert one.before(other) is before
