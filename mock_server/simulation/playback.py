"""How do the changes of a timeline become a run, its steps and its messages?

The slow path behind `snapshot`: it applies a run's changes one after another. Standard library only.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from mock_server.simulation.records import RunRecord
from mock_server.simulation.timeline import NOTHING, Change, Timeline, timeline_of
from mock_server.simulation.timestamps import rfc3339

Json = dict[str, Any]


class Playback:
    """A run, its steps and its messages after the changes that have been applied so far."""

    def __init__(self, record: RunRecord, timeline: Timeline) -> None:
        self.run = run_as_created(record, timeline.expires_at)
        self.steps: dict[str, Json] = {}
        self.messages: dict[str, Json] = {}

    def apply(self, change: Change) -> Json:
        """Apply a change and return what it changed: the run, a step or a message."""
        if change.target == self.run["id"]:
            _set(self.run, change.patch)
            return self.run
        if change.target == NOTHING:
            return dict(change.patch)
        things = self.messages if change.target.startswith("msg") else self.steps
        thing = things.setdefault(change.target, {})
        if change.call >= 0:
            _extend_call(thing, change)
        elif change.text:
            _extend_text(thing, change.text)
        else:
            _set(thing, change.patch)
        return thing

    def events(self, change: Change) -> Iterator[tuple[str, Json]]:
        """Apply a change and return its stream events, as name and data."""
        thing = self.apply(change)
        data = _delta(change) if change.text or change.call >= 0 else thing
        for name in change.events:
            yield name, data


def played(record: RunRecord, now: int) -> Playback:
    """The run, its steps and its messages at a timestamp."""
    timeline = timeline_of(record)
    playback = Playback(record, timeline)
    for change in timeline.changes:
        if change.at > now:
            break
        playback.apply(change)
    return playback


def run_at(record: RunRecord, now: int) -> Json:
    """The run alone at a timestamp."""
    timeline = timeline_of(record)
    run = run_as_created(record, timeline.expires_at)
    for change in timeline.of_run:
        if change.at > now:
            break
        _set(run, change.patch)
    return run


def run_as_created(record: RunRecord, expires_at: int) -> Json:
    """The fields of a run that are set when it is created."""
    return {
        "id": record.id,
        "object": "run",
        "createdAt": rfc3339(record.created_at),
        "expiresAt": rfc3339(expires_at),
        "assistantId": record.assistant_id,
        "threadId": record.thread_id,
        "status": "",
        "model": record.model,
        "instructions": record.instructions,
        "tools": record.tools,
        "fileIds": (),
        "metadata": record.metadata,
    }


def _set(thing: Json, patch: Mapping[str, Any]) -> None:
    for name, value in patch.items():
        if value is None:
            thing.pop(name, None)
        else:
            thing[name] = value


def _extend_text(message: Json, text: str) -> None:
    before = message["content"][0]["text"]["value"]
    # The timeline's objects are shared between views, so what changes is copied.
    message["content"] = [{"type": "text", "text": {"value": before + text, "annotations": []}}]


def _extend_call(step: Json, change: Change) -> None:
    calls: list[Json] = list(step["stepDetails"]["toolCalls"])
    if change.call == len(calls):
        calls.append(dict(change.patch))
    else:
        call = calls[change.call]
        function = {**call["function"], "arguments": call["function"]["arguments"] + change.text}
        calls[change.call] = {**call, "function": function}
    step["stepDetails"] = {"type": "tool_calls", "toolCalls": calls}


def _delta(change: Change) -> Json:
    if change.call < 0:
        content = [{"index": 0, "type": "text", "text": {"value": change.text}}]
        return {"id": change.target, "object": "thread.message.delta", "delta": {"content": content}}
    part = change.patch or {"function": {"arguments": change.text}}
    details = {"type": "tool_calls", "toolCalls": [{"index": change.call, **part}]}
    return {"id": change.target, "object": "thread.run.step.delta", "delta": {"stepDetails": details}}
