"""What is a scenario?

The frozen form of one YAML file: moments on a timeline, in virtual seconds. `scenario_file` reads and
checks it, `timeline` plays it. Standard library only: playback depends on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mock_server.simulation.lifecycle import Lifecycles

ALL = -1
"""Of deltas: however many there are."""


@dataclass(frozen=True)
class Status:
    """The run reaches a status. `deltas`: so many more pieces of what was being said may follow it.

    `fields` are set on the run with the status, whether a run has such fields or not.
    """

    at: float
    status: str
    error: Mapping[str, Any] | None = None
    deltas: int = 0
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Says:
    """A message is written from `at` until `until`; one that is not `finished` stays open."""

    at: float
    until: float
    text: str
    deltas: int | None = None
    finished: bool = True


@dataclass(frozen=True)
class Call:
    """A function, and the JSON text of its arguments."""

    name: str
    arguments: str


@dataclass(frozen=True)
class Calls:
    """Tool calls are written from `at` until `until`."""

    at: float
    until: float
    calls: tuple[Call, ...]
    deltas: int | None = None


@dataclass(frozen=True)
class Event:
    """The stream holds an event that comes from nothing else."""

    at: float
    name: str
    data: Mapping[str, Any]


Moment = Status | Says | Calls | Event


@dataclass(frozen=True, eq=False)
class Scenario:
    """One story of a run.

    `after_cancel` and each of `after_outputs` (one a round) count their seconds from the client's request.
    """

    name: str
    summary: str
    reveals: str
    timeline: tuple[Moment, ...]
    after_cancel: tuple[Moment, ...]
    after_outputs: tuple[tuple[Moment, ...], ...]
    expires: float
    lifecycles: Lifecycles
    breaks: str = ""
    wires: tuple[str, ...] = ()
