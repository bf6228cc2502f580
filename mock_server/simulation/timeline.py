"""What happens in a run, and when?

`timeline_of(record)` computes all changes of a run, each with its timestamp and its stream events. Polls,
lists, steps, messages and streams all read these changes, so they cannot disagree. Every active run expires
at its deadline. Pure; standard library only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from mock_server.simulation.ids import child
from mock_server.simulation.lifecycle import COMPLETED, EXPIRED, REQUIRES_ACTION
from mock_server.simulation.records import RunRecord
from mock_server.simulation.scenario import Status
from mock_server.simulation.script import Operation, Script
from mock_server.simulation.timestamps import milliseconds, rfc3339
from mock_server.simulation.tokens import count

NOTHING = "nothing"
"""The target of a change that is only a stream event."""


class Change(NamedTuple):
    """At a timestamp, a run, step or message gets new field values, or a text in it gets longer.

    `target` is the id of what changes; a new id creates a step or message. `patch` holds the new values, None
    for a field that is removed. `text` is appended to the message, or to the arguments of the tool call with
    the index `call`.
    """

    at: int
    target: str
    events: tuple[str, ...]
    patch: Mapping[str, Any]
    text: str = ""
    call: int = -1


@dataclass(frozen=True, slots=True)
class Timeline:
    """All changes of a run, oldest first.

    `of_run` are the changes to the run itself. `starts` are the positions in `changes` at which a request
    started the model: the creation of the run and each submission of tool outputs. `stops` are the positions
    of changes that make the run `requires_action` or terminal.
    """

    changes: tuple[Change, ...]
    of_run: tuple[Change, ...]
    stops: tuple[int, ...]
    starts: tuple[int, ...]
    expires_at: int

    def stop_after(self, start: int) -> int:
        """The position of the first stop at or after a position."""
        return next(position for position in self.stops if position >= start)


@lru_cache(maxsize=512)
def timeline_of(record: RunRecord) -> Timeline:
    """The timeline of a run, cached by the record's identity: a changed run is another record."""
    return compute(record)


def compute(record: RunRecord) -> Timeline:
    """The timeline of a run, computed anew."""
    return _Computation(record).timeline()


def usage(record: RunRecord, written: int) -> dict[str, int]:
    """The `usage` of a run that has written a number of tokens."""
    read = count(record.instructions) + count(record.prompt)
    return {"promptTokens": read, "completionTokens": written, "totalTokens": read + written}


