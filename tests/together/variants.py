"""Which deployments differ in a lawful way, so that the judge must not fail them?"""

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
    """A row without its nulls."""
    return {name: value for name, value in row.items() if value is not None}


def nonzero(row: Json) -> Json:
    """A row without what protobuf's JSON leaves out: nulls, empty texts and lists, false and 0."""
    return {name: value for name, value in row.items() if value or isinstance(value, dict)}


@variant()
class Plain(Deployment):
    """Nothing is different."""


# What answers look like


@variant()
class NullsAreAbsent(Deployment):
    """A field without a value is absent."""

    def show_run(self, run: Run) -> Json:
        return filled(super().show_run(run))

    def show_message(self, message: Json) -> Json:
        return filled(message)

    def show_step(self, step: Json) -> Json:
        return filled(step)


@variant()
class ZeroValuesAreAbsent(Deployment):
    """Empty texts, empty lists, false and 0 are left out, as protobuf's JSON does."""

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
class IdsOfNothingAreEmpty(Deployment):
    """What is not set is an empty text; an empty page has empty ids."""

    def show_run(self, run: Run) -> Json:
        return {**super().show_run(run), "assistantId": ""}

    def show_message(self, message: Json) -> Json:
        return {**message, "assistantId": "", "runId": message["runId"] or ""}

    def page(self, *arguments: Any, **options: Any) -> Json:
        page = super().page(*arguments, **options)
        return {**page, "firstId": page["firstId"] or "", "lastId": page["lastId"] or ""}


@variant()
class TextsAreStrings(Deployment):
    """The text of a part is a string, as the reference gives it."""

    def show_message(self, message: Json) -> Json:
        content = [{**part, "text": part["text"]["value"]} for part in message["content"] if "text" in part]
        return {**message, "content": content}


@variant()
class EmptyToolsAreNull(Deployment):
    """Empty lists and objects are null, as some serializers have them."""

    def show_run(self, run: Run) -> Json:
        row = super().show_run(run)
        empty = {name: None for name in ("tools", "fileIds", "metadata", "instructions") if not row[name]}
        return {**row, **empty}


@variant()
class FieldsNobodyKnows(Deployment):
    """Answers have further fields."""

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
    """Timestamps are cut to whole seconds."""

    def stamp(self, moment: datetime) -> str:
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@variant()
class LowerCaseTimestamps(Deployment):
    """Timestamps are written with a small t and z, which RFC 3339 allows."""

    def stamp(self, moment: datetime) -> str:
        return super().stamp(moment).lower()


@variant()
class ClockAFewSecondsOff(Deployment):
    """The service's clock is four seconds ahead."""

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=4)


@variant()
class NumbersAsIds(Deployment):
    """Ids are numbers, written as text."""

    def new_id(self, kind: str) -> str:
        return str(time.time_ns())


@variant()
class Ulids(Deployment):
    """Ids are 26 capitals and digits, the same form for everything."""

    def new_id(self, kind: str) -> str:
        letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
        number = time.time_ns() << 66 | hash(super().new_id(kind)) & (1 << 62) - 1
        return "".join(letters[number >> shift & 31] for shift in range(125, -1, -5))


@variant()
class IdsWithOddLetters(Deployment):
    """Ids hold letters that a URL writes with percent signs."""

    def new_id(self, kind: str) -> str:
        return f"{kind}:{super().new_id(kind)}=="


@variant()
class InstructionsAreJoined(Deployment):
    """The additional instructions stand behind the instructions of the run."""

    def instructions(self, asked: Json) -> str:
        parts = [asked.get("instructions", ""), asked.get("additionaInstructions", "")]
        return "\n".join(filter(None, parts))


@variant()
class DefaultInstructions(Deployment):
    """A run without instructions has some by default."""

    def instructions(self, asked: Json) -> str:
        return super().instructions(asked) or "You are a helpful assistant."


@variant()
class ToolsAreCompleted(Deployment):
    """The tools of a run come back with what the service adds to each."""

    def show_run(self, run: Run) -> Json:
        row = super().show_run(run)
        return {**row, "tools": [{"id": f"tool_{index}", **tool} for index, tool in enumerate(row["tools"])]}


@variant()
class NoUsage(Deployment):
    """A run never tells its usage."""

    async def finish(self, run: Run) -> None:
        self.move(run, "completed")


