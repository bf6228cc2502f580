"""Which deployments return bodies of the wrong shape?"""

import json
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from tests.together.cases import fault
from tests.together.deployment import Deployment
from tests.together.service import Json, Run, Thread


def without(row: Json, *names: str) -> Json:
    """A row without some fields."""
    return {name: value for name, value in row.items() if name not in names}


def snake(name: str) -> str:
    """A lowerCamelCase name as snake_case."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


@fault()
class RunIdIsANumber(Deployment):
    """The id of a run is a string."""

    def new_id(self, kind: str) -> Any:
        return int(super().new_id(kind)[-8:], 16) if kind == "run" else super().new_id(kind)

    def run(self, thread_id: str, run_id: str) -> Run:
        return super().run(thread_id, int(run_id) if run_id.isdigit() else run_id)  # type: ignore[arg-type]


@fault()
class RunWithoutStatus(Deployment):
    """A run has a status."""

    def show_run(self, run: Run) -> Json:
        return without(super().show_run(run), "status")


@fault()
class StatusInCapitals(Deployment):
    """A status is one of the listed words, in lower case."""

    def show_run(self, run: Run) -> Json:
        return {**super().show_run(run), "status": run.status.upper()}


@fault()
class UnknownStatus(Deployment):
    """The status of a run that ended well is `completed`."""

    def show_run(self, run: Run) -> Json:
        row = super().show_run(run)
        return {**row, "status": "succeeded"} if row["status"] == "completed" else row


@fault()
class TimestampsInUnixSeconds(Deployment):
    """A timestamp is a string."""

    def stamp(self, moment: datetime) -> Any:
        return int(moment.timestamp())


@fault()
class TimestampsWithoutZone(Deployment):
    """A timestamp is RFC 3339: it ends with Z or an offset."""

    def stamp(self, moment: datetime) -> str:
        return super().stamp(moment).removesuffix("Z")


@fault()
class TimestampsInRfc5322(Deployment):
    """A timestamp is RFC 3339, not RFC 5322."""

    def stamp(self, moment: datetime) -> str:
        return format_datetime(moment)


@fault()
class TimestampOffsetsWithoutColon(Deployment):
    """The offset of an RFC 3339 timestamp has a colon."""

    def stamp(self, moment: datetime) -> str:
        return super().stamp(moment).removesuffix("Z") + "+0000"


@fault()
class UnsetTimestampsAreEmpty(Deployment):
    """A timestamp that is not set is missing or null, not an empty string."""

    def show_run(self, run: Run) -> Json:
        row = super().show_run(run)
        return {name: "" if name.endswith("At") and value is None else value for name, value in row.items()}


@fault()
class NamesInSnakeCase(Deployment):
    """Field names are lowerCamelCase."""

    def show_run(self, run: Run) -> Json:
        return {snake(name): value for name, value in super().show_run(run).items()}


@fault()
class StepNamesInPascalCase(Deployment):
    """The field names of a run step are lowerCamelCase."""

    async def get_step(self, request: Any, thread_id: str, run_id: str, step_id: str) -> Any:
        step = await super().get_step(request, thread_id, run_id, step_id)
        return {name[0].upper() + name[1:]: value for name, value in step.items()}


@fault()
class ObjectOfARunIsThreadRun(Deployment):
    """The `object` of a run is `run`."""

    def show_run(self, run: Run) -> Json:
        return {**super().show_run(run), "object": "thread.run"}


@fault()
class RunWithoutThreadId(Deployment):
    """A run has the id of its thread."""

    def show_run(self, run: Run) -> Json:
        return without(super().show_run(run), "threadId")


@fault()
class ToolsByName(Deployment):
    """The tools of a run are a list."""

    def show_run(self, run: Run) -> Json:
        row = super().show_run(run)
        return {**row, "tools": {str(index): tool for index, tool in enumerate(row["tools"])}}


@fault()
class MetadataAsText(Deployment):
    """Metadata is an object, not a string of JSON."""

    def show_run(self, run: Run) -> Json:
        row = super().show_run(run)
        return {**row, "metadata": json.dumps(row["metadata"])}


@fault()
class MetadataAsPairs(Deployment):
    """The metadata of a thread is an object, not a list of pairs."""

    def show_thread(self, thread: Thread) -> Json:
        row = super().show_thread(thread)
        pairs = [{"key": key, "value": value} for key, value in row["metadata"].items()]
        return {**row, "metadata": pairs}


@fault()
class ListWithoutEnvelope(Deployment):
    """A list is an object with the entries in `data`."""

    async def list_runs(self, request: Any, thread_id: str) -> Any:
        return (await super().list_runs(request, thread_id))["data"]


@fault()
class ListById(Deployment):
    """The `data` of a list is a list."""

    async def list_messages(self, request: Any, thread_id: str) -> Any:
        page = await super().list_messages(request, thread_id)
        return {**page, "data": {item["id"]: item for item in page["data"]}}


@fault()
class ListNamedItems(Deployment):
    """The entries of a list of run steps are in `data`."""

    async def list_steps(self, request: Any, thread_id: str, run_id: str) -> Any:
        page = await super().list_steps(request, thread_id, run_id)
        return {**without(page, "data"), "items": page["data"]}


@fault()
class HasMoreAsText(Deployment):
    """`hasMore` is a boolean, not a string."""

    def page(self, *arguments: Any, **options: Any) -> Json:
        page = super().page(*arguments, **options)
        return {**page, "hasMore": str(page["hasMore"]).lower()}


@fault()
class ContentAsText(Deployment):
    """The content of a message is a list of parts."""

    def show_message(self, message: Json) -> Json:
        return {**message, "content": "".join(part["text"]["value"] for part in message["content"])}


@fault()
class ContentOfAnotherType(Deployment):
    """A part of a message is of type text or image_file."""

    def show_message(self, message: Json) -> Json:
        return {**message, "content": [{**part, "type": "output_text"} for part in message["content"]]}


@fault()
class UnknownRole(Deployment):
    """A message of the model has the role assistant."""

    def show_message(self, message: Json) -> Json:
        return {**message, "role": "ai" if message["role"] == "assistant" else message["role"]}


@fault()
class UnknownStepType(Deployment):
    """A run step has the type message_creation or tool_calls."""

    def show_step(self, step: Json) -> Json:
        return {**step, "type": "generation"}


@fault()
class UnknownStepStatus(Deployment):
    """The status of a run step that ended well is `completed`."""

    def show_step(self, step: Json) -> Json:
        return {**step, "status": "done" if step["status"] == "completed" else step["status"]}


@fault()
class StepWithoutRunId(Deployment):
    """A run step has the id of its run."""

    def show_step(self, step: Json) -> Json:
        return without(step, "runId")


@fault()
class UsageAsNumber(Deployment):
    """The usage of a run is an object."""

    def show_run(self, run: Run) -> Json:
        row = super().show_run(run)
        return {**row, "usage": row["usage"] and row["usage"]["totalTokens"]}


@fault()
class UsageNotANumber(Deployment):
    """JSON has no NaN."""

    def show_run(self, run: Run) -> Json:
        return {**super().show_run(run), "usage": {"promptTokens": float("nan")}}


@fault()
class LastErrorAsText(Deployment):
    """The lastError of a failed run is an object."""

    async def finish(self, run: Run) -> None:
        self.fail(run)

    def show_run(self, run: Run) -> Json:
        row = super().show_run(run)
        return {**row, "lastError": row["lastError"] and row["lastError"]["message"]}


@fault()
class RequiredActionAsList(Deployment):
    """The requiredAction of a waiting run is an object."""

    def show_run(self, run: Run) -> Json:
        row = super().show_run(run)
        return {**row, "requiredAction": row["requiredAction"] and [row["requiredAction"]]}


@fault()
class FileIdsAsObjects(Deployment):
    """The fileIds of a run are strings."""

    def show_run(self, run: Run) -> Json:
        return {**super().show_run(run), "fileIds": [{"id": "file_1"}]}


@fault()
class RunInAnEnvelope(Deployment):
    """The response to create run is the run itself."""

    async def begin(self, run: Run) -> Any:
        answer = await super().begin(run)
        return {"status": "success", "data": answer} if isinstance(answer, dict) else answer


@fault()
class ThreadWithoutCreatedAt(Deployment):
    """A thread has `createdAt`."""

    def show_thread(self, thread: Thread) -> Json:
        return without(super().show_thread(thread), "createdAt")


@fault("warning")
class ThreadWithoutTitle(Deployment):
    """A thread has its title (observed)."""

    def show_thread(self, thread: Thread) -> Json:
        return without(super().show_thread(thread), *(["title"] if not thread.row["title"] else []))


@fault("warning")
class MessageWithoutMetadata(Deployment):
    """A message has metadata, at least an empty object (observed)."""

    def show_message(self, message: Json) -> Json:
        return message if message["metadata"] else without(message, "metadata")


@fault("note")
class UnknownUsageFields(Deployment):
    """Usage has promptTokens, completionTokens and totalTokens (assumed)."""

    def show_run(self, run: Run) -> Json:
        row = super().show_run(run)
        return {**row, "usage": row["usage"] and {"inputTokens": 12, "outputTokens": 14}}


@fault("note")
class UnknownLastErrorCode(Deployment):
    """The code of lastError is one of three words (assumed)."""

    async def finish(self, run: Run) -> None:
        self.fail(run, "MODEL_UNREACHABLE")


@fault("note")
class UsageDoesNotAddUp(Deployment):
    """totalTokens is the sum of the other two counts (assumed)."""

    def show_run(self, run: Run) -> Json:
        row = super().show_run(run)
        return {**row, "usage": row["usage"] and {**row["usage"], "totalTokens": 1}}


@fault("warning")
class ThreadIdsAreNumbers(Deployment):
    """The id of a thread is `thread_` followed by a UUID."""

    def new_id(self, kind: str) -> str:
        name = super().new_id(kind)
        return str(int(name.rpartition("_")[2].replace("-", ""), 16)) if kind == "thread" else name
