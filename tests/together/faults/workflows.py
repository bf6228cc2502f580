"""Which deployments contradict themselves from one call to the next?"""

import time
from datetime import datetime, timedelta
from html import escape
from typing import Any

from starlette.requests import Request

from tests.together.cases import fault
from tests.together.deployment import Deployment
from tests.together.faults.lifecycle import Polled
from tests.together.service import Json, Refusal, Run, Thread


@fault()
class LostAfterAWhile(Deployment):
    """A run that was created can be read, also when others came after it."""

    def add_run(self, thread: Thread, asked: Json) -> Run:
        run = super().add_run(thread, asked)
        del thread.runs[:-1]
        return run


@fault()
class EvictedFromTheCache(Deployment):
    """A run that was read once can be read again."""

    pending = 0.5

    def run(self, thread_id: str, run_id: str) -> Run:
        run = super().run(thread_id, run_id)
        ended = run.row["completedAt"]
        if ended and (self.now() - datetime.fromisoformat(ended)).total_seconds() > self.pending:
            raise Refusal(404, "not_found", f"run {run_id} not found in thread {thread_id}")
        return run


@fault()
class NotYetThere(Polled):
    """A run can be read as soon as it was created."""

    def run(self, thread_id: str, run_id: str) -> Run:
        run = super().run(thread_id, run_id)
        if self.now() - datetime.fromisoformat(run.row["createdAt"]) < timedelta(seconds=0.4):
            raise Refusal(404, "not_found", f"run {run_id} not found in thread {thread_id}")
        return run


@fault()
class ThreadsOnTheOtherNode(Deployment):
    """A thread that was created can be read every time."""

    asked = 0

    def thread(self, thread_id: str) -> Thread:
        self.asked += 1
        if self.asked % 4 == 0:
            raise Refusal(404, "not_found", f"thread {thread_id} not found")
        return super().thread(thread_id)


@fault()
class ListLacksTheNewest(Deployment):
    """A run that was created is in the list."""

    async def list_runs(self, request: Request, thread_id: str) -> Any:
        return self.page([self.show_run(run) for run in self.thread(thread_id).runs[:-1]], request, "desc")


@fault()
class ListIsStale(Deployment):
    """The list says of a run what the run says of itself."""

    async def list_runs(self, request: Request, thread_id: str) -> Any:
        page = await super().list_runs(request, thread_id)
        stale = {"status": "in_progress", "completedAt": None, "usage": None}
        return {**page, "data": [{**run, **stale} for run in page["data"]]}


@fault()
class ReplicaLags(Polled):
    """A run is never seen younger than it was seen before."""

    looks = 0

    async def get_run(self, request: Request, thread_id: str, run_id: str) -> Any:
        self.looks += 1
        run = self.run(thread_id, run_id)
        return run.log[0][1] if self.looks % 3 == 0 else self.show_run(run)


@fault()
class MetadataIsForgotten(Deployment):
    """The metadata of a run is given back."""

    def add_run(self, thread: Thread, asked: Json) -> Run:
        return super().add_run(thread, {**asked, "metadata": {}})


@fault()
class MetadataKeysInLowerCase(Deployment):
    """The keys of metadata are given back as they were sent."""

    def add_thread(self, asked: Json) -> Thread:
        lower = {key.lower(): value for key, value in asked.get("metadata", {}).items()}
        return super().add_thread({**asked, "metadata": lower})


@fault()
class MessageMetadataIsForgotten(Deployment):
    """The metadata of a message is given back."""

    def add_message(self, thread: Thread, asked: Json) -> Json:
        return super().add_message(thread, {**asked, "metadata": {}})


@fault()
class MetadataIsLostWithARun(Deployment):
    """The metadata of a thread stays as the client left it."""

    async def create_run(self, request: Request, thread_id: str) -> Any:
        answer = await super().create_run(request, thread_id)
        self.thread(thread_id).row["metadata"] = {}
        return answer


@fault()
class InstructionsAreCut(Deployment):
    """The instructions of a run are given back whole."""

    def instructions(self, asked: Json) -> str:
        return super().instructions(asked)[:10]


