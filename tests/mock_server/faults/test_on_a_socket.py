"""Answers: does each wire condition do on the wire what it says?"""

import errno
import json
from typing import Any

import httpx
import pytest

from mock_server.simulation.conditions import KINDS
from mock_server.testing import TuneMock
from tests.mock_server.raw import chunks, data_lines, sent, streamed

PLAIN_EVENTS = 24
NAME = "event: "


@pytest.fixture
def plain(tune_mock: TuneMock) -> list[bytes]:
    """What an undisturbed stream of `hello` tells, from a mock that is then as good as new again."""
    with streamed(tune_mock, "hello") as raw:
        raw.read_until(b"thread.run.queued")
        tune_mock.advance(10)
        told = data_lines(b"".join(chunks(raw.read_to_the_end())))
    tune_mock.reset()
    return told


def end(tune_mock: TuneMock, choice: str, **fields: Any) -> bytes:
    """All bytes of a streamed run whose time passes at once."""
    with streamed(tune_mock, choice, **fields) as raw:
        raw.read_until(b"\r\n\r\n")
        tune_mock.advance(100)
        return raw.read_to_the_end()


def test_split_tells_the_same_in_other_pieces(tune_mock: TuneMock, plain: list[bytes]) -> None:
    pieces = chunks(end(tune_mock, "hello+split"))
    stream = b"".join(pieces)
    assert [json.loads(data) for data in data_lines(stream)[:-1]] == [json.loads(data) for data in plain[:-1]]
    assert data_lines(stream)[-1] == plain[-1] == b"[DONE]"
    assert any(not piece.endswith(b"\n") for piece in pieces)
    assert b"\r\n" in stream
    assert b"\n: a comment" in stream.replace(b"\r\n", b"\n")


def test_split_cuts_inside_characters_and_joins_events(tune_mock: TuneMock) -> None:
    pieces = chunks(end(tune_mock, "long-answer+split"))
    assert any(not _is_text(piece) for piece in pieces)
    assert any(piece.count(b"event: ") > 1 for piece in pieces)
    assert _is_text(b"".join(pieces))


def test_cut_resets_the_connection_and_the_run_goes_on(tune_mock: TuneMock) -> None:
    with streamed(tune_mock, "hello+cut=5") as raw:
        raw.read_until(b"thread.run.queued")
        tune_mock.advance(1)
        with pytest.raises(ConnectionResetError) as reset:
            raw.read_to_the_end()
        assert reset.value.errno == errno.ECONNRESET
        assert len(data_lines(b"".join(chunks(raw.received)))) == 5
    tune_mock.advance(2)
    assert [run["status"] for run in tune_mock.runs()] == ["completed"]


def test_ends_early_is_a_clean_end_without_a_last_word(tune_mock: TuneMock, plain: list[bytes]) -> None:
    answer = end(tune_mock, "hello+ends-early=8")
    assert answer.endswith(b"0\r\n\r\n")
    assert data_lines(b"".join(chunks(answer))) == plain[:8]


def test_stall_says_nothing_more_and_keeps_the_socket_open(tune_mock: TuneMock) -> None:
    with streamed(tune_mock, "hello+stall=3") as raw:
        raw.read_until(b"thread.run.queued")
        tune_mock.advance(0.4)
        raw.read_until(b"thread.run.in_progress")
        tune_mock.advance(3600)
        assert raw.pending() == b""
        assert [run["status"] for run in tune_mock.runs()] == ["completed"]
        tune_mock.reset()
        raw.read_to_the_end()


def test_burst_keeps_everything_for_the_end(tune_mock: TuneMock, plain: list[bytes]) -> None:
    with streamed(tune_mock, "hello+burst") as raw:
        raw.read_until(b"\r\n\r\n")
        tune_mock.advance(2.4)
        assert chunks(raw.received + raw.pending()) == []
        tune_mock.advance(1)
        pieces = chunks(raw.read_to_the_end())
    assert len(pieces) == 1
    assert data_lines(pieces[0]) == plain


def test_duplicate_sends_every_third_event_twice(tune_mock: TuneMock, plain: list[bytes]) -> None:
    told = data_lines(b"".join(chunks(end(tune_mock, "hello+duplicate=3"))))
    assert told == [
        data
        for number, data in enumerate(plain, 1)
        for _ in range(1 + (number % 3 == 0 and data != b"[DONE]"))
    ]


def test_late_poll_lets_polls_lag_behind_the_stream(tune_mock: TuneMock) -> None:
    with streamed(tune_mock, "hello+late-poll=1.5") as raw, tune_mock.client() as client:
        raw.read_until(b"thread.run.queued")
        tune_mock.advance(2.5)
        raw.read_until(b"[DONE]")
        [run] = tune_mock.runs()
        path = f"/threads/{run['threadId']}"
        assert run["status"] == "completed"
        assert client.get(f"{path}/runs/{run['id']}").json()["status"] == "in_progress"
        [late] = client.get(f"{path}/messages").json()["data"]
        tune_mock.advance(1.5)
        assert client.get(f"{path}/runs/{run['id']}").json()["status"] == "completed"
        [whole] = client.get(f"{path}/messages").json()["data"]
        assert whole["content"][0]["text"]["value"].startswith(late["content"][0]["text"]["value"])
        assert whole != late


