"""Does the client respect budget, rate limits and secrets, and record what happens?"""

import gzip
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpcore
import httpx
import pytest

from contract_tests.client import reader
from contract_tests.client.budget import Budget, BudgetExceeded
from contract_tests.client.client import OWN_KEY, Client, Record
from contract_tests.client.network.clients import ONE_CONNECTION, Clients
from contract_tests.client.network.decoding import Decoder
from contract_tests.client.network.metering import BODY_LIMIT, MeteringBackend
from contract_tests.client.raw_http import send_raw
from contract_tests.settings import Settings
from tests.contract_tests.small_server import Answer, Handler, serving

KEY = "sk-tune-secret"
EVENTS = "text/event-stream"


@contextmanager
def talking_to(answer: Answer, folder: Path, **ceilings: float) -> Iterator[Client]:
    """A client of a server that responds as `answer` says."""
    given = {"runs": 2, "tokens": 200, "requests": 50, "seconds": 30, "started": time.time(), **ceilings}
    with serving(answer) as url:
        client = Client(Settings(url, KEY, timeout=2, max_wait=1), Budget(folder, **given), Record())  # type: ignore[arg-type]
        try:
            yield client
        finally:
            client.close()


def test_retry_after_is_respected(tmp_path: Path) -> None:
    calls: list[float] = []

    def answer(handler: Handler) -> None:
        calls.append(time.monotonic())
        if len(calls) < 3:
            handler.reply(429, b"{}", Retry_After="0")
        else:
            handler.reply(200, b'{"ok": true}')

    with talking_to(answer, tmp_path) as client:
        assert client.send("GET", "/threads").json == {"ok": True}
        assert [one.status for one in client.record.exchanges] == [429, 429, 200]


def test_threads_share_no_connection_at_the_same_time() -> None:
    clients = Clients(lambda: httpx.Client(limits=ONE_CONNECTION))
    with clients.one() as first, clients.one() as second:
        assert first is not second
    with clients.one() as third:
        assert third is second or third is first
    clients.close()
    assert first.is_closed
    assert second.is_closed


def test_no_cookie_is_kept(tmp_path: Path) -> None:
    cookies: list[str | None] = []

    def answer(handler: Handler) -> None:
        cookies.append(handler.headers.get("Cookie"))
        handler.reply(200, b"{}", Set_Cookie="session=1; Path=/")

    with talking_to(answer, tmp_path) as client:
        client.send("GET", "/threads")
        client.send("GET", "/threads")
        client.send("GET", "/threads", headers={"Cookie": "own=1"})
    assert cookies == [None, None, "own=1"]


def test_an_impatient_request_is_not_retried(tmp_path: Path) -> None:
    with talking_to(lambda handler: handler.reply(429, b"{}", Retry_After="0"), tmp_path) as client:
        assert client.send("GET", "/threads", patient=False).status == 429
        assert len(client.record.exchanges) == 1


def test_the_key_is_sent_but_not_shown(tmp_path: Path) -> None:
    sent: list[str | None] = []

    def answer(handler: Handler) -> None:
        sent.append(handler.headers["X-Tune-Key"])
        handler.reply(200, b"{}")

    with talking_to(answer, tmp_path) as client:
        for key in (OWN_KEY, None, "", "other"):
            client.send("GET", "/threads", key=key)
        assert sent == [KEY, None, "", "other"]
        assert all(KEY not in repr(one) or KEY not in one.curl() for one in client.record.exchanges)
        assert all(KEY not in one.curl() for one in client.record.exchanges)


def test_a_run_has_the_token_limit_unless_it_sets_its_own(tmp_path: Path) -> None:
    bodies: list[bytes] = []

    def answer(handler: Handler) -> None:
        bodies.append(handler.body)
        handler.reply(400, b"{}")

    with talking_to(answer, tmp_path) as client:
        client.send("POST", "/threads/t/runs", body={"model": "m"})
        client.send("POST", "/threads/t/runs", body={"model": "m", "maxCompletionTokens": 7})
        client.send("POST", "/threads", body={"title": "t"})
    assert bodies == [
        b'{"maxCompletionTokens": 100, "model": "m"}',
        b'{"maxCompletionTokens": 7, "model": "m"}',
        b'{"title": "t"}',
    ]


