"""Which statuses are there, which may follow which, and which timestamp does each set?

Read from `x-lifecycle` in the document. Standard library only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

REQUIRES_ACTION, COMPLETED, EXPIRED = "requires_action", "completed", "expired"
"""The statuses that the simulation itself treats in a special way."""


@dataclass(frozen=True)
class Lifecycle:
    """The content of one `x-lifecycle`."""

    initial: str
    next: Mapping[str, tuple[str, ...]]
    timestamps: Mapping[str, str]
    terminal: frozenset[str]

    def may_follow(self, status: str, following: str) -> bool:
        """Whether the second status may follow the first directly."""
        return following in self.next.get(status, ())


@dataclass(frozen=True)
class Lifecycles:
    """The lifecycle of runs and that of run steps."""

    run: Lifecycle
    step: Lifecycle


def _read(schema: Mapping[str, Any]) -> Lifecycle:
    table = schema["x-lifecycle"]
    statuses: Mapping[str, Mapping[str, Any]] = table["statuses"]
    return Lifecycle(
        initial=table["initial"],
        next={name: tuple(facts["next"]) for name, facts in statuses.items()},
        timestamps={name: facts["timestamp"] for name, facts in statuses.items() if facts.get("timestamp")},
        terminal=frozenset(name for name, facts in statuses.items() if facts.get("terminal")),
    )


def lifecycles(document: Mapping[str, Any]) -> Lifecycles:
    """The lifecycles of a document."""
    schemas = document["components"]["schemas"]
    return Lifecycles(run=_read(schemas["RunStatus"]), step=_read(schemas["RunStepStatus"]))
