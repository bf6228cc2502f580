"""What is meant to happen in a run, and when?

A scenario's moments become operations with instants, cut and continued where the client cancelled or gave
tool outputs. `timeline` performs them. Pure, standard library only.
"""

import random
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from mock_server.simulation.records import Input, RunRecord
from mock_server.simulation.scenario import ALL, Calls, Event, Moment, Says, Status
from mock_server.simulation.timestamps import milliseconds
from mock_server.simulation.tokens import instants, pieces

_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")


class Operation(NamedTuple):
    """One thing that is to happen: `thing` counts the messages and rounds of tool calls of the run."""

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
        self.operations += _still_said(
            later, allowed, {op.thing for op in self.operations if op.kind == "says"}
        )
        self._play(moments, given.at)

    def _continue(self, given: Input) -> None:
        self._cut(given.at)
        self.operations.append(Operation(given.at, "outputs", data=given.outputs))
        rounds = self._record.scenario.after_outputs
        moments = rounds[min(self._rounds, len(rounds) - 1)]
        self._rounds += 1
        self._play(moments, given.at, "\n".join(given.outputs.values()))

    def _cut(self, instant: int) -> list[Operation]:
        """Take away and return what lies behind an instant."""
        later = [op for op in self.operations if op.at > instant]
        self.operations = [op for op in self.operations if op.at <= instant]
        return later

    def _expand(self, moment: Moment, outputs: str) -> Iterator[Operation]:
        at = milliseconds(moment.at)
        match moment:
            case Status():
                yield Operation(at, "status", data=moment)
            case Event():
                yield Operation(at, "event", data=moment)
            case Says():
                yield from self._say(moment, at, outputs)
            case Calls():
                yield from self._call(moment, at)

    def _say(self, moment: Says, at: int, outputs: str) -> Iterator[Operation]:
        thing, until = self._thing(), milliseconds(moment.until)
        yield Operation(at, "says", thing)
        yield from self._spread(
            "text", thing, filled(moment.text, self._record, outputs), at, until, moment.deltas
        )
        if moment.finished:
            yield Operation(until, "said", thing)

    def _call(self, moment: Calls, at: int) -> Iterator[Operation]:
        thing, until = self._thing(), milliseconds(moment.until)
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
        if until == at:
            if text:
                yield Operation(at, kind, thing, text)
            return
        dice = random.Random(f"{self._record.seed} {self._record.id} {thing} {kind}")
        parts = pieces(text, deltas, dice)
        for when, part in zip(instants(at, until, len(parts), dice) if parts else (), parts, strict=True):
            yield Operation(when, kind, thing, part)

    def _thing(self) -> int:
        self._things += 1
        return self._things - 1


def filled(text: str, record: RunRecord, outputs: str = "") -> str:
    """The text with its placeholders filled in; a placeholder in the user's own words is words."""
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
    """The literal parts of a text and the names of the placeholders between them."""
    parts = _PLACEHOLDER.split(text)
    return tuple(parts[::2]), tuple(parts[1::2])


def _still_said(later: list[Operation], allowed: int, begun: set[int]) -> list[Operation]:
    """What of a message already begun is still said after a cancel request."""
    if allowed == ALL:
        return [op for op in later if op.thing in begun]
    return [op for op in later if op.kind == "text" and op.thing in begun][:allowed]