@variant()
class NoSteps(Deployment):
    """Runs have no steps, neither in lists nor in streams."""

    def tell(self, run: Run, event: str, data: Json) -> None:
        if not event.startswith("thread.run.step"):
            super().tell(run, event, data)

    async def list_steps(self, request: Request, thread_id: str, run_id: str) -> Any:
        self.run(thread_id, run_id)
        return self.page([], request, "desc")

    async def get_step(self, request: Request, thread_id: str, run_id: str, step_id: str) -> Any:
        raise Refusal(404, "not_found", f"step {step_id} not found")


# What requests are taken


@variant()
class NullIsAbsent(Deployment):
    """A null in a request is read as absent."""

    def parse(self, raw: bytes) -> Any:
        value = super().parse(raw)
        return filled(value) if isinstance(value, dict) else value


@variant()
class LimitsAreClamped(Deployment):
    """Too large a limit is taken as the largest."""

    def limit(self, request: Request, lenient: bool) -> int:
        return super().limit(request, True)


@variant()
class UnknownCursorsAreRefused(Deployment):
    """A cursor nobody knows is refused."""

    def select(self, items: list[Json], request: Request, limit: int) -> tuple[list[Json], bool]:
        given = {request.query_params.get(name) for name in ("after", "before")} - {None, ""}
        if given - {item["id"] for item in items}:
            raise Refusal(400, "invalid_argument", "no entry has this id")
        return super().select(items, request, limit)


@variant()
class UnknownCursorsAreIgnored(Deployment):
    """A cursor nobody knows is as good as none."""

    def select(self, items: list[Json], request: Request, limit: int) -> tuple[list[Json], bool]:
        page, more = super().select(items, request, limit)
        cursors = [request.query_params.get(name) for name in ("after", "before")]
        if any(cursor and cursor not in {item["id"] for item in items} for cursor in cursors):
            return items[:limit], len(items) > limit
        return page, more


@variant()
class BeforeOnlyEndsThePage(Deployment):
    """A page with `before` begins where the list begins."""

    def select(self, items: list[Json], request: Request, limit: int) -> tuple[list[Json], bool]:
        before = request.query_params.get("before")
        ids = [item["id"] for item in items]
        if before in ids and not request.query_params.get("after"):
            page = items[: ids.index(before)]
            return page[:limit], len(page) > limit
        return super().select(items, request, limit)


@variant()
class UnknownThreadsAreMade(Deployment):
    """A run in a thread nobody knows creates the thread."""

    def thread(self, thread_id: str) -> Thread:
        if thread_id not in self.threads:
            row = self.row("thread", "thread", title="", metadata={}, datasetId="")
            self.threads[thread_id] = Thread({**row, "id": thread_id})
        return super().thread(thread_id)


@variant()
class UnknownThreadsAreEmpty(Deployment):
    """The lists of a thread nobody knows are empty."""

    async def list_runs(self, request: Request, thread_id: str) -> Any:
        known = self.threads.get(thread_id)
        return await super().list_runs(request, thread_id) if known else self.page([], request, "desc")

    async def list_messages(self, request: Request, thread_id: str) -> Any:
        known = self.threads.get(thread_id)
        return await super().list_messages(request, thread_id) if known else self.page([], request, "asc")


@variant()
class EmptyTextsAreRefused(Deployment):
    """A model, a text or a title must not be blank, and the model must be one of ours."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        if kind == "run" and not value.get("model", "").strip():
            raise Refusal(400, "invalid_argument", "model: must not be empty")
        if kind == "message" and value.get("content") in ("", []):
            raise Refusal(400, "invalid_argument", "content: must not be empty")


@variant("--model", "tune/blob")
class KnownModelsOnly(Deployment):
    """A run takes one of the models that the service has."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        if kind == "run" and value.get("model") not in ("tune/blob", "tune/bob"):
            raise Refusal(400, "invalid_argument", "model: there is no such model")


@variant()
class BoundsAreWide(Deployment):
    """No bounds are known for the numbers of a run."""

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
        run.asked["maxCompletionTokens"] = max(1, run.asked.get("maxCompletionTokens", 100))
        return super().words(run)


@variant()
class SmallBodiesOnly(Deployment):
    """A body has at most 8 KiB."""

    largest_body = 8192


