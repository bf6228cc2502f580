"""Is a HAR file of a browser read and checked correctly?"""

import base64
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import harfile
import pytest

from contract_tests.cli import main
from contract_tests.observations.traces import Stream
from contract_tests.recordings.har import Recording, read
from contract_tests.settings import UsageError
from tests.contract_tests.building import COMPLETED, MESSAGE, RUN, THREAD, event, run_event

KEY = "sk-tune-4f9Lq81aZpW3"
HOST = "https://studio.test/v1"
EVENTS = b"".join(
    [run_event("queued"), run_event("in_progress"), run_event("completed"), event("[DONE]")]
).decode()
LIST = {"object": "list", "data": [COMPLETED], "firstId": "run_1", "lastId": "run_1", "hasMore": False}


def entry(
    method: str,
    url: str,
    body: Any = None,
    *,
    request_body: Any = None,
    at: float = 0,
    status: int = 200,
    media: str = "application/json",
    content: Mapping[str, Any] | None = None,
    **response: Any,
) -> dict[str, Any]:
    """A HAR entry as Chromium exports it."""
    text = body if isinstance(body, str) else json.dumps(body)
    headers = [
        {"name": ":authority", "value": "studio.test"},
        {"name": "x-tune-key", "value": KEY},
        {"name": "cookie", "value": "session=0123456789abcdef"},
        {"name": "sec-ch-ua", "value": "Chromium"},
    ]
    data = (
        {"postData": {"mimeType": "application/json", "text": json.dumps(request_body)}}
        if request_body is not None
        else {}
    )
    typed = [{"name": "content-type", "value": "application/json"}] if request_body is not None else []
    return {
        "startedDateTime": f"2024-08-11T10:21:{28 + at:06.3f}Z",
        "time": 100,
        "request": {"method": method, "url": url, "headers": [*headers, *typed], "cookies": [], **data},
        "response": {
            "status": status,
            "headers": [{"name": ":status", "value": "200"}, {"name": "content-type", "value": media}],
            "content": {"mimeType": media, "text": text, "size": len(text)} if content is None else content,
            **response,
        },
        "cache": {},
        "timings": {},
    }


GOOD = [
    entry("POST", f"{HOST}/threads", THREAD, request_body={}),
    entry(
        "POST",
        f"{HOST}/threads/thread_1/messages",
        MESSAGE,
        request_body={"role": "user", "content": "Hello"},
        at=0.2,
    ),
    entry(
        "POST",
        f"{HOST}/threads/thread_1/runs",
        EVENTS,
        request_body={"model": "org/model", "stream": True},
        at=1,
        media="text/event-stream",
    ),
    entry("GET", f"{HOST}/threads/thread_1/runs/run_1", COMPLETED, at=4),
    entry("GET", f"{HOST}/threads/thread_1/runs", LIST, at=5),
]


def recording(tmp_path: Path, entries: Iterable[Any], **options: Any) -> Recording:
    """The recording that is read from a file with these entries."""
    path = tmp_path / "page.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": list(entries)}}))
    return read(str(path), **options)


def test_entries_become_exchanges_in_order(tmp_path: Path) -> None:
    found = recording(tmp_path, reversed(GOOD))
    assert found.base == HOST
    assert [one.label for one in found.exchanges] == [
        "createThread",
        "createMessage",
        "createRun",
        "getRun",
        "listRuns",
    ]
    created = found.exchanges[1]
    assert created.request_json == {"role": "user", "content": "Hello"}
    assert created.path_parameters == {"threadId": "thread_1"}
    assert created.received - created.sent == pytest.approx(0.1)
    assert found.described == "5 of 5 entries checked"


def test_a_recorded_stream_is_parsed(tmp_path: Path) -> None:
    found = recording(tmp_path, GOOD)
    stream = Stream.of(found.exchanges[2])
    assert stream.statuses == ["queued", "in_progress", "completed"]
    assert stream.flaws == ()


def test_a_base64_body_is_decoded(tmp_path: Path) -> None:
    text = base64.b64encode(EVENTS.encode()).decode()
    packed = {**GOOD[2], "response": {**GOOD[2]["response"], "content": {"text": text, "encoding": "base64"}}}
    found = recording(tmp_path, [packed])
    assert found.exchanges[0].body == EVENTS.encode()


