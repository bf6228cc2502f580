"""Which wire conditions are there, and what does one that somebody wrote mean?

A wire condition is what the network does to a run, whatever the run does: `split`, `cut=5`,
`status=429;first=2;on=polls`. It has a name, at most one value, and options; several are joined by `+`.
Standard library only. `wire_stream` and `wire_calls` carry conditions out.
"""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import log
from typing import Any, NamedTuple

CODES = (401, 403, 404, 429, 500, 503)
"""The statuses that a `status` condition can answer with."""

CREATES = frozenset({"createRun", "createThreadAndRun"})
POLLS = frozenset({"getRun", "listRuns", "listRunSteps", "getRunStep", "listMessages", "getMessage"})
REST = frozenset(
    {"createThread", "listThreads", "getThread", "modifyThread", "createMessage", "modifyRun", "cancelRun"}
    | {"submitToolOutputs"}
)
_NUMBER = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE]-?[0-9]+)?")
LONGEST = 3600.0


class WireError(ValueError):
    """A wire condition that cannot be understood: what is wrong, and what is allowed."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which calls a condition concerns: an operation's or a group's; the first ones or every n-th."""

    on: str
    first: int = 0
    every: int = 1

    def concerns(self, operation: str) -> bool:
        """Whether calls of the operation are concerned at all."""
        match self.on:
            case "create":
                return operation in CREATES
            case "polls":
                return operation in POLLS
            case "any":
                return True
        return operation == self.on

    def meets(self, number: int) -> bool:
        """Whether the n-th concerned call, counted from 1, is one of those chosen."""
        return number <= self.first if self.first else number % self.every == 0


@dataclass(frozen=True, slots=True)
class Delay:
    """A time before the first byte, in seconds."""

    kind: str
    first: float
    second: float = 0.0

    def seconds(self, dice: random.Random) -> float:
        """One throw: the fixed time, one between two bounds, or one around a median with a long tail."""
        match self.kind:
            case "uniform":
                return dice.uniform(self.first, self.second)
            case "lognormal":
                return min(dice.lognormvariate(log(self.first), self.second), LONGEST)
        return self.first


@dataclass(frozen=True, slots=True)
class Wire:
    """One condition: its name, the text it was written as, and its value, read."""

    name: str
    written: str
    value: Any = None
    calls: Selection = field(default_factory=lambda: Selection("any"))
    retry_after: int = 1


class Kind(NamedTuple):
    """What can be written of a condition, and what it does."""

    form: str
    summary: str
    read: Callable[[str], Any]
    default: str | None = None
    options: tuple[str, ...] = ()
    on: str = "any"


def _nothing(text: str) -> None:
    if text:
        raise WireError("takes no value")


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 1_000_000):
        raise WireError(f"{text!r} is not a whole number from 1")
    return int(text)


def _seconds(text: str) -> float:
    seconds = float(text) if _NUMBER.fullmatch(text) else -1.0
    if not 0 <= seconds <= LONGEST:
        raise WireError(f"{text!r} is not a number of seconds from 0 to {LONGEST:g}")
    return seconds


def _code(text: str) -> int:
    if text not in map(str, CODES):
        raise WireError(f"{text!r} is not one of {', '.join(map(str, CODES))}")
    return int(text)


def _delay(text: str) -> Delay:
    kind, *numbers = text.split(":")
    if not numbers:
        kind, numbers = "fixed", [kind]
    if {"fixed": 1, "uniform": 2, "lognormal": 2}.get(kind) != len(numbers):
        raise WireError(f"{text!r} is not SECONDS, uniform:FROM:TO or lognormal:MEDIAN:SIGMA")
    delay = Delay(kind, *map(_seconds, numbers))
    if kind == "uniform" and delay.second < delay.first:
        raise WireError(f"{text!r} ends before it begins")
    if kind == "lognormal" and not delay.first:
        raise WireError(f"{text!r} has no median above 0")
    return delay


KINDS: Mapping[str, Kind] = {
    "split": Kind(
        "split",
        "chunks end inside characters, lines and JSON, or hold several events; CRLF; comments",
        _nothing,
        "",
    ),
    "cut": Kind("cut=N", "the connection is reset after N events (10); the run goes on", _count, "10"),
    "ends-early": Kind(
        "ends-early=N",
        "a clean end after N events (10), without a last event and without [DONE]",
        _count,
        "10",
    ),
    "stall": Kind(
        "stall=N", "after N events (10) no byte comes any more; the socket stays open", _count, "10"
    ),
    "burst": Kind("burst", "a buffering proxy: everything comes at the end", _nothing, ""),
    "late-poll": Kind(
        "late-poll=SECONDS", "runs, steps and messages lag behind the stream (1.5)", _seconds, "1.5"
    ),
    "duplicate": Kind("duplicate=N", "every N-th event (3) arrives twice", _count, "3"),
    "status": Kind(
        "status=CODE;first=N;every=N;on=CALLS;retry-after=SECONDS",
        "an error for the first N calls or every N-th; CALLS: create (if not told), polls, any, operationId",
        _code,
        None,
        ("first", "every", "on", "retry-after"),
        "create",
    ),
    "latency": Kind(
        "latency=SECONDS or uniform:FROM:TO or lognormal:MEDIAN:SIGMA;on=CALLS",
        "a delay before the first byte; CALLS as for status, any if not told",
        _delay,
        None,
        ("first", "every", "on"),
    ),
}
"""The conditions, in the order in which they are listed."""


@lru_cache(maxsize=1024)
def parse(written: str) -> Wire:
    """The condition that was written; raises `WireError`."""
    head, *rest = (part.strip() for part in written.split(";"))
    name, given, value = head.partition("=")
    kind = KINDS.get(name)
    if kind is None:
        raise WireError(f"no wire condition {name!r}; there are: {', '.join(KINDS)}")
    try:
        # What is kept goes into a header later: no white space may stay.
        written = ";".join((head, *rest))
        return _read(name, kind, written, value if given else kind.default, _options(kind, rest))
    except WireError as error:
        raise WireError(f"wire condition {written!r}: {error} (written {kind.form})") from None


def conditions(written: tuple[str, ...]) -> tuple[Wire, ...]:
    """The conditions that were written; raises `WireError`."""
    return tuple(parse(one) for one in written)


def _read(name: str, kind: Kind, written: str, value: str | None, options: Mapping[str, str]) -> Wire:
    if value is None:
        raise WireError("has no value")
    selection = Selection(
        on=_calls(options.get("on", kind.on)),
        first=_count(options["first"]) if "first" in options else 0,
        every=_count(options.get("every", "1")),
    )
    return Wire(name, written, kind.read(value), selection, _count(options.get("retry-after", "1")))


def _calls(text: str) -> str:
    if text not in {"create", "polls", "any"} | CREATES | POLLS | REST:
        raise WireError(f"{text!r} is not create, polls, any or an operationId")
    return text


def _options(kind: Kind, rest: list[str]) -> dict[str, str]:
    options: dict[str, str] = {}
    for part in rest:
        key, _, value = part.partition("=")
        if key not in kind.options:
            allowed = ", ".join(kind.options) or "none"
            raise WireError(f"{key!r} is not an option (allowed: {allowed})")
        options[key] = value
    if {"first", "every"} <= options.keys():
        raise WireError("'first' and 'every' exclude each other")
    return options