@variant()
class ShortMetadataOnly(Deployment):
    """Metadata has at most 16 keys with texts of at most 512 characters, as with other services."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        for name, item in (value.get("metadata") or {}).items():
            if len(name) > 64 or not isinstance(item, str) or len(item) > 512:
                raise Refusal(400, "invalid_argument", "metadata: texts of at most 512 characters only")


@variant()
class FunctionToolsAreChecked(Deployment):
    """A tool needs a type and, as a function, a name."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        for tool in value.get("tools", []) if kind == "run" else []:
            if tool.get("type") == "function" and not tool.get("function", {}).get("name"):
                raise Refusal(400, "invalid_argument", "tools: a function needs a name")


@variant()
class NulIsRefused(Deployment):
    """A text with a NUL character is refused."""

    def check(self, value: Any, kind: str) -> None:
        super().check(value, kind)
        if "\\u0000" in json.dumps(value):
            raise Refusal(400, "invalid_argument", "a text must not hold NUL")


# Errors


@variant()
class RouterSpeaksHtml(Deployment):
    """Errors of the router in front are HTML."""

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
    """What is not valid is answered with 422 and a list of details."""

    def refuse(self, refusal: Refusal) -> Response:
        if refusal.status == 400:
            return self.json({"detail": [{"loc": ["body"], "msg": refusal.message}]}, 422)
        return super().refuse(refusal)


@variant()
class WrongKeyIsForbidden(Deployment):
    """A missing or wrong key is answered with 403."""

    def authenticate(self, request: Request) -> None:
        try:
            super().authenticate(request)
        except Refusal as refusal:
            raise Refusal(403, "permission_denied", refusal.message) from refusal


@variant()
class ChallengesForAKey(Deployment):
    """401 comes with WWW-Authenticate."""

    def authenticate(self, request: Request) -> None:
        try:
            super().authenticate(request)
        except Refusal as refusal:
            refusal.headers["WWW-Authenticate"] = 'ApiKey realm="studio"'
            raise


@variant()
class WrongMethodsAre404(Deployment):
    """A method that a path does not take is answered with 404."""

    def route(self, method: str, path: str) -> Any:
        try:
            return super().route(method, path)
        except Refusal as refusal:
            raise Refusal(404, "not_found", "not found") from refusal


@variant()
class InvalidBeforeUnknown(Deployment):
    """The body is checked before the thread is looked for."""

    async def create_run(self, request: Request, thread_id: str) -> Any:
        asked = await self.body(request, "run")
        return await self.begin(self.add_run(self.thread(thread_id), asked))


@variant()
class PathsBeforeKeys(Deployment):
    """A path that is not there is answered before the key is looked at."""

    def authenticate(self, request: Request) -> None:
        self.route(request.method, request.url.path)
        super().authenticate(request)


# What is offered


def offering(*left_out: str) -> Mapping[str, str]:
    """The routes without some."""
    return MappingProxyType({route: name for route, name in ROUTES.items() if name not in left_out})


@variant()
class NoCancelling(Deployment):
    """Runs cannot be cancelled, nor tool outputs submitted: the paths are unknown."""

    routes = offering("cancel_run", "submit_tool_outputs")


