"""What does a client see of a run at a moment?

A pure function of (record, now): the changes up to now, folded. The stream folds the same changes one by one.
Standard library only.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from mock_server.simulation.outline import outline
from mock_server.simulation.records import RunRecord
from mock_server.simulation.timeline import NOTHING, Change, Timeline, compiled
from mock_server.simulation.timestamps import rfc3339

Json = dict[str, Any]


class Playback:
    """A run, its steps and its messages as far as its changes have been applied."""

    def __init__(self, record: RunRecord, timeline: Timeline) -> None:
        self.run = _asked(record, timeline.expires_at)
        self.steps: dict[str, Json] = {}
        self.messages: dict[str, Json] = {}

    def apply(self, change: Change) -> Json:
        """Let a change happen; gives the thing that changed."""
        if change.target == self.run["id"]:
            _set(self.run, change.patch)
            return self.run
        if change.target == NOTHING:
            return dict(change.patch)
        shelf = self.messages if change.target.startswith("msg") else self.steps
        thing = shelf.setdefault(change.target, {})
        if change.call >= 0:
            _grow_call(thing, change)
        elif change.text:
            _grow_text(thing, change.text)
        else:
            _set(thing, change.patch)
        return thing

    def events(self, change: Change) -> Iterator[tuple[str, Json]]:
        """Let a change happen; gives the stream events it is seen as."""
        thing = self.apply(change)
        data = _delta(change) if change.text or change.call >= 0 else thing
        for name in change.events:
            yield name, data


def run_at(record: RunRecord, now: int) -> Json:
    """The run."""
    if short := outline(record):
        return _asked(record, record.created_at + short.expires) | short.fields_at(record, now)
    timeline = compiled(record)
    run = _asked(record, timeline.expires_at)
    for change in timeline.of_run:
        if change.at > now:
            break
        _set(run, change.patch)
    return run


def status_at(record: RunRecord, now: int) -> str:
    """The run's status, at less cost than the run."""
    if short := outline(record):
        return short.status_at(record, now)
    return str(run_at(record, now)["status"])


def is_over(record: RunRecord, now: int) -> bool:
    """Whether the run has ended."""
    return status_at(record, now) in record.scenario.lifecycles.run.terminal


def steps_at(record: RunRecord, now: int) -> list[Json]:
    """The run's steps, oldest first."""
    return list(_until(record, now).steps.values())


def messages_at(record: RunRecord, now: int) -> list[Json]:
    """The messages that the run has begun, oldest first."""
    return list(_until(record, now).messages.values())


def rest_at(record: RunRecord, begin: int) -> int:
    """When the run first waits for somebody else, or is over, at or behind a position of its timeline."""
    if begin == 0 and (short := outline(record)):
        return record.created_at + short.rest
    timeline = compiled(record)
    return timeline.changes[timeline.rest_after(begin)].at


def _asked(record: RunRecord, expires_at: int) -> Json:
    """The fields of a run that no moment changes."""
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


def _until(record: RunRecord, now: int) -> Playback:
    timeline = compiled(record)
    playback = Playback(record, timeline)
    for change in timeline.changes:
        if change.at > now:
            break
        playback.apply(change)
    return playback


def _set(thing: Json, patch: Mapping[str, Any]) -> None:
    for name, value in patch.items():
        if value is None:
            thing.pop(name, None)
        else:
            thing[name] = value


def _grow_text(message: Json, text: str) -> None:
    before = message["content"][0]["text"]["value"]
    # Timelines are shared between views: what grows is built anew.
    message["content"] = [{"type": "text", "text": {"value": before + text, "annotations": []}}]


def _grow_call(step: Json, change: Change) -> None:
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