def test_the_curl_line_has_no_pseudo_headers_and_no_browser_headers(tmp_path: Path) -> None:
    curl = recording(tmp_path, GOOD).exchanges[0].curl()
    assert curl == (
        "curl -i -H \"x-tune-key: $TUNE_API_KEY\" -H 'content-type: application/json' "
        f"--data-raw '{{}}' {HOST}/threads"
    )


SKIPPED = {
    "CORS preflight": entry("OPTIONS", f"{HOST}/threads", ""),
    "other address": entry("GET", "https://cdn.test/app.js", "x"),
    "other deployment": entry("GET", "https://other.test/v1/threads", LIST),
    "no response": entry("GET", f"{HOST}/threads", "", status=0),
    "body not recorded": entry("GET", f"{HOST}/threads", content={"size": 300}),
    "invalid base64": entry("GET", f"{HOST}/threads", content={"text": "?", "encoding": "base64"}),
    "answered from the browser cache": entry("GET", f"{HOST}/threads", "", status=304),
    "no time": {**GOOD[0], "startedDateTime": "yesterday"},
    "not a request": {"nothing": True},
    "request body not recorded": {
        **GOOD[0],
        "request": {**GOOD[3]["request"], "method": "POST", "bodySize": 20},
    },
}


@pytest.mark.parametrize("reason", SKIPPED)
def test_entries_that_cannot_be_checked_are_skipped_and_counted(reason: str, tmp_path: Path) -> None:
    found = recording(tmp_path, [*GOOD, SKIPPED[reason]])
    assert len(found.exchanges) == len(GOOD)
    assert found.skipped == {reason: 1}
    assert f"{reason} (1)" in found.described


def test_the_deployment_that_received_a_key_is_chosen(tmp_path: Path) -> None:
    strangers = [entry("GET", "https://api.other.test/v1/threads", LIST) for _ in range(9)]
    for one in strangers:
        one["request"]["headers"] = []
    assert recording(tmp_path, [*strangers, *GOOD]).base == HOST
    assert recording(tmp_path, [*strangers, *GOOD], base="https://api.other.test/v1").skipped == {
        "other deployment": 5
    }


def test_an_api_below_another_path_is_recognized(tmp_path: Path) -> None:
    moved = [entry("GET", "http://localhost:3000/threads-app/api/v1/threads/thread_1/runs?limit=2", LIST)]
    found = recording(tmp_path, moved)
    assert found.base == "http://localhost:3000/threads-app/api/v1"
    assert found.exchanges[0].query == (("limit", "2"),)


WRONG = {
    "not JSON": ("{", "is not JSON"),
    "not a HAR": ('{"entries": []}', "log.entries is not a list"),
    "nothing of the API": (
        '{"log": {"entries": [{}, 1, null]}}',
        "none of its 3 entries is a request to the run API",
    ),
    "empty": ('\ufeff{"log": {"entries": []}}', "none of its 0 entries"),
}


@pytest.mark.parametrize(("text", "complaint"), WRONG.values(), ids=WRONG)
def test_a_file_without_requests_to_the_api_is_a_usage_error(
    text: str, complaint: str, tmp_path: Path
) -> None:
    path = tmp_path / "page.har"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=f"^--har: {re.escape(str(path))}.*{complaint}"):
        read(str(path))


def test_a_har_written_by_another_library_is_read(tmp_path: Path) -> None:
    out = io.StringIO()
    with harfile.HarFile(out) as har:
        har.add_entry(
            startedDateTime="2024-08-11T10:21:28.000+02:00",
            time=1,
            request=harfile.Request(
                method="GET", url=f"{HOST}/threads/thread_1/runs/run_1", httpVersion="h2"
            ),
            response=harfile.Response(
                status=200,
                statusText="",
                httpVersion="h2",
                content=harfile.Content(size=9, mimeType="application/json", text=json.dumps(COMPLETED)),
            ),
            timings=harfile.Timings(send=0, wait=0, receive=0),
        )
    path = tmp_path / "page.har"
    path.write_text(out.getvalue())
    (exchange,) = read(str(path)).exchanges
    assert (exchange.label, exchange.media_type) == ("getRun", "application/json")


