"""Do limits hold against clients that open many connections, or send slowly?"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from mock_server import Settings
from mock_server.server import connections
from mock_server.testing import TuneMock, running
from tests.serving import free_port, wait_until_listening

HEAD = b"POST /v1/threads/t/runs HTTP/1.1\r\nHost: localhost\r\nX-Tune-Key: k\r\n"
JSON = HEAD + b"Content-Type: application/json\r\n"
INCOMPLETE = {
    "nothing": b"",
    "half a line": b"GET /v1/thr",
    "half a head": HEAD,
    "half a body": JSON + b"Content-Length: 999\r\n\r\n{",
    "half a chunk": JSON + b"Transfer-Encoding: chunked\r\n\r\n999\r\n{",
    "a chunked body without an end": JSON + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
    "a complete request and half of another": b"GET /v1/threads HTTP/1.1\r\nX-Tune-Key: k\r\n\r\nGET /v1",
}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[TuneMock]:
    """A server that gives its clients a tenth of a second."""
    monkeypatch.setattr(connections, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(connections, "LOOKS", 5)
    with running(Settings(port=0, quiet=True)) as mock:
        yield mock


def connected(mock: TuneMock) -> socket.socket:
    """A connection to a server."""
    host, port = mock.origin.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=20)


def read_to_the_end(connection: socket.socket) -> bytes:
    """All bytes until the server closes the connection."""
    received = b""
    while data := connection.recv(65536):
        received += data
    return received


def last_error(received: bytes) -> tuple[int, dict[str, Any]]:
    """The status and the body of the last response."""
    head, _, body = received[received.rindex(b"HTTP/1.1 ") :].partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


@pytest.mark.parametrize("kind", INCOMPLETE)
def test_a_request_that_is_never_complete_gets_a_408(quick: TuneMock, kind: str) -> None:
    with closing(connected(quick)) as connection:
        connection.sendall(INCOMPLETE[kind])
        status, error = last_error(read_to_the_end(connection))
    assert (status, error["code"]) == (408, "unavailable")
    assert "was not complete after 0.1 seconds" in error["message"]


def test_a_client_that_sends_a_byte_now_and_then_gets_a_408(quick: TuneMock) -> None:
    with closing(connected(quick)) as connection:
        connection.settimeout(0.01)
        connection.sendall(HEAD)
        received, deadline = b"", time.monotonic() + 20
        while b"408" not in received and time.monotonic() < deadline:
            with suppress(TimeoutError, BrokenPipeError):
                connection.sendall(b"A")
            with suppress(TimeoutError):
                received += connection.recv(65536)
    assert last_error(received)[0] == 408


def test_a_client_that_waits_for_its_response_is_left_alone(quick: TuneMock) -> None:
    body = b'{"model": "mock/hello", "stream": true}'
    quick.freeze()
    with closing(connected(quick)) as waiting, closing(connected(quick)) as idle:
        waiting.sendall(JSON + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        idle.sendall(INCOMPLETE["half a head"])
        assert last_error(read_to_the_end(idle))[0] == 408
        quick.advance(100)
        received = b""
        while b"[DONE]" not in received:
            received += waiting.recv(65536) or b"[DONE] never came"
    assert b" 200 OK" in received


def test_connections_beyond_the_limit_get_a_503_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 20)
    with running(Settings(port=0, quiet=True)) as mock, ExitStack() as stack:
        kept = [stack.enter_context(closing(connected(mock))) for _ in range(20)]
        for _ in range(50):
            with closing(connected(mock)) as one:
                status, error = last_error(read_to_the_end(one))
                assert (status, error["code"]) == (503, "unavailable")
        for one in kept:
            one.sendall(b"GET /v1/threads HTTP/1.1\r\nX-Tune-Key: k\r\n\r\n")
            assert one.recv(65536).startswith(b"HTTP/1.1 200 OK")


def test_a_client_that_has_left_is_not_reset(capfd: pytest.CaptureFixture[str]) -> None:
    body = b'{"model": "mock/hello+cut=1", "stream": true}'
    with running(Settings(port=0, quiet=True)) as mock:
        mock.freeze()
        for _ in range(30):
            with closing(connected(mock)) as one:
                one.sendall(JSON + b"Content-Length: %d\r\n\r\n" % len(body) + body)
                one.recv(20)
        mock.advance(100)
        assert mock.overview()["waiting"] == 0
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_server_with_half_sent_requests_stops_at_once_and_without_a_traceback(
    workers: str, tmp_path: Path
) -> None:
    port, log = free_port(), tmp_path / "log"
    command = [sys.executable, "-m", "mock_server", "--port", str(port), "--quiet", "--workers", workers]
    stream = b'{"model": "mock/hello", "stream": true}'
    sent = [*INCOMPLETE.values(), JSON + b"Content-Length: %d\r\n\r\n" % len(stream) + stream]
    with log.open("wb") as file, ExitStack() as stack:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=file)
        try:
            assert wait_until_listening(port, process)
            # The socket listens before the server handles signals.
            assert httpx.get(f"http://127.0.0.1:{port}/v1/threads").status_code == 401
            for text in sent * 3:
                connection = socket.create_connection(("127.0.0.1", port), timeout=20)
                stack.enter_context(closing(connection)).sendall(text)
            process.send_signal(signal.SIGTERM)
            started = time.monotonic()
            code = process.wait(20)
            took = time.monotonic() - started
        finally:
            process.kill()
            process.wait()
    written = log.read_text()
    assert (code in (0, -signal.SIGTERM), took < 5) == (True, True), (took, log.read_text())
    assert "Traceback" not in written
    assert len(written.splitlines()) <= 1, written


def test_the_limit_leaves_room_for_other_files() -> None:
    program = (
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (200, 400))\n"
        "from mock_server.server.connections import most_connections\n"
        "print(most_connections(), resource.getrlimit(resource.RLIMIT_NOFILE)[0])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout.split() == ["300", "400"]
