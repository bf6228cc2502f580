"""Which statuses may follow one another, and what may be said of a run that was looked at several times?

Polls skip states, so this file asks whether a status can be reached, never whether it is the next one.
What is allowed stands in the document (`x-lifecycle`); nothing here knows how a run was observed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from contract_tests.document import document


@dataclass(frozen=True)
class Lifecycle:
    """The table `x-lifecycle` of a status schema."""

    initial: str
    next: Mapping[str, frozenset[str]]
    terminal: frozenset[str]
    timestamp: Mapping[str, str]
    grades: Mapping[str, str]

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> "Lifecycle":
        """The lifecycle a table of the document describes."""
        statuses = table["statuses"]
        return cls(
            initial=table["initial"],
            next={name: frozenset(row.get("next") or ()) for name, row in statuses.items()},
            terminal=frozenset(name for name, row in statuses.items() if row.get("terminal")),
            timestamp={name: row["timestamp"] for name, row in statuses.items() if row.get("timestamp")},
            grades=table.get("grades") or {},
        )

    def knows(self, status: object) -> bool:
        """Whether the table has this status."""
        return status in self.next

    def reachable(self, earlier: str, later: str) -> bool:
        """Whether a run seen in one status may later be seen in the other."""
        seen, ahead = {earlier}, [earlier]
        while ahead:
            fresh = self.next.get(ahead.pop(), frozenset()) - seen
            seen |= fresh
            ahead.extend(fresh)
        return later in seen

    def timestamps(self) -> frozenset[str]:
        """Every timestamp that some status sets."""
        return frozenset(self.timestamp.values())


NO_LIFECYCLE = Lifecycle("", {}, frozenset(), {}, {})
"""The lifecycle of a resource that has no status."""


@cache
def lifecycles() -> dict[str, Lifecycle]:
    """The lifecycle of each kind of resource that has one, such as `run` and `step`."""
    view = document().assumed
    statuses = {
        kind: view.resolve(view.properties(view.schema(resource.schema)).get("status", {}))
        for kind, resource in document().resources.items()
    }
    return {
        kind: Lifecycle.of(schema["x-lifecycle"])
        for kind, schema in statuses.items()
        if "x-lifecycle" in schema
    }
