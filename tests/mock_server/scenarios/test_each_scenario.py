"""Does each scenario behave as its summary says?"""

from datetime import datetime, timedelta
from typing import Any

import pytest

from mock_server.http.sse import KEEP_ALIVE
from tests.mock_server.driver import Driver
from tests.mock_server.playing import CANCELS_AT, played

Json = dict[str, Any]


def names(scenario: str) -> list[str]:
    return [event.get("event", event["data"]) for _, event in played(scenario)[0].events]


def deltas(scenario: str) -> list[tuple[int, str]]:
    streamed = [
        (at, event["data"]) for at, event in played(scenario)[0].events if _is(event, "thread.message.delta")
    ]
    return [(at, data["delta"]["content"][0]["text"]["value"]) for at, data in streamed]


def statuses(scenario: str) -> dict[str, int]:
    """The time at which each status was first polled, in milliseconds since the creation."""
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


def test_hello_quotes_the_user_in_12_deltas() -> None:
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


def test_long_answer_sends_25_deltas_a_second_with_jitter() -> None:
    sent = deltas("long-answer")
    seconds = (sent[-1][0] - sent[0][0]) / 1000
    assert len(sent) == 600
    assert 24 <= len(sent) / seconds <= 26
    by_tenth = [sum(at == tenth for at, _ in sent) for tenth in range(1000, 24_000, 100)]
    assert len(set(by_tenth)) > 2
    text = reply("long-answer")
    assert text.count("```") % 2 == 1
    assert all(
        piece in text
        for piece in ("👨\u200d👩\u200d👧\u200d👦", "| --- |", "\u2028", "e\u0301", "العربية", "<script>")
    )


def test_tool_call_streams_its_arguments_in_deltas_and_continues_in_a_second_stream() -> None:
    play = played("tool-call")[0]
    pieces = [event for _, event in play.events if _is(event, "thread.run.step.delta")]
    assert len(pieces) > 3
    assert statuses("tool-call")["requires_action"] == 2000
    assert [stream.answer.names()[-1] for stream in play.streams] == ["[DONE]", "[DONE]"]
    assert play.streams[0].answer.names()[-2] == "thread.run.requires_action"
    assert "sunny" in reply("tool-call")


def test_tool_rounds_calls_two_tools_and_then_a_third() -> None:
    play, polls, _ = played("tool-rounds")
    asked = [
        poll.run["requiredAction"]["submitToolOutputs"]["toolCalls"]
        for poll in polls
        if "requiredAction" in poll.run
    ]
    assert [len(calls) for calls in asked] == [2, 1]
    assert len(play.streams) == 3
    assert len({call["id"] for calls in asked for call in calls}) == 3


@pytest.mark.parametrize("scenario", ["tool-expired", "expired"])
def test_an_unfinished_run_expires_at_its_expires_at(scenario: str) -> None:
    run = last(scenario).run
    expires = datetime.fromisoformat(run["expiresAt"]) - datetime.fromisoformat(run["createdAt"])
    assert run["status"] == "expired"
    assert timedelta(milliseconds=statuses(scenario)["expired"]) == expires


def test_expired_keeps_half_an_answer() -> None:
    assert reply("expired").endswith("because")


def test_cancel_sends_at_most_three_more_deltas_and_keeps_the_partial_answer() -> None:
    asked = CANCELS_AT["cancel"]
    assert statuses("cancel")["cancelled"] - asked == 1500
    more = names("cancel")[names("cancel").index("thread.run.cancelling") :].count("thread.message.delta")
    assert more <= 3
    assert reply("cancel") == "".join(text for _, text in deltas("cancel"))
    assert "by itself" not in reply("cancel")


def test_cancel_loses_completes_the_answer() -> None:
    assert list(statuses("cancel-loses"))[-2:] == ["cancelling", "completed"]
    assert reply("cancel-loses").endswith("to the last word.")


def test_cancel_hangs_stays_cancelling_for_two_minutes() -> None:
    seen = statuses("cancel-hangs")
    assert seen["cancelled"] - seen["cancelling"] == 120_000


def test_fails_early_has_no_message_and_reports_the_rate_limit() -> None:
    assert last("fails-early").messages == []
    assert last("fails-early").run["lastError"]["code"] == "rate_limit_exceeded"


def test_fails_late_keeps_half_an_answer() -> None:
    assert reply("fails-late").endswith("followed by")
    assert "thread.message.incomplete" in names("fails-late")


def test_empty_has_no_message_and_empty_message_an_empty_one() -> None:
    assert last("empty").messages == []
    assert len(last("empty-message").messages) == 1
    assert reply("empty-message") == ""


def test_ends_early_ends_the_stream_in_the_middle_and_the_run_completes() -> None:
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
