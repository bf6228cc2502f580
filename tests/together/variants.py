"""Which deployments differ and still conform, so that the checker must not fail them?"""

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from tests.together.cases import variant
from tests.together.deployment import KEY, ROUTES, Deployment
from tests.together.service import TERMINAL, Json, Refusal, Run, Thread

Bytes = AsyncIterator[bytes]


def filled(row: Json) -> Json:
    """A row without null fields."""
    return {name: value for name, value in row.items() if value is not None}


def nonzero(row: Json) -> Json:
    """A row without what the JSON of protobuf omits: null, empty strings and lists, false and 0."""
    return {name: value for name, value in row.items() if value or isinstance(value, dict)}


@variant()
class Plain(Deployment):
    """Nothing differs."""


# Responses


@variant()
class NullsAreOmitted(Deployment):
    """A field without a value is missing."""

    def show_run(self, run: Run) -> Json:
        return filled(super().show_run(run))

    def show_message(self, message: Json) -> Json:
        return filled(message)

    def show_step(self, step: Json) -> Json:
        return filled(step)


@variant()
class ZeroValuesAreOmitted(Deployment):
    """Empty strings, empty lists, false and 0 are omitted, as in the JSON of protobuf."""

    def show_run(self, run: Run) -> Json:
        return nonzero(super().show_run(run))

    def show_message(self, message: Json) -> Json:
        return nonzero(message)

    def show_step(self, step: Json) -> Json:
        return nonzero(step)

    def page(self, *arguments: Any, **options: Any) -> Json:
        page = super().page(*arguments, **options)
        return {**nonzero(page), "data": page["data"]}


@variant()
class UnsetFieldsAreEmpty(Deployment):
    """A field that is not set is an empty string, and an empty page has empty ids."""

    def show_run(self, run: Run) -> Json:
        return {**super().show_run(run), "assistantId": ""}

    def show_message(self, message: Json) -> Json:
        return {**message, "assistantId": "", "runId": message["runId"] or ""}

    def page(self, *arguments: Any, **options: Any) -> Json:
        page = super().page(*arguments, **options)
        return {**page, "firstId": page["firstId"] or "", "lastId": page["lastId"] or ""}


@variant()
class TextsAreStrings(Deployment):
    """The text of a part is a string, as in the reference."""

    def show_message(self, message: Json) -> Json:
        content = [{**part, "text": part["text"]["value"]} for part in message["content"] if "text" in part]
        return {**message, "content": content}


@variant()
class EmptyToolsAreNull(Deployment):
    """Empty lists and objects are null, as in some serializers."""

    def show_run(self, run: Run) -> Json:
        row = super().show_run(run)
        empty = {name: None for name in ("tools", "fileIds", "metadata", "instructions") if not row[name]}
        return {**row, **empty}


@variant()
class UnknownFields(Deployment):
    """Responses have unknown fields."""

    def show_run(self, run: Run) -> Json:
        return {
            **super().show_run(run),
            "temperature": 1.0,
            "responseFormat": "auto",
            "incompleteDetails": None,
        }

    def show_message(self, message: Json) -> Json:
        return {**message, "status": "completed", "likes": 0}

    def show_thread(self, thread: Thread) -> Json:
        return {**super().show_thread(thread), "updatedAt": thread.row["createdAt"], "orgId": "org_1"}

    def page(self, *arguments: Any, **options: Any) -> Json:
        return {**super().page(*arguments, **options), "total": 7}


@variant()
class NanosecondsAndOffsets(Deployment):
    """Timestamps have nanoseconds and an offset."""

    def stamp(self, moment: datetime) -> str:
        local = moment.astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat(timespec="microseconds")
        return f"{local[:26]}417{local[26:]}"


@variant()
class WholeSeconds(Deployment):
    """Timestamps are truncated to whole seconds."""

    def stamp(self, moment: datetime) -> str:
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@variant()
class LowerCaseTimestamps(Deployment):
    """Timestamps have a lower-case t and z, which RFC 3339 allows."""

    def stamp(self, moment: datetime) -> str:
        return super().stamp(moment).lower()


@variant()
class ClockAFewSecondsOff(Deployment):
    """The clock of the service is four seconds fast."""

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=4)


