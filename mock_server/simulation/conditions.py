"""Which network conditions are there, and what does a written one mean?

A network condition is something that the network does to a run: `split`, `cut=5`,
`status=429;first=2;on=polls`. It has a name, at most one value, and options. Several conditions are joined by
`+`. `faults` applies them. Standard library only.
"""

import random
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import log
from typing import Any, NamedTuple

from mock_server.simulation.operations import Operations

CODES = (401, 403, 404, 429, 500, 503)
"""The HTTP statuses that a `status` condition can answer with."""
GROUPS = ("create", "polls", "any")
"""The names of groups of operations, for the option `on`."""

_NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE]-?[0-9]+)?")
LONGEST = 3600.0
"""The longest delay or lag, in seconds."""
MOST = 8
"""The largest number of conditions of a run or request."""
_MOST_CHARACTERS = 200


class ConditionError(ValueError):
    """A text that is not a network condition. The message says what is wrong and what is allowed."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The requests that a condition applies to: to which operations, and the first ones or every n-th.

    `on` is an operation id or the name of a group.
    """

    on: str
    first: int = 0
    every: int = 1

    def includes(self, operation_id: str, operations: Operations) -> bool:
        """Whether the condition may apply to requests of an operation."""
        match self.on:
            case "create":
                return operation_id in operations.create
            case "polls":
                return operation_id in operations.polls
            case "any":
                return True
        return operation_id == self.on

    def applies_to(self, number: int) -> bool:
        """Whether the condition applies to the n-th of these requests, counted from 1."""
        return number <= self.first if self.first else number % self.every == 0


@dataclass(frozen=True, slots=True)
class Delay:
    """A distribution of delays before the first byte, in seconds."""

    kind: str
    first: float
    second: float = 0.0

    def seconds(self, rng: random.Random) -> float:
        """A random delay: fixed, uniform between two bounds, or log-normal around a median."""
        match self.kind:
            case "uniform":
                return rng.uniform(self.first, self.second)
            case "lognormal":
                return min(rng.lognormvariate(log(self.first), self.second), LONGEST)
        return self.first


@dataclass(frozen=True, slots=True)
class Condition:
    """One network condition: its name, the text it was written as, and its parsed value."""

    name: str
    written: str
    value: Any = None
    requests: Selection = field(default_factory=lambda: Selection("any"))
    retry_after: int = 1


class Kind(NamedTuple):
    """A kind of condition: how it is written, what it does, how its value is read."""

    form: str
    summary: str
    read: Callable[[str], Any]
    default: str | None = None
    options: tuple[str, ...] = ()
    on: str = "any"


def _nothing(text: str) -> None:
    if text:
        raise ConditionError("takes no value")


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 1_000_000):
        raise ConditionError(f"{text!r} is not a whole number from 1")
    return int(text)


def _seconds(text: str) -> float:
    seconds = float(text) if _NUMBER.fullmatch(text) else -1.0
    if not 0 <= seconds <= LONGEST:
        raise ConditionError(f"{text!r} is not a number of seconds from 0 to {LONGEST:g}")
    return seconds


def _code(text: str) -> int:
    if text not in map(str, CODES):
        raise ConditionError(f"{text!r} is not one of {', '.join(map(str, CODES))}")
    return int(text)


def _delay(text: str) -> Delay:
    kind, *numbers = text.split(":")
    if not numbers:
        kind, numbers = "fixed", [kind]
    if {"fixed": 1, "uniform": 2, "lognormal": 2}.get(kind) != len(numbers):
        raise ConditionError(f"{text!r} is not SECONDS, uniform:FROM:TO or lognormal:MEDIAN:SIGMA")
    delay = Delay(kind, *map(_seconds, numbers))
    if kind == "uniform" and delay.second < delay.first:
        raise ConditionError(f"{text!r} ends before it begins")
    if kind == "lognormal" and not delay.first:
        raise ConditionError(f"{text!r} has no median above 0")
    return delay


