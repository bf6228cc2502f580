"""Do control calls follow their document, and are all other clients kept out?"""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

import openapi
from mock_server.control.app import DOCUMENT
from mock_server.control.handlers import HANDLERS
from mock_server.http.schemas import compiled
from tests.mock_server.driver import Answer, Driver

MODEL = {"model": "acme/m"}
BACKGROUND = {"Prefer": "respond-async"}


@cache
def document() -> dict[str, Any]:
    return openapi.parse(DOCUMENT.read_text(encoding="utf-8"))


def resolved(schema: Any) -> Any:
    """A schema with its references resolved."""
    if isinstance(schema, list):
        return [resolved(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return resolved(document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    return {name: resolved(value) for name, value in schema.items()}


class Control:
    """Makes control calls, and checks each response against their document."""

    def __init__(self, mock: Driver, test: str = "") -> None:
        self.mock = mock
        self.headers = {"X-Mock-Test": test} if test else {}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        answer = self.mock.call(method, f"/_mock{path}", body, headers={**self.headers, **headers})
        operation = document()["paths"][f"/_mock{path.partition('?')[0]}"][method.lower()]
        described = operation["responses"][str(answer.status)]
        if "$ref" in described:
            described = document()["components"]["responses"][described["$ref"].rpartition("/")[2]]
        schema = resolved(described["content"]["application/json"]["schema"])
        problems = [str(error) for error in compiled(schema).iter_errors(answer.json())]
        assert problems == []
        return answer

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.ask(method, path, body)
        assert answer.status == 200, answer.body
        return answer.json()

    def refused(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        answer = self.ask(method, path, body, **headers)
        return answer.status, answer.json()["message"]


@pytest.fixture
def control(mock: Driver) -> Control:
    return Control(mock)


def create(mock: Driver, thread: str = "t", **headers: str) -> Answer:
    return mock.post(f"/threads/{thread}/runs", MODEL, headers={**BACKGROUND, **headers})


def status(mock: Driver, run: dict[str, Any], **headers: str) -> str:
    return str(mock.get(f"/threads/{run['threadId']}/runs/{run['id']}", headers=headers).json()["status"])


def test_every_operation_of_the_document_has_a_handler() -> None:
    operations = {
        operation["operationId"]
        for item in document()["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict)
    }
    assert operations == HANDLERS.keys()


def test_the_overview_counts_threads_runs_and_requests(control: Control) -> None:
    assert control("GET", "")["runs"] == 0
    create(control.mock)
    overview = control("GET", "")
    assert (overview["threads"], overview["runs"], overview["requests"]) == (1, 1, 1)
    assert (overview["scenario"], overview["seed"], overview["test"]) == ("hello", "1", "")


def test_scenarios_and_network_conditions_are_listed(control: Control) -> None:
    listed = control("GET", "/scenarios")
    scenarios = {entry["name"]: entry for entry in listed["scenarios"]}
    assert {"hello", "cancel-hangs", "from-the-future"} <= scenarios.keys()
    assert scenarios["from-the-future"]["breaks"]
    assert "breaks" not in scenarios["hello"]
    assert {"split", "status"} <= {entry["name"] for entry in listed["wires"]}


def test_the_default_scenario_applies_to_runs_without_a_choice(control: Control) -> None:
    assert control("PUT", "/scenario", {"scenario": "fails-early+duplicate"}) == {
        "scenario": "fails-early+duplicate"
    }
    assert create(control.mock).headers["x-mock-scenario"] == "fails-early+duplicate; by=server"
    chosen = create(control.mock, "u", Prefer="respond-async, scenario=hello")
    assert chosen.headers["x-mock-scenario"] == "hello; by=prefer"


def test_assignments_override_every_other_choice_and_are_used_up(control: Control) -> None:
    control("POST", "/assignments", {"scenario": "fails-early", "runs": 1})
    control("POST", "/assignments", {"scenario": "empty", "runs": 2})
    prefer = {"Prefer": "respond-async, scenario=hello"}
    chosen = [create(control.mock, f"t{number}", **prefer).headers["x-mock-scenario"] for number in range(4)]
    assert chosen == ["fails-early; by=control", "empty; by=control", "empty; by=control", "hello; by=prefer"]
    assert control("GET", "/assignments") == {"assignments": []}


def test_an_assignment_without_a_number_lasts_until_it_is_deleted(control: Control) -> None:
    assert control("POST", "/assignments", {"scenario": "empty"}) == {"assignments": [{"scenario": "empty"}]}
    for thread in ("a", "b"):
        assert create(control.mock, thread).headers["x-mock-scenario"] == "empty; by=control"
    control("DELETE", "/assignments")
    assert create(control.mock, "c").headers["x-mock-scenario"] == "hello; by=server"


def test_the_clock_moves_from_change_to_change(control: Control) -> None:
    run = create(control.mock).json()
    assert control("GET", "/clock") == {
        "now": "2025-01-01T00:00:00.000Z",
        "speed": 0,
        "next": "2025-01-01T00:00:00.400Z",
    }
    control("POST", "/clock/advance", {"to": "next"})
    assert status(control.mock, run) == "in_progress"
    assert control("POST", "/clock/advance", {"to": "completed"})["now"] == "2025-01-01T00:00:02.500Z"
    assert status(control.mock, run) == "completed"
    assert "next" not in control("GET", "/clock")


def test_the_clock_advances_by_seconds_and_to_a_time(control: Control) -> None:
    assert control("POST", "/clock/advance", {"by": 2.5})["now"] == "2025-01-01T00:00:02.500Z"
    there = control("POST", "/clock/advance", {"to": "2025-01-01T02:00:00+01:00"})
    assert there["now"] == "2025-01-01T01:00:00.000Z"
    answer = control.refused("POST", "/clock/advance", {"to": "2024-12-31T00:00:00Z"})
    assert answer[0] == 400
    assert "cannot go back" in answer[1]


def test_a_jump_to_expired_expires_a_waiting_run(control: Control) -> None:
    control("PUT", "/scenario", {"scenario": "tool-expired"})
    stream = control.mock.open("POST", "/threads/t/runs", {**MODEL, "stream": True})
    control("POST", "/clock/advance", {"to": "requires_action"})
    control.mock.settle()
    assert stream.answer.names()[-2:] == ["thread.run.requires_action", "[DONE]"]
    control("POST", "/clock/advance", {"to": "expired"})
    [run] = control("GET", "/state")["runs"]
    assert run["run"]["status"] == "expired"
    assert run["now"] == run["run"]["expiresAt"]


def test_open_streams_pause_then_emit_the_events_that_are_due(control: Control) -> None:
    stream = control.mock.stream("hello")
    assert stream.answer.names() == ["thread.run.created", "thread.run.queued"]
    control("POST", "/clock/advance", {"to": "in_progress"})
    assert stream.answer.names()[-1] == "thread.run.in_progress"
    control("POST", "/clock/advance", {"by": 60})
    assert stream.answer.over


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"to": "expired"}, "no run will be expired; statuses ahead: in_progress, completed"),
        ({"to": "done"}, "to: must be next, a time or a status (cancelled, "),
        ({"to": "2025"}, "to: must be a time such as 2025-01-01T00:10:00Z, got"),
        ({"to": "2025-01-02T00:00:00"}, "has no time zone"),
        ({"by": 1, "to": "next"}, "either by"),
        ({}, ""),
        ({"by": -1}, "by"),
        ({"to": "9999-12-31T23:59:59Z"}, "cannot be moved beyond 9000-01-01T00:00:00.000Z"),
        ({"by": 1, "run": "run_none"}, 'no run "run_none"'),
    ],
)
def test_an_impossible_move_of_the_clock_is_rejected_with_the_reason(
    control: Control, body: dict[str, Any], reason: str
) -> None:
    create(control.mock)
    code, message = control.refused("POST", "/clock/advance", body)
    assert code in (400, 404)
    assert reason in message


def test_a_control_call_must_be_json(control: Control) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert control.ask("PUT", "/clock", {"speed": 0}, **form).status == 415


def test_a_run_can_have_a_clock_of_its_own(control: Control) -> None:
    mine = create(control.mock, Prefer="respond-async, clock=manual")
    assert "clock=manual" in mine.headers["preference-applied"]
    other = create(control.mock, "u").json()
    control("POST", "/clock/advance", {"by": 10})
    run = mine.json()
    assert (status(control.mock, run), status(control.mock, other)) == ("queued", "completed")
    clock = control("POST", "/clock/advance", {"to": "completed", "run": run["id"]})
    assert clock["now"] == "2025-01-01T00:00:02.500Z"
    assert status(control.mock, run) == "completed"
    assert control("GET", f"/clock?run={run['id']}")["now"] == clock["now"]
    assert control("GET", "/clock")["now"] == "2025-01-01T00:00:10.000Z"


def test_time_can_be_scaled_and_frozen(control: Control) -> None:
    assert control("PUT", "/clock", {"speed": 1000})["speed"] == 1000
    frozen = control("PUT", "/clock", {"speed": 0})
    assert frozen["speed"] == 0
    assert control("GET", "/clock")["now"] == frozen["now"]


def test_the_state_has_everything_and_the_statuses_ahead(control: Control) -> None:
    mock = control.mock
    mock.post("/threads/t/messages", {"role": "user", "content": "Hi"})
    run = create(mock).json()
    mock.advance(1)
    state = control("GET", "/state")
    assert [message["role"] for message in state["threads"][0]["messages"]] == ["user", "assistant"]
    [entry] = state["runs"]
    assert entry["run"] == mock.get(f"/threads/t/runs/{run['id']}").json()
    assert entry["steps"] == mock.get(f"/threads/t/runs/{run['id']}/steps").json()["data"]
    assert entry["ahead"] == [{"at": "2025-01-01T00:00:02.500Z", "status": "completed"}]


def test_the_journal_has_rejected_requests_and_no_secrets(control: Control) -> None:
    mock = control.mock
    mock.post("/threads", {"title": "One"}, headers={"Cookie": "a=b", "Authorization": "Basic x"})
    mock.post("/threads", {"title": 1})
    mock.get("/nowhere?x=1")
    one, two, three = control("GET", "/journal")["requests"]
    assert (one["operation"], one["status"], one["body"]) == ("createThread", 200, {"title": "One"})
    assert not {"x-tune-key", "cookie", "authorization"} & one["headers"].keys()
    assert (two["operation"], two["status"]) == ("createThread", 400)
    assert (three["operation"], three["status"], three["query"]) == ("", 404, "x=1")
    assert control("GET", "/journal?after=2")["requests"] == [three]
    assert control("GET", "/journal?operation=createThread")["requests"] == [one, two]


def test_the_journal_has_the_status_of_an_open_stream(control: Control) -> None:
    stream = control.mock.stream("hello")
    waiting = control.mock.open("POST", "/threads/u/runs", MODEL)
    assert not stream.answer.over
    assert not waiting.answer.over
    assert [seen["status"] for seen in control("GET", "/journal")["requests"]] == [200, 0]


def test_a_reset_deletes_everything_and_repeats_ids(control: Control) -> None:
    first = create(control.mock).json()
    stream = control.mock.stream("hello", thread="s")
    control("PUT", "/scenario", {"scenario": "empty"})
    control("POST", "/assignments", {"scenario": "empty"})
    overview = control("POST", "/reset")
    assert (overview["threads"], overview["runs"], overview["requests"]) == (0, 0, 0)
    assert (overview["scenario"], overview["assignments"]) == ("hello", [])
    control.mock.settle()
    assert stream.done
    assert create(control.mock).json()["id"] == first["id"]


def test_twenty_tests_are_isolated_from_each_other(control: Control) -> None:
    mock = control.mock
    controls = [Control(mock, f"test-{number}") for number in range(20)]
    runs: list[dict[str, Any]] = []
    for number, mine in enumerate(controls):
        mine("PUT", "/scenario", {"scenario": "fails-early" if number % 2 else "hello"})
        runs.append(create(mock, "same-thread", **mine.headers).json())
    for number, mine in enumerate(controls):
        mine("POST", "/clock/advance", {"by": number})
    for number, (mine, run) in enumerate(zip(controls, runs, strict=True)):
        ended = "failed" if number % 2 else "completed"
        expected = "queued" if number == 0 else "in_progress" if number == 2 else ended
        assert status(mock, run, **mine.headers) == expected
        assert [seen["operation"] for seen in mine("GET", "/journal")["requests"]] == ["createRun", "getRun"]
        assert len(mock.get("/threads", headers=mine.headers).json()["data"]) == 1
    assert len({run["id"] for run in runs}) == 20
    controls[3]("POST", "/reset")
    assert control("GET", "")["tests"] == sorted(f"test-{number}" for number in range(20))
    assert controls[3]("GET", "")["runs"] == 0
    assert controls[4]("GET", "")["runs"] == 1
    assert control("GET", "")["runs"] == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:4010"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": ""},
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_control_calls_from_foreign_pages_are_rejected(control: Control, headers: dict[str, str]) -> None:
    assert control.refused("POST", "/reset", **headers)[0] == 403
    assert control.refused("GET", "", **headers)[0] == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "localhost:4010"},
        {"Host": "[::1]:4010"},
        {"Host": "127.0.0.1"},
        {"Origin": "http://127.0.0.1:4010", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_control_calls_from_this_machine_are_accepted(control: Control, headers: dict[str, str]) -> None:
    assert control.ask("GET", "", **headers).status == 200


def test_pages_of_an_allowed_origin_can_make_control_calls(make_mock: Callable[..., Driver]) -> None:
    control = Control(make_mock(control_origins=("http://localhost:3000",)))
    allowed = control.ask("GET", "", Origin="http://localhost:3000")
    assert (allowed.status, allowed.headers["access-control-allow-origin"]) == (200, "http://localhost:3000")
    assert control.refused("GET", "", Origin="http://localhost:3001")[0] == 403
    preflight = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-mock-test"}
    answer = control.mock.call(
        "OPTIONS", "/_mock/scenario", headers={"Origin": "http://localhost:3000", **preflight}
    )
    assert answer.status == 204
    assert "PUT" in answer.headers["access-control-allow-methods"]
    other = control.mock.call(
        "OPTIONS", "/_mock/scenario", headers={"Origin": "http://localhost:3001", **preflight}
    )
    assert other.status == 403


def test_the_token_is_required_if_the_server_has_one(make_mock: Callable[..., Driver]) -> None:
    control = Control(make_mock(control_token="s3cret"))
    assert control.refused("GET", "")[0] == 401
    assert control.refused("GET", "", Authorization="Bearer wrong")[0] == 401
    assert control.refused("GET", "", Authorization="Basic s3cret")[0] == 401
    assert control.ask("GET", "", Authorization="bearer s3cret").status == 200


def test_a_server_beyond_loopback_needs_a_token(
    make_mock: Callable[..., Driver],
) -> None:
    code, message = Control(make_mock(host="0.0.0.0")).refused("GET", "")
    assert code == 403
    assert "--control-token" in message
    control = Control(make_mock(host="0.0.0.0", control_token="s3cret"))
    assert control.ask("GET", "", Authorization="Bearer s3cret").status == 200
    assert create(control.mock).status == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "reason"),
    [
        ("PUT", "/scenario", {"scenario": "helo"}, 'no scenario "helo"'),
        ("PUT", "/scenario", {"scenario": "hello+spilt"}, "no network condition 'spilt'"),
        ("PUT", "/scenario", {}, "scenario"),
        ("POST", "/assignments", {"scenario": "hello", "runs": 0}, "runs"),
        ("POST", "/assignments", {"scenario": "hello", "run": 1}, "run"),
        ("PUT", "/clock", {"speed": -1}, "speed"),
    ],
)
def test_an_invalid_control_call_is_rejected_with_the_field(
    control: Control, method: str, path: str, body: Any, reason: str
) -> None:
    code, message = control.refused(method, path, body)
    assert code == 400
    assert reason in message


def test_several_processes_reject_control_calls(make_mock: Callable[..., Driver]) -> None:
    code, message = Control(make_mock(workers=2)).refused("GET", "")
    assert code == 501
    assert "--workers" in message


def test_an_active_run_blocks_new_runs_and_messages(mock: Driver, make_mock: Callable[..., Driver]) -> None:
    run = create(mock).json()
    second = create(mock)
    message = mock.post("/threads/t/messages", {"role": "user", "content": "And?"})
    for refused in (second, message):
        assert (refused.status, refused.json()["code"]) == (400, "failed_precondition")
        assert run["id"] in refused.json()["message"]
    assert create(mock, "another-thread").status == 200
    mock.advance(3)
    assert create(mock).status == 200
    lenient = make_mock(concurrent_runs=True)
    assert [create(lenient).status for _ in range(2)] == [200, 200]


def test_the_docs_page_shows_both_documents(mock: Driver) -> None:
    page = mock.get("/v1/docs/").body.decode()
    assert '"/_mock/openapi.json"' in page
    assert mock.get("/_mock/openapi.json").json() == document()
