"""What does a client see of a scenario at each tenth of a second?

Plays a scenario, including the client's cancel request and tool outputs. At each tenth of a virtual second it
reads the stream and polls the run, its steps and its messages.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from mock_server import Clock, Settings, create_app
from mock_server.response_check import events
from tests.mock_server.driver import Driver, Exchange
from tests.mock_server.folding import Folded

Json = dict[str, Any]

TENTH = 100
CANCELS_AT = {"cancel": 2000, "cancel-loses": 2000, "cancel-hangs": 2000}
ANSWERS_TOOLS = {"tool-call", "tool-rounds"}
LONGEST = 700_000
QUESTION = "Wie geht's, 世界? 👋"


@dataclass
class Poll:
    """The polled run, steps and messages; `at` is in milliseconds since the run was created."""

    at: int
    run: Json
    steps: list[Json]
    messages: list[Json]


@dataclass
class Play:
    """A run from its creation until it is terminal and its streams have ended."""

    driver: Driver
    streams: list[Exchange]
    thread_id: str
    run_id: str
    folded: Folded = field(default_factory=Folded)
    events: list[tuple[int, Json]] = field(default_factory=list)
    now: int = 0
    _chunks_read: int = 0

    @property
    def streaming(self) -> bool:
        """Whether the newest stream is open."""
        return not self.streams[-1].answer.over

    def polls(self, name: str) -> Iterator[Poll]:
        """Play the scenario; yields a poll for each tenth of a second until the run is terminal."""
        while self.now < LONGEST:
            self.read()
            poll = self.poll()
            yield poll
            if poll.run["status"] in ("cancelled", "failed", "completed", "expired") and not self.streaming:
                return
            if not self._take_part(name, poll):
                self.driver.advance(TENTH / 1000)
                self.now += TENTH
        raise AssertionError(f"{name} is not terminal after {LONGEST} ms")

    def read(self) -> None:
        """Read the new events of the newest stream."""
        chunks = self.streams[-1].answer.chunks
        for event in events(b"".join(chunks[self._chunks_read :])):
            self.events.append((self.now, event))
            self.folded.take(event)
        self._chunks_read = len(chunks)

    def poll(self) -> Poll:
        """Poll the run, its steps and its messages."""
        base = f"/threads/{self.thread_id}"
        run = f"{base}/runs/{self.run_id}"
        messages = self.driver.get(f"{base}/messages?limit=100").json()["data"]
        return Poll(
            self.now,
            self.driver.get(run).json(),
            self.driver.get(f"{run}/steps?limit=100&order=asc").json()["data"],
            [message for message in messages if message["role"] == "assistant"],
        )

    def _take_part(self, name: str, poll: Poll) -> bool:
        """Send the cancel request or tool outputs that are due now; returns whether something was sent."""
        run = f"/threads/{self.thread_id}/runs/{self.run_id}"
        if self.now == CANCELS_AT.get(name) and poll.run["status"] == "in_progress":
            self.driver.post(f"{run}/cancel")
            return True
        if poll.run["status"] != "requires_action" or name not in ANSWERS_TOOLS:
            return False
        calls = poll.run["requiredAction"]["submitToolOutputs"]["toolCalls"]
        outputs = [
            {"toolCallId": call["id"], "output": f"{call['function']['name']}: sunny"} for call in calls
        ]
        body = {"toolOutputs": outputs, "stream": True}
        self.streams.append(self.driver.open("POST", f"{run}/submit_tool_outputs", body))
        self._chunks_read = 0
        return True


def play(name: str, driver: Driver | None = None) -> Play:
    """Create a streamed run of a scenario."""
    if driver is None:
        clock = Clock(0)
        driver = Driver(create_app(Settings(seed="trace", quiet=True), clock=clock), clock, [])
        driver.turns = 8
    driver.post("/threads/t/messages", {"role": "user", "content": QUESTION})
    stream = driver.stream(name, instructions="Be brief.", metadata={"purpose": "trace"})
    return Play(driver, [stream], "t", next(events(stream.answer.body))["data"]["id"])


def trace(play: Play) -> str:
    """The streamed events, one line each: seconds, name and data."""
    return "".join(
        f"{at / 1000:7.1f}  {event.get('event', '')}  {_essence(event)}\n" for at, event in play.events
    )


def _essence(event: Json) -> str:
    data = event["data"]
    match event.get("event"):
        case "thread.message.delta":
            data = data["delta"]["content"][0]["text"]["value"]
        case "thread.run.step.delta":
            data = data["delta"]["stepDetails"]["toolCalls"][0]
    return json.dumps(data, ensure_ascii=False)


@cache
def played(name: str) -> tuple[Play, list[Poll], list[str]]:
    """Play a scenario to its end, once: the play, its polls, and where stream and polls differ."""
    run_play = play(name)
    polls, differences = [], []
    for poll in run_play.polls(name):
        polls.append(poll)
        if run_play.streaming or (
            run_play.folded.over and poll.run["status"] == run_play.folded.run["status"]
        ):
            differences += _differences(run_play, poll)
    run_play.driver.close()
    return run_play, polls, differences


def _differences(run_play: Play, poll: Poll) -> list[str]:
    views = {
        "run": (run_play.folded.run, poll.run),
        "steps": (list(run_play.folded.steps.values()), poll.steps),
        "messages": (list(run_play.folded.messages.values()), poll.messages),
    }
    return [f"{poll.at} ms, {what}: {a} != {b}" for what, (a, b) in views.items() if a != b]