KINDS: Mapping[str, Kind] = {
    "split": Kind(
        "split",
        "chunks end inside characters, lines and JSON, or hold several events; with CRLF and comments",
        _nothing,
        "",
    ),
    "cut": Kind(
        "cut=N", "the connection is reset after N events (default 10); the run continues", _count, "10"
    ),
    "ends-early": Kind(
        "ends-early=N",
        "the stream ends cleanly after N events (default 10), without a last event and without [DONE]",
        _count,
        "10",
    ),
    "stall": Kind(
        "stall=N", "no more bytes after N events (default 10); the connection stays open", _count, "10"
    ),
    "burst": Kind("burst", "all events arrive at the end, as from a buffering proxy", _nothing, ""),
    "late-poll": Kind(
        "late-poll=SECONDS", "runs, steps and messages lag behind the stream (default 1.5)", _seconds, "1.5"
    ),
    "duplicate": Kind("duplicate=N", "every N-th event (default 3) arrives twice", _count, "3"),
    "status": Kind(
        "status=CODE;first=N;every=N;on=CALLS;retry-after=SECONDS",
        "an error for the first N requests or every N-th; CALLS: create (default), polls, any, operationId",
        _code,
        None,
        ("first", "every", "on", "retry-after"),
        "create",
    ),
    "latency": Kind(
        "latency=SECONDS or uniform:FROM:TO or lognormal:MEDIAN:SIGMA;on=CALLS",
        "a delay before the first byte; CALLS as for status, any by default",
        _delay,
        None,
        ("first", "every", "on"),
    ),
}
"""The kinds of conditions, in the order in which they are listed."""


@lru_cache(maxsize=1024)
def parse(written: str) -> Condition:
    """The condition that a text means. Raises `ConditionError`.

    Does not know the operations of a document; see `check`.
    """
    if len(written) > _MOST_CHARACTERS:
        raise ConditionError(f"a network condition has at most {_MOST_CHARACTERS} characters")
    head, *rest = (part.strip() for part in written.split(";"))
    name, given, value = head.partition("=")
    kind = KINDS.get(name)
    if kind is None:
        raise ConditionError(f"no network condition {name!r}; there are: {', '.join(KINDS)}")
    try:
        # The text is sent in a header later, so it must not contain white space.
        written = ";".join((head, *rest))
        return _read(name, kind, written, value if given else kind.default, _options(kind, rest))
    except ConditionError as error:
        raise _error(written, kind, error) from None


def parse_all(written: Iterable[str]) -> tuple[Condition, ...]:
    """The conditions of one run or request. Raises `ConditionError`.

    Each condition is written once. `status` and `latency`, which can be for different requests, may be
    repeated with another value or another option.
    """
    found: dict[str, Condition] = {}
    for text in written:
        condition = parse(text)
        key = condition.written if KINDS[condition.name].options else condition.name
        if key in found:
            raise ConditionError(f"network condition {condition.name!r} is repeated; write it once")
        found[key] = condition
        if len(found) > MOST:
            raise ConditionError(f"there are more than {MOST} network conditions")
    return tuple(found.values())


def check(condition: Condition, operations: Operations) -> None:
    """Raise `ConditionError` if the condition is for an operation that does not exist."""
    if (on := condition.requests.on) not in GROUPS and on not in operations.all:
        error = f"{on!r} is not {', '.join(GROUPS)} or an operationId"
        raise _error(condition.written, KINDS[condition.name], error)


def _error(written: str, kind: Kind, error: object) -> ConditionError:
    return ConditionError(f"network condition {written!r}: {error} (written {kind.form})")


def _read(name: str, kind: Kind, written: str, value: str | None, options: Mapping[str, str]) -> Condition:
    if value is None:
        raise ConditionError("has no value")
    selection = Selection(
        on=options.get("on", kind.on),
        first=_count(options["first"]) if "first" in options else 0,
        every=_count(options.get("every", "1")),
    )
    return Condition(name, written, kind.read(value), selection, _count(options.get("retry-after", "1")))


def _options(kind: Kind, rest: list[str]) -> dict[str, str]:
    options: dict[str, str] = {}
    for part in rest:
        key, _, value = part.partition("=")
        if key not in kind.options:
            allowed = ", ".join(kind.options) or "none"
            raise ConditionError(f"{key!r} is not an option (allowed: {allowed})")
        options[key] = value
    if {"first", "every"} <= options.keys():
        raise ConditionError("'first' and 'every' exclude each other")
    return options