@fault()
class InstructionsAreForgotten(Deployment):
    """The instructions of a run are given back."""

    def instructions(self, asked: Json) -> str:
        return ""


@fault()
class ToolsAreForgotten(Deployment):
    """The tools of a run are given back."""

    def show_run(self, run: Run) -> Json:
        return {**super().show_run(run), "tools": []}


@fault()
class AnotherModelAnswers(Deployment):
    """The run's model is the one that was asked for."""

    def add_run(self, thread: Thread, asked: Json) -> Run:
        return super().add_run(thread, {**asked, "model": "tune/default"})


@fault()
class TextIsEscaped(Deployment):
    """The text of a message is given back as it was sent."""

    def text(self, asked: Any) -> Any:
        return super().text(escape(asked) if isinstance(asked, str) else asked)


@fault()
class TextIsTrimmedToAscii(Deployment):
    """The text of a message is given back with all its letters."""

    def text(self, asked: Any) -> Any:
        return super().text(asked.encode("ascii", "replace").decode() if isinstance(asked, str) else asked)


@fault()
class RolesAreSwapped(Deployment):
    """The role of a message is given back."""

    def add_message(self, thread: Thread, asked: Json) -> Json:
        return super().add_message(thread, {**asked, "role": "assistant"})


@fault()
class TitleIsForgotten(Deployment):
    """A thread's new title is given back."""

    async def modify_thread(self, request: Request, thread_id: str) -> Any:
        await self.body(request, "thread")
        return self.show_thread(self.thread(thread_id))


@fault()
class TitleIsOnlyEchoed(Deployment):
    """A thread's new title stays."""

    async def modify_thread(self, request: Request, thread_id: str) -> Any:
        before = dict(self.thread(thread_id).row)
        answer = await super().modify_thread(request, thread_id)
        self.thread(thread_id).row.update(before)
        return answer


@fault()
class ModifyingARunDoesNothing(Deployment):
    """A run's new metadata is given back."""

    async def modify_run(self, request: Request, thread_id: str, run_id: str) -> Any:
        await self.body(request, "thread")
        return await self.get_run(request, thread_id, run_id)


@fault()
class ModifyingARunRestartsIt(Deployment):
    """Modifying a run changes its metadata and nothing else."""

    async def modify_run(self, request: Request, thread_id: str, run_id: str) -> Any:
        answer = await super().modify_run(request, thread_id, run_id)
        self.run(thread_id, run_id).row.update(instructions="", model="tune/default")
        return {**answer, "instructions": "", "model": "tune/default"}


@fault()
class AnyThreadShowsTheRun(Deployment):
    """A run is not readable under another thread."""

    def run(self, thread_id: str, run_id: str) -> Run:
        for thread in self.threads.values():
            for run in thread.runs:
                if run.row["id"] == run_id:
                    return run
        return super().run(thread_id, run_id)


@fault()
class AnyThreadShowsTheMessage(Deployment):
    """A message is not readable under another thread."""

    async def get_message(self, request: Request, thread_id: str, message_id: str) -> Any:
        for thread in self.threads.values():
            for message in thread.messages:
                if message["id"] == message_id:
                    return self.show_message(message)
        return await super().get_message(request, thread_id, message_id)


@fault()
class RunsOfEveryThread(Deployment):
    """The list of a thread's runs has no run of another thread."""

    async def list_runs(self, request: Request, thread_id: str) -> Any:
        self.thread(thread_id)
        runs = [run for thread in self.threads.values() for run in thread.runs]
        return self.page([self.show_run(run) for run in runs], request, "desc")


@fault()
class StepsOfEveryRun(Deployment):
    """The list of a run's steps has no step of another run."""

    async def list_steps(self, request: Request, thread_id: str, run_id: str) -> Any:
        steps = [step for run in self.thread(thread_id).runs for step in run.steps]
        return self.page([self.show_step(step) for step in steps], request, "desc")


@fault()
class IdsRepeat(Deployment):
    """An id names one run only."""

    def new_id(self, kind: str) -> str:
        return f"run_{int(time.time()) // 3600}" if kind == "run" else super().new_id(kind)


