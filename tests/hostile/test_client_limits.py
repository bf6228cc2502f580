"""Do limits hold against clients that send as much as they can?"""

import json
import random
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server import Settings
from mock_server.http.hints import MOST_HINTS, hints
from mock_server.http.prefer import preferences
from mock_server.sandboxes import journal as journal_module
from mock_server.sandboxes.journal import MAX_BODY, MAX_BYTES, MAX_ENTRIES, Journal, JournalBudget
from mock_server.server.bounded import LARGEST_HEAD, MOST_HEADERS
from mock_server.simulation.conditions import KINDS, MOST, ConditionError, parse_all
from mock_server.testing import TuneMock, running

KEY = "X-Tune-Key: sk-tune-test"
RUNS = "/v1/threads/t/runs"


@pytest.fixture(scope="module")
def mock() -> Iterator[TuneMock]:
    """A server of this module."""
    with running(Settings(port=0, quiet=True, speed=0)) as served:
        yield served


def answer(mock: TuneMock, sent: bytes, *more: bytes) -> bytes:
    """What the server sends until it closes the connection, for requests that ask it to."""
    host, port = mock.origin.removeprefix("http://").split(":")
    with closing(socket.create_connection((host, int(port)), timeout=10)) as connection:
        received = b""
        try:
            for part in (sent, *more):
                connection.sendall(part)
            while data := connection.recv(65536):
                received += data
        except (BrokenPipeError, ConnectionResetError):
            while data := connection.recv(65536):
                received += data
        return received


def request(*headers: str, body: bytes = b"", method: str = "GET", path: str = RUNS) -> bytes:
    """A request that asks the server to close the connection."""
    head = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers, "", ""]
    return "\r\n".join(head).encode("latin-1") + body


def error(received: bytes) -> tuple[int, str]:
    """The status and the code of an error response, which has the form of all others."""
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"content-type: application/json" in head.lower(), received[:300]
    found = json.loads(body)
    assert set(found) == {"code", "message"}
    return int(head.split()[1]), found["code"]


ODD = st.lists(
    st.sampled_from(
        ["a", ",", ";", "=", '"', "\\", " ", "\t", "wire=", "scenario", "Wire = x;b=c", '"x"', "{"]
    ),
    max_size=8,
).map("".join)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(ODD, ODD, ODD)
def test_a_prefer_header_is_read_in_linear_time(prefix: str, unit: str, suffix: str) -> None:
    text = prefix + unit * 2000 + suffix
    reads = _Counted(text)
    preferences([reads])
    assert reads.count <= 25 * (len(text) + 1)


class _Counted(str):
    """A text that counts how often one of its characters is read."""

    count = 0

    def __getitem__(self, key: Any) -> str:
        self.count += 1
        return super().__getitem__(key)


@pytest.mark.parametrize("unit", ["; ", "a=  ", '"\\', "wire=a;b=c ", "wire=a;", " ", '" '])
def test_a_hostile_prefer_header_does_not_hold_up_the_server(mock: TuneMock, unit: str) -> None:
    started = time.monotonic()
    value = "a" + unit * (15_000 // len(unit))
    assert answer(mock, request(KEY, f"Prefer: {value}")).startswith(b"HTTP/1.1 ")
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "headers",
    [
        [f"A: {'x' * LARGEST_HEAD}"],
        [f"A{number}: x" for number in range(MOST_HEADERS)],
        ["A: x"] * 50_000,
        [f"Prefer: a={' ' * 60_000}"],
        [f"{'n' * 5_000_000}: x"],
    ],
)
def test_a_large_head_is_rejected_with_431(mock: TuneMock, headers: list[str]) -> None:
    assert error(answer(mock, request(KEY, *headers))) == (431, "resource_exhausted")
    assert error(answer(mock, request(path="/" + "p" * LARGEST_HEAD))) == (431, "resource_exhausted")


def test_a_head_that_never_ends_is_rejected_with_431(mock: TuneMock) -> None:
    parts = [b"x" * 1000] * 40
    assert error(answer(mock, b"GET / HTTP/1.1\r\nA: ", *parts)) == (431, "resource_exhausted")


def test_a_large_body_right_after_its_head_is_not_a_large_head(mock: TuneMock) -> None:
    body = json.dumps({"model": "mock/instant", "metadata": {"a": "x" * 50_000}}).encode()
    sent = request(
        KEY, "Content-Type: application/json", f"Content-Length: {len(body)}", body=body, method="POST"
    )
    assert answer(mock, sent).startswith(b"HTTP/1.1 200 ")


def test_a_key_in_the_trailer_of_a_chunked_body_is_not_a_key(mock: TuneMock) -> None:
    body = b"0\r\nX-Tune-Key: sk-tune-test\r\nContent-Type: application/json\r\n\r\n"
    sent = request("Transfer-Encoding: chunked", body=body, method="POST")
    assert error(answer(mock, sent)) == (401, "unauthenticated")


def test_a_trailer_that_never_ends_is_rejected_with_431(mock: TuneMock) -> None:
    head = request(KEY, "Transfer-Encoding: chunked", "Content-Type: application/json", method="POST")
    parts = [b"A: " + b"x" * 1000] * 40
    assert error(answer(mock, head, b"2\r\n{}\r\n0\r\n", *parts)) == (431, "resource_exhausted")


@pytest.mark.parametrize("length", ["0" * 5001, "0" * 5000 + "2", "9" * 5001, "9" * 19, "-1", "1e3", " "])
def test_a_content_length_that_is_no_number_is_rejected_with_400(mock: TuneMock, length: str) -> None:
    sent = request(
        KEY, "Content-Type: application/json", f"Content-Length: {length}", method="POST", body=b"{}"
    )
    assert error(answer(mock, sent)) == (400, "invalid_argument")