def checked(
    tmp_path: Path, entries: Iterable[Any], capsys: pytest.CaptureFixture[str], *options: str
) -> tuple[int, str]:
    """Exit code and output of `tune-check --har`."""
    path = tmp_path / "page.har"
    path.write_text(json.dumps({"log": {"entries": list(entries)}}))
    code = main(["--har", str(path), *options])
    out, err = capsys.readouterr()
    return code, out + err


def test_a_good_recording_conforms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = checked(tmp_path, GOOD, capsys)
    assert "Conforms to the contract" in out
    assert code == 0


BROKEN = {
    "terminal-status-final": entry("GET", f"{HOST}/threads/thread_1/runs/run_1", RUN, at=6),
    "stream-done-once": {
        **GOOD[2],
        "response": {**GOOD[2]["response"], "content": {"text": EVENTS.replace("data: [DONE]\n\n", "")}},
    },
    "response-schema": entry("GET", f"{HOST}/threads/thread_1/runs/run_1", {**COMPLETED, "model": 1}, at=6),
    "no-server-error": entry(
        "GET", f"{HOST}/threads", {"code": "internal", "message": "x"}, status=500, at=6
    ),
    "page-limit-obeyed": entry(
        "GET",
        f"{HOST}/threads/thread_1/runs?limit=1",
        {**LIST, "data": [COMPLETED, {**COMPLETED, "id": "run_2"}]},
        at=6,
    ),
}


@pytest.mark.parametrize("slug", BROKEN)
def test_a_broken_fact_in_a_recording_fails(
    slug: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = checked(tmp_path, [*GOOD, BROKEN[slug]], capsys)
    assert f"  {slug}: " in out
    assert code == 1


def test_polls_during_a_recorded_stream_do_not_contradict_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slow = {**GOOD[2], "time": 2900}
    polled = entry("GET", f"{HOST}/threads/thread_1/runs/run_1", RUN, at=2)
    assert checked(tmp_path, [GOOD[0], GOOD[1], slow, polled, *GOOD[3:]], capsys)[0] == 0


def test_no_report_shows_a_secret_of_the_recording(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forms = [
        text for name in ("html", "json", "markdown") for text in (f"--{name}", str(tmp_path / f"r.{name}"))
    ]
    leaking = entry("GET", f"{HOST}/threads?key={KEY}", f"session=0123456789abcdef {KEY}", status=500, at=6)
    code, out = checked(tmp_path, [*GOOD, leaking], capsys, *forms)
    assert code == 1
    texts = [out, *((tmp_path / f"r.{name}").read_text() for name in ("html", "json", "markdown"))]
    assert all(KEY not in text and "0123456789abcdef" not in text for text in texts)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--max-runs", "3"], "--har: it sends no requests of its own and does not use --max-runs"),
        (["-k", "x", "--dry-run"], "does not use --dry-run, -k"),
        (["--proxy-to", "http://x"], "--har and --proxy-to: give only one of them"),
        (["http://other.test"], "is a request to the run API at http://other.test/v1"),
        (["--html", "/nowhere/at/all.html"], "--html: there is no directory"),
    ],
)
def test_unused_options_are_a_usage_error(
    options: list[str], complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = checked(tmp_path, GOOD, capsys, *options)
    assert complaint in out
    assert code == 2


def test_a_known_difference_in_a_recording_is_accepted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = tmp_path / "known.yaml"
    known.write_text("- slug: no-server-error\n  reason: mended soon\n  expires: 9999-12-31\n")
    code, out = checked(tmp_path, [*GOOD, BROKEN["no-server-error"]], capsys, "--known", str(known))
    assert "Known difference no-server-error (listThreads): mended soon" in out
    assert code == 0


def test_a_terminal_with_another_encoding_shows_the_report(tmp_path: Path) -> None:
    path = tmp_path / "page.har"
    strange = entry("GET", f"{HOST}/threads", {"code": "漢", "message": "ü"}, status=500)
    path.write_text(json.dumps({"log": {"entries": [strange]}}))
    command = [sys.executable, "-m", "contract_tests", "--har", str(path)]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, env=environment, capture_output=True, timeout=60)
    assert done.returncode == 1
    assert b"no-server-error" in done.stdout
    assert b"Traceback" not in done.stderr