class _Computation:
    """One pass over the script: the open messages and steps, the tokens so far, the resulting changes."""

    def __init__(self, record: RunRecord) -> None:
        self._record = record
        self._facts = record.scenario.lifecycles
        self._script = Script(record).operations
        self._changes: list[Change] = []
        self._stops: list[int] = []
        self._starts = [0]
        self._status = ""
        self._stamped: set[str] = set()
        self._open_messages: dict[int, str] = {}
        self._open_steps: dict[int, str] = {}
        self._calls: list[dict[str, Any]] = []
        self._rounds: dict[int, list[dict[str, Any]]] = {}
        self._written = 0
        self._expires_at = self._deadline()

    def timeline(self) -> Timeline:
        """Compute everything."""
        for position, op in enumerate(self._script):
            if self._ended() or op.at > self._expires_at:
                break
            self._perform(op, position)
        if not self._ended():
            self._reach(Status(0, EXPIRED), self._expires_at)
        changes = tuple(self._changes)
        of_run = tuple(change for change in changes if change.target == self._record.id)
        return Timeline(changes, of_run, tuple(self._stops), tuple(self._starts), self._expires_at)

    def _deadline(self) -> int:
        """When the run expires: at pace 0 at once, unless it waits for its client or ends by itself."""
        record, expires = self._record, milliseconds(self._record.scenario.expires)
        statuses = [op.data.status for op in self._script if op.kind == "status"]
        if statuses[-1] == REQUIRES_ACTION or self._facts.run.terminal.intersection(statuses):
            return record.created_at + expires
        return record.created_at + int(expires * record.pace)

    def _ended(self) -> bool:
        return self._status in self._facts.run.terminal

    def _perform(self, op: Operation, position: int) -> None:
        match op.kind:
            case "status":
                if op.data.status == COMPLETED:
                    self._catch_up(op.at, position)
                self._reach(op.data, op.at)
            case "message":
                self._open_message(op.thing, op.at)
            case "text":
                self._write_text(op)
            case "message_end":
                self._close_message(op.thing, op.at, "completed")
                self._close_step(op.thing, op.at, COMPLETED)
            case "calls":
                self._calls = self._rounds[op.thing] = []
                self._open_step(op.thing, op.at, {"type": "tool_calls", "toolCalls": []})
            case "call" | "argument":
                self._write_call(op)
            case "outputs":
                self._starts.append(len(self._changes))
                self._answer_calls(op)
            case "event":
                self._changes.append(Change(op.at, NOTHING, (op.data.name,), op.data.data))

    def _catch_up(self, at: int, position: int) -> None:
        """Finish the open messages and steps: a completed run leaves none unfinished."""
        begun = {*self._open_messages, *self._open_steps}
        for later in self._script[position + 1 :]:
            if later.thing in begun:
                self._perform(later._replace(at=at), position)

    def _reach(self, moment: Status, at: int) -> None:
        first, self._status = not self._status, moment.status
        stamp = self._facts.run.timestamps.get(moment.status)
        patch: dict[str, Any] = {"status": moment.status, "requiredAction": None, **moment.fields}
        if stamp and stamp not in self._stamped:
            self._stamped.add(stamp)
            patch[stamp] = rfc3339(at)
        if moment.error:
            patch["lastError"] = moment.error
        if moment.status == REQUIRES_ACTION:
            calls = [{**call, "function": dict(call["function"])} for call in self._calls]
            patch["requiredAction"] = {
                "type": "submit_tool_outputs",
                "submitToolOutputs": {"toolCalls": calls},
            }
        if self._ended():
            patch["usage"] = usage(self._record, self._written)
            self._close_everything(at)
        names = (f"thread.run.{moment.status}",)
        self._changes.append(
            Change(at, self._record.id, ("thread.run.created", *names) if first else names, patch)
        )
        if self._ended() or moment.status == REQUIRES_ACTION:
            self._stops.append(len(self._changes) - 1)

    def _close_everything(self, at: int) -> None:
        for thing in list(self._open_messages):
            self._close_message(thing, at, "incomplete")
        for thing in list(self._open_steps):
            self._close_step(thing, at, self._status)

    def _open_message(self, thing: int, at: int) -> None:
        message_id = child("msg", self._record.id, thing)
        self._open_step(thing, at, {"type": "message_creation", "messageCreation": {"messageId": message_id}})
        self._open_messages[thing] = message_id
        message = {
            "id": message_id,
            "object": "thread.message",
            "createdAt": rfc3339(at),
            "threadId": self._record.thread_id,
            "role": "assistant",
            "content": [{"type": "text", "text": {"value": "", "annotations": []}}],
            "attachments": [],
            "assistantId": self._record.assistant_id,
            "runId": self._record.id,
            "metadata": {},
        }
        self._changes.append(
            Change(at, message_id, ("thread.message.created", "thread.message.in_progress"), message)
        )

    def _write_text(self, op: Operation) -> None:
        if op.thing in self._open_messages:
            self._written += count(op.data)
            self._changes.append(
                Change(op.at, self._open_messages[op.thing], ("thread.message.delta",), {}, op.data)
            )

    def _close_message(self, thing: int, at: int, status: str) -> None:
        if thing in self._open_messages:
            names = (f"thread.message.{status}",)
            self._changes.append(Change(at, self._open_messages.pop(thing), names, {}))

    def _open_step(self, thing: int, at: int, details: dict[str, Any]) -> None:
        step_id = self._open_steps[thing] = child("step", self._record.id, thing)
        status = self._facts.step.initial
        step = {
            "id": step_id,
            "object": "thread.run.step",
            "createdAt": rfc3339(at),
            "assistantId": self._record.assistant_id,
            "threadId": self._record.thread_id,
            "runId": self._record.id,
            "type": details["type"],
            "status": status,
            "stepDetails": details,
            "expiresAt": rfc3339(self._expires_at),
            "metadata": {},
        }
        names = ("thread.run.step.created", f"thread.run.step.{status}")
        self._changes.append(Change(at, step_id, names, step))

    def _close_step(self, thing: int, at: int, status: str, patch: Mapping[str, Any] | None = None) -> None:
        if thing in self._open_steps:
            stamp = self._facts.step.timestamps.get(status)
            fields = {**(patch or {}), "status": status, **({stamp: rfc3339(at)} if stamp else {})}
            self._changes.append(
                Change(at, self._open_steps.pop(thing), (f"thread.run.step.{status}",), fields)
            )

    def _write_call(self, op: Operation) -> None:
        index, text = op.data
        patch: Mapping[str, Any] = {}
        if op.kind == "call":
            call_id = child("call", self._record.id, op.thing * 8 + index)
            patch = {"id": call_id, "type": "function", "function": {"name": text, "arguments": ""}}
            self._rounds[op.thing].append({**patch, "function": dict(patch["function"])})
            text = ""
        else:
            self._written += count(text)
            self._rounds[op.thing][index]["function"]["arguments"] += text
        step_id = self._open_steps[op.thing]
        self._changes.append(Change(op.at, step_id, ("thread.run.step.delta",), patch, text, index))

    def _answer_calls(self, op: Operation) -> None:
        calls = [
            {**call, "function": {**call["function"], "output": op.data[call["id"]]}}
            for call in self._calls
            if call["id"] in op.data
        ]
        for thing in list(self._open_steps):
            details = {"type": "tool_calls", "toolCalls": calls}
            self._close_step(thing, op.at, COMPLETED, {"stepDetails": details})
