"""Answers: does each scenario tell the story its name promises?"""

from datetime import datetime, timedelta
from typing import Any

import pytest

from mock_server.http.sse import KEEP_ALIVE
from tests.mock_server.driver import Driver
from tests.mock_server.playing import CANCELS_AT, played

Json = dict[str, Any]


def names(scenario: str) -> list[str]:
    return [event.get("event", event["data"]) for _, event in played(scenario)[0].told]


def deltas(scenario: str) -> list[tuple[int, str]]:
    told = [
        (at, event["data"]) for at, event in played(scenario)[0].told if _is(event, "thread.message.delta")
    ]
    return [(at, data["delta"]["content"][0]["text"]["value"]) for at, data in told]


def statuses(scenario: str) -> dict[str, int]:
    """When each status was first polled, in milliseconds."""
    found: dict[str, int] = {}
    for poll in played(scenario)[1]:
        found.setdefault(poll.run["status"], poll.at)
    return found


def last(scenario: str) -> Any:
    return played(scenario)[1][-1]


def reply(scenario: str) -> str:
    return "".join(message["content"][0]["text"]["value"] for message in last(scenario).messages)


def _is(event: Json, name: str) -> bool:
    return event.get("event") == name


def test_hello_answers_in_a_dozen_pieces_with_the_users_words() -> None:
    assert statuses("hello") == {"queued": 0, "in_progress": 400, "completed": 2500}
    assert len(deltas("hello")) == 12
    assert "Wie geht's, 世界? 👋" in reply("hello")


def test_instant_is_completed_in_the_create_response() -> None:
    assert statuses("instant") == {"completed": 0}
    assert names("instant")[-2:] == ["thread.run.completed", "[DONE]"]


def test_slow_queue_keeps_the_stream_alive_for_25_seconds() -> None:
    assert statuses("slow-queue")["in_progress"] == 25_000
    assert KEEP_ALIVE in played("slow-queue")[0].streams[0].answer.chunks


def test_thinking_is_silent_for_12_seconds() -> None:
    in_progress = statuses("thinking")["in_progress"]
    assert deltas("thinking")[0][0] - in_progress >= 12_000


def test_long_answer_comes_at_25_pieces_a_second_with_jitter_and_everything_in_it() -> None:
    told = deltas("long-answer")
    seconds = (told[-1][0] - told[0][0]) / 1000
    assert len(told) == 600
    assert 24 <= len(told) / seconds <= 26
    by_tenth = [sum(at == tenth for at, _ in told) for tenth in range(1000, 24_000, 100)]
    assert len(set(by_tenth)) > 2
    text = reply("long-answer")
    assert text.count("```") % 2 == 1
    assert all(
        piece in text
        for piece in ("👨\u200d👩\u200d👧\u200d👦", "| --- |", "\u2028", "e\u0301", "العربية", "<script>")
    )


def test_tool_call_streams_its_arguments_in_pieces_and_goes_on_in_a_second_stream() -> None:
    story = played("tool-call")[0]
    pieces = [event for _, event in story.told if _is(event, "thread.run.step.delta")]
    assert len(pieces) > 3
    assert statuses("tool-call")["requires_action"] == 2000
    assert [stream.answer.names()[-1] for stream in story.streams] == ["[DONE]", "[DONE]"]
    assert story.streams[0].answer.names()[-2] == "thread.run.requires_action"
    assert "sunny" in reply("tool-call")


def test_tool_rounds_asks_for_two_and_then_for_a_third() -> None:
    story, polls, _ = played("tool-rounds")
    asked = [
        poll.run["requiredAction"]["submitToolOutputs"]["toolCalls"]
        for poll in polls
        if "requiredAction" in poll.run
    ]
    assert [len(calls) for calls in asked] == [2, 1]
    assert len(story.streams) == 3
    assert len({call["id"] for calls in asked for call in calls}) == 3


@pytest.mark.parametrize("scenario", ["tool-expired", "expired"])
def test_what_nobody_ends_expires_when_it_said(scenario: str) -> None:
    run = last(scenario).run
    expires = datetime.fromisoformat(run["expiresAt"]) - datetime.fromisoformat(run["createdAt"])
    assert run["status"] == "expired"
    assert timedelta(milliseconds=statuses(scenario)["expired"]) == expires


def test_expired_keeps_half_an_answer() -> None:
    assert reply("expired").endswith("because")


def test_cancel_says_at_most_three_more_pieces_and_keeps_what_it_said() -> None:
    asked = CANCELS_AT["cancel"]
    assert statuses("cancel")["cancelled"] - asked == 1500
    more = names("cancel")[names("cancel").index("thread.run.cancelling") :].count("thread.message.delta")
    assert more <= 3
    assert reply("cancel") == "".join(text for _, text in deltas("cancel"))
    assert "by itself" not in reply("cancel")


def test_cancel_loses_to_the_end_of_the_answer() -> None:
    assert list(statuses("cancel-loses"))[-2:] == ["cancelling", "completed"]
    assert reply("cancel-loses").endswith("to the last word.")


def test_cancel_hangs_for_two_minutes() -> None:
    seen = statuses("cancel-hangs")
    assert seen["cancelled"] - seen["cancelling"] == 120_000


def test_fails_early_has_said_nothing_and_names_the_rate_limit() -> None:
    assert last("fails-early").messages == []
    assert last("fails-early").run["lastError"]["code"] == "rate_limit_exceeded"


def test_fails_late_has_said_half_an_answer() -> None:
    assert reply("fails-late").endswith("followed by")
    assert "thread.message.incomplete" in names("fails-late")


def test_empty_says_nothing_and_its_variant_an_empty_message() -> None:
    assert last("empty").messages == []
    assert len(last("empty-message").messages) == 1
    assert reply("empty-message") == ""


def test_ends_early_stops_in_the_middle_while_the_run_goes_on() -> None:
    assert names("ends-early")[-1] == "thread.message.delta"
    assert last("ends-early").run["status"] == "completed"
    assert len(reply("ends-early")) > len("".join(text for _, text in deltas("ends-early")))


def test_from_the_future_is_an_ordinary_answer_to_a_tolerant_client(mock: Driver) -> None:
    stream = mock.stream("from-the-future")
    mock.advance(3)
    events = stream.answer.events()
    assert {"thread.run.warming_up", "thread.run.weather", "ping"} <= set(stream.answer.names())
    assert events[-2]["data"]["status"] == "completed"
    assert events[-2]["data"]["completedBecause"] == {"kind": "said_everything"}
    assert "queue" not in events[-2]["data"]
