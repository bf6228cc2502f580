"""What does become of a run, moment by moment?

`compiled(record)` performs a run's script once and gives its changes, each with the stream events by which
it is seen. Poll, list, steps, messages and stream all read these changes, so they cannot disagree. Every
active run expires at its deadline. Pure, standard library only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from mock_server.simulation.ids import child
from mock_server.simulation.records import RunRecord
from mock_server.simulation.scenario import Status
from mock_server.simulation.script import Operation, Script
from mock_server.simulation.timestamps import milliseconds, rfc3339
from mock_server.simulation.tokens import count

WAITING = "requires_action"
EXPIRED = "expired"
COMPLETED = "completed"
NOTHING = "nothing"
"""The target of an event that changes nothing."""


class Change(NamedTuple):
    """At an instant something takes new field values (None: loses the field) or grows by a text.

    `target` is the id of a run, step or message; a new id is a new thing. `call` tells which tool call grows.
    """

    at: int
    target: str
    events: tuple[str, ...]
    patch: Mapping[str, Any]
    text: str = ""
    call: int = -1


@dataclass(frozen=True, slots=True)
class Timeline:
    """All changes of a run in order.

    `rests` are the positions of changes after which the run waits for somebody else or is over; `begins` are
    the positions where the stream of the creation, and of each submission of tool outputs, begins.
    """

    changes: tuple[Change, ...]
    of_run: tuple[Change, ...]
    rests: tuple[int, ...]
    begins: tuple[int, ...]
    expires_at: int

    def rest_after(self, begin: int) -> int:
        """The position of the first rest at or behind a position."""
        return next(position for position in self.rests if position >= begin)


@lru_cache(maxsize=512)
def compiled(record: RunRecord) -> Timeline:
    """The timeline of a run; records are told apart by identity, so a changed one is compiled anew."""
    return perform(record)


def perform(record: RunRecord) -> Timeline:
    """The timeline of a run, computed."""
    return _Performance(record).timeline()


def usage(record: RunRecord, spoken: int) -> dict[str, int]:
    """How many tokens a run has read and written."""
    read = count(record.instructions) + count(record.prompt)
    return {"promptTokens": read, "completionTokens": spoken, "totalTokens": read + spoken}


class _Performance:
    """One pass over the script: what is open, what has been said, what follows from each operation."""

    def __init__(self, record: RunRecord) -> None:
        self._record = record
        self._facts = record.scenario.lifecycles
        self._script = Script(record).operations
        self._changes: list[Change] = []
        self._rests: list[int] = []
        self._begins = [0]
        self._status = ""
        self._stamped: set[str] = set()
        self._open_messages: dict[int, str] = {}
        self._open_steps: dict[int, str] = {}
        self._calls: list[dict[str, Any]] = []
        self._spoken = 0
        self._expires_at = self._deadline()

    def timeline(self) -> Timeline:
        """Perform everything."""
        for position, op in enumerate(self._script):
            if self._over() or op.at > self._expires_at:
                break
            self._perform(op, position)
        if not self._over():
            self._reach(Status(0, EXPIRED), self._expires_at)
        changes = tuple(self._changes)
        of_run = tuple(change for change in changes if change.target == self._record.id)
        return Timeline(changes, of_run, tuple(self._rests), tuple(self._begins), self._expires_at)

    def _deadline(self) -> int:
        """When the run expires: at once too if everything is at once and nobody is waited for."""
        record, expires = self._record, milliseconds(self._record.scenario.expires)
        statuses = [op.data.status for op in self._script if op.kind == "status"]
        if statuses[-1] == WAITING or self._facts.run.terminal.intersection(statuses):
            return record.created_at + expires
        return record.created_at + int(expires * record.pace)

    def _over(self) -> bool:
        return self._status in self._facts.run.terminal

    def _perform(self, op: Operation, position: int) -> None:
        match op.kind:
            case "status":
                if op.data.status == COMPLETED:
                    self._catch_up(op.at, position)
                self._reach(op.data, op.at)
            case "says":
                self._open_message(op.thing, op.at)
            case "text":
                self._say(op)
            case "said":
                self._close_message(op.thing, op.at, "completed")
                self._close_step(op.thing, op.at, COMPLETED)
            case "calls":
                self._calls = []
                self._open_step(op.thing, op.at, {"type": "tool_calls", "toolCalls": []})
            case "call" | "argument":
                self._write_call(op)
            case "outputs":
                self._begins.append(len(self._changes))
                self._answer_calls(op)
            case "event":
                self._changes.append(Change(op.at, NOTHING, (op.data.name,), op.data.data))

    def _catch_up(self, at: int, position: int) -> None:
        """A run that is completed has said to the end what it had begun."""
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
        if moment.status == WAITING:
            calls = [{**call, "function": dict(call["function"])} for call in self._calls]
            patch["requiredAction"] = {
                "type": "submit_tool_outputs",
                "submitToolOutputs": {"toolCalls": calls},
            }
        if self._over():
            patch["usage"] = usage(self._record, self._spoken)
            self._close_everything(at)
        names = (f"thread.run.{moment.status}",)
        self._changes.append(
            Change(at, self._record.id, ("thread.run.created", *names) if first else names, patch)
        )
        if self._over() or moment.status == WAITING:
            self._rests.append(len(self._changes) - 1)

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

    def _say(self, op: Operation) -> None:
        if op.thing in self._open_messages:
            self._spoken += count(op.data)
            self._changes.append(
                Change(op.at, self._open_messages[op.thing], ("thread.message.delta",), {}, op.data)
            )

    def _close_message(self, thing: int, at: int, how: str) -> None:
        if thing in self._open_messages:
            self._changes.append(Change(at, self._open_messages.pop(thing), (f"thread.message.{how}",), {}))

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
            self._calls.append({**patch, "function": dict(patch["function"])})
            text = ""
        else:
            self._spoken += count(text)
            self._calls[index]["function"]["arguments"] += text
        step_id = self._open_steps[op.thing]
        self._changes.append(Change(op.at, step_id, ("thread.run.step.delta",), patch, text, index))

    def _answer_calls(self, op: Operation) -> None:
        calls = [
            {**call, "function": {**call["function"], "output": op.data[call["id"]]}} for call in self._calls
        ]
        for thing in list(self._open_steps):
            details = {"type": "tool_calls", "toolCalls": calls}
            self._close_step(thing, op.at, COMPLETED, {"stepDetails": details})
