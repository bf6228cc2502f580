"""Answers: is the scenario chosen by the first who has a say, and does the answer tell?"""

from collections.abc import Callable
from typing import Any

import pytest

from mock_server.http.prefer import preferences
from tests.mock_server.driver import Driver

BACKGROUND = "respond-async"


def chosen(mock: Driver, body: dict[str, Any] | None = None, prefer: str = "", said: str = "") -> str:
    if said:
        mock.post("/threads/t/messages", {"role": "user", "content": said})
    headers = {"Prefer": f"{prefer}, {BACKGROUND}" if prefer else BACKGROUND}
    answer = mock.post("/threads/t/runs", {"model": "m", **(body or {})}, headers=headers)
    assert answer.status == 200, answer.body
    path = f"/threads/t/runs/{answer.json()['id']}"
    assert mock.get(path).headers["x-mock-scenario"] == answer.headers["x-mock-scenario"]
    return answer.headers["x-mock-scenario"]


def test_each_way_of_choosing_gives_way_to_the_one_before_it(make_mock: Callable[..., Driver]) -> None:
    mock = make_mock(scenario="cancel", concurrent_runs=True)
    metadata, model = {"metadata": {"scenario": "expired"}}, {"model": "mock/tool-call"}
    assert chosen(mock) == "cancel; by=server"
    assert chosen(mock, said="/mock fails-early") == "fails-early; by=message"
    assert chosen(mock, model) == "tool-call; by=model"
    assert chosen(mock, {**model, **metadata}) == "expired; by=metadata"
    assert chosen(mock, {**model, **metadata}, "scenario=instant") == "instant; by=prefer"


def test_only_the_users_last_words_choose(make_mock: Callable[..., Driver]) -> None:
    mock = make_mock(concurrent_runs=True)
    assert chosen(mock, said="/mock instant please") == "instant; by=message"
    mock.post("/threads/t/messages", {"role": "assistant", "content": "/mock expired"})
    assert chosen(mock) == "instant; by=message"
    assert chosen(mock, said="Say /mock expired") == "hello; by=server"
    assert chosen(mock, said="/mockery") == "hello; by=server"


def test_the_words_of_a_thread_created_with_its_run_choose(mock: Driver) -> None:
    thread = {"messages": [{"role": "user", "content": [{"type": "text", "text": "/mock instant"}]}]}
    answer = mock.post("/threads/runs", {"model": "m", "thread": thread})
    assert answer.headers["x-mock-scenario"] == "instant; by=message"


def test_an_honoured_preference_is_confirmed(mock: Driver) -> None:
    headers = {"Prefer": "scenario=instant"}
    answer = mock.post("/threads/t/runs", {"model": "m"}, headers=headers)
    assert answer.headers["preference-applied"] == "scenario=instant"
    assert "preference-applied" not in mock.post("/threads/t/runs", {"model": "mock/instant"}).headers


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ({"model": "m"}, {"Prefer": "scenario=nope"}),
        ({"model": "m", "metadata": {"scenario": "nope"}}, {}),
        ({"model": "mock/nope"}, {}),
        ({"model": "m", "metadata": {"scenario": 3}}, {}),
    ],
)
def test_a_name_that_does_not_exist_lists_those_that_do(
    mock: Driver, body: dict[str, Any], headers: dict[str, str]
) -> None:
    answer = mock.post("/threads/t/runs", body, headers=headers)
    assert (answer.status, answer.json()["code"]) == (400, "invalid_argument")
    if body.get("metadata") != {"scenario": 3}:
        assert 'no scenario "nope"' in answer.json()["message"]
        assert "hello, instant" in answer.json()["message"]
    assert mock.get("/threads/t").status == 404, "a refused run lets no thread appear"


@pytest.mark.parametrize(
    ("prefer", "words"),
    [
        (
            "scenario=hello; wire=split",
            "(chosen by prefer): a scenario has no options; add network conditions with +",
        ),
        ("wire=splat", "no network condition 'splat'; there are: split, cut"),
        ("wire=cut=x", "(chosen by prefer)"),
    ],
)
def test_a_wire_condition_written_wrongly_is_refused_by_who_wrote_it(
    mock: Driver, prefer: str, words: str
) -> None:
    answer = mock.post("/threads/t/runs", {"model": "mock/hello"}, headers={"Prefer": prefer})
    assert answer.status == 400
    assert words in answer.json()["message"]
    assert "(chosen by prefer)" in answer.json()["message"]


def test_a_message_that_names_no_scenario_is_refused_when_it_is_run(mock: Driver) -> None:
    mock.post("/threads/t/messages", {"role": "user", "content": "/mock nope"})
    answer = mock.post("/threads/t/runs", {"model": "m"})
    assert answer.status == 400
    assert "chosen by message" in answer.json()["message"]


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ([], {}),
        (["scenario=hello"], {"scenario": "hello"}),
        (["Scenario=hello"], {"scenario": "hello"}),
        (['scenario="hello"'], {"scenario": "hello"}),
        (["scenario = hello"], {"scenario": "hello"}),
        (["respond-async", "scenario=hello"], {"respond-async": "", "scenario": "hello"}),
        (["scenario=a, scenario=b", "scenario=c"], {"scenario": "a"}),
        (['return="a, \\"b\\"", scenario=hello'], {"return": 'a, "b"', "scenario": "hello"}),
        (["wait=10;a;b=c, scenario=hello"], {"wait": "10", "scenario": "hello"}),
        (["=, {}, scenario=hello"], {"scenario": "hello"}),
        ([",,, ,scenario=hello,"], {"scenario": "hello"}),
        (['"', "scenario=hello"], {"scenario": "hello"}),
        (["respond-async="], {"respond-async": ""}),
    ],
)
def test_preferences_are_read_as_the_standard_writes_them(headers: list[str], found: dict[str, str]) -> None:
    assert preferences(headers) == found
