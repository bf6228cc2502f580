"""Which deployments violate the lifecycle of runs or steps?"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request

from tests.together.cases import fault
from tests.together.deployment import Deployment
from tests.together.service import Json, Run, Thread


class Polled(Deployment):
    """A deployment whose create run returns the queued run, so that its statuses can be polled."""

    blocks = False
    pace = 0.12


@fault("failure", "--max-wait", "3")
class StaysQueued(Polled):
    """A run leaves the queue."""

    async def work(self, thread: Thread, run: Run) -> None:
        await asyncio.sleep(3600)


@fault("failure", "--max-wait", "3")
class NeverEnds(Polled):
    """A run ends."""

    async def finish(self, run: Run) -> None:
        await asyncio.sleep(3600)


@fault("failure", "--max-wait", "2")
class NeverResponds(Deployment):
    """Creating a run gets a response."""

    async def work(self, thread: Thread, run: Run) -> None:
        await asyncio.sleep(3600)


@fault()
class CompletedReopens(Polled):
    """A completed run stays completed."""

    async def finish(self, run: Run) -> None:
        await super().finish(run)
        await self.pause(4)
        run.row.update(status="in_progress", completedAt=None)


@fault()
class CompletedFailsLater(Polled):
    """A completed run does not fail later."""

    async def finish(self, run: Run) -> None:
        await super().finish(run)
        await self.pause(4)
        run.row.update(status="failed", completedAt=None, failedAt=self.stamp(self.now()))
        run.row["lastError"] = {"code": "server_error", "message": "a late check failed"}


@fault("note")
class ReturnsToTheQueue(Polled):
    """A run that has started is not queued again."""

    async def write(self, thread: Thread, run: Run) -> None:
        await self.pause(2)
        run.row.update(status="queued")
        await self.pause(3)
        self.move(run, "in_progress")
        await super().write(thread, run)


@fault("note")
class StepDetailsOfAnotherType(Deployment):
    """The details of a step have the type of the step."""

    def show_step(self, step: Json) -> Json:
        return {**step, "stepDetails": {"type": "generation"}}


@fault()
class CompletedWithoutCompletedAt(Deployment):
    """A completed run has completedAt."""

    def show_run(self, run: Run) -> Json:
        return {**super().show_run(run), "completedAt": None}


@fault()
class CompletedWithoutStartedAt(Deployment):
    """A completed run has startedAt."""

    def show_run(self, run: Run) -> Json:
        return {**super().show_run(run), "startedAt": None}


@fault()
class QueuedWithStartedAt(Polled):
    """A queued run has no startedAt."""

    def show_run(self, run: Run) -> Json:
        return {**super().show_run(run), "startedAt": run.row["startedAt"] or run.row["createdAt"]}


@fault()
class CompletedAtBeforeTheEnd(Polled):
    """A run in progress has no completedAt."""

    def show_run(self, run: Run) -> Json:
        row = super().show_run(run)
        return {**row, "completedAt": row["completedAt"] or row["startedAt"]}


@fault()
class FailedAtOnACompletedRun(Deployment):
    """A completed run has no failedAt."""

    def show_run(self, run: Run) -> Json:
        return {**super().show_run(run), "failedAt": run.row["completedAt"]}


@fault()
class CancelledAtOnEveryRun(Deployment):
    """A run that was not cancelled has no cancelledAt, not even a zero time."""

    def show_run(self, run: Run) -> Json:
        return {**super().show_run(run), "cancelledAt": run.row["cancelledAt"] or "0001-01-01T00:00:00Z"}


@fault()
class FailedWithCompletedAt(Deployment):
    """A failed run has no completedAt."""

    async def finish(self, run: Run) -> None:
        self.fail(run)
        run.row["completedAt"] = run.row["failedAt"]


@fault()
class FailedWithoutFailedAt(Deployment):
    """A failed run has failedAt."""

    async def finish(self, run: Run) -> None:
        self.fail(run)
        run.row["failedAt"] = None


@fault("note")
class FailedWithoutLastError(Deployment):
    """A failed run has lastError (assumed)."""

    async def finish(self, run: Run) -> None:
        self.fail(run)
        run.row["lastError"] = None


@fault("note")
class RequiresActionWithoutAction(Deployment):
    """A run that requires action has requiredAction (assumed)."""

    def show_run(self, run: Run) -> Json:
        return {**super().show_run(run), "requiredAction": None}


@fault()
class CompletedBeforeStarted(Deployment):
    """completedAt is later than startedAt."""

    async def finish(self, run: Run) -> None:
        await super().finish(run)
        run.row["completedAt"] = self.stamp(self.now() - timedelta(seconds=30))


@fault()
class StartedBeforeCreated(Deployment):
    """startedAt is later than createdAt."""

    def show_run(self, run: Run) -> Json:
        row = super().show_run(run)
        return {**row, "startedAt": row["startedAt"] and self.stamp(self.now() - timedelta(minutes=5))}


@fault()
class CreatedAtChangesOnEveryRead(Deployment):
    """createdAt never changes."""

    def show_run(self, run: Run) -> Json:
        row = super().show_run(run)
        return {**row, "createdAt": self.stamp(self.now())}


@fault()
class CompletedAtChangesOnEveryRead(Deployment):
    """completedAt never changes."""

    def show_run(self, run: Run) -> Json:
        row = super().show_run(run)
        return {**row, "completedAt": row["completedAt"] and self.stamp(self.now())}


@fault()
class StartedAtVanishes(Polled):
    """startedAt is never removed."""

    def show_run(self, run: Run) -> Json:
        row = super().show_run(run)
        return {**row, "startedAt": row["startedAt"] if row["status"] != "completed" else None}


@fault()
class LocalTimeWithZ(Deployment):
    """A timestamp with Z is in UTC."""

    def now(self) -> datetime:
        return super().now() + timedelta(hours=5, minutes=30)


@fault()
class CreatedAtTheEpoch(Deployment):
    """createdAt of a thread is the time of its creation, not 1970."""

    def show_thread(self, thread: Thread) -> Json:
        return {**super().show_thread(thread), "createdAt": "1970-01-01T00:00:00Z"}


@fault()
class MillisecondsTakenForSeconds(Deployment):
    """createdAt of a message is now, not far in the future."""

    def show_message(self, message: Json) -> Json:
        moment = datetime.now(UTC).replace(year=9000)
        return {**message, "createdAt": self.stamp(moment)}


@fault()
class UsageGrowsAfterTheEnd(Deployment):
    """A run does not change after its end, including its usage."""

    looks = 0

    def show_run(self, run: Run) -> Json:
        row = super().show_run(run)
        self.looks += 1
        tokens = {"promptTokens": 12, "completionTokens": self.looks, "totalTokens": 12 + self.looks}
        return {**row, "usage": row["usage"] and tokens}


@fault()
class CancelledRunsComplete(Polled):
    """A cancelled run stays cancelled."""

    async def stop(self, run: Run) -> None:
        await super().stop(run)
        await self.pause(3)
        run.row.update(status="completed", completedAt=self.stamp(self.now()))


@fault()
class CancelledWithoutCancelledAt(Polled):
    """A cancelled run has cancelledAt."""

    def show_run(self, run: Run) -> Json:
        return {**super().show_run(run), "cancelledAt": None}


@fault()
class StepsNeverEnd(Deployment):
    """The steps of a terminal run are terminal."""

    def end_step(self, run: Run, step: Json, status: str = "completed") -> None:
        """Do nothing."""


@fault()
class StepCompletedWithoutCompletedAt(Deployment):
    """A completed run step has completedAt."""

    def show_step(self, step: Json) -> Json:
        return {**step, "completedAt": None}


@fault("note")
class CancellingReturnsToInProgress(Polled):
    """A cancelling run does not return to in_progress (assumed)."""

    async def stop(self, run: Run) -> None:
        await self.pause()
        self.move(run, "in_progress")
        await self.pause()
        await super().stop(run)


@fault()
class LocalTimeBehindWithZ(Deployment):
    """A timestamp with Z is in UTC, not hours behind."""

    def now(self) -> datetime:
        return super().now() - timedelta(hours=7)

    def remaining(self, run: Run) -> float:
        return self.lifetime


@fault()
class ExpiresBeforeCreated(Deployment):
    """expiresAt is later than createdAt."""

    def show_run(self, run: Run) -> Json:
        return {**super().show_run(run), "expiresAt": self.stamp(run.expires - timedelta(hours=1))}


@fault()
class CancelsCompletedRuns(Deployment):
    """A completed run cannot be cancelled."""

    def cancel(self, thread: Thread, run: Run) -> None:
        run.row.update(status="cancelled", cancelledAt=self.stamp(self.now()), completedAt=None)


@fault("failure", "--max-wait", "3")
class NeverResumes(Deployment):
    """A run continues after its tool outputs were submitted."""

    def submit(self, run: Run, outputs: list[Json]) -> None:
        self.move(run, "in_progress", requiredAction=None)


@fault()
class StoredLate(Deployment):
    """A run is read as completed as soon as its stream reported that."""

    async def get_run(self, request: Request, thread_id: str, run_id: str) -> Any:
        run = self.run(thread_id, run_id)
        ended = run.row["completedAt"]
        if ended and self.now() - datetime.fromisoformat(ended) < timedelta(seconds=0.5):
            return {**self.show_run(run), "status": "in_progress", "completedAt": None, "usage": None}
        return self.show_run(run)


@fault("note")
class ExpiresAtOnce(Deployment):
    """A run expires at its `expiresAt`, not before."""

    async def write(self, thread: Thread, run: Run) -> None:
        raise TimeoutError


@fault("note")
class RunsExpireTomorrow(Deployment):
    """A run expires some minutes after its creation."""

    lifetime = 86_400.0