@variant()
class NumbersAsIds(Deployment):
    """Ids are numbers in strings."""

    def new_id(self, kind: str) -> str:
        return str(time.time_ns())


@variant()
class Ulids(Deployment):
    """Ids are 26 capitals and digits, the same form for all resources."""

    def new_id(self, kind: str) -> str:
        letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
        number = time.time_ns() << 66 | hash(super().new_id(kind)) & (1 << 62) - 1
        return "".join(letters[number >> shift & 31] for shift in range(125, -1, -5))


@variant()
class IdsWithOddCharacters(Deployment):
    """Ids have characters that a URL percent-encodes."""

    def new_id(self, kind: str) -> str:
        return f"{kind}:{super().new_id(kind)}=="


@variant()
class InstructionsAreJoined(Deployment):
    """The additional instructions are appended to the instructions of the run."""

    def instructions(self, fields: Json) -> str:
        parts = [fields.get("instructions", ""), fields.get("additionaInstructions", "")]
        return "\n".join(filter(None, parts))


@variant()
class DefaultInstructions(Deployment):
    """A run without instructions has default ones."""

    def instructions(self, fields: Json) -> str:
        return super().instructions(fields) or "You are a helpful assistant."


@variant()
class ToolsAreCompleted(Deployment):
    """The service adds fields to the tools of a run."""

    def show_run(self, run: Run) -> Json:
        row = super().show_run(run)
        return {**row, "tools": [{"id": f"tool_{index}", **tool} for index, tool in enumerate(row["tools"])]}


@variant()
class NoUsage(Deployment):
    """A run never has usage."""

    async def finish(self, run: Run) -> None:
        self.move(run, "completed")


@variant()
class NoSteps(Deployment):
    """Runs have no steps, neither in lists nor in streams."""

    def emit(self, run: Run, event: str, data: Json) -> None:
        if not event.startswith("thread.run.step"):
            super().emit(run, event, data)

    async def list_steps(self, request: Request, thread_id: str, run_id: str) -> Any:
        self.run(thread_id, run_id)
        return self.page([], request, "desc")

    async def get_step(self, request: Request, thread_id: str, run_id: str, step_id: str) -> Any:
        raise Refusal(404, "not_found", f"step {step_id} not found")


# Requests


@variant()
class NullIsMissing(Deployment):
    """null in a request counts as missing."""

    def parse(self, raw: bytes) -> Any:
        value = super().parse(raw)
        return filled(value) if isinstance(value, dict) else value


@variant()
class LimitsAreClamped(Deployment):
    """Too large a limit is reduced to the maximum."""

    def limit(self, request: Request, lenient: bool) -> int:
        return super().limit(request, True)


@variant()
class UnknownCursorsAreRefused(Deployment):
    """An unknown cursor is rejected."""

    def select(self, items: list[Json], request: Request, limit: int) -> tuple[list[Json], bool]:
        given = {request.query_params.get(name) for name in ("after", "before")} - {None, ""}
        if given - {item["id"] for item in items}:
            raise Refusal(400, "invalid_argument", "no entry has this id")
        return super().select(items, request, limit)


@variant()
class UnknownCursorsAreIgnored(Deployment):
    """An unknown cursor is ignored."""

    def select(self, items: list[Json], request: Request, limit: int) -> tuple[list[Json], bool]:
        page, more = super().select(items, request, limit)
        cursors = [request.query_params.get(name) for name in ("after", "before")]
        if any(cursor and cursor not in {item["id"] for item in items} for cursor in cursors):
            return items[:limit], len(items) > limit
        return page, more


@variant()
class BeforeOnlyEndsThePage(Deployment):
    """A page with `before` begins at the beginning of the list."""

    def select(self, items: list[Json], request: Request, limit: int) -> tuple[list[Json], bool]:
        before = request.query_params.get("before")
        ids = [item["id"] for item in items]
        if before in ids and not request.query_params.get("after"):
            page = items[: ids.index(before)]
            return page[:limit], len(page) > limit
        return super().select(items, request, limit)


