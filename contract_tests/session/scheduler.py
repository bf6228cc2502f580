"""In which order, and beside what, is everything tried, and where does each finding come from?"""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from contract_tests.checks import REGISTRY, Check, checks_of
from contract_tests.client import explore_requests  # noqa: F401 - registers explorations
from contract_tests.client.budget import Budget, BudgetExceeded
from contract_tests.client.client import Client, Record
from contract_tests.client.explore import EXPLORATIONS, Exploration
from contract_tests.client.generated import Generator
from contract_tests.client.service import Inconclusive, NotOffered, Service
from contract_tests.findings import Deviation, Finding, Outcome, merge
from contract_tests.observations.assembly import Story, assemble
from contract_tests.observations.exchange import GENERATED, Exchange
from contract_tests.observations.traces import Stream, Trace
from contract_tests.settings import Profile, Settings

_WORKERS = 12
_RESERVE = 1
# What our code raises when an answer has a shape nobody expects: the shape itself is told by other checks.
CLUMSY = (TypeError, AttributeError, ValueError, LookupError)


@dataclass(frozen=True)
class Plan:
    """What will be tried within the ceilings, and what there is no room for."""

    limits: Profile
    explorations: tuple[Exploration, ...]
    left_out: tuple[Exploration, ...]

    @property
    def runs(self) -> int:
        """How many runs the explorations start."""
        return sum(one.runs for one in self.explorations)

    @property
    def generated_runs(self) -> int:
        """How many runs are left for generated requests."""
        return max(0, self.limits.runs - self.runs - _RESERVE)

    def lines(self) -> list[str]:
        """The plan as text, a line each."""
        limits = self.limits
        return [
            f"at most {limits.runs} runs of {max(1, limits.tokens // max(1, limits.runs))} tokens, "
            f"{limits.tokens} tokens, {limits.requests} requests, {limits.seconds:g} seconds",
            f"{len(self.explorations)} explorations with {self.runs} runs, {len(REGISTRY)} checks, "
            f"{limits.examples} generated requests for each operation and mode",
            *(f"no room for: {one.name}" for one in self.left_out),
        ]


def plan(settings: Settings) -> Plan:
    """What fits into the ceilings: explorations in their order, as long as runs are left."""
    limits = settings.limits
    wanted = [one for one in EXPLORATIONS if one.smoke or settings.profile != "smoke"]
    wanted = [one for one in wanted if limits.fields or not one.name.endswith(" alone")] * limits.rounds
    taken: list[Exploration] = []
    left_out: list[Exploration] = []
    runs = limits.runs - _RESERVE
    for one in wanted:
        fits = one.runs <= runs
        runs -= one.runs if fits else 0
        (taken if fits else left_out).append(one)
    return Plan(limits, tuple(taken), tuple(left_out))


def budget(settings: Settings, directory: Path, started: float) -> Budget:
    """The ceilings of a judgement, shared by all processes that name the same directory."""
    limits = settings.limits
    return Budget(
        directory,
        runs=limits.runs,
        tokens=limits.tokens,
        requests=limits.requests,
        seconds=limits.seconds,
        started=started,
    )


