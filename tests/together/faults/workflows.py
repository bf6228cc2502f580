"""Which deployments contradict themselves across requests?"""

import json
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
class OldRunsAreLost(Deployment):
    """A run can be read after others were created."""

    def add_run(self, thread: Thread, fields: Json) -> Run:
        run = super().add_run(thread, fields)
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
class NotYetReadable(Polled):
    """A run can be read as soon as it is created."""

    def run(self, thread_id: str, run_id: str) -> Run:
        run = super().run(thread_id, run_id)
        if self.now() - datetime.fromisoformat(run.row["createdAt"]) < timedelta(seconds=0.4):
            raise Refusal(404, "not_found", f"run {run_id} not found in thread {thread_id}")
        return run


@fault()
class ThreadsOnAnotherNode(Deployment):
    """A thread that was created can always be read."""

    count = 0

    def thread(self, thread_id: str) -> Thread:
        self.count += 1
        if self.count % 4 == 0:
            raise Refusal(404, "not_found", f"thread {thread_id} not found")
        return super().thread(thread_id)


@fault()
class ListLacksTheNewest(Deployment):
    """A run that was created is in the list."""

    async def list_runs(self, request: Request, thread_id: str) -> Any:
        return self.page([self.show_run(run) for run in self.thread(thread_id).runs[:-1]], request, "desc")


@fault()
class ListIsStale(Deployment):
    """The list shows a run as reading the run does."""

    async def list_runs(self, request: Request, thread_id: str) -> Any:
        page = await super().list_runs(request, thread_id)
        stale = {"status": "in_progress", "completedAt": None, "usage": None}
        return {**page, "data": [{**run, **stale} for run in page["data"]]}


@fault()
class ReplicaLags(Polled):
    """A run never returns to an earlier state."""

    looks = 0

    async def get_run(self, request: Request, thread_id: str, run_id: str) -> Any:
        self.looks += 1
        run = self.run(thread_id, run_id)
        return run.log[0][1] if self.looks % 3 == 0 else self.show_run(run)


@fault()
class MetadataIsForgotten(Deployment):
    """The metadata of a run is returned."""

    def add_run(self, thread: Thread, fields: Json) -> Run:
        return super().add_run(thread, {**fields, "metadata": {}})


@fault()
class MetadataKeysInLowerCase(Deployment):
    """The keys of metadata are returned as they were sent."""

    def add_thread(self, fields: Json) -> Thread:
        lower = {key.lower(): value for key, value in fields.get("metadata", {}).items()}
        return super().add_thread({**fields, "metadata": lower})


@fault()
class MessageMetadataIsForgotten(Deployment):
    """The metadata of a message is returned."""

    def add_message(self, thread: Thread, fields: Json) -> Json:
        return super().add_message(thread, {**fields, "metadata": {}})


@fault()
class MetadataIsLostWithARun(Deployment):
    """A run does not change the metadata of its thread."""

    async def create_run(self, request: Request, thread_id: str) -> Any:
        answer = await super().create_run(request, thread_id)
        self.thread(thread_id).row["metadata"] = {}
        return answer


@fault()
class InstructionsAreTruncated(Deployment):
    """The instructions of a run are returned completely."""

    def instructions(self, fields: Json) -> str:
        return super().instructions(fields)[:10]


@fault()
class InstructionsAreForgotten(Deployment):
    """The instructions of a run are returned."""

    def instructions(self, fields: Json) -> str:
        return ""


@fault()
class ToolsAreForgotten(Deployment):
    """The tools of a run are returned."""

    def show_run(self, run: Run) -> Json:
        return {**super().show_run(run), "tools": []}


@fault()
class AnotherModelIsUsed(Deployment):
    """A run has the requested model."""

    def add_run(self, thread: Thread, fields: Json) -> Run:
        return super().add_run(thread, {**fields, "model": "tune/default"})


@fault()
class TextIsEscaped(Deployment):
    """The text of a message is returned as it was sent."""

    def text(self, value: Any) -> Any:
        return super().text(escape(value) if isinstance(value, str) else value)


@fault()
class TextIsReducedToAscii(Deployment):
    """The text of a message is returned with all its characters."""

    def text(self, value: Any) -> Any:
        return super().text(value.encode("ascii", "replace").decode() if isinstance(value, str) else value)


