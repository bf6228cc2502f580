"""What is a scenario?

The frozen form of one YAML file: moments on a timeline, in virtual seconds. `scenarios.loader` reads and
checks the file, `timeline` plays it. Standard library only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mock_server.simulation.lifecycle import Lifecycles

ALL = -1
"""The value of `Status.deltas` that allows all remaining deltas."""


@dataclass(frozen=True)
class Status:
    """The run reaches a status.

    `deltas` is the number of deltas that an open message may still get after this status. `fields` are set on
    the run together with the status, whether or not the document knows such fields.
    """

    at: float
    status: str
    error: Mapping[str, Any] | None = None
    deltas: int = 0
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Message:
    """A message is written between `at` and `until`. If it is not `finished`, it stays open.

    `deltas` is the number of pieces the text is split into; None: one for each word.
    """

    at: float
    until: float
    text: str
    deltas: int | None = None
    finished: bool = True


@dataclass(frozen=True)
class ToolCall:
    """A function, and the JSON text of its arguments."""

    name: str
    arguments: str


@dataclass(frozen=True)
class ToolCalls:
    """Tool calls are written between `at` and `until`."""

    at: float
    until: float
    calls: tuple[ToolCall, ...]
    deltas: int | None = None


@dataclass(frozen=True)
class Event:
    """The stream gets an additional event that changes nothing."""

    at: float
    name: str
    data: Mapping[str, Any]


Moment = Status | Message | ToolCalls | Event


@dataclass(frozen=True, eq=False)
class Scenario:
    """One canned lifecycle of a run.

    `after_cancel` is played when the client cancels the run. `after_outputs` is played when it submits tool
    outputs, one list of moments for each round. Their seconds count from the client's request. `breaks` names
    the rule of the contract that the scenario breaks on purpose. `conditions` are its network conditions.
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
    conditions: tuple[str, ...] = ()
