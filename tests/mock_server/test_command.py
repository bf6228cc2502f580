"""What does `tune-mock` print at startup, on errors and on shutdown?"""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mock_server.cli import main

Start = Callable[..., tuple[subprocess.Popen[str], int, str]]
Request = Callable[..., http.client.HTTPResponse]

START_SECONDS = 30
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("TUNE_")}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--scenario", "nope"], ['no scenario "nope"', "hello, instant"]),
        (["--port", "70000"], ["--port", "70000"]),
        (["--speed", "nan"], ["--speed", "nan is not a number"]),
        (["--speed", "-1"], ["--speed"]),
        (["--create", "later"], ["--create", "'blocking', 'background'"]),
        (["--scenarios", "/no/such/place"], ["--scenarios", "/no/such/place"]),
        (["--key", " "], ["--key: a key cannot be empty"]),
        (
            ["--cors-origin", "http://localhost:3000/"],
            ["--cors-origin", "is not * or scheme://host", "a path"],
        ),
        (["--cors-origin", "localhost:3000"], ["--cors-origin", "'localhost:3000' is not"]),
        (["--control-origin", "*"], ["--control-origin", "'*' is not scheme://host"]),
        (["--nope"], ["--nope"]),
        (["surplus"], ["surplus"]),
    ],
)
def test_a_usage_error_prints_one_line_and_exits_with_2(
    arguments: list[str], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("tune-mock: ")
    assert output.err.count("\n") == 1
    for word in words:
        assert word in output.err


def test_an_invalid_scenario_file_prints_one_line_and_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.yaml").write_text("summary: s\nreveals: r\ntimeline: soon\n")
    assert main(["--scenarios", str(tmp_path)]) == 2
    error = f"tune-mock: {tmp_path.name}/mine.yaml:3: timeline: must be a list with at least one entry\n"
    assert capsys.readouterr().err == error


def test_a_port_in_use_prints_one_line_and_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["--port", str(port)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"tune-mock: cannot listen on 127.0.0.1 port {port}: ")
    assert error.endswith("; choose another with --port\n")


def test_an_address_of_another_machine_prints_one_line_and_exits_with_2(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--host", "192.0.2.1", "--port", "0"]) == 2
    assert "cannot listen on 192.0.2.1" in capsys.readouterr().err


def test_every_option_can_be_set_by_an_environment_variable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {"SCENARIO": "nope", "CORS_ORIGIN": "http://a http://b", "KEY": "a b"}.items():
        monkeypatch.setenv(f"TUNE_MOCK_{name}", value)
    assert main([]) == 2
    assert 'no scenario "nope"' in capsys.readouterr().err


def test_list_prints_each_scenario_with_its_summary(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    assert re.search(r"^  hello +A short answer", capsys.readouterr().out, re.MULTILINE)


def test_help_and_version_print_and_exit_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert main(["--version"]) == 0
    assert re.search(r"tune-mock, version \d+\.\d+\.\d+", capsys.readouterr().out)


@pytest.fixture
def start() -> Iterator[Start]:
    """Start `tune-mock` processes; returns the process, its port and its startup output."""
    started: list[subprocess.Popen[str]] = []

    def start_mock(*arguments: str) -> tuple[subprocess.Popen[str], int, str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "mock_server", "--port", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
        )
        started.append(process)
        assert process.stdout is not None
        output = ""
        while "Scenarios" not in output:
            line = process.stdout.readline()
            assert line, process.communicate()
            output += line
        found = re.search(r"http://127\.0\.0\.1:(\d+)/v1", output)
        assert found
        return process, int(found[1]), output

    yield start_mock
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def request_to() -> Iterator[Callable[..., http.client.HTTPResponse]]:
    """Send requests to a port; the connections are closed after the test."""
    with ExitStack() as connections:

        def send(port: int, method: str, path: str, body: object = None) -> http.client.HTTPResponse:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
            connections.callback(connection.close)
            headers = {"X-Tune-Key": "k", "Content-Type": "application/json"}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            return connections.enter_context(connection.getresponse())

        yield send


def test_the_curl_commands_of_the_startup_banner_work(
    start: Start,
) -> None:
    _, port, output = start("--speed", "0", "--seed", "s1", "--key", "sk-mine")
    assert "sk-mine" in output
    assert f"http://127.0.0.1:{port}/docs" in output
    assert "s1" in output
    commands = re.findall(r"^  (curl .*)$", output, re.MULTILINE)
    assert len(commands) == 3
    responses = [
        subprocess.run(command, shell=True, capture_output=True, text=True, check=True).stdout
        for command in commands
    ]
    assert json.loads(responses[0])["title"] == "My first thread"
    assert json.loads(responses[1])["role"] == "user"
    assert "Hello!" in responses[2]
    assert responses[2].endswith("data: [DONE]\n\n")


def test_the_mock_stops_cleanly_while_streams_are_open(start: Start, request_to: Request) -> None:
    process, port, _ = start("--scenario", "expired", "--quiet")
    response = request_to(port, "POST", "/v1/threads/t/runs", {"model": "m", "stream": True})
    assert response.readline() == b"event: thread.run.created\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=START_SECONDS)
    assert process.returncode in (0, 130)
    assert "Traceback" not in out + err
    assert b"[DONE]" not in response.read()


def test_events_reach_the_client_when_they_are_due(start: Start, request_to: Request) -> None:
    _, port, _ = start("--clock", "manual", "--quiet")
    response = request_to(port, "POST", "/v1/threads/t/runs", {"model": "m", "stream": True})
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert [response.readline() for _ in range(4)][3] == b"event: thread.run.queued\n"
    moved = request_to(port, "POST", "/_mock/clock/advance", {"by": 0.4})
    assert moved.status == 200, moved.read()
    assert [response.readline() for _ in range(3)][2] == b"event: thread.run.in_progress\n"


@pytest.mark.parametrize(
    "sent",
    [b"nonsense\r\n\r\n", b"GET /v1/threads HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"GET / HTTP/9\r\n\r\n"],
)
def test_invalid_http_is_rejected_with_the_usual_error_shape(start: Start, sent: bytes) -> None:
    _, port, _ = start("--quiet")
    with socket.create_connection(("127.0.0.1", port), timeout=START_SECONDS) as connection:
        connection.sendall(sent)
        head, _, body = b"".join(iter(lambda: connection.recv(4096), b"")).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert json.loads(body)["code"] == "invalid_argument"


def test_each_request_is_logged_in_one_line_unless_quiet(start: Start, request_to: Request) -> None:
    logs = []
    for arguments in ([], ["--quiet"]):
        process, port, _ = start(*arguments)
        assert request_to(port, "GET", "/v1/threads?limit=5").status == 200
        body = {"model": "mock/instant", "max_tokens": 3}
        assert request_to(port, "POST", "/v1/threads/t%0A/runs", body).status == 200
        assert request_to(port, "POST", "/v1/threads/t/runs", {}).status == 400
        process.terminate()
        logs.append(process.communicate(timeout=START_SECONDS)[1])
    listed, created, refused = logs[0].splitlines()
    assert re.fullmatch(r"GET /v1/threads 200 \d+ ms", listed)
    assert created.startswith(r"POST /v1/threads/t\n/runs 200 ")
    assert "'max_tokens' is not a field and was ignored; did you mean 'maxCompletionTokens'?" in created
    assert created.endswith("instant; by=model")
    assert refused.endswith(" ms  model: is required")
    assert logs[1] == ""


def test_self_check_passes_the_responses_of_the_mock(start: Start, request_to: Request) -> None:
    _, port, _ = start("--self-check", "--speed", "0", "--quiet")
    assert request_to(port, "POST", "/v1/threads/t/runs", {"model": "m"}).status == 200
    assert request_to(port, "GET", "/v1/docs/").status == 200


def test_an_internal_error_has_an_exit_code_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a\nb")

    monkeypatch.setattr("mock_server.cli._run", broken)
    assert main(["--port", "0"]) == 4
    assert capsys.readouterr().err == (
        "tune-mock: internal error: ZeroDivisionError: a b; please report it with this line\n"
    )