@fault()
class AnotherRunIsRead(Deployment):
    """The run that is read is the run that was asked for."""

    async def get_run(self, request: Request, thread_id: str, run_id: str) -> Any:
        self.run(thread_id, run_id)
        return self.show_run(self.thread(thread_id).runs[0])


@fault()
class StepsAreNotOffered(Deployment):
    """The steps of a run can be listed and read."""

    async def list_steps(self, request: Request, thread_id: str, run_id: str) -> Any:
        raise Refusal(501, "unimplemented", "steps are not implemented")

    async def get_step(self, request: Request, thread_id: str, run_id: str, step_id: str) -> Any:
        raise Refusal(501, "unimplemented", "steps are not implemented")


@fault()
class StepsNameAnotherThread(Deployment):
    """A run step names the thread it belongs to."""

    def show_step(self, step: Json) -> Json:
        return {**step, "threadId": "thread_0"}


@fault()
class RunInANewThread(Deployment):
    """A run is created in the thread that was named."""

    async def create_run(self, request: Request, thread_id: str) -> Any:
        self.thread(thread_id)
        return await self.begin(self.add_run(self.add_thread({}), await self.body(request, "run")))


@fault("warning")
class NoReply(Deployment):
    """When create run answers, the reply stands in the thread (observed)."""

    async def write(self, thread: Thread, run: Run) -> None:
        await self.pause()


@fault("warning")
class AnswersBeforeTheEnd(Polled):
    """Without `stream` create run answers when the run is over (observed)."""


@fault("note")
class BeginsInProgress(Deployment):
    """The first status of a run is queued (assumed)."""

    def add_run(self, thread: Thread, asked: Json) -> Run:
        run = super().add_run(thread, asked)
        run.row.update(status="in_progress", startedAt=run.row["createdAt"])
        run.log[:] = [("thread.run.created", self.show_run(run))]
        return run


@fault()
class NewThreadsAreReversed(Deployment):
    """The messages that a thread is created with stand in their order."""

    def add_thread(self, asked: Json) -> Thread:
        return super().add_thread({**asked, "messages": asked.get("messages", [])[::-1]})


@fault()
class ThreadOfARunIsBare(Deployment):
    """The thread that is created with a run has the messages it was given."""

    async def create_thread_and_run(self, request: Request) -> Any:
        asked = await self.body(request, "run", "thread")
        return await self.begin(self.add_run(self.add_thread({}), asked))


@fault()
class ThreadOfARunIsHidden(Deployment):
    """The thread that is created with a run can be read."""

    async def create_thread_and_run(self, request: Request) -> Any:
        asked = await self.body(request, "run", "thread")
        thread = self.add_thread(asked.get("thread", {}))
        answer = await self.begin(self.add_run(thread, asked))
        self.threads.pop(thread.row["id"])
        return answer


@fault()
class ANewTitleDropsTheMetadata(Deployment):
    """Modifying the title of a thread leaves its metadata."""

    async def modify_thread(self, request: Request, thread_id: str) -> Any:
        asked = await self.body(request, "thread")
        if "title" in asked and "metadata" not in asked:
            self.thread(thread_id).row["metadata"] = {}
        return await super().modify_thread(request, thread_id)


@fault()
class ModifiedIsCreatedAnew(Deployment):
    """Modifying a thread leaves the time of its creation."""

    async def modify_thread(self, request: Request, thread_id: str) -> Any:
        self.thread(thread_id).row["createdAt"] = self.stamp(self.now())
        return await super().modify_thread(request, thread_id)


@fault()
class UnknownRunsAreModified(Deployment):
    """A run that is not there cannot be modified."""

    async def modify_run(self, request: Request, thread_id: str, run_id: str) -> Any:
        try:
            return await super().modify_run(request, thread_id, run_id)
        except Refusal as refusal:
            if refusal.status != 404:
                raise
            return {"id": run_id, "object": "run"}


@fault()
class RunsForgetTheirMessages(Deployment):
    """The message that was created before a run stands in the thread after it."""

    async def write(self, thread: Thread, run: Run) -> None:
        thread.messages.clear()
        await super().write(thread, run)
