"""Which deployments stream runs wrongly?"""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.responses import Response, StreamingResponse

from tests.together.cases import fault
from tests.together.deployment import Deployment
from tests.together.service import TERMINAL, Json, Run, Thread

Events = AsyncIterator[tuple[str, Json]]
Bytes = AsyncIterator[bytes]


@fault()
class StreamAsJson(Deployment):
    """A stream is labelled text/event-stream."""

    def stream(self, run: Run, start: int = 0) -> Response:
        return StreamingResponse(self.frames(run, start), media_type="application/json")


@fault()
class StreamAsPlainText(Deployment):
    """A stream is not labelled text/plain."""

    def stream(self, run: Run, start: int = 0) -> Response:
        return StreamingResponse(self.frames(run, start), media_type="text/plain")


@fault()
class StreamIsIgnored(Deployment):
    """`stream: true` returns a stream."""

    async def begin(self, run: Run) -> Any:
        await self.settled(run)
        return self.show_run(run)


@fault()
class StreamsByDefault(Deployment):
    """Without `stream`, the response is the run."""

    async def begin(self, run: Run) -> Any:
        return self.stream(run)


@fault()
class StreamsDespiteFalse(Deployment):
    """`stream: false` returns the run."""

    async def begin(self, run: Run) -> Any:
        return self.stream(run) if "stream" in run.request else await super().begin(run)


@fault()
class NoDone(Deployment):
    """A stream ends with `data: [DONE]`."""

    def done(self) -> bytes:
        return b""


@fault()
class DoneTwice(Deployment):
    """`[DONE]` is sent once."""

    def done(self) -> bytes:
        return super().done() * 2


@fault()
class DoneInQuotes(Deployment):
    """The last data is [DONE], not a JSON string."""

    def done(self) -> bytes:
        return b'data: "[DONE]"\n\n'


@fault()
class DoneInLowerCase(Deployment):
    """The last data is [DONE] in capitals."""

    def done(self) -> bytes:
        return b"data: [done]\n\n"


@fault()
class DoneIsAnEventName(Deployment):
    """[DONE] is the data of the last event, not its name."""

    def done(self) -> bytes:
        return b"event: done\ndata: {}\n\n"


@fault()
class DoneIsNotDispatched(Deployment):
    """The last event ends with a blank line."""

    def done(self) -> bytes:
        return b"data: [DONE]\n"


@fault()
class ContinuesAfterDone(Deployment):
    """Nothing follows [DONE]."""

    async def frames(self, run: Run, start: int) -> Bytes:
        async for frame in super().frames(run, start):
            yield frame
        yield self.frame("thread.run.completed", self.show_run(run))


@fault()
class DoneBeforeTheEnd(Deployment):
    """[DONE] follows the last status of the run."""

    async def frames(self, run: Run, start: int) -> Bytes:
        async for event, data in self.events(run, start):
            if data.get("status") in TERMINAL and data["object"] == "run":
                yield self.done()
            yield self.frame(event, data)


@fault()
class EndsBeforeItsRun(Deployment):
    """A stream does not end while its run is in progress."""

    async def frames(self, run: Run, start: int) -> Bytes:
        async for event, data in self.events(run, start):
            yield self.frame(event, data)
            if event == "thread.run.in_progress":
                break
        yield self.done()


@fault()
class NothingButDone(Deployment):
    """A stream has the events of its run."""

    async def frames(self, run: Run, start: int) -> Bytes:
        await self.settled(run)
        yield self.done()


@fault("note")
class NoLastStatus(Deployment):
    """A stream shows how its run ended (assumed)."""

    async def events(self, run: Run, start: int) -> Events:
        async for event, data in super().events(run, start):
            if data.get("status") not in TERMINAL or data["object"] != "run":
                yield event, data


@fault()
class TwoTerminalStatuses(Deployment):
    """A stream shows one terminal status."""

    async def events(self, run: Run, start: int) -> Events:
        async for event, data in super().events(run, start):
            yield event, data
        yield "thread.run.failed", {**self.show_run(run), "status": "failed"}


@fault()
class StaysOpen(Deployment):
    """A stream ends after [DONE]."""

    async def frames(self, run: Run, start: int) -> Bytes:
        async for frame in super().frames(run, start):
            yield frame
        await asyncio.sleep(3600)


@fault("failure", "--max-wait", "3")
class Hangs(Deployment):
    """A stream continues until its run has ended."""

    async def frames(self, run: Run, start: int) -> Bytes:
        yield self.frame(*run.log[0])
        await asyncio.sleep(3600)


