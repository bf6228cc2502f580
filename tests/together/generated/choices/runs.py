"""How may runs live, and when is seen of them what?"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request

from openapi import Grade
from tests.together.deployment import Deployment
from tests.together.generated.choices.choosing import choice
from tests.together.service import TERMINAL, Json, Refusal, Run, Thread

_SOON = 2.0


@dataclass(frozen=True)
class RunOptions:
    """Free choices of how runs live."""

    creating: str = choice(
        "when it rests",
        "at once",
        why="that create answers only when the run has ended is observed",
        breaks={"at once": Grade.OBSERVED},
    )
    run_seconds: float = choice(
        0.2, 0.0, 0.05, 0.5, 1.0, 1.0, 3.0, 8.0, 20.0, why="no page says how long a run takes"
    )
    queue_seconds: float = choice(0.0, 0.3, 1.0, 4.0, why="no page says how long a run is queued")
    beginning: str = choice(
        "queued",
        "in_progress",
        "completed",
        why="the order of statuses is assumed; no page gives the first",
        breaks={"in_progress": Grade.ASSUMED, "completed": Grade.ASSUMED},
    )
    ending: str = choice(
        "completed",
        "completed",
        "completed",
        "failed",
        "failed in the queue",
        "expired",
        why="failed and expired are documented statuses, and no page says when they come",
    )
    tools: str = choice("first", "every", "none", why="whether a model calls a tool is its own decision")
    required_action: str = choice(
        "as assumed",
        "no type",
        "absent",
        why="requiredAction is an object without description",
        breaks={"no type": Grade.ASSUMED},
    )
    outputs: str = choice("offered", "404", "405", "501", why="no page documents submitting tool outputs")
    cancelling: str = choice(
        "slow",
        "at once",
        "ends otherwise",
        "404",
        "405",
        "501",
        why="no page documents cancelling a run",
    )
    one_at_a_time: bool = choice(
        False, True, why="no page says that a thread takes a second run while one is at work"
    )
    steps: str = choice(
        "all", "tool calls only", "none", why="no page says which work of a run becomes a step"
    )
    listing: str = choice(
        "at once",
        "at the end",
        "at the end, retrieval too",
        why="no page says when a message that a stream announces stands in the list",
    )
    step_listing: str = choice(
        "at once", "at the end", why="no page says when a step that a stream announces stands in the list"
    )
    words: str = choice("several", "one", "many", "none", why="what a model says is its own decision")
    skew_seconds: int = choice(
        0, 4, -4, 300, -300, why="two machines' clocks differ; no page says that they agree"
    )
    earlier_threads: int = choice(
        0, 30, 130, why="an organization may have threads already, and many may be created in one moment"
    )


class Runs(Deployment):
    """The part of a deployment that decides how runs live."""

    options: Any

    def __init__(self) -> None:
        super().__init__()
        options = self.options
        self.pace = options.run_seconds / 4
        self.blocks = options.creating == "when it rests"
        if options.ending == "expired":
            self.lifetime = options.run_seconds + options.queue_seconds + 0.5
        if options.stream_waits:
            self.lifetime = options.run_seconds + options.queue_seconds + _SOON
        replies = {"one": "Yes.", "none": "", "many": "word " * 400}
        self.reply = replies.get(options.words, self.reply)
        begun = self.stamp(self.now())
        for number in range(options.earlier_threads):
            self.add_thread({"title": f"Thread {number}"}).row["createdAt"] = begun

    def now(self) -> datetime:
        """The service's clock."""
        return super().now() + timedelta(seconds=self.options.skew_seconds)

    def row(self, kind: str, name: str, **fields: Any) -> Json:
        """A new row; a run may begin at work."""
        row = super().row(kind, name, **fields)
        if kind == "run" and self.options.beginning != "queued" and not self._fails_early():
            row |= {"status": "in_progress", "startedAt": row["createdAt"]}
        return row

    def _fails_early(self) -> bool:
        return bool(self.options.ending == "failed in the queue")

    def move(self, run: Run, status: str, **fields: Any) -> None:
        """Bring a run into a status, unless it is in it."""
        if status == run.status:
            run.row.update(fields)
        else:
            super().move(run, status, **self._action(fields))

    def _action(self, fields: Json) -> Json:
        action = fields.get("requiredAction")
        if action and self.options.required_action == "no type":
            return {**fields, "requiredAction": {"submitToolOutputs": action["submitToolOutputs"]}}
        return fields

    def show_run(self, run: Run) -> Json:
        """A run as clients see it."""
        row = super().show_run(run)
        if self.options.required_action == "absent":
            row["requiredAction"] = None
        return row

    def emit(self, run: Run, event: str, data: Json) -> None:
        """Say what happened, but for what is not shown."""
        kind, status = data.get("object"), data.get("status")
        renamed = kind == "run" and event == "thread.run.queued" and status != "queued"
        early = kind == "run" and self.options.beginning == "completed" and not run.is_settled
        if not renamed and not early and not (kind == "thread.run.step" and self._hidden(data)):
            super().emit(run, event, data)
        else:
            run.changed.set()
            run.changed = asyncio.Event()

    def _hidden(self, step: Json) -> bool:
        shown = {"none": (), "tool calls only": ("tool_calls",)}.get(self.options.steps)
        return shown is not None and step["type"] not in shown

    async def work(self, thread: Thread, run: Run) -> None:
        """The life of a run."""
        await asyncio.sleep(self.options.queue_seconds)
        if self._fails_early():
            await self.pause()
            self.fail(run, "rate_limit_exceeded")
        else:
            await super().work(thread, run)

    async def write(self, thread: Thread, run: Run) -> None:
        """Write the reply, or wait until the run expires."""
        if self.options.ending == "expired":
            await asyncio.sleep(self.remaining(run))
            raise TimeoutError
        if not self.remaining(run):
            raise TimeoutError
        await super().write(thread, run)

    def words(self, run: Run) -> list[str]:
        """The reply in pieces."""
        return super().words(run) if self.reply else [""]

    async def finish(self, run: Run) -> None:
        """The end of a run that was not stopped."""
        if self.options.ending == "failed":
            self.fail(run)
        else:
            await super().finish(run)

    def calls(self, run: Run) -> list[Json]:
        """The tools that the model calls."""
        found = {"none": [], "every": list(run.row["tools"])}.get(self.options.tools)
        return super().calls(run) if found is None else found

    async def begin(self, run: Run) -> Any:
        """The answer to a request that created a run."""
        if self.options.beginning == "completed" and not run.request.get("stream"):
            await self.settled(run)
        return await super().begin(run)

    async def stop(self, run: Run) -> None:
        """The end of a run that was cancelled."""
        if self.options.cancelling == "ends otherwise":
            self.close_steps(run, "completed")
            await super().finish(run)
        else:
            await super().stop(run)

    async def cancel_run(self, request: Request, thread_id: str, run_id: str) -> Any:
        """POST /threads/{threadId}/runs/{runId}/cancel."""
        if self.options.cancelling == "501":
            raise Refusal(501, "unimplemented", "runs cannot be cancelled yet")
        answer = await super().cancel_run(request, thread_id, run_id)
        if self.options.cancelling == "at once":
            await self.settled(self.run(thread_id, run_id))
            return self.show_run(self.run(thread_id, run_id))
        return answer

    async def submit_tool_outputs(self, request: Request, thread_id: str, run_id: str) -> Any:
        """POST /threads/{threadId}/runs/{runId}/submit_tool_outputs."""
        if self.options.outputs == "501":
            raise Refusal(501, "unimplemented", "tool outputs cannot be submitted yet")
        return await super().submit_tool_outputs(request, thread_id, run_id)

    def _idle(self, thread_id: str) -> None:
        for run in self.thread(thread_id).runs if self.options.one_at_a_time else ():
            if run.status not in TERMINAL:
                raise Refusal(400, "failed_precondition", f"run {run.row['id']} is {run.status}")

    async def create_run(self, request: Request, thread_id: str) -> Any:
        """POST /threads/{threadId}/runs."""
        self.thread(thread_id)
        await self.body(request, "run")
        self._idle(thread_id)
        return await super().create_run(request, thread_id)

    async def create_message(self, request: Request, thread_id: str) -> Any:
        """POST /threads/{threadId}/messages."""
        self.thread(thread_id)
        await self.body(request, "message")
        self._idle(thread_id)
        return await super().create_message(request, thread_id)

    def _shown(self, thread_id: str, message: Json) -> bool:
        """Whether a message stands in the list yet."""
        own = [run for run in self.thread(thread_id).runs if run.row["id"] == message["runId"]]
        return (
            self.options.listing == "at once"
            or message["role"] == "user"
            or all(run.is_settled for run in own)
        )

    async def list_messages(self, request: Request, thread_id: str) -> Any:
        """GET /threads/{threadId}/messages."""
        messages = [one for one in self.thread(thread_id).messages if self._shown(thread_id, one)]
        return self.page([self.show_message(one) for one in messages], request, "asc")

    async def get_message(self, request: Request, thread_id: str, message_id: str) -> Any:
        """GET /threads/{threadId}/messages/{messageId}."""
        late = self.options.listing == "at the end, retrieval too"
        for message in self.thread(thread_id).messages if late else ():
            if message["id"] == message_id and not self._shown(thread_id, message):
                raise Refusal(404, "not_found", f"message {message_id} not found")
        return await super().get_message(request, thread_id, message_id)

    async def list_steps(self, request: Request, thread_id: str, run_id: str) -> Any:
        """GET /threads/{threadId}/runs/{runId}/steps."""
        run = self.run(thread_id, run_id)
        late = self.options.step_listing == "at the end" and not run.is_settled
        steps = [step for step in run.steps if not late and not self._hidden(step)]
        return self.page([self.show_step(step) for step in steps], request, "desc")

    async def get_step(self, request: Request, thread_id: str, run_id: str, step_id: str) -> Any:
        """GET /threads/{threadId}/runs/{runId}/steps/{stepId}."""
        if any(step["id"] == step_id and self._hidden(step) for step in self.run(thread_id, run_id).steps):
            raise Refusal(404, "not_found", f"step {step_id} not found")
        return await super().get_step(request, thread_id, run_id, step_id)
