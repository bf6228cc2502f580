"""What is stored of threads, messages and runs?

Only what clients sent and when, never a status: everything else is computed. Records are frozen. A change
makes a new record with the next version. Standard library only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, dataclass_transform

from mock_server.simulation.conditions import parse
from mock_server.simulation.scenario import Scenario
from mock_server.simulation.timestamps import milliseconds

Kind = TypeVar("Kind")


@dataclass_transform(eq_default=False, frozen_default=True, field_specifiers=(field,))
def record(kind: type[Kind]) -> type[Kind]:
    """A dataclass that only mypy treats as frozen.

    Creating a dataclass that is frozen at run time takes ten times as long.
    """
    return dataclass(slots=True, eq=False)(kind)


@record
class ThreadRecord:
    """A thread."""

    id: str
    created_at: int
    title: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    tool_resources: Mapping[str, Any] | None = None
    dataset_id: str = ""
    version: int = 0


@record
class MessageRecord:
    """A message that a client posted. The messages of runs are computed from the runs."""

    id: str
    thread_id: str
    created_at: int
    role: str
    content: tuple[Mapping[str, Any], ...] = ()
    attachments: tuple[Mapping[str, Any], ...] = ()
    run_id: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def words(self) -> str:
        """The text of the message, its parts joined."""
        values = [part["text"]["value"] for part in self.content if "text" in part]
        return "\n".join(value for value in values if isinstance(value, str))


@dataclass(frozen=True, slots=True)
class Input:
    """A request that changes what a run does: cancel, or submit tool outputs by call id."""

    at: int
    kind: Literal["cancel", "outputs"]
    outputs: Mapping[str, str] = field(default_factory=dict)


@record
class RunRecord:
    """A run: the request that created it, its scenario, and the requests that changed it since.

    `chosen_by` says what selected the scenario, `conditions` are the network conditions as they were written.
    The scenario's times are multiplied by `pace`: 1 as written, 0 instantly. `prompt` is the last user
    message.
    """

    id: str
    thread_id: str
    created_at: int
    scenario: Scenario
    chosen_by: str
    model: str
    prompt: str = ""
    assistant_id: str = ""
    instructions: str = ""
    tools: tuple[Mapping[str, Any], ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    conditions: tuple[str, ...] = ()
    seed: str = ""
    pace: float = 1.0
    inputs: tuple[Input, ...] = ()
    version: int = 0

    @property
    def lag(self) -> int:
        """The milliseconds by which polls lag behind the run."""
        if not self.conditions:
            return 0
        conditions = map(parse, self.conditions)
        return milliseconds(sum(one.value for one in conditions if one.name == "late-poll"))