@variant()
class CancellingIsUnimplemented(Deployment):
    """Cancelling is answered with 501."""

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
    """The key may read threads and create runs in one, no more."""

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
class HeadIsAnswered(Deployment):
    """HEAD is answered as GET without its body, OPTIONS with what is allowed."""

    async def respond(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": "GET, POST, HEAD, OPTIONS"})
        if request.method != "HEAD":
            return await super().respond(request)
        request.scope["method"] = "GET"
        response = await super().respond(Request(request.scope, request.receive))
        return Response(status_code=response.status_code, headers=dict(response.headers))


# How runs go


@variant()
class AnswersAtOnce(Deployment):
    """Create run answers with the queued run."""

    blocks = False


@variant()
class RunsAreInstant(Deployment):
    """Runs are completed at once."""

    pace = 0.0


@variant()
class LongQueue(Deployment):
    """Runs wait for a while before they begin."""

    blocks = False

    async def work(self, thread: Thread, run: Run) -> None:
        await asyncio.sleep(2)
        await super().work(thread, run)


@variant()
class EveryRunFails(Deployment):
    """Every run fails, because the model cannot be reached."""

    async def finish(self, run: Run) -> None:
        self.fail(run)


@variant()
class FailsInTheQueue(Deployment):
    """Every run fails before a model begins."""

    async def work(self, thread: Thread, run: Run) -> None:
        await self.pause()
        self.fail(run, "rate_limit_exceeded")


@variant()
class EveryRunExpires(Deployment):
    """Every run expires at work."""

    lifetime = 1.0

    async def write(self, thread: Thread, run: Run) -> None:
        await asyncio.sleep(self.remaining(run))
        raise TimeoutError


@variant()
class EveryToolIsCalled(Deployment):
    """A run calls every tool it is given, one after the other."""

    def calls(self, run: Run) -> list[Json]:
        return list(run.row["tools"])


@variant()
class NoToolIsCalled(Deployment):
    """The model calls no tools."""

    def calls(self, run: Run) -> list[Json]:
        return []


@variant()
class ImpatientWithTools(Deployment):
    """A run that waits for tool outputs expires soon."""

    lifetime = 1.0


@variant()
class OneRunAtATime(Deployment):
    """While a run of a thread is at work or waits, the thread takes no other run and no message."""

    def idle(self, thread_id: str) -> None:
        """Refuse where a run is not over."""
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
    """A run that is cancelled is cancelled in the answer."""

    async def cancel_run(self, request: Request, thread_id: str, run_id: str) -> Any:
        run = self.run(thread_id, run_id)
        self.cancel(self.thread(thread_id), run)
        await self.settled(run)
        return self.show_run(run)


@variant()
class CompletesInstead(Deployment):
    """A run that was to be cancelled is completed first."""

    async def stop(self, run: Run) -> None:
        self.close_steps(run, "completed")
        await self.finish(run)


@variant()
class WordsBeforeTools(Deployment):
    """A message is written before the tools are called, and another one behind."""

    async def ask(self, run: Run, tool: Json) -> None:
        await self.write(self.threads[run.row["threadId"]], run)
        await super().ask(run, tool)


# Streams


class Framed(Deployment):
    """A deployment that rewrites the frames of its streams."""

    def rewrite(self, frame: bytes) -> bytes:
        """One frame in another form."""
        return frame

    async def frames(self, run: Run, told: int) -> Bytes:
        async for frame in super().frames(run, told):
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

    async def frames(self, run: Run, told: int) -> Bytes:
        yield b": welcome " + b"." * 2048 + b"\n\n"
        async for frame in super().frames(run, told):
            yield frame


@variant()
class StreamWithUnknownFields(Framed):
    """A stream has fields that the standard tells to ignore."""

    def rewrite(self, frame: bytes) -> bytes:
        return b"trace: 4f1c2f6e\n" + frame


@variant()
class StreamWithByteOrderMark(Framed):
    """A stream begins with a byte order mark."""

    async def frames(self, run: Run, told: int) -> Bytes:
        yield b"\xef\xbb\xbf"
        async for frame in super().frames(run, told):
            yield frame


@variant()
class StreamWithoutNames(Framed):
    """The events of a stream have no names."""

    def rewrite(self, frame: bytes) -> bytes:
        return frame[frame.index(b"data:") :]


@variant()
class StreamWithoutSpaces(Framed):
    """No space stands behind the colons of a stream, and data comes before the name."""

    def rewrite(self, frame: bytes) -> bytes:
        lines = [line.replace(b": ", b":", 1) for line in frame.strip().split(b"\n")]
        return b"\n".join(reversed(lines)) + b"\n\n"


@variant()
class StreamOverSeveralLines(Deployment):
    """The data of an event stands on several lines."""

    def frame(self, event: str, data: Json) -> bytes:
        lines = json.dumps(data, indent=1, ensure_ascii=False).split("\n")
        return "".join([f"event: {event}\n", *(f"data: {line}\n" for line in lines), "\n"]).encode()


@variant()
class StreamInSmallPieces(Framed):
    """A stream comes in pieces that end anywhere, in the middle of a letter too."""

    async def frames(self, run: Run, told: int) -> Bytes:
        async for frame in super().frames(run, told):
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
    """A stream has events that nobody knows."""

    async def events(self, run: Run, told: int) -> AsyncIterator[tuple[str, Json]]:
        yield "ping", {"type": "ping"}
        async for event, data in super().events(run, told):
            yield event, data
            if event == "thread.message.created":
                yield "thinking", {"text": "Let me see ..."}


@variant()
class StreamWithCharset(Deployment):
    """The media type of a stream has parameters and capitals."""

    def stream(self, run: Run, told: int = 0) -> Response:
        headers = {"content-type": "Text/Event-Stream;Charset=UTF-8", "x-accel-buffering": "no"}
        return StreamingResponse(self.frames(run, told), headers=headers)


@variant()
class StreamOfStatusesAlone(Deployment):
    """A stream tells the run's statuses, and nothing of messages and steps."""

    async def events(self, run: Run, told: int) -> AsyncIterator[tuple[str, Json]]:
        async for event, data in super().events(run, told):
            if data["object"] == "run":
                yield event, data


@variant()
class StreamBeginsLate(Deployment):
    """A stream begins when the run does."""

    async def events(self, run: Run, told: int) -> AsyncIterator[tuple[str, Json]]:
        async for event, data in super().events(run, told):
            if data.get("status") != "queued":
                yield event, data


@variant()
class StreamWaitsForTools(Deployment):
    """A stream stays open while its run waits for tool outputs, up to the run's end."""

    lifetime = 1.5

    async def events(self, run: Run, told: int) -> AsyncIterator[tuple[str, Json]]:
        while run.status not in TERMINAL:
            async for event, data in super().events(run, told):
                told += 1
                yield event, data
            if run.status not in TERMINAL:
                await run.news.wait()
        async for event, data in super().events(run, told):
            yield event, data


# HTTP


@variant()
class UnicodeEscapes(Deployment):
    """JSON is ASCII with escapes."""

    def dump(self, value: Any) -> bytes:
        return json.dumps(value).encode()


@variant()
class PrettyJson(Deployment):
    """JSON is indented and ends with a new line, its names in alphabetical order."""

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
    """JSON comes in chunks, without Content-Length."""

    def json(self, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        body = self.dump(value)

        async def chunks() -> Bytes:
            for at in range(0, len(body), 100):
                yield body[at : at + 100]

        return StreamingResponse(chunks(), status, headers, media_type="application/json")


@variant()
class GzipWhereAccepted(Deployment):
    """JSON is compressed where that is accepted."""

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
    """Every answer takes 200 ms longer."""

    async def respond(self, request: Request) -> Response:
        await asyncio.sleep(0.2)
        return await super().respond(request)


class Hurdle(Deployment):
    """A deployment that turns some requests away before it looks at them."""

    seen = 0

    def turn_away(self) -> Refusal | None:
        """The reason to turn the next request away, if there is one."""
        raise NotImplementedError

    async def respond(self, request: Request) -> Response:
        self.seen += 1
        refusal = self.turn_away()
        return self.refuse(refusal) if refusal else await super().respond(request)


@variant()
class LimitsTheRate(Hurdle):
    """Now and then a request comes too soon and is asked to wait a second."""

    def turn_away(self) -> Refusal | None:
        late = self.seen % 12 == 0
        return Refusal(429, "resource_exhausted", "too many requests", Retry_After="1") if late else None


@variant()
class LimitsTheRateOften(Hurdle):
    """Every third request is asked to come again at once, by a date."""

    def turn_away(self) -> Refusal | None:
        date = self.now().strftime("%a, %d %b %Y %H:%M:%S GMT")
        late = self.seen % 3 == 0
        return Refusal(429, "resource_exhausted", "too many requests", Retry_After=date) if late else None


@variant()
class IsRestartedOnce(Hurdle):
    """Once the service is away for a moment and says when it will be back."""

    def turn_away(self) -> Refusal | None:
        away = 30 <= self.seen < 33
        return Refusal(503, "unavailable", "restarting", Retry_After="1") if away else None


@variant()
class SpeaksOfItself(Deployment):
    """Answers have many further headers, some of them twice, cookies among them."""

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
    """There are many threads already, some with a long history."""

    def __init__(self) -> None:
        super().__init__()
        for index in range(130):
            self.add_thread({"title": f"Thread {index}"})
        words = [{"role": "user", "content": f"Message {index}"} for index in range(230)]
        self.add_thread({"title": "Long", "messages": words})


@variant()
class TakesSeveralKeys(Deployment):
    """More than one key is known."""

    def knows(self, key: str) -> bool:
        return key in (KEY, "sk-tune-another4712")