@fault()
class BreaksOff(Deployment):
    """A stream does not break off."""

    async def frames(self, run: Run, start: int) -> Bytes:
        count = 0
        async for frame in super().frames(run, start):
            count += 1
            if count == 7:
                yield frame[: len(frame) // 2]
                return
            yield frame


@fault()
class ArrivesAllAtOnce(Deployment):
    """An event is sent when it happens."""

    pace = 0.4

    async def frames(self, run: Run, start: int) -> Bytes:
        yield b"".join([frame async for frame in super().frames(run, start)])


@fault()
class ArrivesInLargeBlocks(Deployment):
    """An event is sent when it happens, not when a buffer is full."""

    pace = 0.4

    async def frames(self, run: Run, start: int) -> Bytes:
        buffer = b""
        async for frame in super().frames(run, start):
            buffer += frame
            if len(buffer) > 8192:
                yield buffer
                buffer = b""
        yield buffer


@fault()
class DataIsNotJson(Deployment):
    """The data of an event is JSON, not the literal of a programming language."""

    def frame(self, event: str, data: Json) -> bytes:
        return f"event: {event}\ndata: {data!r}\n\n".encode()


@fault()
class OneEventIsNotJson(Deployment):
    """The data of every event is JSON."""

    def frame(self, event: str, data: Json) -> bytes:
        frame = super().frame(event, data)
        return frame.replace(b'"delta"', b"delta", 1) if event == "thread.message.delta" else frame


@fault("note")
class DataIsPlainText(Deployment):
    """The data of an event is a JSON object, not text."""

    def frame(self, event: str, data: Json) -> bytes:
        frame = super().frame(event, data)
        return b"event: text\ndata: a word\n\n" if event == "thread.message.delta" else frame


@fault()
class DataOverSeveralLines(Deployment):
    """Every line of an event's data begins with `data:`."""

    def frame(self, event: str, data: Json) -> bytes:
        return f"event: {event}\ndata: {json.dumps(data, indent=1)}\n\n".encode()


@fault()
class FieldNamesInCapitals(Deployment):
    """The field names of an event are in lower case."""

    def frame(self, event: str, data: Json) -> bytes:
        return b"Event: " + event.encode() + b"\nData: " + self.dump(data) + b"\n\n"


@fault()
class JsonLines(Deployment):
    """A stream of events is not a list of JSON lines."""

    def frame(self, event: str, data: Json) -> bytes:
        return self.dump({"event": event, "data": data}) + b"\n"


@fault()
class EventsAreNotSeparated(Deployment):
    """A blank line follows every event."""

    def frame(self, event: str, data: Json) -> bytes:
        return super().frame(event, data).removesuffix(b"\n")


@fault()
class StreamInLatin1(Deployment):
    """A stream is UTF-8."""

    def frame(self, event: str, data: Json) -> bytes:
        return super().frame(event, data).decode().encode("latin-1", "replace")


@fault()
class RunIdChanges(Deployment):
    """A stream reports one run."""

    async def events(self, run: Run, start: int) -> Events:
        async for event, data in super().events(run, start):
            last = data.get("object") == "run" and data["status"] in TERMINAL
            yield event, {**data, "id": self.new_id("run")} if last else data


@fault()
class StreamOfAnotherThread(Deployment):
    """The run of a stream is in the requested thread."""

    async def events(self, run: Run, start: int) -> Events:
        async for event, data in super().events(run, start):
            yield event, {**data, "threadId": "thread_0"} if "threadId" in data else data


@fault()
class StatusReturnsToTheQueue(Deployment):
    """A run that has started is not queued again."""

    async def events(self, run: Run, start: int) -> Events:
        async for event, data in super().events(run, start):
            yield event, data
            if event == "thread.message.created":
                yield "thread.run.queued", {**self.show_run(run), "status": "queued", "startedAt": None}


@fault()
class ContinuesAfterTheEnd(Deployment):
    """A run does not change after its terminal status."""

    async def events(self, run: Run, start: int) -> Events:
        async for event, data in super().events(run, start):
            yield event, data
        yield "thread.run.in_progress", {**self.show_run(run), "status": "in_progress", "completedAt": None}


@fault()
class StreamReportsAnotherEnd(Deployment):
    """The last status in a stream is the status that is read afterwards."""

    async def events(self, run: Run, start: int) -> Events:
        async for event, data in super().events(run, start):
            yield event, data
        run.row.update(status="failed", failedAt=run.row["completedAt"], completedAt=None)
        run.row["lastError"] = {"code": "server_error", "message": "lost"}


@fault()
class StreamedRunsAreNotKept(Deployment):
    """A run that was streamed can be read afterwards."""

    async def events(self, run: Run, start: int) -> Events:
        async for event, data in super().events(run, start):
            yield event, data
        self.threads[run.row["threadId"]].runs.remove(run)


@fault()
class StreamedMessagesAreNotKept(Deployment):
    """A message that was streamed can be read afterwards."""

    async def events(self, run: Run, start: int) -> Events:
        async for event, data in super().events(run, start):
            yield event, data
        if run.request.get("stream"):
            self.threads[run.row["threadId"]].messages.pop()


@fault()
class StreamedMessagesAreTruncated(Deployment):
    """A message that was streamed completely is read completely afterwards."""

    async def write(self, thread: Thread, run: Run) -> None:
        await super().write(thread, run)
        message = thread.messages[-1]
        message["content"] = self.content(message["content"][0]["text"]["value"][:-9])


@fault()
class StreamedRunsAreIncomplete(Deployment):
    """A run in a stream has all its fields."""

    async def events(self, run: Run, start: int) -> Events:
        async for event, data in super().events(run, start):
            thin = {name: data[name] for name in ("id", "object", "status") if name in data}
            yield event, thin if data["object"] == "run" else data


@fault()
class StreamRepeatsItself(Deployment):
    """A stream does not repeat earlier events after the end of its run."""

    async def events(self, run: Run, start: int) -> Events:
        told_already = []
        async for event, data in super().events(run, start):
            told_already.append((event, data))
            yield event, data
        for event, data in told_already[:3]:
            yield event, data


@fault()
class StreamOfAnInvalidRequest(Deployment):
    """With `stream`, a request without a model is rejected too."""

    async def create_run(self, request: Any, thread_id: str) -> Any:
        fields = json.loads(await request.body() or b"null")
        if isinstance(fields, dict) and fields.get("stream") is True and "model" not in fields:
            return StreamingResponse(
                iter([b'event: error\ndata: {"message": "no model"}\n\n']),
                200,
                media_type="text/event-stream",
            )
        return await super().create_run(request, thread_id)


@fault()
class DeltasAreLost(Deployment):
    """The deltas of a message add up to the message."""

    async def events(self, run: Run, start: int) -> Events:
        count = 0
        async for event, data in super().events(run, start):
            count += event.endswith("delta")
            if not event.endswith("delta") or count != 3:
                yield event, data


@fault()
class StreamsAreMixed(Deployment):
    """A stream reports its own run only."""

    async def events(self, run: Run, start: int) -> Events:
        async for event, data in super().events(run, start):
            yield event, data
            others = [other for thread in self.threads.values() for other in thread.runs if other is not run]
            deltas = [entry for other in others for entry in other.log if entry[0] == "thread.message.delta"]
            if event == "thread.message.completed" and deltas:
                yield deltas[-1]


@fault()
class StreamBreaksCharacters(Deployment):
    """A stream keeps every character of a message."""

    def frame(self, event: str, data: Json) -> bytes:
        return super().frame(event, data).decode().replace("☀", "\ufffd\ufffd\ufffd").encode()


@fault("note")
class EventsNamedAfterAnotherStatus(Deployment):
    """An event has the name of the status in its data (assumed)."""

    async def events(self, run: Run, start: int) -> Events:
        async for event, data in super().events(run, start):
            yield ("thread.run.queued" if event == "thread.run.in_progress" else event), data


@fault("note")
class UnknownEventNames(Deployment):
    """Events have the names of the OpenAI Assistants API (assumed)."""

    def frame(self, event: str, data: Json) -> bytes:
        return super().frame(event.removeprefix("thread.").replace(".", "_"), data)


@fault("note")
class DeltasAreText(Deployment):
    """A message event is an object with a delta (assumed)."""

    async def events(self, run: Run, start: int) -> Events:
        async for event, data in super().events(run, start):
            yield event, {"text": data["delta"]["content"][0]["text"]["value"]} if "delta" in data else data


@fault()
class MessagesAfterTheEnd(Deployment):
    """What happens in a run is written before its end."""

    async def events(self, run: Run, start: int) -> AsyncIterator[tuple[str, Json]]:
        late: list[tuple[str, Json]] = []
        async for event, data in super().events(run, start):
            if event == "thread.message.completed":
                late.append((event, data))
            else:
                yield event, data
        for event, data in late:
            yield event, data
