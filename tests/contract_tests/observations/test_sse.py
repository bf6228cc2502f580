"""Does the parser read what the standard describes, and report what it does not?"""

import pytest

from contract_tests.observations.sse import Event, Parser, parse


def read(text: str | bytes) -> list[tuple[str, str]]:
    raw = text.encode() if isinstance(text, str) else text
    return [(event.event, event.data) for event in parse([raw])]


def flaws(text: str | bytes) -> list[str]:
    parser = Parser()
    list(parser.feed(text.encode() if isinstance(text, str) else text))
    parser.close()
    return [flaw.what for flaw in parser.flaws]


# The examples of the HTML standard, 9.2.6.
def test_the_stock_ticker_of_the_standard_is_one_event_of_three_lines() -> None:
    assert read("data: YHOO\ndata: +2\ndata: 10\n\n") == [("", "YHOO\n+2\n10")]


def test_the_four_blocks_of_the_standard_are_two_events_and_an_unfinished_one() -> None:
    text = ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event"
    assert [(event.data, event.id) for event in parse([text.encode()])] == [
        ("first event", "1"),
        ("second event", ""),
    ]


def test_the_empty_data_lines_of_the_standard_are_events() -> None:
    assert read("data\n\ndata\ndata\n\ndata:") == [("", ""), ("", "\n")]


def test_one_space_after_the_colon_is_dropped_and_no_more() -> None:
    assert read("data:test\n\ndata: test\n\ndata:  test\n\n") == [("", "test"), ("", "test"), ("", " test")]


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_each_line_end_counts_once(end: str) -> None:
    assert read(f"event: a{end}data: 1{end}{end}data: 2{end}{end}") == [("a", "1"), ("", "2")]


@pytest.mark.parametrize("cut", range(1, 30))
def test_chunks_give_the_same_events_as_the_whole(cut: int) -> None:
    whole = "event: é\r\ndata: 1\r\n\r\n: c\rdata: 💡\n\n".encode()
    assert [one.data for one in parse([whole[:cut], whole[cut:]])] == ["1", "💡"]


@pytest.mark.parametrize("letter", ["\u2028", "\u2029", "\x0b", "\x0c", "\x85", "\x1c"])
def test_no_other_character_ends_a_line(letter: str) -> None:
    assert read(f"data: a{letter}b\n\n") == [("", f"a{letter}b")]
    assert flaws(f"data: a{letter}b\n\n") == []


def test_a_byte_order_mark_and_comments_are_skipped() -> None:
    assert read(b"\xef\xbb\xbf: hello\ndata: 1\n\n") == [("", "1")]
    assert flaws(b"\xef\xbb\xbf: hello\ndata: 1\n\n") == []


def test_an_event_has_its_arrival_time_and_its_line() -> None:
    parser = Parser()
    assert list(parser.feed(b"data: 1\n", 1.0)) == []
    assert list(parser.feed(b"\n", 2.0)) == [Event("1", at=2.0, line=1)]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("data: 1\n", "without the blank line"),
        ("data: 1", "inside a line"),
        ('{"a": 1}\n\n', "neither a field nor a comment"),
        ("Data: 1\n\n", "neither a field nor a comment"),
        ("retry: soon\ndata: 1\n\n", "retry is not a number"),
        (b"data: \xff\n\n", "not UTF-8"),
    ],
)
def test_a_violation_of_the_standard_is_a_flaw(text: str | bytes, what: str) -> None:
    assert any(what in flaw for flaw in flaws(text))


def test_a_valid_stream_has_no_flaws() -> None:
    assert flaws(": c\nretry: 10\nid: 7\nevent: a\ndata: 1\n\n") == []


def test_a_field_with_another_name_is_ignored() -> None:
    parser = Parser()
    assert [event.data for event in parser.feed(b"trace-id: 7\ndata: 1\nping\n\n")] == ["1"]
    assert parser.flaws == []