@fault()
class RolesAreSwapped(Deployment):
    """The role of a message is returned."""

    def add_message(self, thread: Thread, fields: Json) -> Json:
        return super().add_message(thread, {**fields, "role": "assistant"})


@fault()
class TitleIsForgotten(Deployment):
    """The new title of a thread is returned."""

    async def modify_thread(self, request: Request, thread_id: str) -> Any:
        await self.body(request, "thread")
        return self.show_thread(self.thread(thread_id))


@fault()
class TitleIsOnlyEchoed(Deployment):
    """The new title of a thread is stored."""

    async def modify_thread(self, request: Request, thread_id: str) -> Any:
        before = dict(self.thread(thread_id).row)
        answer = await super().modify_thread(request, thread_id)
        self.thread(thread_id).row.update(before)
        return answer


@fault()
class ModifyingARunDoesNothing(Deployment):
    """The new metadata of a run is returned."""

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
    """A run cannot be read in another thread."""

    def run(self, thread_id: str, run_id: str) -> Run:
        for thread in self.threads.values():
            for run in thread.runs:
                if run.row["id"] == run_id:
                    return run
        return super().run(thread_id, run_id)


@fault()
class AnyThreadShowsTheMessage(Deployment):
    """A message cannot be read in another thread."""

    async def get_message(self, request: Request, thread_id: str, message_id: str) -> Any:
        for thread in self.threads.values():
            for message in thread.messages:
                if message["id"] == message_id:
                    return self.show_message(message)
        return await super().get_message(request, thread_id, message_id)


@fault()
class RunsOfEveryThread(Deployment):
    """The list of a thread's runs has no runs of other threads."""

    async def list_runs(self, request: Request, thread_id: str) -> Any:
        self.thread(thread_id)
        runs = [run for thread in self.threads.values() for run in thread.runs]
        return self.page([self.show_run(run) for run in runs], request, "desc")


@fault()
class StepsOfEveryRun(Deployment):
    """The list of a run's steps has no steps of other runs."""

    async def list_steps(self, request: Request, thread_id: str, run_id: str) -> Any:
        steps = [step for run in self.thread(thread_id).runs for step in run.steps]
        return self.page([self.show_step(step) for step in steps], request, "desc")


@fault()
class IdsRepeat(Deployment):
    """Every run has a new id."""

    def new_id(self, kind: str) -> str:
        return f"run_{int(time.time()) // 3600}" if kind == "run" else super().new_id(kind)


@fault()
class AnotherRunIsRead(Deployment):
    """Reading a run returns the requested run."""

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
    """A run step has the id of its thread."""

    def show_step(self, step: Json) -> Json:
        return {**step, "threadId": "thread_0"}


@fault()
class RunInANewThread(Deployment):
    """A run is created in the requested thread."""

    async def create_run(self, request: Request, thread_id: str) -> Any:
        self.thread(thread_id)
        return await self.begin(self.add_run(self.add_thread({}), await self.body(request, "run")))


@fault("warning")
class NoReply(Deployment):
    """When create run responds, the reply is in the thread (observed)."""

    async def write(self, thread: Thread, run: Run) -> None:
        await self.pause()


@fault("warning")
class RespondsBeforeTheEnd(Polled):
    """Without `stream`, create run responds when the run has ended (observed)."""


@fault("note")
class BeginsInProgress(Deployment):
    """The first status of a run is queued (assumed)."""

    def add_run(self, thread: Thread, fields: Json) -> Run:
        run = super().add_run(thread, fields)
        run.row.update(status="in_progress", startedAt=run.row["createdAt"])
        run.log[:] = [("thread.run.created", self.show_run(run))]
        return run


@fault()
class NewThreadsAreReversed(Deployment):
    """A new thread has its messages in the order of the request."""

    def add_thread(self, fields: Json) -> Thread:
        return super().add_thread({**fields, "messages": fields.get("messages", [])[::-1]})


@fault()
class ThreadOfARunIsEmpty(Deployment):
    """A thread that is created with a run has its messages."""

    async def create_thread_and_run(self, request: Request) -> Any:
        fields = await self.body(request, "run", "thread")
        return await self.begin(self.add_run(self.add_thread({}), fields))


