"""In which order, and in which threads, is the service used and checked?"""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

from contract_tests.checks import Check
from contract_tests.checks.evaluation import (
    UNEXPECTED_SHAPE,
    could_not_try,
    evaluate,
    findings_of,
    unexpected_shape,
)
from contract_tests.client.budget import BudgetExceeded
from contract_tests.client.client import Client, Record
from contract_tests.client.concurrency import Workers
from contract_tests.client.explore import Exploration
from contract_tests.client.generated import Generator
from contract_tests.client.second_look import look_again
from contract_tests.client.service import Inconclusive, NotOffered, Service
from contract_tests.findings import Finding, Outcome, checks_of, merge
from contract_tests.observations.assembly import History, assemble
from contract_tests.observations.exchange import Exchange, Intent
from contract_tests.report import RunTimeline, timelines
from contract_tests.session.plan import budget, plan
from contract_tests.settings import Settings

_WORKERS = 12
# Evaluation may take this many seconds longer than --max-seconds.
_GRACE = 1.0
_LATE = "--max-seconds is spent"


class Scheduler:
    """Runs the explorations and checks of one session, in one process. Each job has a name and runs once."""

    def __init__(self, settings: Settings, directory: Path, started: float) -> None:
        self.settings, self.plan = settings, plan(settings)
        self.budget = budget(settings, directory, started)
        self.record = Record()
        self.client = Client(settings, self.budget, self.record)
        self.service = Service(self.client)
        self._pool, self._evaluator, self._drawing = Workers(_WORKERS), Workers(1), Workers(1)
        self._jobs: dict[str, Future[Any]] = {}
        self._lock = threading.Lock()
        self._story: tuple[int, History] | None = None
        self.stopped = ""

    def start(self, checks: Iterable[Check], operations: Iterable[str]) -> None:
        """Begin every job that these checks and generated requests need."""
        chosen = list(checks)
        if any(check.subject is not Service for check in chosen):
            self.explore()
        for check in chosen:
            if check.subject is Service:
                self.job(check.slug, partial(self._probe, check))
        for operation in operations:
            self.job(f"generate {operation}", partial(self._generate, operation))

    def explore(self) -> None:
        """Begin every planned exploration."""
        for number, one in enumerate(self.plan.explorations):
            self.job(f"explore {number}", partial(self._exploration, one))

    def job(self, name: str, work: Callable[[], Any]) -> "Future[Any]":
        """The job of this name. It begins now unless it has begun before."""
        with self._lock:
            if name not in self._jobs:
                self._jobs[name] = self._pool.submit(work)
            return self._jobs[name]

    def probe(self, check: Check) -> list[Finding]:
        """The findings of a check that sends requests of its own."""
        found: list[Finding] | None = self._result(self.job(check.slug, lambda: self._probe(check)))
        return [could_not_try(check, _LATE)] if found is None else found

    def evaluate(self, check: Check) -> list[Finding]:
        """The findings of a check about everything that was recorded, generated requests left out."""
        history = self.history()
        found = None if history is None else self._evaluated(partial(_evaluate, history, check))
        return [could_not_try(check, _LATE)] if found is None else found

    def generated(self, operation: str) -> list[Finding]:
        """The findings about the requests generated for an operation, or for links if it is empty."""
        self._result(self.job(f"generate {operation}", lambda: self._generate(operation)))
        sent = self._generated_for(operation)
        return self._evaluated(lambda: evaluate(assemble(sent), checks_of(Exchange))) or []

    def history(self) -> History | None:
        """Everything recorded, once every job that began has ended. None if there was too little time."""
        self.explore()
        for job in list(self._jobs.values()):
            self._result(job)
        if self._story is None or self._story[0] != len(self.record.exchanges):
            if (before := self._assembled()) is not None:
                again = partial(self._attempt, partial(look_again, self.service, before))
                self._result(self._pool.submit(again))
            story = self._assembled()
            self._story = (len(self.record.exchanges), story) if story else None
        return self._story[1] if self._story else None

    def observed(self) -> tuple[RunTimeline, ...] | None:
        """The timelines of all runs, None if there was too little time."""
        exchanges = self.record.exchanges
        known = self._story[1] if self._story and self._story[0] == len(exchanges) else None
        work = partial(_timelines, exchanges, known)
        found: tuple[RunTimeline, ...] | None = self._result(self._evaluator.submit(work))
        return found

    def _assembled(self) -> History | None:
        exchanges = self.record.exchanges
        story: History | None = self._result(self._evaluator.submit(lambda: assemble(exchanges)))
        return story

    def _evaluated(self, work: Callable[[], list[Finding]]) -> list[Finding] | None:
        """The findings of an evaluation, None if there was too little time."""
        found: list[Finding] | None = self._result(self._evaluator.submit(work))
        return found

    def _result(self, job: "Future[Any]") -> Any:
        """The result of a job, None if it takes longer than the session may."""
        try:
            return job.result(max(0.0, self.budget.left_in_all + _GRACE))
        except TimeoutError:
            self.stopped = self.stopped or _LATE
            return None

    def close(self) -> None:
        """Stop what is still running."""
        self.budget.stop()
        for workers in (self._pool, self._evaluator, self._drawing):
            workers.close()
        self.client.close()

    def _generate(self, operation: str) -> None:
        generator = self.service.once("generator", self._generator)
        self._attempt(lambda: generator.operation(operation) if operation else generator.links())

    def _generated_for(self, operation: str) -> list[Exchange]:
        purpose = operation or "links"
        return [one for one in self.record.exchanges if one.generated_for == purpose]

    def _generator(self) -> Generator:
        ids: dict[str, str] = {}
        self._attempt(lambda: ids.update(threadId=self.service.shared_thread()))
        self._attempt(lambda: ids.update(runId=self.service.finished_run()[1]))
        return Generator(self.service, ids, self.plan.generated_runs, self._drawing)

    def _exploration(self, one: Exploration) -> None:
        self._attempt(partial(self._explore, one))

    def _explore(self, one: Exploration) -> None:
        with self.service.thread_lock():
            one.explore(self.service)

    def _probe(self, check: Check) -> list[Finding]:
        for name in check.needs:
            self._wait_for(name)
        found: list[Finding] = []
        try:
            with self.service.thread_lock():
                found.extend(check.findings(self.service))
        except NotOffered as reason:
            return [*found, could_not_try(check, str(reason), Outcome.NOT_OFFERED)]
        except (Inconclusive, BudgetExceeded) as reason:
            self.stopped = str(reason) if isinstance(reason, BudgetExceeded) else self.stopped
            return [*found, could_not_try(check, str(reason))]
        except UNEXPECTED_SHAPE as error:
            return [*found, could_not_try(check, unexpected_shape(error))]
        return merge(found)

    def _wait_for(self, name: str) -> None:
        """Wait for the explorations of this name."""
        for number, one in enumerate(self.plan.explorations):
            if one.name == name:
                self.job(f"explore {number}", partial(self._exploration, one)).result()

    def _attempt(self, work: Callable[[], Any]) -> None:
        """Do a piece of work. It may fail: the checks report what was recorded until then."""
        try:
            work()
        except BudgetExceeded as reason:
            self.stopped = str(reason)
        except (Inconclusive, *UNEXPECTED_SHAPE):
            return


def _timelines(exchanges: Sequence[Exchange], known: History | None) -> tuple[RunTimeline, ...]:
    return timelines(known or assemble(exchanges))


def _evaluate(history: History, check: Check) -> list[Finding]:
    """The findings of a check about everything that was recorded, generated requests left out."""
    if check.subject is Exchange:
        own = [one for one in history.exchanges if Intent.GENERATED not in one.intents]
        return merge(finding for one in own for finding in findings_of(check, one))
    return evaluate(history, [check])
