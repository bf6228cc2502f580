"""What does a handler work with?"""

from collections.abc import Callable
from dataclasses import dataclass

from mock_server.clock import Clock
from mock_server.ids import Ids
from mock_server.library import Library
from mock_server.settings import Settings
from mock_server.store import Store


@dataclass
class World:
    """The parts of one server. `override` is asked first for the scenario of a new run; None: no opinion."""

    settings: Settings
    seed: str
    clock: Clock
    store: Store
    ids: Ids
    library: Library
    override: Callable[[], str | None] = lambda: None
    closing: bool = False

    @property
    def pace(self) -> float:
        """By how much the scenarios' seconds are stretched: 0 lets everything happen at once."""
        return 0.0 if self.settings.speed == 0 else 1.0

    def close(self) -> None:
        """Let everybody who waits go."""
        self.closing = True
        self.clock.wake()
