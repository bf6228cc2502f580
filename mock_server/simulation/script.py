"""In which order do a scenario's moments happen in one run?

The moments become operations with timestamps. Where the client cancelled the run or submitted tool outputs,
the operations are cut off and continued. `timeline` turns them into changes. Pure; standard library only.
"""

import random
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from mock_server.simulation.records import Input, RunRecord
from mock_server.simulation.scenario import ALL, Event, Message, Moment, Status, ToolCalls
from mock_server.simulation.timestamps import milliseconds
from mock_server.simulation.tokens import pieces, spread

_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")


class Operation(NamedTuple):
    """One thing that happens in a run.

    `thing` numbers the run's messages and rounds of tool calls from 0. What `data` is depends on the kind.
    """

    at: int
    kind: str
    thing: int = -1
    data: Any = None


class Script:
    """The operations of one run, in order."""

    def __init__(self, record: RunRecord) -> None:
        self.operations: list[Operation] = []
        self._record = record
        self._things = 0
        self._rounds = 0
        self._play(record.scenario.timeline, record.created_at)
        for given in record.inputs:
            self._cancel(given) if given.kind == "cancel" else self._continue(given)

    def _play(self, moments: Sequence[Moment], start: int, outputs: str = "") -> None:
        due = sorted((op for moment in moments for op in self._expand(moment, outputs)), key=lambda op: op.at)
        pace = self._record.pace
        self.operations += [Operation(start + int(at * pace), *rest) for at, *rest in due]
        self.operations.sort(key=lambda op: op.at)

    def _cancel(self, given: Input) -> None:
        moments = self._record.scenario.after_cancel
        later = self._cut(given.at)
        allowed = next((moment.deltas for moment in moments if isinstance(moment, Status)), 0)
        begun = {op.thing for op in self.operations if op.kind == "message"}
        self.operations += _written_after_cancel(later, allowed, begun)
        self._play(moments, given.at)

    def _continue(self, given: Input) -> None:
        self._cut(given.at)
        self.operations.append(Operation(given.at, "outputs", data=given.outputs))
        rounds = self._record.scenario.after_outputs
        moments = rounds[min(self._rounds, len(rounds) - 1)]
        self._rounds += 1
        self._play(moments, given.at, "\n".join(given.outputs.values()))

    def _cut(self, timestamp: int) -> list[Operation]:
        """Remove and return the operations after a timestamp."""
        later = [op for op in self.operations if op.at > timestamp]
        self.operations = [op for op in self.operations if op.at <= timestamp]
        return later

    def _expand(self, moment: Moment, outputs: str) -> Iterator[Operation]:
        at = milliseconds(moment.at)
        match moment:
            case Status():
                yield Operation(at, "status", data=moment)
            case Event():
                yield Operation(at, "event", data=moment)
            case Message():
                yield from self._message(moment, at, outputs)
            case ToolCalls():
                yield from self._tool_calls(moment, at)

    def _message(self, moment: Message, at: int, outputs: str) -> Iterator[Operation]:
        thing, until = self._next_thing(), milliseconds(moment.until)
        yield Operation(at, "message", thing)
        text = filled(moment.text, self._record, outputs)
        yield from self._spread("text", thing, text, at, until, moment.deltas)
        if moment.finished:
            yield Operation(until, "message_end", thing)

    def _tool_calls(self, moment: ToolCalls, at: int) -> Iterator[Operation]:
        thing, until = self._next_thing(), milliseconds(moment.until)
        yield Operation(at, "calls", thing)
        share = (until - at) // len(moment.calls)
        for index, call in enumerate(moment.calls):
            begin = at + index * share
            yield Operation(begin, "call", thing, (index, call.name))
            for op in self._spread("argument", thing, call.arguments, begin, begin + share, moment.deltas):
                yield op._replace(data=(index, op.data))

    def _spread(
        self, kind: str, thing: int, text: str, at: int, until: int, deltas: int | None
    ) -> Iterator[Operation]:
        """The pieces of a text, spread between two times."""
        if until == at:
            if text:
                yield Operation(at, kind, thing, text)
            return
        rng = random.Random(f"{self._record.seed} {self._record.id} {thing} {kind}")
        parts = pieces(text, deltas, rng)
        for when, part in zip(spread(at, until, len(parts), rng), parts, strict=True):
            yield Operation(when, kind, thing, part)

    def _next_thing(self) -> int:
        self._things += 1
        return self._things - 1


def filled(text: str, record: RunRecord, outputs: str = "") -> str:
    """A text with its placeholders filled in. Placeholders in the user's own words are left as they are."""
    literals, names = _template(text)
    if not names:
        return text
    values = {
        "user": record.prompt,
        "said": f'said "{record.prompt}"' if record.prompt else "have not said anything yet",
        "model": record.model,
        "instructions": record.instructions,
        "outputs": outputs,
    }
    return literals[0] + "".join(
        values[name] + literal for name, literal in zip(names, literals[1:], strict=True)
    )


@lru_cache(maxsize=1024)
def _template(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The literal parts of a text, and the names of the placeholders between them."""
    parts = _PLACEHOLDER.split(text)
    return tuple(parts[::2]), tuple(parts[1::2])


def _written_after_cancel(later: list[Operation], allowed: int, begun: set[int]) -> list[Operation]:
    """What is still written of messages that have begun when the run is cancelled."""
    if allowed == ALL:
        return [op for op in later if op.thing in begun]
    return [op for op in later if op.kind == "text" and op.thing in begun][:allowed]
