"""Which deployments stream a run in a wrong way?"""

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

    def stream(self, run: Run, told: int = 0) -> Response:
        return StreamingResponse(self.frames(run, told), media_type="application/json")


@fault()
class StreamAsPlainText(Deployment):
    """A stream is not labelled text/plain."""

    def stream(self, run: Run, told: int = 0) -> Response:
        return StreamingResponse(self.frames(run, told), media_type="text/plain")


@fault()
class StreamIsIgnored(Deployment):
    """`stream: true` is answered with a stream."""

    async def begin(self, run: Run) -> Any:
        await self.settled(run)
        return self.show_run(run)


@fault()
class StreamsUnasked(Deployment):
    """Without `stream` the answer is the run."""

    async def begin(self, run: Run) -> Any:
        return self.stream(run)


@fault()
class StreamsWhatShouldNot(Deployment):
    """`stream: false` is answered with the run."""

    async def begin(self, run: Run) -> Any:
        return self.stream(run) if "stream" in run.asked else await super().begin(run)


@fault()
class NoDone(Deployment):
    """A stream ends with `data: [DONE]`."""

    def done(self) -> bytes:
        return b""


@fault()
class DoneTwice(Deployment):
    """`[DONE]` comes once."""

    def done(self) -> bytes:
        return super().done() * 2


@fault()
class DoneInQuotes(Deployment):
    """The last data is the word [DONE], not a JSON text."""

    def done(self) -> bytes:
        return b'data: "[DONE]"\n\n'


@fault()
class DoneInLowerCase(Deployment):
    """The last data is [DONE] as it is written."""

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
class GoesOnAfterDone(Deployment):
    """Nothing comes after [DONE]."""

    async def frames(self, run: Run, told: int) -> Bytes:
        async for frame in super().frames(run, told):
            yield frame
        yield self.frame("thread.run.completed", self.show_run(run))


@fault()
class DoneBeforeTheEnd(Deployment):
    """[DONE] comes after the run's last status."""

    async def frames(self, run: Run, told: int) -> Bytes:
        async for event, data in self.events(run, told):
            if data.get("status") in TERMINAL and data["object"] == "run":
                yield self.done()
            yield self.frame(event, data)


@fault()
class NoLastStatus(Deployment):
    """A stream tells how its run ended."""

    async def events(self, run: Run, told: int) -> Events:
        async for event, data in super().events(run, told):
            if data.get("status") not in TERMINAL or data["object"] != "run":
                yield event, data


@fault()
class TwoEnds(Deployment):
    """A stream tells one terminal status."""

    async def events(self, run: Run, told: int) -> Events:
        async for event, data in super().events(run, told):
            yield event, data
        yield "thread.run.failed", {**self.show_run(run), "status": "failed"}


@fault()
class StaysOpen(Deployment):
    """A stream ends after [DONE]."""

    async def frames(self, run: Run, told: int) -> Bytes:
        async for frame in super().frames(run, told):
            yield frame
        await asyncio.sleep(3600)


@fault("failure", "--max-wait", "3")
class Hangs(Deployment):
    """A stream goes on until its run has ended."""

    async def frames(self, run: Run, told: int) -> Bytes:
        yield self.frame(*run.log[0])
        await asyncio.sleep(3600)


