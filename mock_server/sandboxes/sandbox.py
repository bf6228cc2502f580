"""What is the state that the requests of one test, or of all other clients, share?

A `Sandbox` is an isolated mock: its records, clock, journal and scenario choices. The server has one shared
sandbox, and one for each test that sends its name.
"""

import time
from collections import deque
from dataclasses import dataclass, field

from mock_server.sandboxes.counters import Counters
from mock_server.sandboxes.journal import Journal
from mock_server.scenarios.library import Library
from mock_server.settings import Settings
from mock_server.simulation.clock import Clock
from mock_server.simulation.ids import Ids
from mock_server.simulation.records import RunRecord
from mock_server.simulation.timestamps import milliseconds
from mock_server.storage.protocol import Store

SANDBOX = "tune_mock.sandbox"
"""The key of the ASGI scope that holds the sandbox of the request."""


USE_SECONDS = 1.0
"""Seconds after which the use of a sandbox is noted again."""
AHEAD = 4.0
"""Real seconds by which the time in the store is ahead of the clocks."""


@dataclass
class Assignment:
    """The next runs play a scenario, whatever their requests choose. `runs` None: all runs that follow."""

    scenario: str
    runs: int | None = None


@dataclass
class Sandbox:
    """An isolated mock. `test` is the name of its test, `scenario` the default scenario.

    `conditioned`: its runs may have network conditions. `waiting`: the number of open requests that wait for
    the clock, streams included.
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
    _kept: int = 0
    _noted: float = -USE_SECONDS

    @property
    def pace(self) -> float:
        """The factor for the seconds of scenarios: 1, or 0 if everything happens at once."""
        return 0.0 if self.settings.speed == 0 else 1.0

    def clock_of(self, run_id: str) -> Clock:
        """The clock of a run: its own, or that of the sandbox."""
        return self.run_clocks.get(run_id, self.clock) if self.run_clocks else self.clock

    def now_of(self, record: RunRecord) -> int:
        """The time on the clock of a run."""
        return self.clock_of(record.id).now()

    def seen_at(self, record: RunRecord) -> int:
        """The time at which polls see a run: now, or earlier if a network condition delays polls."""
        now = self.now_of(record)
        return max(now - record.lag, record.created_at) if record.lag else now

    def assigned(self) -> str | None:
        """The scenario that is assigned to the next run, if there is one."""
        return self.assignments[0].scenario if self.assignments else None

    def use_assignment(self) -> None:
        """Count a run that was created with the first assignment."""
        if self.assignments and (runs := self.assignments[0].runs) is not None:
            if runs > 1:
                self.assignments[0].runs = runs - 1
            else:
                self.assignments.popleft()

    def keep_time(self) -> None:
        """Keep in the store a time that no clock has passed: all times after a restart are later.

        It lies ahead, so that it has to be written only now and then.
        """
        if self.settings.store is None:
            return
        clocks = (self.clock, *self.run_clocks.values())
        if max(clock.now() + milliseconds(clock.speed * AHEAD / 2) for clock in clocks) > self._kept:
            self._kept = max(clock.now() + milliseconds(clock.speed * AHEAD) for clock in clocks)
            self.store.keep_time(self._kept)

    def note_use(self, most: int) -> None:
        """Note in the store that the sandbox of a test is used. The store keeps at most this number."""
        if self.settings.store is not None and (now := time.monotonic()) - self._noted >= USE_SECONDS:
            self._noted = now
            self.store.note_use(most)

    def end(self) -> None:
        """Keep the time exactly, and close the store. No request may follow."""
        if self.settings.store is not None:
            now = max(clock.now() for clock in (self.clock, *self.run_clocks.values()))
            self.store.keep_time(now, lower=self.settings.workers == 1)
        self.store.close()

    def close(self) -> None:
        """End all waiting requests."""
        self.closing = True
        self.journal.end()
        for clock in (self.clock, *self.run_clocks.values()):
            clock.wake()
