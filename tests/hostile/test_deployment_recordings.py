"""Is a hostile recording read without a crash, and a hostile upstream forwarded without a trace?"""

import json
import re
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import seed as begin_with
from hypothesis import strategies as st

from contract_tests.cli import main
from contract_tests.settings import UsageError
from tests.contract_tests.recordings.test_har import GOOD, HOST, entry, recording
from tests.hostile.seeds import EXAMPLES, seed

CASES = max(60, EXAMPLES // 20)
ODD: list[Any] = [
    None, True, -1, 10**30, 1e308, "", "\ud800", "\x1b]0;x\x07", [None], {"a": None}, [[]], [{"name": None}],
    "http://[", "9" * 5000, "\u202e", "2024-99-99", "0001-01-01T00:00:00", "é", {"name": "\udfff"},
]  # fmt: skip
PLACES = [
    ("request",), ("request", "method"), ("request", "url"), ("request", "headers"), ("request", "cookies"),
    ("request", "postData"), ("request", "postData", "text"), ("request", "postData", "params"),
    ("response",),
    ("response", "status"), ("response", "headers"), ("response", "content"), ("response", "content", "text"),
    ("response", "content", "mimeType"), ("response", "content", "encoding"), ("response", "content", "size"),
    ("startedDateTime",), ("time",),
]  # fmt: skip
CHANGES = st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(ODD)), min_size=1, max_size=3)


def changed(plain: Any, place: tuple[str, ...], value: Any) -> Any:
    """A copy with another value at a place."""
    if not place:
        return value
    inner = plain if isinstance(plain, dict) else {}
    return {**inner, place[0]: changed(inner.get(place[0]), place[1:], value)}


@pytest.mark.parametrize("number", [1, 2])
def test_odd_entries_are_left_out_and_counted(number: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("har")

    @begin_with(seed(number))
    @settings(max_examples=CASES, deadline=None, database=None)
    @example(0, [(("time",), 10**30)])
    @given(st.integers(0, len(GOOD) - 1), CHANGES)
    def check(index: int, changes: list[tuple[tuple[str, ...], Any]]) -> None:
        odd: Any = GOOD[index]
        for place, value in changes:
            odd = changed(odd, place, value)
        found = recording(folder, [odd, *GOOD])
        assert len(found.exchanges) + sum(found.skipped.values()) == len(GOOD) + 1
        report = folder / "report.json"
        code = main(
            ["--har", str(folder / "page.har"), "--json", str(report), "--html", str(folder / "page.html")]
        )
        assert code in (0, 1, 3)
        json.loads(report.read_text(encoding="utf-8"))

    check()


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"log": {"entries": 1e999}}', "\x00", '{"log": null}', "[NaN]"]
)
def test_a_file_that_is_no_recording_is_one_line(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "page.har"
    path.write_text(text)
    assert main(["--har", str(path)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_params_that_are_no_objects_are_left_out(tmp_path: Path) -> None:
    odd = entry("POST", f"{HOST}/threads", {}, request_body={})
    odd["request"]["postData"] = {"params": [None]}
    found = recording(tmp_path, [odd, *GOOD])
    assert dict(found.skipped) == {"malformed entry": 1}


@pytest.mark.parametrize("content", [{"size": 40}, {"size": 0, "mimeType": "text/event-stream", "text": ""}])
def test_a_stream_that_was_not_recorded_cannot_be_green(
    content: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rest = [one for one in GOOD if one["response"]["content"]["mimeType"] != "text/event-stream"]
    url = f"{HOST}/threads/thread_1/runs"
    streamed = entry("POST", url, request_body={"model": "m", "stream": True}, at=1, content=content)
    recording(tmp_path, [*rest, streamed])
    assert main(["--har", str(tmp_path / "page.har")]) == 3
    out = capsys.readouterr().out
    assert "1 responses were recorded without their body: createRun (1)" in out.splitlines()[-1]
    assert "createRun was never requested" not in out


def test_a_recording_without_urls_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="none of its 2 entries"):
        recording(tmp_path, [None, {"request": {"url": "\ud800"}}])


def breaking_upstream(listener: socket.socket) -> None:
    """Begin a response and break off."""
    connection, _ = listener.accept()
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    listener.close()


def test_an_upstream_that_dies_is_one_line() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=breaking_upstream, args=[listener], daemon=True).start()
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    command = [sys.executable, "-u", "-m", "contract_tests", "--proxy-to", origin, "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout
    base = re.search(r"http://\S+", process.stdout.readline())
    assert base
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"{base[0]}/threads/thread_1")
    assert httpx.get(f"{base[0]}/threads/thread_1").status_code == 502
    process.terminate()
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Traceback" not in out
    assert len(re.findall(f"{origin}/v1 broke off GET /threads/thread_1", out)) == 1
