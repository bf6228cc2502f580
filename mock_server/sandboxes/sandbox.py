"""What does a handler work with?

A `Sandbox` is a whole mock: what was created, its clock, its journal, what is chosen for its runs. The server
has one that all share, and one for each test that names itself.
"""

from collections import deque
from dataclasses import dataclass, field

from mock_server.sandboxes.counters import Counters
from mock_server.sandboxes.journal import Journal
from mock_server.scenarios.library import Library
from mock_server.settings import Settings
from mock_server.simulation.clock import Clock
from mock_server.simulation.ids import Ids
from mock_server.simulation.records import RunRecord
from mock_server.storage.protocol import Store

SANDBOX = "tune_mock.sandbox"
"""The key under which the ASGI scope carries the sandbox of its request."""


@dataclass
class Assignment:
    """The next runs play a scenario, whatever their requests say; `runs` None: all that follow."""

    scenario: str
    runs: int | None = None


@dataclass
class Sandbox:
    """One mock. `test` is the name of its test, `scenario` what a run plays if nobody chooses.

    `conditioned`: calls about its runs may meet wire conditions. `waiting`: so many requests are open that
    wait for time to pass, streams among them.
    """

    settings: Settings
    seed: str
    clock: Clock
    store: Store
    ids: Ids
    library: Library
    scenario: str
    test: str = ""
    assignments: deque[Assignment] = field(default_factory=deque)
    journal: Journal = field(default_factory=Journal)
    counters: Counters = field(default_factory=Counters)
    run_clocks: dict[str, Clock] = field(default_factory=dict)
    conditioned: bool = False
    waiting: int = 0
    closing: bool = False

    @property
    def pace(self) -> float:
        """By how much the scenarios' seconds are stretched: 0 lets everything happen at once."""
        return 0.0 if self.settings.speed == 0 else 1.0

    def clock_of(self, run_id: str) -> Clock:
        """The clock that a run lives by."""
        return self.run_clocks.get(run_id, self.clock) if self.run_clocks else self.clock

    def now_of(self, record: RunRecord) -> int:
        """What time it is for a run."""
        return self.clock_of(record.id).now()

    def seen_at(self, record: RunRecord) -> int:
        """As of when a poll sees a run: now, or a while ago if its wire says so."""
        now = self.now_of(record)
        return max(now - record.lag, record.created_at) if record.lag else now

    def assigned(self) -> str | None:
        """What the next run is made to play, if anything."""
        return self.assignments[0].scenario if self.assignments else None

    def use_assignment(self) -> None:
        """A run has been created as it was assigned."""
        if self.assignments and (runs := self.assignments[0].runs) is not None:
            if runs > 1:
                self.assignments[0].runs = runs - 1
            else:
                self.assignments.popleft()

    def close(self) -> None:
        """Let everybody who waits go."""
        self.closing = True
        for clock in (self.clock, *self.run_clocks.values()):
            clock.wake()
