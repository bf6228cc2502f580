"""What does a client know about a run if it only reads the stream?

Written from the document's description of events, independently of the mock's code.
"""

import copy
from typing import Any

Json = dict[str, Any]


class Folded:
    """A run, its steps and its messages, built from the events so far."""

    def __init__(self) -> None:
        self.run: Json = {}
        self.steps: dict[str, Json] = {}
        self.messages: dict[str, Json] = {}
        self.over = False

    def take(self, event: Json) -> None:
        """Apply one event; unknown events are ignored."""
        name, data = event.get("event", ""), event["data"]
        if data == "[DONE]":
            self.over = True
        elif name == "thread.message.delta":
            _grow_text(self.messages[data["id"]], data["delta"])
        elif name == "thread.run.step.delta":
            _grow_calls(self.steps[data["id"]], data["delta"]["stepDetails"]["toolCalls"])
        elif name.startswith("thread.run.step."):
            self.steps[data["id"]] = copy.deepcopy(data)
        elif name.startswith("thread.message."):
            self.messages[data["id"]] = copy.deepcopy(data)
        elif name.startswith("thread.run.") and data.get("object") == "run":
            self.run = copy.deepcopy(data)


def _grow_text(message: Json, delta: Json) -> None:
    for piece in delta["content"]:
        message["content"][piece["index"]]["text"]["value"] += piece["text"]["value"]


def _grow_calls(step: Json, pieces: list[Json]) -> None:
    calls = step["stepDetails"]["toolCalls"]
    for piece in pieces:
        function = piece["function"]
        if piece["index"] == len(calls):
            calls.append(
                {"id": piece["id"], "type": piece["type"], "function": {"name": "", "arguments": ""}}
            )
        call = calls[piece["index"]]["function"]
        call["name"] += function.get("name", "")
        call["arguments"] += function.get("arguments", "")
