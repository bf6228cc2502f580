"""Which explorations fit into the ceilings of a session?"""

from dataclasses import dataclass
from pathlib import Path

from contract_tests.checks import REGISTRY
from contract_tests.client import (  # noqa: F401 - register explorations
    explore_odd,
    explore_requests,
    explore_special,
)
from contract_tests.client.budget import Budget
from contract_tests.client.explore import EXPLORATIONS, Exploration
from contract_tests.settings import Profile, Settings

_RESERVED_RUNS = 1


@dataclass(frozen=True)
class Plan:
    """The explorations that fit into the ceilings, and those that do not."""

    limits: Profile
    tokens_per_run: int
    explorations: tuple[Exploration, ...]
    left_out: tuple[Exploration, ...]

    @property
    def runs(self) -> int:
        """How many runs the explorations start."""
        return sum(one.runs for one in self.explorations)

    @property
    def generated_runs(self) -> int:
        """How many runs are left for generated requests."""
        return max(0, self.limits.runs - self.runs - _RESERVED_RUNS)

    def lines(self) -> list[str]:
        """The plan as text, one line for each part."""
        limits = self.limits
        return [
            f"at most {limits.runs} runs of {self.tokens_per_run} tokens, "
            f"{limits.tokens} tokens, {limits.requests} requests, {limits.seconds:g} seconds",
            f"{len(self.explorations)} explorations with {self.runs} runs, {len(REGISTRY)} checks, "
            f"{limits.examples} generated requests for each operation and mode",
            *(f"no room for: {one.name}" for one in self.left_out),
        ]


def plan(settings: Settings) -> Plan:
    """Take the explorations of the profile in their order, as long as runs are left."""
    limits = settings.limits
    wanted = [one for one in EXPLORATIONS if one.smoke or settings.profile != "smoke"]
    wanted = [one for one in wanted if limits.fields or not one.name.endswith(" alone")] * limits.rounds
    taken: list[Exploration] = []
    left_out: list[Exploration] = []
    runs = limits.runs - _RESERVED_RUNS
    for one in wanted:
        fits = one.runs <= runs
        runs -= one.runs if fits else 0
        (taken if fits else left_out).append(one)
    return Plan(limits, settings.tokens_per_run, tuple(taken), tuple(left_out))


def budget(settings: Settings, directory: Path, started: float) -> Budget:
    """The budget of a session. Processes that name the same directory share it.

    `started` is when the session began, in seconds since 1970.
    """
    limits = settings.limits
    return Budget(
        directory,
        runs=limits.runs,
        tokens=limits.tokens,
        requests=limits.requests,
        seconds=limits.seconds,
        started=started,
        tokens_per_run=settings.tokens_per_run,
    )
