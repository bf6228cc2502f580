"""How much has been spent, and may one more request or run be started?"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PATIENCE = 20.0
# Evaluation gets this share of the time, but at most this number of seconds.
_RESERVED_SHARE, _RESERVE = 0.1, 5.0


class BudgetExceeded(Exception):
    """A ceiling is reached. The text names its option."""


class Counter:
    """A counter that several processes share. Each unit is a byte that was appended to a file."""

    def __init__(self, path: Path) -> None:
        self._taken = os.open(path, os.O_CREAT | os.O_APPEND | os.O_RDWR)
        self._returned = os.open(path.with_suffix(".returned"), os.O_CREAT | os.O_APPEND | os.O_RDWR)
        self._settled = os.open(path.with_suffix(".settled"), os.O_CREAT | os.O_APPEND | os.O_RDWR)

    @property
    def count(self) -> int:
        """How many units are taken and not returned."""
        # Read the returned units first. Other processes change both: too high a count is the safe error.
        returned = os.fstat(self._returned).st_size
        return os.fstat(self._taken).st_size - returned

    def take(self, units: int, ceiling: int) -> bool:
        """Take units unless that exceeds the ceiling. Two callers never both get the last unit."""
        os.write(self._taken, b"+" * units)
        if self.count <= ceiling:
            return True
        self.give_back(units)
        return False

    def give_back(self, units: int) -> None:
        """Return units that were not used."""
        os.write(self._returned, b"-" * units)

    def settle(self, units: int) -> None:
        """Mark units as used for good."""
        os.write(self._settled, b"!" * units)

    @property
    def settled(self) -> int:
        """How many units are used for good. The others may still be returned."""
        return os.fstat(self._settled).st_size

    def take_or_wait(self, units: int, ceiling: int, patience: float) -> bool:
        """Like `take`, but wait up to `patience` seconds while other callers may still return units."""
        end = time.monotonic() + patience
        while not self.take(units, ceiling):
            if self.settled + units > ceiling or time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True


@dataclass(frozen=True)
class Spent:
    """What has been spent; `seconds` since the session began."""

    runs: int
    tokens: int
    requests: int
    seconds: float


class Budget:
    """Hard ceilings for everything that is sent, shared by threads and processes."""

    def __init__(
        self,
        directory: Path,
        *,
        runs: int,
        tokens: int,
        requests: int,
        seconds: float,
        started: float,
        tokens_per_run: int = 0,
    ) -> None:
        self.runs, self.tokens, self.requests, self.seconds = runs, tokens, requests, seconds
        self._started, self._seconds, self._reason = started, seconds, ""
        self._reserve = min(_RESERVE, seconds * _RESERVED_SHARE)
        self._stopped = threading.Event()
        self._runs = Counter(directory / "runs")
        self._tokens = Counter(directory / "tokens")
        self._requests = Counter(directory / "requests")
        self.tokens_per_run = tokens_per_run or max(1, tokens // max(1, runs))

    @property
    def left(self) -> float:
        """The seconds that are left for requests. The last ones are for evaluating the responses."""
        return self.left_in_all - self._reserve

    @property
    def left_in_all(self) -> float:
        """The seconds that are left for everything."""
        return self.seconds - (time.time() - self._started)

    @property
    def spent(self) -> Spent:
        """What has been spent so far."""
        elapsed = time.time() - self._started
        return Spent(self._runs.count, self._tokens.count, self._requests.count, elapsed)

    def stop(self, reason: str = "") -> None:
        """Allow no more requests from this process. `reason` says why."""
        self._reason = self._reason or reason
        self.seconds = 0.0
        self._stopped.set()

    def extend(self, seconds: float) -> None:
        """Begin later: time that was spent on waiting for the service does not count."""
        self._started += seconds

    @property
    def out_of_time(self) -> str:
        """Why nothing more can be sent, if no time is left."""
        return self._reason or f"--max-seconds {self._seconds:g} is spent"

    def pause(self, seconds: float) -> None:
        """Sleep, but not longer than until `stop`."""
        self._stopped.wait(max(0.0, seconds))

    def take_request(self) -> None:
        """Pay for one request. Raises `BudgetExceeded`."""
        if self.left <= 0:
            raise BudgetExceeded(self.out_of_time)
        if not self._requests.take(1, self.requests):
            raise BudgetExceeded(f"--max-requests {self.requests} is spent")

    @contextmanager
    def run(self, tokens: int) -> Iterator["Reservation"]:
        """Reserve a run of at most `tokens` tokens. It is returned unless it is marked as used."""
        reservation = Reservation(self, tokens)
        if not self._runs.take_or_wait(1, self.runs, min(_PATIENCE, self.left)):
            raise BudgetExceeded(f"--max-runs {self.runs} is spent")
        if not self._tokens.take_or_wait(tokens, self.tokens, min(_PATIENCE, self.left)):
            self._runs.give_back(1)
            raise BudgetExceeded(f"--max-tokens {self.tokens} is spent")
        try:
            yield reservation
        finally:
            if reservation.used:
                self._runs.settle(1)
                self._tokens.settle(tokens)
            else:
                self._runs.give_back(1)
                self._tokens.give_back(tokens)


@dataclass
class Reservation:
    """A reserved run. Set `used` when the service has accepted it."""

    budget: Budget
    tokens: int
    used: bool = False
