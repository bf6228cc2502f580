"""What does a good service do with threads, messages and runs, without regard to HTTP?

A service as another team might have written it: rows that workers change while time passes. It shares no
line with the mock, whose runs are computed from scenarios. Faults and variants override single methods.
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
    """The service says no."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass(eq=False)
class Run:
    """A run's row, what was told of it so far, and who works on it."""

    row: Json
    asked: Json
    expires: datetime
    log: list[tuple[str, Json]] = field(default_factory=list)
    steps: list[Json] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    outputs: "asyncio.Future[Json] | None" = None
    worker: "asyncio.Task[None] | None" = None

    @property
    def status(self) -> str:
        """Where the run stands."""
        return str(self.row["status"])

    @property
    def rests(self) -> bool:
        """Whether nothing will happen unless a client does something."""
        return self.status in TERMINAL or self.status == "requires_action"


@dataclass(eq=False)
class Thread:
    """A thread's row and what belongs to it, oldest first."""

    row: Json
    messages: list[Json] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)


class Service:
    """The good service, in memory."""

    pace = 0.05
    lifetime = 600.0
    reply = "Bom dia! 22 °C and sunny in Lisbon today ☀, a little wind from the river."

    def __init__(self) -> None:
        self.threads: dict[str, Thread] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def now(self) -> datetime:
        """The service's clock."""
        return datetime.now(UTC)

    def stamp(self, moment: datetime) -> str:
        """A moment as it goes over the wire."""
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def new_id(self, kind: str) -> str:
        """A fresh id."""
        return f"{kind}_{uuid.uuid4()}"

    def row(self, kind: str, name: str, **fields: Any) -> Json:
        """A new row with what every row has."""
        return {"id": self.new_id(name), "object": kind, "createdAt": self.stamp(self.now()), **fields}

    def thread(self, thread_id: str) -> Thread:
        """The thread of an id."""
        if thread_id not in self.threads:
            raise Refusal(404, "not_found", f"thread {thread_id} not found")
        return self.threads[thread_id]

    def run(self, thread_id: str, run_id: str) -> Run:
        """The run of an id in a thread."""
        for run in self.thread(thread_id).runs:
            if run.row["id"] == run_id:
                return run
        raise Refusal(404, "not_found", f"run {run_id} not found in thread {thread_id}")

    def add_thread(self, asked: Json) -> Thread:
        """Create a thread, with the messages it was given."""
        row = self.row("thread", "thread", title=asked.get("title", ""), metadata=asked.get("metadata", {}))
        if asked.get("toolResources"):
            row["toolResources"] = asked["toolResources"]
        thread = self.threads[row["id"]] = Thread(row)
        thread.row["datasetId"] = asked.get("datasetId", "")
        for message in asked.get("messages", []):
            self.add_message(thread, message)
        return thread

    def add_message(self, thread: Thread, asked: Json) -> Json:
        """Add what somebody said at the end of a thread."""
        message = self.row(
            "thread.message",
            "msg",
            threadId=thread.row["id"],
            role=asked["role"],
            content=self.content(asked["content"]),
            attachments=asked.get("attachments", []),
            assistantId=None,
            runId=asked.get("runId") or None,
            metadata=asked.get("metadata", {}),
        )
        thread.messages.append(message)
        return message

    def content(self, asked: Any) -> list[Json]:
        """The parts of a message, whichever way they were sent."""
        parts = [{"type": "text", "text": asked}] if isinstance(asked, str) else asked
        return [{**part, "text": self.text(part["text"])} if "text" in part else part for part in parts]

    def text(self, asked: Any) -> Any:
        """A text as it is given back."""
        return {"value": asked, "annotations": []} if isinstance(asked, str) else {"value": "", **asked}

    def add_run(self, thread: Thread, asked: Json) -> Run:
        """Create a run and let a worker begin."""
        expires = self.now() + timedelta(seconds=self.lifetime)
        row = self.row(
            "run",
            "run",
            threadId=thread.row["id"],
            status="queued",
            model=asked["model"],
            assistantId=asked.get("assistantId") or None,
            instructions=self.instructions(asked),
            tools=asked.get("tools", []),
            fileIds=[],
            metadata=asked.get("metadata", {}),
            expiresAt=self.stamp(expires),
            **dict.fromkeys(["startedAt", "completedAt", "failedAt", "cancelledAt"]),
            **dict.fromkeys(["requiredAction", "lastError", "usage"]),
        )
        run = Run(row, asked, expires)
        thread.runs.append(run)
        self.tell(run, "thread.run.created", self.show_run(run))
        self.tell(run, "thread.run.queued", self.show_run(run))
        run.worker = self.spawn(self.work(thread, run))
        return run

    def instructions(self, asked: Json) -> str:
        """The instructions as they are stored."""
        return str(asked.get("instructions", ""))

    def spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Let something happen in the background."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def pause(self, share: float = 1.0) -> None:
        """Let some of the service's usual time pass."""
        await asyncio.sleep(self.pace * share)

    async def work(self, thread: Thread, run: Run) -> None:
        """The life of a run."""
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
        """The end of a run that went well."""
        words = len(self.reply.split())
        self.move(
            run,
            "completed",
            usage={"promptTokens": 12, "completionTokens": words, "totalTokens": 12 + words},
        )

    def calls(self, run: Run) -> list[Json]:
        """The tools that the model wants to be called: the first function it was given."""
        return [tool for tool in run.row["tools"] if tool.get("type") == "function"][:1]

    def move(self, run: Run, status: str, **fields: Any) -> None:
        """Bring a run into a status and tell it."""
        run.row.update(status=status, **fields)
        stamp = STAMPS.get(status)
        if stamp and not run.row[stamp]:
            run.row[stamp] = self.stamp(self.now())
        self.tell(run, f"thread.run.{status}", self.show_run(run))

    def tell(self, run: Run, event: str, data: Json) -> None:
        """Say to everyone who follows the run what happened."""
        run.log.append((event, data))
        run.news.set()
        run.news = asyncio.Event()

    async def follow(self, run: Run, told: int = 0) -> AsyncIterator[tuple[str, Json]]:
        """What is told of a run, until it rests."""
        while True:
            news = run.news
            while told < len(run.log):
                yield run.log[told]
                told += 1
            if run.rests:
                return
            await news.wait()

    async def settled(self, run: Run) -> None:
        """Wait until the run rests."""
        while not run.rests:
            await run.news.wait()

    def add_step(self, run: Run, kind: str, details: Json) -> Json:
        """Begin a step of a run."""
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
        self.tell(run, "thread.run.step.created", self.show_step(step))
        self.tell(run, "thread.run.step.in_progress", self.show_step(step))
        return step

    def end_step(self, run: Run, step: Json, status: str = "completed") -> None:
        """End a step of a run."""
        step["status"] = status
        if status in STAMPS:
            step[STAMPS[status]] = self.stamp(self.now())
        self.tell(run, f"thread.run.step.{status}", self.show_step(step))

    def close_steps(self, run: Run, status: str) -> None:
        """End the steps that a run's end interrupts."""
        for step in run.steps:
            if step["status"] == "in_progress":
                self.end_step(run, step, status)

    async def ask(self, run: Run, tool: Json) -> None:
        """Have a tool called by the client and wait for its output."""
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
        """Take the outputs that a run waits for."""
        if run.status != "requires_action" or run.outputs is None:
            raise Refusal(400, "failed_precondition", f"run {run.row['id']} waits for no tool outputs")
        given = {one["toolCallId"]: one["output"] for one in outputs}
        wanted = {call["id"] for call in run.row["requiredAction"]["submitToolOutputs"]["toolCalls"]}
        if set(given) != wanted:
            raise Refusal(400, "invalid_argument", f"toolOutputs: wanted are {', '.join(sorted(wanted))}")
        self.move(run, "in_progress", requiredAction=None)
        run.outputs.set_result(given)

    async def write(self, thread: Thread, run: Run) -> None:
        """Write the reply, word by word."""
        message = self.add_message(thread, {"role": "assistant", "content": "", "runId": run.row["id"]})
        step = self.add_step(run, "message_creation", {"messageCreation": {"messageId": message["id"]}})
        self.tell(run, "thread.message.created", self.show_message(message))
        written = ""
        for word in self.words(run):
            written += word
            message["content"] = self.content(written)
            piece = {"index": 0, "type": "text", "text": {"value": word}}
            delta = {"id": message["id"], "object": "thread.message.delta", "delta": {"content": [piece]}}
            self.tell(run, "thread.message.delta", delta)
            await self.pause(0.4)
        self.tell(run, "thread.message.completed", self.show_message(message))
        self.end_step(run, step)

    def words(self, run: Run) -> list[str]:
        """The reply in pieces."""
        words = self.reply.split()[: run.asked.get("maxCompletionTokens") or None]
        third = max(1, len(words) // 5)
        pieces = [" ".join(words[at : at + third]) for at in range(0, len(words), third)]
        return [pieces[0], *(f" {piece}" for piece in pieces[1:])]

    def cancel(self, thread: Thread, run: Run) -> None:
        """Stop a run."""
        if run.status in TERMINAL or run.status == "cancelling":
            raise Refusal(400, "failed_precondition", f"run {run.row['id']} is {run.status}")
        if run.worker:
            run.worker.cancel()
        self.move(run, "cancelling", requiredAction=None)
        run.worker = self.spawn(self.stop(run))

    async def stop(self, run: Run) -> None:
        """The end of a run that was cancelled."""
        await self.pause()
        self.close_steps(run, "cancelled")
        self.move(run, "cancelled")

    def fail(self, run: Run, code: str = "server_error") -> None:
        """The end of a run that went wrong."""
        self.close_steps(run, "failed")
        self.move(run, "failed", lastError={"code": code, "message": "the model could not be reached"})

    def show_run(self, run: Run) -> Json:
        """A run as clients see it."""
        return dict(run.row)

    def show_thread(self, thread: Thread) -> Json:
        """A thread as clients see it."""
        return {name: value for name, value in thread.row.items() if name != "datasetId"}

    def show_message(self, message: Json) -> Json:
        """A message as clients see it."""
        return dict(message)

    def show_step(self, step: Json) -> Json:
        """A run step as clients see it."""
        return dict(step)