def test_only_accepted_runs_count(tmp_path: Path) -> None:
    status = 400

    def answer(handler: Handler) -> None:
        handler.reply(status, b"{}")

    with talking_to(answer, tmp_path, runs=1, tokens=100) as client:
        client.send("POST", "/threads/runs", body={"model": "m"})
        assert client.budget.spent.runs == 0
        status = 200
        client.send("POST", "/threads/runs", body={"model": "m"})
        assert client.budget.spent.runs == 1
        with pytest.raises(BudgetExceeded, match="--max-runs 1"):
            client.send("POST", "/threads/runs", body={"model": "m"})
        assert len(client.record.exchanges) == 2


def test_the_chunks_of_a_stream_have_their_arrival_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, decode = threading.Event(), Decoder.decode
    # The server goes on once the client has the first chunk.
    monkeypatch.setattr(Decoder, "decode", lambda self, raw: (go_on.set(), decode(self, raw))[1])

    def answer(handler: Handler) -> None:
        handler.reply(200, b"data: 1\n\n", chunks=True, Content_Type=EVENTS, Connection="close")
        go_on.wait(20)
        handler.wfile.write(b"data: [DONE]\n\n")
        handler.close_connection = True

    with talking_to(answer, tmp_path) as client:
        exchange = client.send("POST", "/threads/t/runs", body={"model": "m", "stream": True})
    first, last = exchange.chunks
    assert (first.data, last.data) == (b"data: 1\n\n", b"data: [DONE]\n\n")
    assert exchange.sent < first.at < last.at <= exchange.received
    assert not exchange.cut


def test_a_stream_that_stays_open_after_done_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_GRACE", 0.1)
    over = threading.Event()

    def answer(handler: Handler) -> None:
        handler.reply(200, b"data: [DONE]\n\n", chunks=True, Content_Type=EVENTS, Connection="close")
        over.wait(3)
        handler.close_connection = True

    with talking_to(answer, tmp_path) as client:
        exchange = client.send("POST", "/threads/t/runs", body={"model": "m", "stream": True})
        over.set()
    assert exchange.cut
    assert exchange.body == b"data: [DONE]\n\n"


def test_a_broken_response_is_recorded_with_its_error(tmp_path: Path) -> None:
    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(b"{}")
        handler.close_connection = True

    with talking_to(answer, tmp_path) as client:
        exchange = client.send("GET", "/threads")
    assert "RemoteProtocolError" in exchange.error


def test_a_content_length_that_cuts_the_body_is_named(tmp_path: Path) -> None:
    def answer(handler: Handler) -> None:
        body = b'{"id": "thread_1", "object": "thread"}'
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
        handler.wfile.write(b"Content-Length: 30\r\n\r\n" + body)
        handler.close_connection = True

    with talking_to(answer, tmp_path) as client:
        exchange = client.send("GET", "/threads/thread_1")
    assert exchange.error == (
        'Content-Length: 30 ends the body within its JSON, after \'{"id": "thread_1", "object": "\''
    )


def test_nothing_is_sent_when_no_time_is_left(tmp_path: Path) -> None:
    with (
        talking_to(lambda handler: handler.reply(200, b"{}"), tmp_path, started=0) as client,
        pytest.raises(BudgetExceeded, match="--max-seconds"),
    ):
        client.send("GET", "/threads")


