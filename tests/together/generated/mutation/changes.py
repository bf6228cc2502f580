"""How can the value of a field be changed?

A change is given what the fault remembers, the object or list that holds the value, and its key there. It
answers the new value, or `KEEP`, or `DROP`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

Holder = Any
KEEP, DROP = object(), object()


@dataclass
class Memory:
    """What a fault has seen before, and the resource that it is looking at."""

    known: dict[Any, Any] = field(default_factory=dict)
    row: Any = None


Change = Callable[[Memory, Holder, Any], Any]


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are written in the same way: 1, 1.0 and true are not."""
    return json.dumps(one) == json.dumps(other)


def blank(value: Any) -> bool:
    """Whether a value says nothing."""
    return value in (None, "", [], {}) or value is False or (value == 0 and isinstance(value, int | float))


def dropped(memory: Memory, holder: Holder, key: Any) -> Any:
    """Leave away what says something."""
    return KEEP if blank(holder[key]) else DROP


def blank_dropped(memory: Memory, holder: Holder, key: Any) -> Any:
    """Leave away what says nothing."""
    return DROP if blank(holder[key]) else KEEP


def nulled(memory: Memory, holder: Holder, key: Any) -> Any:
    """Null for what says something."""
    return KEEP if blank(holder[key]) else None


def blank_nulled(memory: Memory, holder: Holder, key: Any) -> Any:
    """Null for what says nothing."""
    return None if blank(holder[key]) else KEEP


def emptied(memory: Memory, holder: Holder, key: Any) -> Any:
    """The empty value of the same type."""
    value = holder[key]
    return KEEP if blank(value) or not isinstance(value, str | list | dict) else type(value)()


def snake(memory: Memory, holder: Holder, key: Any) -> Any:
    """The field under its name in snake case."""
    if blank(holder[key]) or not isinstance(key, str) or key.islower():
        return KEEP
    holder["".join(f"_{char.lower()}" if char.isupper() else char for char in key)] = holder[key]
    return DROP


def retyped(wrong: Any) -> Change:
    """A value of another type."""
    return lambda memory, holder, key: KEEP if holder[key] is None else wrong


def as_epoch(memory: Memory, holder: Holder, key: Any) -> Any:
    """A timestamp as a number."""
    return KEEP if blank(holder[key]) else int(datetime.fromisoformat(holder[key]).timestamp())


def replaced(word: Any) -> Change:
    """Another value."""
    return lambda memory, holder, key: KEEP if blank(holder[key]) else word


def misformatted(form: str) -> Change:
    """A timestamp in another form."""

    def change(memory: Memory, holder: Holder, key: Any) -> Any:
        if blank(holder[key]):
            return KEEP
        when = datetime.fromisoformat(holder[key])
        return when.strftime(form)

    return change


def shifted(seconds: float) -> Change:
    """A timestamp some seconds later."""

    def change(memory: Memory, holder: Holder, key: Any) -> Any:
        if blank(holder[key]):
            return KEEP
        when = datetime.fromisoformat(holder[key]) + timedelta(seconds=seconds)
        return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    return change


def drifting(memory: Memory, holder: Holder, key: Any) -> Any:
    """A timestamp that is later at each look."""
    if blank(holder[key]):
        return KEEP
    known = memory.known.setdefault(("reads", memory.row.get("id"), key), 0)
    memory.known["reads", memory.row.get("id"), key] = known + 1
    return shifted(known)(memory, holder, key) if known else KEEP


def stale(memory: Memory, holder: Holder, key: Any) -> Any:
    """The value that was shown first."""
    place = ("first", memory.row.get("id"), key)
    return memory.known.setdefault(place, json.loads(json.dumps(holder[key])))


def foreign(memory: Memory, holder: Holder, key: Any) -> Any:
    """The value of another resource that was shown before."""
    last = memory.known.setdefault("last", [])
    own, value = memory.row.get("id"), holder[key]
    others = [one for name, one in last if name != own and not blank(one)]
    last.append((own, json.loads(json.dumps(value))))
    return others[-1] if others else KEEP


def texts(word: Callable[[str], str]) -> Change:
    def change(memory: Memory, holder: Holder, key: Any) -> Any:
        value = holder[key]
        return word(value) if isinstance(value, str) and value else KEEP

    return change


def lists(rearranged: Callable[[list[Any]], list[Any]]) -> Change:
    def change(memory: Memory, holder: Holder, key: Any) -> Any:
        value = holder[key]
        return rearranged(value) if isinstance(value, list) and value else KEEP

    return change


def flipped(memory: Memory, holder: Holder, key: Any) -> Any:
    """The other truth value."""
    return not holder[key] if isinstance(holder[key], bool) else KEEP


def plus(step: int) -> Change:
    """A number some steps on."""
    return lambda memory, holder, key: (
        holder[key] + step if isinstance(holder[key], int) and not isinstance(holder[key], bool) else KEEP
    )


def swapped(other: str) -> Change:
    """The value of another field of the same object."""

    def change(memory: Memory, holder: Holder, key: Any) -> Any:
        if other not in holder or same(holder[key], holder[other]):
            return KEEP
        mine, holder[other] = holder[other], holder[key]
        return mine

    return change


def invented(memory: Memory, holder: Holder, key: Any) -> Any:
    """A moment for what has not happened."""
    return memory.row.get("createdAt", KEEP) if holder[key] is None else KEEP


FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d", "%d %b %Y %H:%M:%S GMT", "%Y-%m-%dT%H:%MZ")
SHIFTS = (-7200.0, -3600.0, 3600.0, 7200.0, -31_536_000.0, 31_536_000.0)
TEXTS: dict[str, Callable[[str], str]] = {
    "cut short": lambda text: text[:-1],
    "in capitals": str.swapcase,
    "reversed": lambda text: text[::-1],
    "halved": lambda text: text[: len(text) // 2],
}
LISTS: dict[str, Callable[[list[Any]], list[Any]]] = {
    "duplicate": lambda items: [*items, items[-1]],
    "reorder": lambda items: items[::-1],
    "omit the first": lambda items: items[1:],
    "omit the last": lambda items: items[:-1],
}