@pytest.mark.parametrize(
    "path", ["/v1/docs/nothing.js", "/v1/docs/%2e%2e/%2e%2e/etc/passwd", "/v1/docs/a%00b"]
)
def test_an_unknown_page_of_the_docs_is_not_found(mock: TuneMock, path: str) -> None:
    assert error(answer(mock, request(path=path))) == (404, "not_found")


def test_a_body_with_many_misspelled_fields_gets_a_few_hints(mock: TuneMock) -> None:
    fields = {f"temperature{number}": 1 for number in range(30_000)}
    body = json.dumps({"model": "mock/instant", **fields}).encode()
    sent = request(
        KEY, "Content-Type: application/json", f"Content-Length: {len(body)}", body=body, method="POST"
    )
    received = answer(mock, sent)
    assert received.startswith(b"HTTP/1.1 200 ")
    assert received.count(b"x-mock-hint") == MOST_HINTS
    names = [f"temperatur{number}" for number in range(30_000)]
    assert len(hints(names, frozenset({"temperature"}), ())) == MOST_HINTS


@pytest.mark.parametrize("seed", range(3))
def test_the_journal_stays_within_its_limit(seed: int) -> None:
    rng, journal = random.Random(seed), Journal()
    for number in range(3 * MAX_ENTRIES):
        headers = [
            (b"n" * rng.randrange(30), b"v" * rng.choice((0, 10, 3000))) for _ in range(rng.choice((3, 90)))
        ]
        scope = {
            "method": "GET",
            "path": "/" * rng.choice((10, 9000)),
            "query_string": b"",
            "headers": headers,
        }
        entry = journal.note(scope, number)
        for _ in range(rng.choice((0, 1, 1))):
            journal.keep(entry, b'"%b"' % (b"x" * rng.choice((0, 100, MAX_BODY - 2, 1_000_000))))
        kept = list(journal.entries())
        assert journal.size == sum(one.size for one in kept) <= MAX_BYTES
        assert len(kept) <= MAX_ENTRIES
        assert kept[-1] is entry


@pytest.mark.parametrize("seed", range(3))
def test_the_journals_of_all_tests_together_stay_within_their_limit(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "MAX_TEST_BYTES", 50_000)
    rng, budget = random.Random(seed), JournalBudget()
    journals = [Journal(budget) for _ in range(20)]
    for number in range(3000):
        journal = rng.choice(journals)
        scope = {"method": "GET", "path": "/" * rng.randrange(2000), "query_string": b"", "headers": []}
        entry = journal.note(scope, number)
        journal.keep(entry, b'"%b"' % (b"x" * rng.randrange(3000)))
        if rng.random() < 0.01:
            journals[rng.randrange(20)].end()
            journals[rng.randrange(20)] = Journal(budget)
        counted = [one for one in journals if one._budget]
        assert budget.size >= sum(one.size for one in counted)
        assert budget.size <= 50_000
        assert list(journal.entries())[-1:] == [entry]


def test_the_journal_of_a_server_keeps_no_large_body(mock: TuneMock) -> None:
    body = b'{"model": "mock/instant", "metadata": {"a": "%b"}}' % (b"x" * 900_000)
    head = request(KEY, "Transfer-Encoding: chunked", "Content-Type: application/json", method="POST")
    assert answer(mock, head, b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)).startswith(b"HTTP/1.1 200 ")
    assert "body" not in mock.journal()[-1]


CONDITIONS = st.sampled_from(
    [f"{name}={value}" if value else name for name in KINDS for value in ("", "1", "503", "2", "429;first=1")]
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(CONDITIONS, max_size=2 * MOST))
def test_each_network_condition_is_written_once_and_there_are_few(written: list[str]) -> None:
    try:
        found = parse_all(written)
    except ConditionError:
        return
    assert len(found) <= MOST
    assert len({one.written for one in found}) == len(found)
    streams = [one.name for one in found if not KINDS[one.name].options]
    assert len(set(streams)) == len(streams)


@pytest.mark.parametrize(
    "wire",
    [
        "+".join(["duplicate=1"] * 20),
        "split+split",
        "cut=1+cut=2",
        "status=429+status=429",
        "cut=" + "0" * 5000,
    ],
)
def test_a_repeated_network_condition_is_rejected(mock: TuneMock, wire: str) -> None:
    for headers, model in (([f"Prefer: wire={wire}"], "instant"), ([], f"instant+{wire}")):
        body = json.dumps({"model": f"mock/{model}", "stream": True}).encode()
        length = f"Content-Length: {len(body)}"
        sent = request(KEY, length, "Content-Type: application/json", *headers, body=body, method="POST")
        assert error(answer(mock, sent)) == (400, "invalid_argument")


def test_a_request_replaces_the_network_condition_of_its_scenario(mock: TuneMock) -> None:
    body = json.dumps({"model": "mock/ends-early+ends-early=2", "stream": True}).encode()
    length = f"Content-Length: {len(body)}"
    received = answer(mock, request(KEY, length, "Content-Type: application/json", body=body, method="POST"))
    assert received.count(b"event: ") == 2


def test_a_stream_at_a_very_low_speed_sends_no_flood_of_comments() -> None:
    with running(Settings(port=0, quiet=True, speed=0.000_01)) as slow:
        host, port = slow.origin.removeprefix("http://").split(":")
        body = b'{"model": "mock/hello", "stream": true}'
        headers = [KEY, f"Content-Length: {len(body)}", "Content-Type: application/json"]
        with closing(socket.create_connection((host, int(port)), timeout=10)) as connection:
            connection.sendall(request(*headers, body=body, method="POST"))
            time.sleep(0.5)
            assert len(connection.recv(1 << 20)) < 5000
            assert slow.overview()["waiting"] == 1