@pytest.mark.parametrize(
    ("head", "body", "flaw"),
    [
        (b"Content-Length: 2\r\n", b"{}", ""),
        (b"Content-Length: 1\r\n", b"{}", "Content-Length: 1, but 2 bytes of body"),
        (b"Content-Length: 5\r\n", b"{}", "Content-Length: 5, but 2 bytes of body"),
        (
            b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
            b"{}",
            "both Content-Length and Transfer-Encoding",
        ),
        (b"Content-Length: 2\r\nContent-Length: 3\r\n", b"{}", "several values of Content-Length: 2, 3"),
        (b"Content-Length: two\r\n", b"{}", "Content-Length: two"),
    ],
)
def test_raw_responses_show_framing_errors(tmp_path: Path, head: bytes, body: bytes, flaw: str) -> None:
    def answer(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + body)
        handler.close_connection = True

    with talking_to(answer, tmp_path) as client:
        answered = send_raw(client, "GET", "/threads")
    assert (answered.status, answered.body, answered.flaw) == (200, body, flaw)


def flood(handler: Handler, start: bytes, repeated: bytes) -> None:
    """Send a beginning, and then the same bytes until the client closes the connection."""
    handler.close_connection = True
    try:
        handler.wfile.write(start)
        for _ in range(100_000):
            handler.wfile.write(repeated)
    except OSError:
        return


JSON_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
FLOODS = {
    "interim responses": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100, "more than 128 KiB before the body"),
    "a head": (b"HTTP/1.1 200 OK\r\n", b"X-A: aaaaaaaa\r\n" * 100, ""),
    "a body": (JSON_HEAD + b"\r\n", b" " * 65536, "more than 4 MiB of body"),
    "a bomb": (
        JSON_HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b" " * 2**24),
        b"",
        "more than 4 MiB of decompressed body",
    ),
    "headers": (
        JSON_HEAD + b"X: a\r\n" * 300 + b"Content-Length: 2\r\n\r\n{}",
        b"",
        "more than 256 headers",
    ),
}


@pytest.mark.parametrize(("start", "repeated", "complaint"), FLOODS.values(), ids=FLOODS)
def test_reading_stops_at_a_ceiling(tmp_path: Path, start: bytes, repeated: bytes, complaint: str) -> None:
    with talking_to(lambda handler: flood(handler, start, repeated), tmp_path) as client:
        exchange = client.send("GET", "/threads")
    assert exchange.error
    assert complaint in exchange.error
    assert len(exchange.body) <= BODY_LIMIT + 2**17
    assert exchange.received - exchange.sent < 5


def test_a_head_that_drips_ends_with_the_timeout(tmp_path: Path) -> None:
    over = threading.Event()

    def answer(handler: Handler) -> None:
        handler.close_connection = True
        try:
            while not over.wait(0.02):
                handler.wfile.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        except OSError:
            return

    with talking_to(answer, tmp_path) as client:
        exchange = client.send("GET", "/threads", timeout=0.5)
        over.set()
    assert "Timeout" in exchange.error
    assert exchange.received - exchange.sent < 1.5


def test_closing_the_client_ends_what_waits(tmp_path: Path) -> None:
    waiting, over = threading.Event(), threading.Event()

    def answer(handler: Handler) -> None:
        waiting.set()
        over.wait(5)
        handler.close_connection = True

    with talking_to(answer, tmp_path, seconds=20) as client:
        begun = time.monotonic()

        def send() -> None:
            with suppress(BudgetExceeded):
                client.send("GET", "/threads", timeout=10)

        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        assert waiting.wait(5)
        client.budget.stop()
        client.close()
        sender.join(5)
        over.set()
        assert not sender.is_alive()
        assert time.monotonic() - begun < 4


def test_a_connection_that_is_made_while_the_client_closes_is_closed_too() -> None:
    network = MeteringBackend()
    with serving(lambda handler: handler.reply(200, b"{}")) as url:
        port = int(url.rpartition(":")[2].removesuffix("/v1"))
        network.shut()
        # A socket that stays open would be a warning, and with it a failure.
        with pytest.raises(httpcore.ConnectError):
            network.connect_tcp("127.0.0.1", port)