@variant()
class UnknownThreadsAreCreated(Deployment):
    """Creating a run in an unknown thread creates the thread."""

    def thread(self, thread_id: str) -> Thread:
        if thread_id not in self.threads:
            row = self.row("thread", "thread", title="", metadata={}, datasetId="")
            self.threads[thread_id] = Thread({**row, "id": thread_id})
        return super().thread(thread_id)


@variant()
class UnknownThreadsAreEmpty(Deployment):
    """The lists of an unknown thread are empty."""

    async def list_runs(self, request: Request, thread_id: str) -> Any:
        known = self.threads.get(thread_id)
        return await super().list_runs(request, thread_id) if known else self.page([], request, "desc")

    async def list_messages(self, request: Request, thread_id: str) -> Any:
        known = self.threads.get(thread_id)
        return await super().list_messages(request, thread_id) if known else self.page([], request, "asc")


@variant()
class EmptyTextsAreRefused(Deployment):
    """A model, a text or a title must not be blank, and the model must be a known one."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        if kind == "run" and not value.get("model", "").strip():
            raise Refusal(400, "invalid_argument", "model: must not be empty")
        if kind == "message" and value.get("content") in ("", []):
            raise Refusal(400, "invalid_argument", "content: must not be empty")


@variant("--model", "tune/blob")
class KnownModelsOnly(Deployment):
    """A run must have one of the models of the service."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        if kind == "run" and value.get("model") not in ("tune/blob", "tune/bob"):
            raise Refusal(400, "invalid_argument", "model: there is no such model")


@variant()
class BoundsAreWide(Deployment):
    """The numbers of a run have no bounds."""

    def check(self, value: Any, kind: str) -> None:
        names = ("temperature", "topP", "maxPromptTokens", "maxCompletionTokens")
        tame = {
            name: 1
            for name in names
            if isinstance(value, dict)
            and isinstance(value.get(name), int)
            and not isinstance(value[name], bool)
        }
        floats = {
            name: 0.5 for name in names[:2] if isinstance(value, dict) and isinstance(value.get(name), float)
        }
        super().check(
            {**value, **tame, **floats} if kind == "run" and isinstance(value, dict) else value, kind
        )

    def words(self, run: Run) -> list[str]:
        run.request["maxCompletionTokens"] = max(1, run.request.get("maxCompletionTokens", 100))
        return super().words(run)


@variant()
class SmallBodiesOnly(Deployment):
    """A body has at most 8 KiB."""

    largest_body = 8192


@variant()
class ShortMetadataOnly(Deployment):
    """Metadata has at most 16 keys with strings of at most 512 characters, as in other services."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        for name, item in (value.get("metadata") or {}).items():
            if len(name) > 64 or not isinstance(item, str) or len(item) > 512:
                raise Refusal(400, "invalid_argument", "metadata: texts of at most 512 characters only")


@variant()
class FunctionToolsAreChecked(Deployment):
    """A tool must have a type and, if it is a function, a name."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        for tool in value.get("tools", []) if kind == "run" else []:
            if tool.get("type") == "function" and not tool.get("function", {}).get("name"):
                raise Refusal(400, "invalid_argument", "tools: a function needs a name")


