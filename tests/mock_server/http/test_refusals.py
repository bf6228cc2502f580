"""Is every invalid request rejected with the right status, the error shape and a useful message?"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.mock_server.driver import KEY, Driver

RUNS = "/threads/t/runs"
JSON = {"Content-Type": "application/json"}


def rejected(answer: Any, status: int, *words: str) -> str:
    error = answer.json()
    assert answer.status == status, error
    assert set(error) == {"code", "message"}
    assert answer.headers["content-type"] == "application/json"
    for word in words:
        assert word in error["message"], error
    return str(error["code"])


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, ["model: is required"]),
        ({"model": ""}, ["model: must have at least 1 characters", 'got ""']),
        ({"model": 3}, ["model: must be of type string", "got 3"]),
        ({"model": None}, ["model: must be of type string", "got null"]),
        ({"model": "m", "temperature": 2.1}, ["temperature: must be at most 2", "got 2.1"]),
        ({"model": "m", "topP": -1}, ["topP: must be at least 0", "got -1"]),
        ({"model": "m", "stream": "true"}, ["stream: must be of type boolean", 'got "true"']),
        ({"model": "m", "maxPromptTokens": 0}, ["maxPromptTokens: must be at least 1"]),
        ({"model": "m", "maxPromptTokens": 1.5}, ["maxPromptTokens: must be of type integer"]),
        ({"model": "m", "tools": [{"function": 3}]}, ["tools[0].function: must be of type object"]),
        ({"model": "m", "metadata": "x"}, ["metadata: must be of type object"]),
        (
            {"model": "m", "truncationStrategy": {"type": "best"}},
            ["truncationStrategy.type: must be one of auto"],
        ),
        ([], ["body: must be of type object"]),
        (None, ["body: must be of type object"]),
        ({"model": "m", "metadata": {"scenario": 7}}, ["metadata.scenario"]),
    ],
)
def test_an_invalid_body_is_rejected_with_the_field_the_rule_and_the_value(
    mock: Driver, body: Any, words: list[str]
) -> None:
    answer = mock.call("POST", RUNS, json.dumps(body).encode(), headers=JSON)
    assert rejected(answer, 400, *words) == "invalid_argument"


def test_invalid_content_is_rejected_with_the_allowed_types(mock: Driver) -> None:
    answer = mock.post("/threads/t/messages", {"role": "user", "content": 3})
    rejected(answer, 400, "content: must be of type string or array", "got 3")
    answer = mock.post("/threads/t/messages", {"role": "user", "content": [{"text": "x"}]})
    rejected(answer, 400, "content[0].type: is required")


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"{'model': 'm'}",
        b'{"model": NaN}',
        b'{"model": "m", "temperature": Infinity}',
        b'{"model": "m", "temperature": 1e999}',
        b'{"model": "\xff"}',
        b'{"model": "\\ud800"}',
        b'\xef\xbb\xbf{"model": "m"}',
        b'{"model": "m"} x',
        b"[" * 100_000,
        b'{"model":' * 5_000,
    ],
)
def test_invalid_json_is_rejected(mock: Driver, raw: bytes) -> None:
    rejected(mock.call("POST", RUNS, raw), 400, "body: must be JSON")


def test_a_deeply_nested_body_is_rejected_and_a_wide_one_is_accepted(mock: Driver) -> None:
    deep: dict[str, Any] = {}
    for _ in range(150):
        deep = {"a": deep}
    answer = mock.post("/threads", {"metadata": deep})
    rejected(answer, 400, "body: must not be nested deeper than 100 levels")
    wide = {"metadata": {str(number): {} for number in range(500)}}
    assert mock.post("/threads", wide).json()["metadata"] == wide["metadata"]


def test_an_empty_body_is_rejected_if_a_body_is_required(mock: Driver) -> None:
    rejected(mock.call("POST", RUNS, headers=JSON), 400, "body: is required")
    assert mock.call("POST", "/threads").status == 200


@pytest.mark.parametrize(
    "sent", ["application/x-www-form-urlencoded", "text/plain", "application/xml", "", "json"]
)
def test_another_media_type_is_rejected(mock: Driver, sent: str) -> None:
    answer = mock.call("POST", RUNS, b'{"model": "m"}', headers={"Content-Type": sent})
    rejected(answer, 415, "Content-Type", "send application/json")


@pytest.mark.parametrize(
    "sent", ["application/json; charset=utf-8", "Application/JSON", "application/json;charset=x"]
)
def test_other_spellings_of_the_json_media_type_are_accepted(mock: Driver, sent: str) -> None:
    body = b'{"model": "mock/instant"}'
    assert mock.call("POST", RUNS, body, headers={"Content-Type": sent}).status == 200


def test_a_body_without_a_media_type_is_read_as_json(mock: Driver) -> None:
    assert mock.call("POST", RUNS, parts=[b'{"model": "mock/instant"}']).status == 200


def test_a_body_that_is_too_large_is_rejected_whole_declared_or_in_chunks(
    make_mock: Callable[..., Driver],
) -> None:
    mock = make_mock(largest_body=1000)
    large = b'{"model": "' + b"m" * 1000 + b'"}'
    assert rejected(mock.call("POST", RUNS, large), 413, "at most 1000") == "resource_exhausted"
    declared = {**JSON, "Content-Length": "5000"}
    rejected(mock.call("POST", RUNS, parts=[b"{"], headers=declared), 413, "5000")
    rejected(mock.call("POST", RUNS, parts=[large[:600], large[600:]], headers=JSON), 413)


def test_a_body_in_chunks_is_joined(mock: Driver) -> None:
    parts = [b'{"model"', b': "mock', b"/instant", b'"}']
    assert mock.call("POST", RUNS, parts=parts, headers=JSON).json()["model"] == "mock/instant"


def test_an_integer_of_any_size_is_accepted(mock: Driver) -> None:
    for number in (2**53, 2**63, 2**64, 10**40):
        body = {"model": "mock/instant", "maxPromptTokens": number}
        assert mock.post(RUNS, body).status == 200, number
    rejected(mock.post(RUNS, {"model": "m", "maxPromptTokens": -(10**40)}), 400, "maxPromptTokens")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("limit=0", ["limit: must be at least 1", "got 0"]),
        ("limit=101", ["limit: must be at most 100, got 101"]),
        ("limit=ten", ["limit: must be of type integer", 'got "ten"']),
        ("limit=", ["limit: must be of type integer"]),
        ("limit=1.0", ["limit: must be of type integer"]),
        ("limit=%31%30%FF", ["limit: must be UTF-8"]),
        ("limit=" + "9" * 5000, ["limit: must be"]),
        ("order=up", ["order: must be one of asc, desc", 'got "up"']),
        ("after=run_x", ["after: must be the id of an entry of this list", "run_x"]),
        ("before=run_x", ["before: must be the id of an entry of this list"]),
    ],
)
def test_an_invalid_query_is_rejected_with_the_parameter(mock: Driver, query: str, words: list[str]) -> None:
    mock.run("instant")
    rejected(mock.get(f"{RUNS}?{query}"), 400, *words)


def test_unknown_query_parameters_are_ignored(mock: Driver) -> None:
    mock.run("instant")
    assert len(mock.get(f"{RUNS}?page=3&limit=5&&=").json()["data"]) == 1


def test_an_empty_or_unknown_key_is_rejected(make_mock: Callable[..., Driver]) -> None:
    for mock, key, words in (
        (make_mock(), "", "the key in X-Tune-Key is empty"),
        (make_mock(), "   ", "the key in X-Tune-Key is empty"),
        (make_mock(keys=("a", "b")), "c", "the key in X-Tune-Key is not known"),
        (make_mock(keys=("a", "b")), "", "the key in X-Tune-Key is empty"),
    ):
        for method, path in (("GET", "/threads"), ("POST", RUNS), ("GET", "/threads/none")):
            answer = mock.call(method, path, headers={"X-Tune-Key": key})
            assert rejected(answer, 401, words) == "unauthenticated"
    mock = make_mock(keys=("a", "b"))
    assert mock.get("/threads", headers={"X-Tune-Key": "b"}).status == 200


def test_a_missing_key_is_rejected(mock: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(KEY, "X-Tune-Key")
    rejected(mock.get("/threads"), 401, "the header X-Tune-Key is missing")


@pytest.mark.parametrize(
    "path",
    [
        "/v1",
        "/v1/",
        "/v1/nope",
        "/nope",
        "//v1/threads",
        "/v1/threads/",
        "/v1/threads//runs",
        "/v1/threads/t/runs/r/x",
    ],
)
def test_an_unknown_path_is_not_found_whatever_the_key(mock: Driver, path: str) -> None:
    assert rejected(mock.call("GET", path, headers={"X-Tune-Key": ""}), 404, "no path") == "not_found"


def test_a_path_that_is_almost_right_gets_a_hint(mock: Driver) -> None:
    rejected(mock.call("GET", "/v1/threads/"), 404, "paths do not end with /")
    rejected(mock.call("GET", "//threads"), 404, "the API is under /v1")
    rejected(mock.call("GET", "/_mocking"), 404, "the API is under /v1")
    assert "is under" not in mock.call("GET", "/v1").json()["message"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/threads", "GET, HEAD, POST"),
        ("DELETE", "/threads/t", "GET, HEAD, POST"),
        ("GET", "/threads/runs", "POST"),
        ("HEAD", "/threads/runs", "POST"),
        ("PATCH", "/threads/t/runs/r/cancel", "POST"),
        ("OPTIONS", "/threads", "GET, HEAD, POST"),
        ("BREW", "/threads/t/runs/r/steps", "GET, HEAD"),
    ],
)
def test_a_wrong_method_is_rejected_with_the_allowed_ones(
    mock: Driver, method: str, path: str, allowed: str
) -> None:
    answer = mock.call(method, path)
    assert answer.status == 405
    assert answer.headers["allow"] == allowed
    if method != "HEAD":
        assert rejected(answer, 405, f"allowed: {allowed}") == "unimplemented"


def test_path_method_key_media_type_and_body_are_checked_in_this_order(
    make_mock: Callable[..., Driver],
) -> None:
    mock, bad = make_mock(), {"X-Tune-Key": "", "Content-Type": "text/plain"}
    assert mock.call("POST", "/nope", b"{", headers=bad).status == 404
    assert mock.call("PUT", RUNS, b"{", headers=bad).status == 405
    assert mock.call("POST", RUNS, b"{", headers=bad).status == 401
    assert mock.call("POST", RUNS, b"{", headers={"Content-Type": "text/plain"}).status == 415
    assert mock.call("POST", "/threads/none", b"{", headers=JSON).status == 400
    assert mock.call("POST", "/threads/none", b"{}", headers=JSON).status == 404


@pytest.mark.parametrize(
    "path", ["/threads/%00/runs", "/threads/a%2Fb/runs", "/threads/%F0%9F%98%80/runs", "/threads/%2E%2E/runs"]
)
def test_any_text_can_be_an_id(mock: Driver, path: str) -> None:
    answer = mock.post(path, {"model": "mock/instant"})
    assert answer.status == 200
    assert mock.get(f"{path}/{answer.json()['id']}").json()["threadId"] == answer.json()["threadId"]


def test_an_id_that_is_not_utf_8_is_rejected(mock: Driver) -> None:
    rejected(mock.get("/threads/%FF"), 400, "path: must be UTF-8")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/threads/none", 'no thread "none"'),
        ("/threads/none/messages", 'no thread "none"'),
        ("/threads/none/runs", 'no thread "none"'),
        ("/threads/none/runs/run_1", 'no run "run_1" in thread none'),
        ("/threads/t/messages/msg_1", 'no message "msg_1" in thread t'),
        ("/threads/t/runs/run_1/steps", 'no run "run_1" in thread t'),
    ],
)
def test_an_unknown_id_is_not_found(mock: Driver, path: str, words: str) -> None:
    mock.run("instant")
    assert rejected(mock.get(path), 404, words) == "not_found"


def test_resources_of_another_thread_are_not_found(mock: Driver) -> None:
    run = mock.run("instant", thread="a")
    mock.run("instant", thread="b")
    [message] = mock.get("/threads/a/messages").json()["data"]
    rejected(mock.get(f"/threads/b/runs/{run['id']}"), 404)
    rejected(mock.get(f"/threads/b/messages/{message['id']}"), 404)
    rejected(mock.get(f"/threads/b/messages?after={message['id']}"), 400)
    rejected(mock.get(f"/threads/a/runs/{run['id']}/steps/step_1"), 404, 'no run step "step_1"')


def test_head_responds_like_get_without_the_body(mock: Driver) -> None:
    got, head = mock.get("/threads"), mock.call("HEAD", "/threads")
    assert (head.status, head.body) == (200, b"")
    assert head.headers == got.headers
    assert mock.call("HEAD", "/threads/none").body == b""


def test_an_exception_in_the_mock_is_a_500_with_the_error_shape(
    mock: Driver, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("mock_server.simulation.views.thread", broken)
    assert rejected(mock.post("/threads"), 500, "the mock itself failed") == "internal"
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_a_client_that_disconnects_while_sending_gets_no_response(mock: Driver) -> None:
    exchange = mock.open("POST", RUNS, parts=[b'{"model"'], headers=JSON, more=True)
    assert not exchange.answer.over
    exchange.go_away()
    assert exchange.done
    assert exchange.answer.status == 0
