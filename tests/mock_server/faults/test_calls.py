"""Do network conditions refuse and delay the requests they are for?"""

from collections.abc import Callable

from mock_server.sandboxes.counters import MAX_COUNTERS, Counters
from tests.mock_server.driver import Driver


def test_counters_drop_the_oldest_subject_first() -> None:
    counters = Counters()
    for number in range(MAX_COUNTERS + 1):
        counters.count("status=429", f"run_{number}")
    assert counters.count("status=429", "run_0") == 1
    assert counters.count("status=429", f"run_{MAX_COUNTERS}") == 2


def test_white_space_around_a_condition_is_not_sent_in_the_header(mock: Driver) -> None:
    body = {"model": "m", "metadata": {"scenario": "instant+split\r\n"}}
    answer = mock.post("/threads/t/runs", body)
    assert answer.headers["x-mock-scenario"] == "instant+split; by=metadata"


def test_conditions_of_the_default_scenario_apply_to_requests_about_no_run(
    make_mock: Callable[..., Driver],
) -> None:
    mock = make_mock(scenario="hello+status=503;on=any")
    assert mock.get("/threads").status == 503
    assert mock.post("/threads").status == 503
    assert make_mock(scenario="hello+status=503").post("/threads").status == 200


def test_a_request_without_an_id_is_never_answered_with_404(make_mock: Callable[..., Driver]) -> None:
    mock = make_mock(scenario="hello+status=404;on=any")
    assert mock.post("/threads").status == 200
    assert mock.get("/threads/t").status == 404


def test_the_prefer_header_of_a_request_applies_to_that_request(mock: Driver) -> None:
    assert mock.get("/threads", headers={"Prefer": "wire=status=401;on=any"}).status == 401
    assert mock.get("/threads", headers={"Prefer": "wire=status=401"}).status == 200
    refused = mock.get("/threads", headers={"Prefer": "wire=nonsense"})
    assert refused.status == 400


def test_at_speed_0_no_answer_is_delayed(make_mock: Callable[..., Driver]) -> None:
    mock = make_mock(speed=0)
    assert mock.get("/threads", headers={"Prefer": "wire=latency=2"}).status == 200
    assert mock.post("/threads/t/runs", {"model": "mock/hello+latency=2"}).json()["status"] == "completed"


def test_a_refused_creation_creates_nothing_and_uses_up_no_assignment(mock: Driver) -> None:
    body = {"scenario": "empty+status=503;first=1", "runs": 1}
    mock.call("POST", "/_mock/assignments", body)
    run = {"model": "m"}
    assert mock.post("/threads/t/runs", run, headers={"Prefer": "respond-async"}).status == 503
    assert mock.get("/threads").json()["data"] == []
    made = mock.post("/threads/t/runs", run, headers={"Prefer": "respond-async"})
    assert made.headers["x-mock-scenario"] == "empty+status=503;first=1; by=control"


def test_creations_are_counted_once_each_in_new_and_in_existing_threads(mock: Driver) -> None:
    prefer = {"Prefer": "respond-async, wire=status=503;every=2"}
    found = [mock.post(f"/threads/{name}/runs", {"model": "m"}, headers=prefer).status for name in "abca"]
    assert found == [200, 200, 200, 503]


def test_the_latencies_of_a_creation_add_up(mock: Driver) -> None:
    prefer = {"Prefer": "respond-async, wire=latency=1+latency=0.5"}
    for thread in ("new", "new", "other"):
        exchange = mock.open("POST", f"/threads/{thread}/runs", {"model": "mock/instant"}, headers=prefer)
        mock.advance(1.4)
        assert not exchange.answer.status
        mock.advance(0.1)
        assert exchange.answer.status == 200


def test_an_answer_waits_for_its_latency_but_not_for_a_disconnected_client(mock: Driver) -> None:
    prefer = {"Prefer": "wire=latency=2"}
    exchange, gone = (mock.open("GET", "/threads", headers=prefer) for _ in range(2))
    mock.advance(1.9)
    assert not exchange.answer.status
    gone.go_away()
    assert gone.done
    mock.advance(0.1)
    assert exchange.answer.status == 200
