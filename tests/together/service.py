"""What does a conforming service do with threads, messages and runs, apart from HTTP?

It stores rows that workers change over time, as most services do. It shares no code with the mock, which
computes runs from scenarios. Faults and variants override single methods.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]
TERMINAL = frozenset({"completed", "failed", "cancelled", "expired"})
STAMPS = {
    "in_progress": "startedAt",
    "completed": "completedAt",
    "failed": "failedAt",
    "cancelled": "cancelledAt",
}


class Refusal(Exception):
    """The service rejects a request."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass(eq=False)
class Run:
    """A run: its row, its request, its events so far, and its worker."""

    row: Json
    request: Json
    expires: datetime
    log: list[tuple[str, Json]] = field(default_factory=list)
    steps: list[Json] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    outputs: "asyncio.Future[Json] | None" = None
    worker: "asyncio.Task[None] | None" = None

    @property
    def status(self) -> str:
        """The status of the run."""
        return str(self.row["status"])

    @property
    def is_settled(self) -> bool:
        """Whether the run is terminal or waits for a client."""
        return self.status in TERMINAL or self.status == "requires_action"


@dataclass(eq=False)
class Thread:
    """A thread: its row, its messages and its runs, oldest first."""

    row: Json
    messages: list[Json] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)


class Service:
    """A conforming service in memory. `pace` is in seconds."""

    pace = 0.05
    lifetime = 600.0
    reply = "Bom dia! 22 °C and sunny in Lisbon today ☀, a little wind from the river."

    def __init__(self) -> None:
        self.threads: dict[str, Thread] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def now(self) -> datetime:
        """The time of the service."""
        return datetime.now(UTC)

    def stamp(self, moment: datetime) -> str:
        """A time as it is sent."""
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def new_id(self, kind: str) -> str:
        """A new id."""
        return f"{kind}_{uuid.uuid4()}"

    def row(self, kind: str, name: str, **fields: Any) -> Json:
        """A new row with the fields that every row has."""
        return {"id": self.new_id(name), "object": kind, "createdAt": self.stamp(self.now()), **fields}

    def thread(self, thread_id: str) -> Thread:
        """The thread with an id. Raises `Refusal`."""
        if thread_id not in self.threads:
            raise Refusal(404, "not_found", f"thread {thread_id} not found")
        return self.threads[thread_id]

    def run(self, thread_id: str, run_id: str) -> Run:
        """The run with an id in a thread. Raises `Refusal`."""
        for run in self.thread(thread_id).runs:
            if run.row["id"] == run_id:
                return run
        raise Refusal(404, "not_found", f"run {run_id} not found in thread {thread_id}")

    def add_thread(self, fields: Json) -> Thread:
        """Create a thread with its messages."""
        row = self.row("thread", "thread", title=fields.get("title", ""), metadata=fields.get("metadata", {}))
        if fields.get("toolResources"):
            row["toolResources"] = fields["toolResources"]
        thread = self.threads[row["id"]] = Thread(row)
        thread.row["datasetId"] = fields.get("datasetId", "")
        for message in fields.get("messages", []):
            self.add_message(thread, message)
        return thread

    def add_message(self, thread: Thread, fields: Json) -> Json:
        """Append a message to a thread."""
        message = self.row(
            "thread.message",
            "msg",
            threadId=thread.row["id"],
            role=fields["role"],
            content=self.content(fields["content"]),
            attachments=fields.get("attachments", []),
            assistantId=None,
            runId=fields.get("runId") or None,
            metadata=fields.get("metadata", {}),
        )
        thread.messages.append(message)
        return message

    def content(self, value: Any) -> list[Json]:
        """The content of a message as a list of parts."""
        parts = [{"type": "text", "text": value}] if isinstance(value, str) else value
        return [{**part, "text": self.text(part["text"])} if "text" in part else part for part in parts]

    def text(self, value: Any) -> Any:
        """A text as it is returned."""
        return {"value": value, "annotations": []} if isinstance(value, str) else {"value": "", **value}

    def add_run(self, thread: Thread, fields: Json) -> Run:
        """Create a run and start its worker."""
        expires = self.now() + timedelta(seconds=self.lifetime)
        row = self.row(
            "run",
            "run",
            threadId=thread.row["id"],
            status="queued",
            model=fields["model"],
            assistantId=fields.get("assistantId") or None,
            instructions=self.instructions(fields),
            tools=fields.get("tools", []),
            fileIds=[],
            metadata=fields.get("metadata", {}),
            expiresAt=self.stamp(expires),
            **dict.fromkeys(["startedAt", "completedAt", "failedAt", "cancelledAt"]),
            **dict.fromkeys(["requiredAction", "lastError", "usage"]),
        )
        run = Run(row, fields, expires)
        thread.runs.append(run)
        self.emit(run, "thread.run.created", self.show_run(run))
        self.emit(run, "thread.run.queued", self.show_run(run))
        run.worker = self.spawn(self.work(thread, run))
        return run

    def instructions(self, fields: Json) -> str:
        """The instructions as they are stored."""
        return str(fields.get("instructions", ""))

    def spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Start a background task."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def pause(self, share: float = 1.0) -> None:
        """Sleep for a share of `pace`."""
        await asyncio.sleep(self.pace * share)

    async def work(self, thread: Thread, run: Run) -> None:
        """The worker of a run."""
        await self.pause()
        self.move(run, "in_progress")
        await self.pause()
        try:
            for tool in self.calls(run):
                await self.ask(run, tool)
            await self.write(thread, run)
            await self.finish(run)
        except TimeoutError:
            self.close_steps(run, "expired")
            self.move(run, "expired", requiredAction=None)

    async def finish(self, run: Run) -> None:
        """Complete a run."""
        words = len(self.reply.split())
        self.move(
            run,
            "completed",
            usage={"promptTokens": 12, "completionTokens": words, "totalTokens": 12 + words},
        )

    def calls(self, run: Run) -> list[Json]:
        """The tools that the model calls: the first function."""
        return [tool for tool in run.row["tools"] if tool.get("type") == "function"][:1]

    def move(self, run: Run, status: str, **fields: Any) -> None:
        """Change the status of a run and emit an event."""
        run.row.update(status=status, **fields)
        stamp = STAMPS.get(status)
        if stamp and not run.row[stamp]:
            run.row[stamp] = self.stamp(self.now())
        self.emit(run, f"thread.run.{status}", self.show_run(run))

    def emit(self, run: Run, event: str, data: Json) -> None:
        """Emit an event to all who follow the run."""
        run.log.append((event, data))
        run.changed.set()
        run.changed = asyncio.Event()

    async def follow(self, run: Run, start: int = 0) -> AsyncIterator[tuple[str, Json]]:
        """The events of a run from an index on, until it is settled."""
        while True:
            changed = run.changed
            while start < len(run.log):
                yield run.log[start]
                start += 1
            if run.is_settled:
                return
            await changed.wait()

    async def settled(self, run: Run) -> None:
        """Wait until the run is settled."""
        while not run.is_settled:
            await run.changed.wait()

    def add_step(self, run: Run, kind: str, details: Json) -> Json:
        """Start a step of a run."""
        step = self.row(
            "thread.run.step",
            "step",
            assistantId=None,
            threadId=run.row["threadId"],
            runId=run.row["id"],
            type=kind,
            status="in_progress",
            stepDetails={"type": kind, **details},
            **dict.fromkeys(["lastError", "completedAt", "cancelledAt", "failedAt", "usage"]),
            expiresAt=run.row["expiresAt"],
            metadata={},
        )
        run.steps.append(step)
        self.emit(run, "thread.run.step.created", self.show_step(step))
        self.emit(run, "thread.run.step.in_progress", self.show_step(step))
        return step

    def end_step(self, run: Run, step: Json, status: str = "completed") -> None:
        """End a step of a run."""
        step["status"] = status
        if status in STAMPS:
            step[STAMPS[status]] = self.stamp(self.now())
        self.emit(run, f"thread.run.step.{status}", self.show_step(step))

    def close_steps(self, run: Run, status: str) -> None:
        """End the steps that are in progress."""
        for step in run.steps:
            if step["status"] == "in_progress":
                self.end_step(run, step, status)

    async def ask(self, run: Run, tool: Json) -> None:
        """Request a tool call and wait for its output."""
        function = {"name": tool.get("function", {}).get("name", "tool"), "arguments": '{"city": "Lisbon"}'}
        call = {"id": self.new_id("call"), "type": "function", "function": function}
        step = self.add_step(run, "tool_calls", {"toolCalls": [call]})
        run.outputs = asyncio.get_running_loop().create_future()
        action = {"type": "submit_tool_outputs", "submitToolOutputs": {"toolCalls": [call]}}
        self.move(run, "requires_action", requiredAction=action)
        outputs = await asyncio.wait_for(run.outputs, self.remaining(run))
        answered = {**call, "function": {**function, "output": outputs[call["id"]]}}
        step["stepDetails"] = {"type": "tool_calls", "toolCalls": [answered]}
        self.end_step(run, step)
        await self.pause()

    def remaining(self, run: Run) -> float:
        """The seconds until a run expires."""
        return max(0.0, (run.expires - self.now()).total_seconds())

    def submit(self, run: Run, outputs: list[Json]) -> None:
        """Accept the outputs that a run waits for."""
        if run.status != "requires_action" or run.outputs is None or run.outputs.done():
            raise Refusal(400, "failed_precondition", f"run {run.row['id']} does not require tool outputs")
        given = {one["toolCallId"]: one["output"] for one in outputs}
        wanted = {call["id"] for call in run.row["requiredAction"]["submitToolOutputs"]["toolCalls"]}
        if set(given) != wanted:
            raise Refusal(400, "invalid_argument", f"toolOutputs: must be for {', '.join(sorted(wanted))}")
        self.move(run, "in_progress", requiredAction=None)
        run.outputs.set_result(given)

    async def write(self, thread: Thread, run: Run) -> None:
        """Write the reply, word by word."""
        message = self.add_message(thread, {"role": "assistant", "content": "", "runId": run.row["id"]})
        step = self.add_step(run, "message_creation", {"messageCreation": {"messageId": message["id"]}})
        self.emit(run, "thread.message.created", self.show_message(message))
        written = ""
        for word in self.words(run):
            written += word
            message["content"] = self.content(written)
            piece = {"index": 0, "type": "text", "text": {"value": word}}
            delta = {"id": message["id"], "object": "thread.message.delta", "delta": {"content": [piece]}}
            self.emit(run, "thread.message.delta", delta)
            await self.pause(0.4)
        self.emit(run, "thread.message.completed", self.show_message(message))
        self.end_step(run, step)

    def words(self, run: Run) -> list[str]:
        """The reply in chunks."""
        words = self.reply.split()[: run.request.get("maxCompletionTokens") or None]
        third = max(1, len(words) // 5)
        pieces = [" ".join(words[at : at + third]) for at in range(0, len(words), third)]
        return [pieces[0], *(f" {piece}" for piece in pieces[1:])]

    def cancel(self, thread: Thread, run: Run) -> None:
        """Cancel a run."""
        if run.status in TERMINAL or run.status == "cancelling":
            raise Refusal(400, "failed_precondition", f"run {run.row['id']} is {run.status}")
        if run.worker:
            run.worker.cancel()
        self.move(run, "cancelling", requiredAction=None)
        run.worker = self.spawn(self.stop(run))

    async def stop(self, run: Run) -> None:
        """End a run that is being cancelled."""
        await self.pause()
        self.close_steps(run, "cancelled")
        self.move(run, "cancelled")

    def fail(self, run: Run, code: str = "server_error") -> None:
        """Fail a run."""
        self.close_steps(run, "failed")
        self.move(run, "failed", lastError={"code": code, "message": "the model could not be reached"})

    def show_run(self, run: Run) -> Json:
        """A run as it is returned."""
        return dict(run.row)

    def show_thread(self, thread: Thread) -> Json:
        """A thread as it is returned."""
        return {name: value for name, value in thread.row.items() if name != "datasetId"}

    def show_message(self, message: Json) -> Json:
        """A message as it is returned."""
        return dict(message)

    def show_step(self, step: Json) -> Json:
        """A run step as it is returned."""
        return dict(step)