@fault()
class ThreadOfARunIsHidden(Deployment):
    """A thread that is created with a run can be read."""

    async def create_thread_and_run(self, request: Request) -> Any:
        fields = await self.body(request, "run", "thread")
        thread = self.add_thread(fields.get("thread", {}))
        answer = await self.begin(self.add_run(thread, fields))
        self.threads.pop(thread.row["id"])
        return answer


@fault()
class NewTitleDropsTheMetadata(Deployment):
    """Modifying the title of a thread keeps its metadata."""

    async def modify_thread(self, request: Request, thread_id: str) -> Any:
        fields = await self.body(request, "thread")
        if "title" in fields and "metadata" not in fields:
            self.thread(thread_id).row["metadata"] = {}
        return await super().modify_thread(request, thread_id)


@fault()
class ModifyingChangesCreatedAt(Deployment):
    """Modifying a thread keeps its createdAt."""

    async def modify_thread(self, request: Request, thread_id: str) -> Any:
        self.thread(thread_id).row["createdAt"] = self.stamp(self.now())
        return await super().modify_thread(request, thread_id)


@fault()
class UnknownRunsAreModified(Deployment):
    """An unknown run cannot be modified."""

    async def modify_run(self, request: Request, thread_id: str, run_id: str) -> Any:
        try:
            return await super().modify_run(request, thread_id, run_id)
        except Refusal as refusal:
            if refusal.status != 404:
                raise
            return {"id": run_id, "object": "run"}


@fault()
class RunsForgetTheirMessages(Deployment):
    """A message that was created before a run is still in the thread after it."""

    async def write(self, thread: Thread, run: Run) -> None:
        thread.messages.clear()
        await super().write(thread, run)


@fault()
class MetadataIsShared(Deployment):
    """A run without metadata does not have that of another run."""

    last: Json | None = None

    def add_run(self, thread: Thread, fields: Json) -> Run:
        self.last = fields.get("metadata") or self.last
        return super().add_run(thread, {**({"metadata": self.last} if self.last else {}), **fields})


@fault()
class ModifyingNothingResetsTheMetadata(Deployment):
    """A modification of a run that names no field changes none."""

    async def modify_run(self, request: Request, thread_id: str, run_id: str) -> Any:
        if await request.body() == b"{}":
            self.run(thread_id, run_id).row["metadata"] = {}
        return await super().modify_run(request, thread_id, run_id)


@fault()
class AttachmentsLoseTheirTools(Deployment):
    """An attachment of a message keeps its tools."""

    def add_message(self, thread: Thread, fields: Json) -> Json:
        kept = [{"fileId": one.get("fileId")} for one in fields.get("attachments", [])]
        return super().add_message(thread, {**fields, "attachments": kept})


@fault()
class DropsAttachments(Deployment):
    """The attachments of a new message are those of the request."""

    def add_message(self, thread: Thread, fields: Json) -> Json:
        return super().add_message(thread, {**fields, "attachments": []})


@fault("warning")
class RefusesFilesItDoesNotKnow(Deployment):
    """A message may name any file."""

    async def body(self, request: Request, kind: str, *more: str) -> Json:
        fields = await super().body(request, kind, *more)
        if "file_tune_check" in json.dumps(fields):
            raise Refusal(400, "invalid_argument", "fileId: there is no such file")
        return fields


@fault()
class ListsImagesWithoutTheirUrls(Deployment):
    """A list of messages has the URLs of their images."""

    async def list_messages(self, request: Request, thread_id: str) -> Any:
        page = await super().list_messages(request, thread_id)
        entries = [
            {**one, "content": [_without_url(part) for part in one["content"]]} for one in page["data"]
        ]
        return {**page, "data": entries}


def _without_url(part: Json) -> Json:
    return {**part, "imageUrl": {**part["imageUrl"], "url": ""}} if part.get("imageUrl") else part


@fault("note")
class DeadlineMoves(Deployment):
    """The deadline of a run stays the same."""

    def show_run(self, run: Run) -> Json:
        return {**super().show_run(run), "expiresAt": self.stamp(self.now() + timedelta(minutes=10))}


@fault("warning")
class KeepsNoFiles(Deployment):
    """A service keeps what names a file, although it does not know the file."""

    def add_message(self, thread: Thread, fields: Json) -> Json:
        return super().add_message(thread, {**fields, "attachments": []})

    def add_thread(self, fields: Json) -> Thread:
        return super().add_thread({**fields, "toolResources": {}})
