"""Does the proxy forward everything unchanged, and check the traffic?"""

import asyncio
import gzip
import json
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from contract_tests.baseline import Known
from contract_tests.cli import main
from contract_tests.recordings.offline import OfflineOptions
from contract_tests.recordings.proxy import CheckingProxy, application, end_to_end
from contract_tests.report import Outputs
from openapi import Grade
from tests.contract_tests.building import COMPLETED, RUN, THREAD, event, run_event
from tests.serving import in_thread

KEY = "sk-tune-4f9Lq81aZpW3"
HEADERS = {"X-Tune-Key": KEY}
RUN_PATH = "/v1/threads/thread_1/runs/run_1"


def served(app: Any) -> AbstractContextManager[str]:
    """Serve an ASGI application with its lifespan and without additional headers. Yields its origin."""
    return in_thread(app, server_header=False, date_header=False)


class Upstream:
    """A service with prepared responses. It remembers its requests."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, list[tuple[str, str]], bytes]] = []
        self.answers: dict[str, Response] = {}
        self.gate = threading.Event()
        methods = ["GET", "HEAD", "POST", "OPTIONS", "DELETE"]
        self.app = Starlette(routes=[Route("/{path:path}", self.answer, methods=methods)])

    async def answer(self, request: Request) -> Response:
        """Return the response that was prepared for the path."""
        url = request.scope["raw_path"].decode() + f"?{request.scope['query_string'].decode()}".rstrip("?")
        headers = [(name.decode(), value.decode()) for name, value in request.headers.raw]
        self.requests.append((request.method, url, headers, await request.body()))
        if request.url.path == "/v1/threads/thread_1/runs" and request.method == "POST":
            return StreamingResponse(self.events(), media_type="text/event-stream")
        return self.answers.get(request.url.path, JSONResponse({"code": "not_found", "message": "no"}, 404))

    async def events(self) -> AsyncIterator[bytes]:
        """A stream whose second half is sent when the gate opens."""
        yield run_event("queued") + b": a comment\r\n"
        await asyncio.to_thread(self.gate.wait, 10)
        yield run_event("in_progress") + run_event("completed")
        yield event("[DONE]")


@pytest.fixture
def upstream() -> Upstream:
    """A service with a thread and a run."""
    service = Upstream()
    service.answers = {"/v1/threads/thread_1": JSONResponse(THREAD), RUN_PATH: JSONResponse(COMPLETED)}
    return service


@pytest.fixture
def proxy(upstream: Upstream) -> Iterator[CheckingProxy]:
    """A proxy in front of the service."""
    with served(upstream.app) as origin:
        yield CheckingProxy(f"{origin}/v1", OfflineOptions(Grade.DOCUMENTED, Known(), Outputs()))


@pytest.fixture
def http(proxy: CheckingProxy) -> Iterator[httpx.Client]:
    """A client of the proxy."""
    with served(application(proxy)) as origin, httpx.Client(base_url=origin, headers=HEADERS) as client:
        yield client


def labels(proxy: CheckingProxy, number: int) -> list[str]:
    """The labels of the recorded exchanges, once there are `number`. They are recorded after the response."""
    for _ in range(500):
        if len(proxy.exchanges) >= number:
            break
        threading.Event().wait(0.01)
    return [one.label for one in proxy.exchanges]


def test_a_request_is_forwarded_unchanged(
    http: httpx.Client, upstream: Upstream, proxy: CheckingProxy
) -> None:
    http.post(
        "/v1/threads/th%2Fr%20ead?x=a%20b&x=2",
        content=b'{"title": "\xc3\xa9"}',
        headers={"X-Odd": "1", "Connection": "keep-alive, X-Hop", "X-Hop": "1", "Cookie": "a=b", "TE": "x"},
    )
    method, url, headers, body = upstream.requests[0]
    named = dict(headers)
    assert (method, url, body) == ("POST", "/v1/threads/th%2Fr%20ead?x=a%20b&x=2", b'{"title": "\xc3\xa9"}')
    assert (named["x-odd"], named["cookie"], named["x-tune-key"]) == ("1", "a=b", KEY)
    assert not {"x-hop", "te"} & named.keys()
    assert named["host"] == httpx.URL(proxy.base).netloc.decode()


def test_a_response_is_forwarded_unchanged(http: httpx.Client, upstream: Upstream) -> None:
    given = Response(
        b'{"id": 1}', 418, {"X-Trace": "7", "Keep-Alive": "timeout=5", "Content-Type": "application/odd"}
    )
    given.raw_headers += [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
    upstream.answers["/v1/other"] = given
    answer = http.get("/v1/other")
    assert (answer.status_code, answer.content) == (418, b'{"id": 1}')
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert (answer.headers["x-trace"], answer.headers["content-type"]) == ("7", "application/odd")
    assert "keep-alive" not in answer.headers
    assert "server" not in answer.headers


def test_a_stream_is_forwarded_unchanged_and_unbuffered(
    http: httpx.Client, upstream: Upstream, proxy: CheckingProxy
) -> None:
    body = {"model": "org/model", "stream": True}
    with http.stream("POST", "/v1/threads/thread_1/runs", json=body) as answer:
        pieces = answer.iter_raw()
        first = next(pieces)
        assert first == run_event("queued") + b": a comment\r\n"
        assert not proxy.exchanges
        upstream.gate.set()
        rest = b"".join(pieces)
    assert rest == run_event("in_progress") + run_event("completed") + event("[DONE]")
    assert labels(proxy, 1) == ["createRun"]
    assert len(proxy.exchanges[0].chunks) >= 2
    assert proxy.exchanges[0].body == first + rest


def test_a_preflight_is_forwarded_and_not_checked(
    http: httpx.Client, upstream: Upstream, proxy: CheckingProxy
) -> None:
    allow = {"Access-Control-Allow-Origin": "http://app.test", "Access-Control-Allow-Headers": "x-tune-key"}
    upstream.answers["/v1/threads"] = Response(status_code=204, headers=allow)
    headers = {"Origin": "http://app.test", "Access-Control-Request-Method": "POST"}
    answer = http.options("/v1/threads", headers=headers)
    assert {name: answer.headers[name] for name in allow} == allow
    assert ("origin", "http://app.test") in upstream.requests[0][2]
    http.get("/v1/threads/thread_1")
    assert labels(proxy, 1) == ["getThread"]


def test_other_paths_are_forwarded_and_not_checked(
    http: httpx.Client, upstream: Upstream, proxy: CheckingProxy
) -> None:
    upstream.answers["/assets/app.js"] = Response("x")
    assert http.get("/assets/app.js").text == "x"
    http.get(RUN_PATH)
    assert labels(proxy, 1) == ["getRun"]


def test_a_compressed_response_stays_compressed_and_is_checked(
    http: httpx.Client, upstream: Upstream, proxy: CheckingProxy
) -> None:
    packed = gzip.compress(json.dumps(COMPLETED).encode())
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    upstream.answers[RUN_PATH] = Response(packed, headers=headers)
    with http.stream("GET", RUN_PATH) as answer:
        assert b"".join(answer.iter_raw()) == packed
    labels(proxy, 1)
    assert proxy.exchanges[0].json == COMPLETED


def test_a_head_request_has_no_body(http: httpx.Client) -> None:
    answer = http.head(RUN_PATH)
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_broken_fact_is_reported_at_once_and_only_once(
    http: httpx.Client, upstream: Upstream, proxy: CheckingProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[str] = []
    happened = threading.Event()
    monkeypatch.setattr(
        proxy._terminal, "finding", lambda one, _: (reported.append(one.slug), happened.set())
    )
    upstream.answers[RUN_PATH] = JSONResponse(COMPLETED)
    http.get(RUN_PATH)
    upstream.answers[RUN_PATH] = JSONResponse(RUN)
    http.get(RUN_PATH)
    assert happened.wait(10)
    http.get(RUN_PATH)
    labels(proxy, 3)
    assert reported.count("terminal-status-final") == 1


def test_the_final_report_does_not_contain_the_key(
    http: httpx.Client, upstream: Upstream, proxy: CheckingProxy, capsys: pytest.CaptureFixture[str]
) -> None:
    upstream.answers[RUN_PATH] = JSONResponse({**COMPLETED, "model": KEY, "id": 5})
    http.get(RUN_PATH)
    labels(proxy, 1)
    assert proxy.summarize() == 1
    out = capsys.readouterr().out
    assert "response-schema" in out
    assert "Violates the contract: traffic to http://127.0.0.1" in out
    assert KEY not in out


def test_without_traffic_the_exit_code_is_3(proxy: CheckingProxy) -> None:
    assert proxy.summarize() == 3


def test_an_unreachable_service_is_reported_as_502(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    proxy = CheckingProxy(f"http://127.0.0.1:{port}/v1", OfflineOptions(Grade.DOCUMENTED, Known(), Outputs()))
    with served(application(proxy)) as origin:
        answer = httpx.get(f"{origin}/v1/threads", headers=HEADERS)
    assert (answer.status_code, answer.json()["code"]) == (502, "unavailable")
    assert f"tune-check cannot reach http://127.0.0.1:{port}/v1" in capsys.readouterr().out


def test_a_response_that_the_client_aborts_is_not_checked(
    http: httpx.Client, upstream: Upstream, proxy: CheckingProxy
) -> None:
    with http.stream("POST", "/v1/threads/thread_1/runs", json={"model": "m", "stream": True}) as answer:
        next(answer.iter_raw())
    for _ in range(500):
        if proxy.aborted:
            break
        threading.Event().wait(0.01)
    upstream.gate.set()
    assert proxy.aborted == 1
    assert proxy.exchanges == []


class Breaking:
    """A service that closes the connection within its response."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        """Send half a response to one request."""
        connection, _ = self.socket.accept()
        connection.recv(65536)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n"
        connection.sendall(head + b'{"id": ')
        connection.close()


def test_a_response_that_the_service_breaks_off_is_checked() -> None:
    breaking = Breaking()
    base = f"http://127.0.0.1:{breaking.socket.getsockname()[1]}/v1"
    proxy = CheckingProxy(base, OfflineOptions(Grade.DOCUMENTED, Known(), Outputs()))
    with served(application(proxy)) as origin, suppress(httpx.HTTPError):
        httpx.get(f"{origin}{RUN_PATH}", headers=HEADERS)
    breaking.socket.close()
    assert labels(proxy, 1) == ["getRun"]
    assert "RemoteProtocolError" in proxy.exchanges[0].error
    assert proxy.summarize() == 1


def test_hop_by_hop_headers_are_not_forwarded() -> None:
    headers = [
        (b"Connection", b"close, X-Hop"),
        (b"x-hop", b"1"),
        (b"Transfer-Encoding", b"chunked"),
        (b"Upgrade", b"h2c"),
        (b"Accept", b"*/*"),
    ]
    assert end_to_end(headers) == [(b"Accept", b"*/*")]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_command_reports_when_it_is_stopped(
    ending: signal.Signals, upstream: Upstream, tmp_path: Path
) -> None:
    page = tmp_path / "report.html"
    upstream.answers[RUN_PATH] = JSONResponse({**COMPLETED, "model": 5})
    with served(upstream.app) as origin:
        command = [sys.executable, "-m", "contract_tests", "--proxy-to", origin, "--listen", "127.0.0.1:0"]
        process = subprocess.Popen([*command, "--html", str(page)], stdout=subprocess.PIPE, text=True)
        assert process.stdout
        said = process.stdout.readline()
        base = re.search(r"http://\S+", said)
        assert base, said
        answer = httpx.get(f"{base[0].removesuffix('/v1')}{RUN_PATH}", headers=HEADERS)
        assert answer.json()["model"] == 5
        while "response-schema" not in (line := process.stdout.readline()):
            assert line
        process.send_signal(ending)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "Violates the contract: traffic to" in out.splitlines()[-1]
    assert "response-schema" in page.read_text()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--listen", "4011"], "--listen: '4011' is not an address; write it like 127.0.0.1:4011"),
        (["--listen", "127.0.0.1:70000"], "is not an address"),
        (["--model", "m"], "--proxy-to: it sends no requests of its own and does not use --model"),
        (["http://other.test"], "remove http://other.test"),
        (["--ca", "missing.pem"], "--ca: there is no file missing.pem"),
    ],
)
def test_a_usage_error_is_one_line(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:

    assert main(["--proxy-to", "http://127.0.0.1:9", *arguments]) == 2
    assert complaint in capsys.readouterr().err


def test_an_occupied_port_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:

    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert main(["--proxy-to", "http://127.0.0.1:9", "--listen", address]) == 2
    assert f"--listen: {address}: " in capsys.readouterr().err