class Scheduler:
    """One judgement of one service, in one process."""

    def __init__(self, settings: Settings, directory: Path, started: float) -> None:
        self.settings, self.plan = settings, plan(settings)
        self.budget = budget(settings, directory, started)
        self.record = Record()
        self.client = Client(settings, self.budget, self.record)
        self.service = Service(self.client)
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="tune-check")
        self._jobs: dict[str, Future[Any]] = {}
        self._lock = threading.Lock()
        self._story: tuple[int, Story] | None = None
        self.stopped = ""

    def start(self, checks: Iterable[Check], operations: Iterable[str]) -> None:
        """Begin with everything that these checks and generated requests need, all at once."""
        chosen = list(checks)
        if any(check.subject is not Service for check in chosen):
            self.explore()
        for check in chosen:
            if check.subject is Service:
                self.job(check.slug, partial(self._probe, check))
        for operation in operations:
            self.job(f"generate {operation}", partial(self._generate, operation))

    def explore(self) -> None:
        """Begin to use the service in every planned way."""
        for number, one in enumerate(self.plan.explorations):
            self.job(f"explore {number}", partial(self._exploration, one))

    def job(self, name: str, work: Callable[[], Any]) -> "Future[Any]":
        """The one piece of work of this name, begun now unless it has been."""
        with self._lock:
            if name not in self._jobs:
                self._jobs[name] = self._pool.submit(work)
            return self._jobs[name]

    def probe(self, check: Check) -> list[Finding]:
        """The findings of a check that asks the service itself."""
        found: list[Finding] = self.job(check.slug, lambda: self._probe(check)).result()
        return found

    def story(self) -> Story:
        """What has been seen once all that was begun has ended."""
        self.explore()
        for job in list(self._jobs.values()):
            job.result()
        exchanges = self.record.exchanges
        if self._story is None or self._story[0] != len(exchanges):
            self._last_looks(assemble(exchanges))
            exchanges = self.record.exchanges
            self._story = (len(exchanges), assemble(exchanges))
        return self._story[1]

    def generated(self, operation: str) -> list[Finding]:
        """The findings about what was generated for an operation; for its links, if none is named."""
        sent: list[Exchange] = self.job(f"generate {operation}", lambda: self._generate(operation)).result()
        checks = checks_of(Exchange)
        return merge(finding for check in checks for finding in _judge_all(check, assemble(sent)))

    def _generate(self, operation: str) -> list[Exchange]:
        generator = self.service.once("generator", self._generator)
        marks = frozenset({GENERATED, operation or "links"})
        self._attempt(lambda: generator.operation(operation) if operation else generator.links())
        return [one for one in self.record.exchanges if one.wants == marks]

    def _generator(self) -> Generator:
        ids: dict[str, str] = {}
        self._attempt(lambda: ids.update(threadId=self.service.shared_thread()))
        self._attempt(lambda: ids.update(runId=self.service.finished_run()[1]))
        return Generator(self.service, ids, self.plan.generated_runs)

    def look(self, check: Check) -> list[Finding]:
        """The findings of a check that looks at what has been seen."""
        story = self.story()
        if check.subject is Exchange:
            own = [one for one in story.exchanges if GENERATED not in one.wants]
            return merge(finding for one in own for finding in _judged(check, one))
        return judge_story(story, [check])

    def close(self) -> None:
        """Stop what is still going on."""
        self.budget.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self.client.close()

    def _last_looks(self, story: Story) -> None:
        """Look once more at each run that is over: nothing of it may have changed."""
        paths = [_path(trace) for trace in story.traces if trace.kind == "run" and not _is_generated(trace)]
        look = partial(self.service.call, "getRun")
        work = [partial(self._attempt, partial(look, path=path)) for path in paths if path]
        for job in [self._pool.submit(one) for one in work]:
            job.result()

    def _attempt(self, work: Callable[[], Any]) -> str:
        """Why a piece of work could not be done, empty if it was."""
        try:
            work()
        except BudgetExceeded as reason:
            self.stopped = str(reason)
            return str(reason)
        except (Inconclusive, *CLUMSY) as reason:
            return str(reason)
        return ""

    def _exploration(self, one: Exploration) -> None:
        self._attempt(partial(self._explore, one))

    def _explore(self, one: Exploration) -> None:
        with self.service.turn():
            one.explore(self.service)

    def _probe(self, check: Check) -> list[Finding]:
        for name in check.needs:
            self._wait_for(name)
        found: list[Finding] = []
        try:
            with self.service.turn():
                found.extend(check.judge(self.service))
        except NotOffered as reason:
            return [*found, untried(check, str(reason), Outcome.NOT_OFFERED)]
        except (Inconclusive, BudgetExceeded) as reason:
            self.stopped = str(reason) if isinstance(reason, BudgetExceeded) else self.stopped
            return [*found, untried(check, str(reason))]
        except CLUMSY as error:
            return [*found, untried(check, _odd(error))]
        return merge(found)

    def _wait_for(self, name: str) -> None:
        for number, one in enumerate(self.plan.explorations):
            if one.name == name:
                self.job(f"explore {number}", partial(self._exploration, one)).result()


def _path(trace: Trace) -> dict[str, str] | None:
    """The path parameters of a run that is over."""
    thread, status = trace.last.body.get("threadId"), trace.last.status
    over = status in trace.lifecycle.terminal and isinstance(thread, str)
    return {"threadId": str(thread), "runId": trace.id} if over else None


def _is_generated(trace: Trace) -> bool:
    return GENERATED in trace.observations[0].exchange.wants


def untried(check: Check, reason: str, outcome: Outcome = Outcome.UNTRIED) -> Finding:
    """The finding that a check could not be made."""
    return check.finding(Deviation(reason, "a look at it", outcome=outcome))


def judge_story(story: Story, checks: Sequence[Check] | None = None) -> list[Finding]:
    """The findings of the checks that need no requests of their own: all of them unless some are given."""
    chosen = [check for check in REGISTRY.values() if check.subject in SUBJECTS] if checks is None else checks
    return merge(finding for check in chosen for finding in _judge_all(check, story))


def _judge_all(check: Check, story: Story) -> list[Finding]:
    return [finding for subject in SUBJECTS[check.subject](story) for finding in _judged(check, subject)]


def _judged(check: Check, subject: Any) -> list[Finding]:
    try:
        return list(check.judge(subject))
    except CLUMSY as error:
        return [untried(check, _odd(error))]


def _odd(error: Exception) -> str:
    return f"an answer of a shape nobody expects ({type(error).__name__}: {error})"


SUBJECTS: dict[type, Callable[[Story], Sequence[Any]]] = {
    Exchange: lambda story: story.exchanges,
    Trace: lambda story: story.traces,
    Stream: lambda story: story.streams,
    Story: lambda story: [story],
}

__all__ = ["Plan", "Scheduler", "checks_of", "judge_story", "plan", "untried"]
