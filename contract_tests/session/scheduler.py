"""In which order, and in which threads, is the service used and checked?"""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
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
from contract_tests.client.explore import Exploration
from contract_tests.client.generated import Generator
from contract_tests.client.second_look import look_again
from contract_tests.client.service import Inconclusive, NotOffered, Service
from contract_tests.findings import Finding, Outcome, checks_of, merge
from contract_tests.observations.assembly import History, assemble
from contract_tests.observations.exchange import Exchange, Intent
from contract_tests.session.plan import budget, plan
from contract_tests.settings import Settings

_WORKERS = 12


class Scheduler:
    """Runs the explorations and checks of one session, in one process. Each job has a name and runs once."""

    def __init__(self, settings: Settings, directory: Path, started: float) -> None:
        self.settings, self.plan = settings, plan(settings)
        self.budget = budget(settings, directory, started)
        self.record = Record()
        self.client = Client(settings, self.budget, self.record)
        self.service = Service(self.client)
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="tune-check")
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
        found: list[Finding] = self.job(check.slug, lambda: self._probe(check)).result()
        return found

    def evaluate(self, check: Check) -> list[Finding]:
        """The findings of a check about everything that was recorded, generated requests left out."""
        history = self.history()
        if check.subject is Exchange:
            own = [one for one in history.exchanges if Intent.GENERATED not in one.intents]
            return merge(finding for one in own for finding in findings_of(check, one))
        return evaluate(history, [check])

    def generated(self, operation: str) -> list[Finding]:
        """The findings about the requests generated for an operation, or for links if it is empty."""
        sent: list[Exchange] = self.job(f"generate {operation}", lambda: self._generate(operation)).result()
        return evaluate(assemble(sent), checks_of(Exchange))

    def history(self) -> History:
        """Everything recorded, once every job that began has ended."""
        self.explore()
        for job in list(self._jobs.values()):
            job.result()
        exchanges = self.record.exchanges
        if self._story is None or self._story[0] != len(exchanges):
            self._attempt(partial(look_again, self.service, assemble(exchanges)))
            exchanges = self.record.exchanges
            self._story = (len(exchanges), assemble(exchanges))
        return self._story[1]

    def close(self) -> None:
        """Stop what is still running."""
        self.budget.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self.client.close()

    def _generate(self, operation: str) -> list[Exchange]:
        generator = self.service.once("generator", self._generator)
        self._attempt(lambda: generator.operation(operation) if operation else generator.links())
        purpose = operation or "links"
        return [one for one in self.record.exchanges if one.generated_for == purpose]

    def _generator(self) -> Generator:
        ids: dict[str, str] = {}
        self._attempt(lambda: ids.update(threadId=self.service.shared_thread()))
        self._attempt(lambda: ids.update(runId=self.service.finished_run()[1]))
        return Generator(self.service, ids, self.plan.generated_runs)

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