@fault()
class BreaksOff(Deployment):
    """A stream does not end in the middle."""

    async def frames(self, run: Run, told: int) -> Bytes:
        count = 0
        async for frame in super().frames(run, told):
            count += 1
            if count == 7:
                yield frame[: len(frame) // 2]
                return
            yield frame


@fault()
class ComesAllAtOnce(Deployment):
    """An event is sent when it happens."""

    pace = 0.4

    async def frames(self, run: Run, told: int) -> Bytes:
        yield b"".join([frame async for frame in super().frames(run, told)])


@fault()
class ComesInLargeBlocks(Deployment):
    """An event is sent when it happens, not when a buffer is full."""

    pace = 0.4

    async def frames(self, run: Run, told: int) -> Bytes:
        buffer = b""
        async for frame in super().frames(run, told):
            buffer += frame
            if len(buffer) > 8192:
                yield buffer
                buffer = b""
        yield buffer


@fault()
class DataIsNotJson(Deployment):
    """The data of an event is JSON, not what a language prints."""

    def frame(self, event: str, data: Json) -> bytes:
        return f"event: {event}\ndata: {data!r}\n\n".encode()


@fault()
class OneEventIsNotJson(Deployment):
    """The data of every event is JSON."""

    def frame(self, event: str, data: Json) -> bytes:
        frame = super().frame(event, data)
        return frame.replace(b'"delta"', b"delta", 1) if event == "thread.message.delta" else frame


@fault()
class DataOverSeveralLines(Deployment):
    """Every line of an event's data begins with `data:`."""

    def frame(self, event: str, data: Json) -> bytes:
        return f"event: {event}\ndata: {json.dumps(data, indent=1)}\n\n".encode()


@fault()
class FieldNamesInCapitals(Deployment):
    """The fields of an event are named in lower case."""

    def frame(self, event: str, data: Json) -> bytes:
        return b"Event: " + event.encode() + b"\nData: " + self.dump(data) + b"\n\n"


@fault()
class LinesOfJson(Deployment):
    """A stream of events is not a list of JSON lines."""

    def frame(self, event: str, data: Json) -> bytes:
        return self.dump({"event": event, "data": data}) + b"\n"


@fault()
class EventsAreNotSeparated(Deployment):
    """A blank line stands behind every event."""

    def frame(self, event: str, data: Json) -> bytes:
        return super().frame(event, data).removesuffix(b"\n")


@fault()
class StreamInLatin1(Deployment):
    """A stream is UTF-8."""

    def frame(self, event: str, data: Json) -> bytes:
        return super().frame(event, data).decode().encode("latin-1", "replace")


@fault()
class RunIdChanges(Deployment):
    """A stream tells of one run."""

    async def events(self, run: Run, told: int) -> Events:
        async for event, data in super().events(run, told):
            last = data.get("object") == "run" and data["status"] in TERMINAL
            yield event, {**data, "id": self.new_id("run")} if last else data


@fault()
class StreamOfAnotherThread(Deployment):
    """The runs of a stream are in the thread that was asked for."""

    async def events(self, run: Run, told: int) -> Events:
        async for event, data in super().events(run, told):
            yield event, {**data, "threadId": "thread_0"} if "threadId" in data else data


@fault()
class StatusGoesBack(Deployment):
    """A run that was started is not queued again."""

    async def events(self, run: Run, told: int) -> Events:
        async for event, data in super().events(run, told):
            yield event, data
            if event == "thread.message.created":
                yield "thread.run.queued", {**self.show_run(run), "status": "queued", "startedAt": None}


@fault()
class GoesOnAfterTheEnd(Deployment):
    """Nothing of a run changes after its terminal status."""

    async def events(self, run: Run, told: int) -> Events:
        async for event, data in super().events(run, told):
            yield event, data
        yield "thread.run.in_progress", {**self.show_run(run), "status": "in_progress", "completedAt": None}


@fault()
class StreamTellsAnotherEnd(Deployment):
    """What a stream told of the end is what is read afterwards."""

    async def events(self, run: Run, told: int) -> Events:
        async for event, data in super().events(run, told):
            yield event, data
        run.row.update(status="failed", failedAt=run.row["completedAt"], completedAt=None)
        run.row["lastError"] = {"code": "server_error", "message": "lost"}


@fault()
class StreamedRunsAreNotKept(Deployment):
    """A run that was streamed can be read afterwards."""

    async def events(self, run: Run, told: int) -> Events:
        async for event, data in super().events(run, told):
            yield event, data
        self.threads[run.row["threadId"]].runs.remove(run)


@fault()
class StreamedMessagesAreNotKept(Deployment):
    """A message that was streamed can be read afterwards."""

    async def events(self, run: Run, told: int) -> Events:
        async for event, data in super().events(run, told):
            yield event, data
        if run.asked.get("stream"):
            self.threads[run.row["threadId"]].messages.pop()


@fault()
class StreamedMessagesAreCut(Deployment):
    """The message that was streamed whole is the message that is read afterwards."""

    async def write(self, thread: Thread, run: Run) -> None:
        await super().write(thread, run)
        message = thread.messages[-1]
        message["content"] = self.content(message["content"][0]["text"]["value"][:-9])


@fault()
class StreamedRunsAreThin(Deployment):
    """A run in a stream is a whole run."""

    async def events(self, run: Run, told: int) -> Events:
        async for event, data in super().events(run, told):
            thin = {name: data[name] for name in ("id", "object", "status") if name in data}
            yield event, thin if data["object"] == "run" else data


@fault()
class StreamRepeatsItself(Deployment):
    """What a stream told is not told again after the run's end."""

    async def events(self, run: Run, told: int) -> Events:
        told_already = []
        async for event, data in super().events(run, told):
            told_already.append((event, data))
            yield event, data
        for event, data in told_already[:3]:
            yield event, data


@fault()
class StreamOfAnInvalidRequest(Deployment):
    """With `stream`, a request without a model is refused like any other."""

    async def create_run(self, request: Any, thread_id: str) -> Any:
        asked = json.loads(await request.body() or b"null")
        if isinstance(asked, dict) and asked.get("stream") is True and "model" not in asked:
            return StreamingResponse(
                iter([b'event: error\ndata: {"message": "no model"}\n\n']),
                200,
                media_type="text/event-stream",
            )
        return await super().create_run(request, thread_id)


@fault()
class DeltasAreLost(Deployment):
    """The pieces of a message make up the message."""

    async def events(self, run: Run, told: int) -> Events:
        count = 0
        async for event, data in super().events(run, told):
            count += event.endswith("delta")
            if not event.endswith("delta") or count != 3:
                yield event, data


@fault()
class StreamsAreMixed(Deployment):
    """A stream tells of its own run, not of what else happens meanwhile."""

    async def events(self, run: Run, told: int) -> Events:
        async for event, data in super().events(run, told):
            yield event, data
            others = [other for thread in self.threads.values() for other in thread.runs if other is not run]
            if event == "thread.message.created" and others:
                yield others[-1].log[-1]


@fault()
class StreamBreaksLetters(Deployment):
    """A stream tells every letter of a message."""

    def frame(self, event: str, data: Json) -> bytes:
        return super().frame(event, data).decode().replace("☀", "\ufffd\ufffd\ufffd").encode()


@fault("note")
class EventNamesOfItsOwn(Deployment):
    """Events are named as by the OpenAI Assistants API (assumed)."""

    def frame(self, event: str, data: Json) -> bytes:
        return super().frame(event.removeprefix("thread.").replace(".", "_"), data)


@fault("note")
class DeltasAreText(Deployment):
    """A piece of a message is an object with a delta (assumed)."""

    async def events(self, run: Run, told: int) -> Events:
        async for event, data in super().events(run, told):
            yield event, {"text": data["delta"]["content"][0]["text"]["value"]} if "delta" in data else data