@variant()
class NulIsRefused(Deployment):
    """A string with a NUL character is rejected."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        if "\\u0000" in json.dumps(value):
            raise Refusal(400, "invalid_argument", "a text must not hold NUL")


# Errors


@variant()
class RouterErrorsAreHtml(Deployment):
    """Errors of the router are HTML."""

    def refuse(self, refusal: Refusal) -> Response:
        if refusal.status in (404, 405, 413, 401):
            page = f"<html><h1>{refusal.status}</h1></html>"
            return Response(page, refusal.status, refusal.headers, media_type="text/html")
        return super().refuse(refusal)


@variant()
class ErrorsWithoutBody(Deployment):
    """Errors have no body."""

    def refuse(self, refusal: Refusal) -> Response:
        return Response(status_code=refusal.status, headers=refusal.headers)


@variant()
class InvalidIsUnprocessable(Deployment):
    """An invalid request is rejected with 422 and a list of details."""

    def refuse(self, refusal: Refusal) -> Response:
        if refusal.status == 400:
            return self.json({"detail": [{"loc": ["body"], "msg": refusal.message}]}, 422)
        return super().refuse(refusal)


@variant()
class WrongKeyIsForbidden(Deployment):
    """A missing or wrong key is rejected with 403."""

    def authenticate(self, request: Request) -> None:
        try:
            super().authenticate(request)
        except Refusal as refusal:
            raise Refusal(403, "permission_denied", refusal.message) from refusal


@variant()
class MissingKeyIsChallenged(Deployment):
    """A 401 response has WWW-Authenticate."""

    def authenticate(self, request: Request) -> None:
        try:
            super().authenticate(request)
        except Refusal as refusal:
            refusal.headers["WWW-Authenticate"] = 'ApiKey realm="studio"'
            raise


@variant()
class WrongMethodsAre404(Deployment):
    """A method that a path does not have is rejected with 404."""

    def route(self, method: str, path: str) -> Any:
        try:
            return super().route(method, path)
        except Refusal as refusal:
            raise Refusal(404, "not_found", "not found") from refusal


@variant()
class InvalidBeforeUnknown(Deployment):
    """The body is validated before the thread is looked up."""

    async def create_run(self, request: Request, thread_id: str) -> Any:
        fields = await self.body(request, "run")
        return await self.begin(self.add_run(self.thread(thread_id), fields))


@variant()
class PathsBeforeKeys(Deployment):
    """An unknown path is rejected before the key is checked."""

    def authenticate(self, request: Request) -> None:
        self.route(request.method, request.url.path)
        super().authenticate(request)


# Operations


def offering(*left_out: str) -> Mapping[str, str]:
    """The routes without some of them."""
    return MappingProxyType({route: name for route, name in ROUTES.items() if name not in left_out})


@variant()
class NoCancelling(Deployment):
    """Runs cannot be cancelled and tool outputs cannot be submitted: the paths are unknown."""

    routes = offering("cancel_run", "submit_tool_outputs")


@variant()
class CancellingIsUnimplemented(Deployment):
    """Cancelling returns 501."""

    async def cancel_run(self, request: Request, thread_id: str, run_id: str) -> Any:
        raise Refusal(501, "unimplemented", "runs cannot be cancelled yet")

    async def submit_tool_outputs(self, request: Request, thread_id: str, run_id: str) -> Any:
        raise Refusal(501, "unimplemented", "tool outputs cannot be submitted yet")


@variant("--thread", "thread_given")
class NoNewThreads(Deployment):
    """Threads cannot be created; there is one."""

    routes = offering("create_thread", "create_thread_and_run")

    def __init__(self) -> None:
        super().__init__()
        thread = self.add_thread({"title": "Given", "messages": [{"role": "user", "content": "Hello"}]})
        self.threads = {"thread_given": Thread({**thread.row, "id": "thread_given"})}


@variant("--thread", "thread_given")
class WeakKey(Deployment):
    """The key may only read threads and create runs in one of them."""

    def __init__(self) -> None:
        super().__init__()
        thread = self.add_thread({"title": "Given"})
        self.threads = {"thread_given": Thread({**thread.row, "id": "thread_given"})}

    async def answer(self, request: Request) -> Response:
        self.authenticate(request)
        handler, _ = self.route(request.method, request.url.path)
        if handler in ("create_thread", "create_thread_and_run", "modify_thread", "list_threads"):
            raise Refusal(403, "permission_denied", "the key has no right to do this")
        return await super().answer(request)


@variant()
class HeadIsSupported(Deployment):
    """HEAD returns the headers of GET, and OPTIONS the allowed methods."""

    async def respond(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": "GET, POST, HEAD, OPTIONS"})
        if request.method != "HEAD":
            return await super().respond(request)
        request.scope["method"] = "GET"
        response = await super().respond(Request(request.scope, request.receive))
        return Response(status_code=response.status_code, headers=dict(response.headers))


# Runs


@variant()
class RespondsAtOnce(Deployment):
    """Create run returns the queued run."""

    blocks = False


@variant()
class RunsAreInstant(Deployment):
    """Runs are completed at once."""

    pace = 0.0


@variant()
class LongQueue(Deployment):
    """Runs wait before they start."""

    blocks = False

    async def work(self, thread: Thread, run: Run) -> None:
        await asyncio.sleep(2)
        await super().work(thread, run)


@variant()
class EveryRunFails(Deployment):
    """Every run fails because the model cannot be reached."""

    async def finish(self, run: Run) -> None:
        self.fail(run)


@variant()
class FailsInTheQueue(Deployment):
    """Every run fails before it starts."""

    async def work(self, thread: Thread, run: Run) -> None:
        await self.pause()
        self.fail(run, "rate_limit_exceeded")


@variant()
class EveryRunExpires(Deployment):
    """Every run expires while it is in progress."""

    lifetime = 1.0

    async def write(self, thread: Thread, run: Run) -> None:
        await asyncio.sleep(self.remaining(run))
        raise TimeoutError


@variant()
class EveryToolIsCalled(Deployment):
    """A run calls each of its tools, one after the other."""

    def calls(self, run: Run) -> list[Json]:
        return list(run.row["tools"])


@variant()
class NoToolIsCalled(Deployment):
    """The model calls no tools."""

    def calls(self, run: Run) -> list[Json]:
        return []


@variant()
class ToolCallsExpireSoon(Deployment):
    """A run that waits for tool outputs expires soon."""

    lifetime = 1.0


@variant()
class OneRunAtATime(Deployment):
    """While a run of a thread is not terminal, the thread accepts no other run and no message."""

    def idle(self, thread_id: str) -> None:
        """Reject the request if a run is not terminal."""
        for run in self.thread(thread_id).runs:
            if run.status not in TERMINAL:
                raise Refusal(400, "failed_precondition", f"run {run.row['id']} is {run.status}")

    async def create_run(self, request: Request, thread_id: str) -> Any:
        await self.body(request, "run")
        self.idle(thread_id)
        return await super().create_run(request, thread_id)

    async def create_message(self, request: Request, thread_id: str) -> Any:
        await self.body(request, "message")
        self.idle(thread_id)
        return await super().create_message(request, thread_id)


@variant()
class CancelsAtOnce(Deployment):
    """Cancelling a run returns the cancelled run."""

    async def cancel_run(self, request: Request, thread_id: str, run_id: str) -> Any:
        run = self.run(thread_id, run_id)
        self.cancel(self.thread(thread_id), run)
        await self.settled(run)
        return self.show_run(run)


@variant()
class CompletesInsteadOfCancelling(Deployment):
    """A run that should be cancelled completes first."""

    async def stop(self, run: Run) -> None:
        self.close_steps(run, "completed")
        await self.finish(run)


@variant()
class TextBeforeTools(Deployment):
    """A message is written before the tools are called, and another one after."""

    async def ask(self, run: Run, tool: Json) -> None:
        await self.write(self.threads[run.row["threadId"]], run)
        await super().ask(run, tool)


# Streams


class Framed(Deployment):
    """A deployment that changes the frames of its streams."""

    def rewrite(self, frame: bytes) -> bytes:
        """Change one frame."""
        return frame

    async def frames(self, run: Run, start: int) -> Bytes:
        async for frame in super().frames(run, start):
            yield self.rewrite(frame)


@variant()
class StreamWithCrlf(Framed):
    """The lines of a stream end with CRLF."""

    def rewrite(self, frame: bytes) -> bytes:
        return frame.replace(b"\n", b"\r\n")


@variant()
class StreamWithCr(Framed):
    """The lines of a stream end with CR alone."""

    def rewrite(self, frame: bytes) -> bytes:
        return frame.replace(b"\n", b"\r")


@variant()
class StreamWithComments(Framed):
    """A stream has comments, ids and retry times."""

    def rewrite(self, frame: bytes) -> bytes:
        return b": ping\n\nretry: 3000\nid: 7\n" + frame

    async def frames(self, run: Run, start: int) -> Bytes:
        yield b": welcome " + b"." * 2048 + b"\n\n"
        async for frame in super().frames(run, start):
            yield frame


@variant()
class StreamWithUnknownFields(Framed):
    """A stream has fields that the standard says to ignore."""

    def rewrite(self, frame: bytes) -> bytes:
        return b"trace: 4f1c2f6e\n" + frame


@variant()
class StreamWithByteOrderMark(Framed):
    """A stream begins with a byte order mark."""

    async def frames(self, run: Run, start: int) -> Bytes:
        yield b"\xef\xbb\xbf"
        async for frame in super().frames(run, start):
            yield frame


@variant()
class StreamWithoutNames(Framed):
    """The events of a stream have no names."""

    def rewrite(self, frame: bytes) -> bytes:
        return frame[frame.index(b"data:") :]


@variant()
class StreamWithoutSpaces(Framed):
    """No space follows the colons of a stream, and data comes before the name."""

    def rewrite(self, frame: bytes) -> bytes:
        lines = [line.replace(b": ", b":", 1) for line in frame.strip().split(b"\n")]
        return b"\n".join(reversed(lines)) + b"\n\n"


@variant()
class StreamOverSeveralLines(Deployment):
    """The data of an event has several lines."""

    def frame(self, event: str, data: Json) -> bytes:
        lines = json.dumps(data, indent=1, ensure_ascii=False).split("\n")
        return "".join([f"event: {event}\n", *(f"data: {line}\n" for line in lines), "\n"]).encode()


@variant()
class StreamInSmallChunks(Framed):
    """A stream arrives in chunks that end anywhere, also within a character."""

    async def frames(self, run: Run, start: int) -> Bytes:
        async for frame in super().frames(run, start):
            for at in range(0, len(frame), 211):
                yield frame[at : at + 211]
                await asyncio.sleep(0)


@variant()
class StreamWithOtherNames(Deployment):
    """The events of a stream have other names."""

    def frame(self, event: str, data: Json) -> bytes:
        return super().frame(event.removeprefix("thread."), data)


@variant()
class StreamWithOtherEvents(Deployment):
    """A stream has unknown events."""

    async def events(self, run: Run, start: int) -> AsyncIterator[tuple[str, Json]]:
        yield "ping", {"type": "ping"}
        async for event, data in super().events(run, start):
            yield event, data
            if event == "thread.message.created":
                yield "thinking", {"text": "Let me see ..."}


@variant()
class StreamWithCharset(Deployment):
    """The media type of a stream has parameters and capitals."""

    def stream(self, run: Run, start: int = 0) -> Response:
        headers = {"content-type": "Text/Event-Stream;Charset=UTF-8", "x-accel-buffering": "no"}
        return StreamingResponse(self.frames(run, start), headers=headers)


@variant()
class StreamOfStatusesOnly(Deployment):
    """A stream reports the statuses of the run, but no messages and steps."""

    async def events(self, run: Run, start: int) -> AsyncIterator[tuple[str, Json]]:
        async for event, data in super().events(run, start):
            if data["object"] == "run":
                yield event, data


@variant()
class StreamBeginsLate(Deployment):
    """A stream begins when the run starts."""

    async def events(self, run: Run, start: int) -> AsyncIterator[tuple[str, Json]]:
        async for event, data in super().events(run, start):
            if data.get("status") != "queued":
                yield event, data


@variant()
class StreamWaitsForTools(Deployment):
    """A stream stays open while its run waits for tool outputs, until the run ends."""

    lifetime = 1.5

    async def events(self, run: Run, start: int) -> AsyncIterator[tuple[str, Json]]:
        while run.status not in TERMINAL:
            async for event, data in super().events(run, start):
                start += 1
                yield event, data
            if run.status not in TERMINAL:
                await run.changed.wait()
        async for event, data in super().events(run, start):
            yield event, data


# HTTP


@variant()
class UnicodeEscapes(Deployment):
    """JSON is ASCII with escapes."""

    def dump(self, value: Any) -> bytes:
        return json.dumps(value).encode()


@variant()
class PrettyJson(Deployment):
    """JSON is indented, ends with a line end and has sorted names."""

    def json(self, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        body = json.dumps(value, indent=2, sort_keys=True) + "\n"
        return Response(body, status, headers, media_type="application/json")


@variant()
class JsonWithCharset(Deployment):
    """The media type of JSON has a charset and capitals."""

    def json(self, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        given = {**(headers or {}), "content-type": "Application/JSON; charset=UTF-8"}
        return Response(self.dump(value), status, given)


@variant()
class ChunkedJson(Deployment):
    """JSON is sent in chunks, without Content-Length."""

    def json(self, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        body = self.dump(value)

        async def chunks() -> Bytes:
            for at in range(0, len(body), 100):
                yield body[at : at + 100]

        return StreamingResponse(chunks(), status, headers, media_type="application/json")


@variant()
class GzipWhereAccepted(Deployment):
    """JSON is compressed if the client accepts that."""

    async def respond(self, request: Request) -> Response:
        response = await super().respond(request)
        if "gzip" not in request.headers.get("accept-encoding", "") or isinstance(
            response, StreamingResponse
        ):
            return response
        headers = {**dict(response.headers), "content-encoding": "gzip", "vary": "accept-encoding"}
        del headers["content-length"]
        return Response(gzip.compress(bytes(response.body)), response.status_code, headers)


@variant()
class ClosesEveryConnection(Deployment):
    """Every connection is closed after its response."""

    async def respond(self, request: Request) -> Response:
        response = await super().respond(request)
        response.headers["connection"] = "close"
        return response


@variant()
class SlowNetwork(Deployment):
    """Every response takes 200 ms longer."""

    async def respond(self, request: Request) -> Response:
        await asyncio.sleep(0.2)
        return await super().respond(request)


class Gate(Deployment):
    """A deployment that rejects some requests before it handles them."""

    seen = 0

    def turn_away(self) -> Refusal | None:
        """The reason to reject the next request, None if there is none."""
        raise NotImplementedError

    async def respond(self, request: Request) -> Response:
        self.seen += 1
        refusal = self.turn_away()
        return self.refuse(refusal) if refusal else await super().respond(request)


@variant()
class LimitsTheRate(Gate):
    """Some requests come too soon and must wait a second."""

    def turn_away(self) -> Refusal | None:
        late = self.seen % 12 == 0
        return Refusal(429, "resource_exhausted", "too many requests", Retry_After="1") if late else None


@variant()
class LimitsTheRateOften(Gate):
    """Every third request must retry at once, by a date."""

    def turn_away(self) -> Refusal | None:
        date = self.now().strftime("%a, %d %b %Y %H:%M:%S GMT")
        late = self.seen % 3 == 0
        return Refusal(429, "resource_exhausted", "too many requests", Retry_After=date) if late else None


@variant()
class IsUnavailableOnce(Gate):
    """The service is unavailable once and says when it will be back."""

    def turn_away(self) -> Refusal | None:
        away = 30 <= self.seen < 33
        return Refusal(503, "unavailable", "restarting", Retry_After="1") if away else None


@variant()
class ManyHeaders(Deployment):
    """Responses have many further headers, some of them twice, including cookies."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        more = [
            (b"server", b"envoy"),
            (b"x-request-id", b"4f1c2f6e"),
            (b"set-cookie", b"a=1; Path=/; HttpOnly"),
            (b"set-cookie", b"b=2; Path=/; HttpOnly"),
            (b"vary", b"origin"),
            (b"cache-control", b"no-store"),
            (b"alt-svc", b'h3=":443"; ma=86400'),
        ]

        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        await super().__call__(scope, receive, sending)


@variant()
class ManyThreads(Deployment):
    """There are many threads already, some with many messages."""

    def __init__(self) -> None:
        super().__init__()
        for index in range(130):
            self.add_thread({"title": f"Thread {index}"})
        words = [{"role": "user", "content": f"Message {index}"} for index in range(230)]
        self.add_thread({"title": "Long", "messages": words})


@variant()
class AcceptsSeveralKeys(Deployment):
    """The service knows several keys."""

    def knows(self, key: str) -> bool:
        return key in (KEY, "sk-tune-another4712")


@variant()
class KeepsASession(Deployment):
    """A client that has shown its key gets a cookie, which stands for the key from then on."""

    async def respond(self, request: Request) -> Response:
        response = await super().respond(request)
        if response.status_code == 200:
            response.set_cookie("session", "4f1c2f6e", httponly=True)
        return response

    def authenticate(self, request: Request) -> None:
        if request.cookies.get("session") != "4f1c2f6e":
            super().authenticate(request)
