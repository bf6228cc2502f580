"""In which order, and in which threads, is the service used and checked?"""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from contract_tests.checks import Check
from contract_tests.checks.evaluation import (
    SUBJECTS,
    UNEXPECTED_SHAPE,
    could_not_try,
    evaluate,
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
from contract_tests.session.repetition import Repetition, counted
from contract_tests.settings import Settings

_WORKERS = 12
# Evaluation may take this many seconds longer than --max-seconds.
_GRACE = 1.0
_LATE = "--max-seconds is spent"
_EXPLORE = "explore"


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
        self._repetition = Repetition(self.client)
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
            self.job(f"{_EXPLORE} {number}", partial(self._exploration, one))

    def job(self, name: str, work: Callable[[], Any]) -> "Future[Any]":
        """The job of this name. It begins now unless it has begun before."""
        with self._lock:
            if name not in self._jobs:
                self._jobs[name] = self._pool.submit(work)
            return self._jobs[name]

    def probe(self, check: Check) -> list[Finding]:
        """The findings of a check that sends requests of its own."""
        found: list[Finding] | None = self._result(self.job(check.slug, lambda: self._probe(check)))
        if found is None:
            return [could_not_try(check, _LATE)]
        may_repeat = _is_broken(found) and not self.record.full
        return self._probed_again(check, found) if may_repeat else found

    def _probed_again(self, check: Check, found: list[Finding]) -> list[Finding]:
        """The findings of a probe after it was made again. It must not take runs that other jobs need."""
        self._settle()
        stopped = self.stopped
        again = partial(self._repetition.of_probe, found, partial(self._probe, check))
        compared: list[Finding] | None = self._result(self._pool.submit(again))
        self.stopped = stopped
        return compared or found

    def evaluate(self, check: Check) -> list[Finding]:
        """The findings of a check about everything that was recorded, generated requests left out."""
        history = self.history()
        found = None if history is None else self._evaluated(partial(_evaluate, history, check))
        if found is None:
            return [could_not_try(check, _LATE)]
        if check.subject is not Exchange or not _is_broken(found):
            return found
        again = partial(self._repetition.of_requests, check, found)
        return self._result(self._pool.submit(again)) or found

    def generated(self, operation: str) -> list[Finding]:
        """The findings about the requests generated for an operation, or for links if it is empty."""
        self._result(self.job(f"generate {operation}", lambda: self._generate(operation)))
        sent = self._generated_for(operation)
        return self._evaluated(lambda: evaluate(assemble(sent), checks_of(Exchange))) or []

    def history(self) -> History | None:
        """Everything recorded, once every job that began has ended. None if there was too little time."""
        self.explore()
        self._settle()
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

    def _settle(self) -> None:
        """Wait for every job that began. Their errors are for those who want their results."""
        for job in list(self._jobs.values()):
            with suppress(Exception):
                self._result(job)

    def errors(self) -> dict[str, Exception]:
        """The errors of the explorations, by name. No test wants their results."""
        names = {f"{_EXPLORE} {number}": one.name for number, one in enumerate(self.plan.explorations)}
        ended = {name: job for name, job in self._jobs.items() if name in names and job.done()}
        failed = {name: job.exception() for name, job in ended.items() if not job.cancelled()}
        return {names[name]: error for name, error in failed.items() if isinstance(error, Exception)}

    def _result(self, job: "Future[Any]") -> Any:
        """The result of a job, None if it takes longer than the session may."""
        try:
            return job.result(max(0.0, self.budget.left_in_all + _GRACE))
        except TimeoutError:
            self.stopped = _LATE
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
            self._stop(reason)
            return [*found, could_not_try(check, str(reason))]
        except UNEXPECTED_SHAPE as error:
            return [*found, could_not_try(check, unexpected_shape(error))]
        return merge(found)

    def _wait_for(self, name: str) -> None:
        """Wait for the explorations of this name."""
        for number, one in enumerate(self.plan.explorations):
            if one.name == name:
                job = self.job(f"{_EXPLORE} {number}", partial(self._exploration, one))
                with suppress(Exception):
                    job.result()

    def _attempt(self, work: Callable[[], Any]) -> None:
        """Do a piece of work. It may fail: the checks report what was recorded until then."""
        try:
            work()
        except (BudgetExceeded, Inconclusive, *UNEXPECTED_SHAPE) as reason:
            self._stop(reason)

    def _stop(self, reason: Exception) -> None:
        """Note that a ceiling is reached. A lack of time explains the most, so it stays the reason."""
        if isinstance(reason, BudgetExceeded) and self.stopped != _LATE:
            self.stopped = str(reason)


def _is_broken(findings: Iterable[Finding]) -> bool:
    return any(one.outcome is Outcome.BROKEN for one in findings)


def _timelines(exchanges: Sequence[Exchange], known: History | None) -> tuple[RunTimeline, ...]:
    return timelines(known or assemble(exchanges))


def _evaluate(history: History, check: Check) -> list[Finding]:
    """The findings of a check about everything that was recorded, generated requests left out."""
    subjects = SUBJECTS[check.subject](history)
    if check.subject is Exchange:
        subjects = [one for one in subjects if Intent.GENERATED not in one.intents]
    return counted(check, subjects)