@pytest.mark.parametrize("code", [401, 403, 404, 429, 500, 503])
def test_status_refuses_a_creation_with_the_code(tune_mock: TuneMock, code: int) -> None:
    path, body = "/threads/t/runs", {"model": "acme/m"}
    with sent(tune_mock, "POST", path, body, {"Prefer": f"wire=status={code};retry-after=7"}) as raw:
        answer = raw.read_to_the_end()
    head, _, content = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % code)
    assert (b"retry-after: 7" in head.lower()) == (code in (429, 503))
    assert set(json.loads(content)) == {"code", "message"}
    assert tune_mock.runs() == []


def statuses(client: httpx.Client, path: str, times: int) -> list[int]:
    """The statuses of some polls in a row."""
    return [client.get(path).status_code for _ in range(times)]


def test_status_refuses_the_first_polls_or_every_second_one(tune_mock: TuneMock) -> None:
    with tune_mock.client() as client:
        for choice, expected in (
            ("hello+status=503;first=2;on=polls", [503, 503, 200, 200]),
            ("hello+status=429;every=2;on=getRun", [200, 429, 200, 429]),
        ):
            run = client.post(
                "/threads/runs", json={"model": f"mock/{choice}"}, headers={"Prefer": "respond-async"}
            ).json()
            assert statuses(client, f"/threads/{run['threadId']}/runs/{run['id']}", 4) == expected
        assert statuses(client, f"/threads/{run['threadId']}", 2) == [200, 200]


def test_a_creation_that_is_tried_again_succeeds(tune_mock: TuneMock) -> None:
    tune_mock.use_scenario("instant+status=429;first=1")
    with tune_mock.client() as client:
        made = [client.post("/threads/t/runs", json={"model": "acme/m"}).status_code for _ in range(2)]
    assert made == [429, 200]


@pytest.mark.parametrize("latency", ["0.5", "fixed:0.5", "uniform:0.2:0.5", "lognormal:0.3:0.2"])
def test_latency_delays_the_first_byte(tune_mock: TuneMock, latency: str) -> None:
    with sent(tune_mock, "GET", "/threads", headers={"Prefer": f"wire=latency={latency}"}) as raw:
        assert _seen(tune_mock, "listThreads")
        assert raw.pending() == b""
        tune_mock.advance(3)
        assert raw.read_to_the_end().startswith(b"HTTP/1.1 200")


def test_conditions_combine(tune_mock: TuneMock) -> None:
    answer = end(tune_mock, "hello+duplicate=2+ends-early=7")
    assert len(data_lines(b"".join(chunks(answer)))) == 7


@pytest.mark.parametrize(
    "chosen",
    [
        {"json": {"model": "mock/hello+cut=3"}},
        {"json": {"model": "m", "metadata": {"scenario": "hello+cut=3"}}},
        {"json": {"model": "m"}, "headers": {"Prefer": "respond-async, scenario=hello, wire=cut=3"}},
        {
            "json": {
                "model": "m",
                "thread": {"messages": [{"role": "user", "content": "/mock hello+cut=3 hi"}]},
            }
        },
    ],
)
def test_conditions_are_chosen_together_with_the_scenario(
    tune_mock: TuneMock, chosen: dict[str, Any]
) -> None:
    headers = {"Prefer": "respond-async", **chosen.get("headers", {})}
    with tune_mock.client() as client:
        answer = client.post("/threads/runs", json=chosen["json"], headers=headers)
    assert answer.headers["x-mock-scenario"].startswith("hello+cut=3; by=")


@pytest.mark.parametrize(
    ("wire", "told"),
    [
        ("nonsense", ["no network condition 'nonsense'", *KINDS]),
        ("cut=0", ["cut=0", "'0' is not a whole number from 1", "cut=N"]),
        ("split=1", ["takes no value"]),
        ("status", ["has no value"]),
        ("status=418", ["'418' is not one of 401, 403, 404, 429, 500, 503"]),
        ("status=429;first=1;every=2", ["'first' and 'every' exclude each other"]),
        ("status=429;only=1", ["'only' is not an option (allowed: first, every, on, retry-after)"]),
        ("status=429;on=pools", ["'pools' is not create, polls, any or an operationId"]),
        ("latency=uniform:2:1", ["ends before it begins"]),
        ("latency=lognormal:0:1", ["has no median above 0"]),
        ("latency=slow", ["'slow'"]),
        ("late-poll=-1", ["'-1' is not a number of seconds"]),
    ],
)
def test_a_condition_that_means_nothing_is_refused_with_what_is_allowed(
    tune_mock: TuneMock, wire: str, told: list[str]
) -> None:
    with tune_mock.client() as client:
        answer = client.post("/threads/runs", json={"model": "m"}, headers={"Prefer": f"wire={wire}"})
    assert answer.status_code == 400
    assert [text for text in told if text not in answer.json()["message"]] == []


def _seen(tune_mock: TuneMock, operation: str) -> bool:
    """Whether the mock has got a request; asks until it has."""
    return any(tune_mock.journal(operation) for _ in range(1000))


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
