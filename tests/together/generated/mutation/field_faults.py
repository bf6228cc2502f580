"""How is a field changed wherever an answer, or an event, shows it?"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.together.generated.document import ITEM
from tests.together.generated.mutation.changes import DROP, KEEP, Change, Memory, same
from tests.together.generated.mutation.mutant import Answer, Asked, Fault, Frames
from tests.together.service import TERMINAL


def visit(value: Any, names: tuple[str, ...], change: Callable[[Any, Any], None]) -> None:
    """Call `change` with each container and key that the names lead to."""
    head, rest = names[0], names[1:]
    if head == ITEM:
        for at in reversed(range(len(value))) if isinstance(value, list) else ():
            if rest:
                visit(value[at], rest, change)
            else:
                change(value, at)
    elif isinstance(value, dict) and head in value:
        if rest:
            visit(value[head], rest, change)
        else:
            change(value, head)


@dataclass(frozen=True)
class Condition:
    """When a fault of a field shows: `holds` is asked of the memory, the request and the resource."""

    name: str
    holds: Callable[[Memory, Asked, Any], bool]
    lists: bool | None = None


def _later(memory: Memory, asked: Asked, row: Any) -> bool:
    known = memory.known.setdefault(("seen", row.get("id")), 0)
    memory.known["seen", row.get("id")] = known + 1
    return bool(known)


def _second(memory: Memory, asked: Asked, row: Any) -> bool:
    name = row.get("id")
    order = memory.known.setdefault("order", [])
    if name not in order:
        order.append(name)
    return bool(order.index(name) % 2)


CONDITIONS = (
    Condition("always", lambda memory, asked, row: True),
    Condition("from the second look on", _later),
    Condition("for every second resource", _second),
    Condition("with metadata", lambda memory, asked, row: bool(row.get("metadata"))),
    Condition("when it has ended", lambda memory, asked, row: row.get("status") in TERMINAL, False),
    Condition("behind a cursor", lambda memory, asked, row: bool(asked.parameter("after")), True),
    Condition(
        "with a small limit", lambda memory, asked, row: asked.parameter("limit") in ("1", "2", "3"), True
    ),
    Condition("in the order asc", lambda memory, asked, row: asked.parameter("order") == "asc", True),
    Condition("in the order desc", lambda memory, asked, row: asked.parameter("order") == "desc", True),
)


class FieldFault(Fault):
    """Changes one field wherever an operation shows it."""

    def __init__(self, operation: str, names: tuple[str, ...], change: Change, condition: Condition) -> None:
        super().__init__()
        self._operation, self._names, self._change, self._condition = operation, names, change, condition
        self.memory = Memory()

    async def answer(self, asked: Asked, answer: Answer) -> Answer:
        """The answer with the field changed."""
        meant = asked.operation is not None and asked.operation.id == self._operation
        if not meant or answer.status != 200 or not isinstance(answer.json, dict):
            return answer
        value, before = json.loads(answer.body), self.fired
        if self._names[:2] == ("data", ITEM) and isinstance(value.get("data"), list):
            rows = value["data"]
            for at in reversed(range(len(rows))):
                self._row(asked, rows[at], self._names[2:], (rows, at))
        else:
            self._row(asked, value, self._names, None)
        return answer.with_json(value) if self.fired > before else answer

    def _row(self, asked: Asked, row: Any, names: tuple[str, ...], place: tuple[Any, Any] | None) -> None:
        """Change a resource; where no names are left, the entry itself at its place in the list."""
        if not isinstance(row, dict) or not self._condition.holds(self.memory, asked, row):
            return
        self.memory.row = row
        if names:
            visit(row, names, self._change_in)
        elif place is not None:
            self._change_in(*place)

    def _change_in(self, holder: Any, key: Any) -> None:
        value = self._change(self.memory, holder, key)
        if value is KEEP or (value is not DROP and same(value, holder[key])):
            return
        self.fired += 1
        if value is DROP:
            del holder[key]
        else:
            holder[key] = value


class EventFault(FieldFault):
    """Changes one field wherever a stream's event shows it."""

    def __init__(self, operation: str, event: str, names: tuple[str, ...], change: Change) -> None:
        super().__init__(operation, names, change, CONDITIONS[0])
        self._event = event

    async def answer(self, asked: Asked, answer: Answer) -> Answer:
        """The answer as it is: only streams are changed."""
        return answer

    async def stream(self, asked: Asked, frames: Frames) -> Frames:
        """The frames with the field changed."""
        meant = asked.operation is not None and asked.operation.id == self._operation
        async for frame in frames:
            name, data = parsed(frame)
            if meant and name == self._event and isinstance(data, dict):
                self.memory.row = data
                visit(data, self._names, self._change_in)
                frame = framed(name, data)
            yield frame


def parsed(frame: bytes) -> tuple[str, Any]:
    """The name and the data of a frame of the good deployment."""
    fields = dict(line.split(": ", 1) for line in frame.decode().strip().split("\n"))
    data = fields.get("data", "")
    return fields.get("event", ""), data if data == "[DONE]" else json.loads(data)


def framed(name: str, data: Any) -> bytes:
    """The frame of an event."""
    head = f"event: {name}\n" if name else ""
    text = data if data == "[DONE]" else json.dumps(data, ensure_ascii=False)
    return f"{head}data: {text}\n\n".encode()
