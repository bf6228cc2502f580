"""How does a conforming deployment respond to HTTP requests?

It is a compact service in memory and in real time. Every fault and every conforming variant is this
deployment with one thing changed. Therefore each method does one small thing.
"""

import json
import math
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from tests.together.service import Json, Refusal, Run, Service

KEY = "sk-tune-Lisbon4711Alfama"
ROLES = ("user", "assistant", "system", "function_call", "function_resp")
Rule = tuple[str, Callable[[Any], bool]]


def number(least: float, most: float) -> Rule:
    """A rule for a number within bounds."""
    return (
        f"a number from {least} to {most}",
        lambda value: (
            isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most
        ),
    )


def listing(what: str, fits: Callable[[Any], bool]) -> Rule:
    """A rule for a list."""
    return f"a list of {what}", lambda value: isinstance(value, list) and all(map(fits, value))


def is_part(value: Any) -> bool:
    """Whether a value is a part of a message."""
    if not isinstance(value, dict) or value.get("type") not in ("text", "image_file"):
        return False
    return isinstance(value.get("text", ""), str | dict) and fits(IMAGES, value)


def fits(shape: Any, value: Any) -> bool:
    """Whether a value has a shape: a type, a list with the shape of its items, or shapes of members."""
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(shape[0], item) for item in value)
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(
            fits(shape[name], value[name]) for name in shape if name in value
        )
    return isinstance(value, shape)


def is_content(value: Any) -> bool:
    """Whether a value is the content of a message."""
    return isinstance(value, str) or (isinstance(value, list) and all(map(is_part, value)))


def is_message(value: Any) -> bool:
    """Whether a value is a message of a new thread."""
    if not isinstance(value, dict) or value.get("role") not in ROLES or not is_content(value.get("content")):
        return False
    return fits({**dict.fromkeys(IDS, str), "metadata": dict, "attachments": [ATTACHMENT]}, value)


def is_tool(value: Any) -> bool:
    """Whether a value is a tool."""
    return isinstance(value, dict) and isinstance(value.get("function", {}), dict)


def is_output(value: Any) -> bool:
    """Whether a value is the output of a tool call."""
    return isinstance(value, dict) and all(
        isinstance(value.get(name), str) for name in ("toolCallId", "output")
    )


IDS = ("id", "object", "createdAt", "threadId", "assistantId", "runId")
IMAGES = {"imageFile": {"fileId": str, "detail": str}, "imageUrl": {"url": str, "detail": str}}
FUNCTION = {"name": str, "description": str, "parameters": dict, "required": [str]}
TOOL = {"id": str, "name": str, "type": str, "function": FUNCTION, "openapiSpec": str}
TOOL |= {"openapiActionData": dict}
ATTACHMENT = {"fileId": str, "tools": [TOOL]}
STORE = {"fileIds": [str], "metadata": dict}
RESOURCES = {
    "codeInterpreter": {"fileIds": [str]},
    "fileSearch": {"vectorStoreIds": [str], "vectorStores": [STORE]},
}
TEXT: Rule = ("a string", lambda value: isinstance(value, str))
FLAG: Rule = ("true or false", lambda value: isinstance(value, bool))
COUNT: Rule = ("an integer of at least 1", lambda value: type(value) is int and value >= 1)
OBJECT: Rule = ("an object", lambda value: isinstance(value, dict))
CONTENT: Rule = ("a string or a list of parts", is_content)

THREAD = {
    "title": TEXT,
    "messages": listing("messages, each with role and content", is_message),
    "metadata": OBJECT,
    "datasetId": TEXT,
    "toolResources": ("the resources of tools", lambda value: fits(RESOURCES, value)),
}
RUN = {
    "model": ("a string that is not empty", lambda value: isinstance(value, str) and value != ""),
    "assistantId": TEXT,
    "instructions": TEXT,
    "additionaInstructions": TEXT,
    "tools": listing("tools", is_tool),
    "metadata": OBJECT,
    "temperature": number(0, 2),
    "topP": number(0, 1),
    "stream": FLAG,
    "maxPromptTokens": COUNT,
    "maxCompletionTokens": COUNT,
    "truncationStrategy": OBJECT,
}
MESSAGE = {
    "role": ("user or assistant", lambda value: value in ("user", "assistant")),
    "content": CONTENT,
    "attachments": ("a list of attachments", lambda value: fits([ATTACHMENT], value)),
    "runId": TEXT,
    "metadata": OBJECT,
}
OUTPUTS = {"toolOutputs": listing("{toolCallId, output}", is_output), "stream": FLAG}
ROUTES = {
    "POST /threads": "create_thread",
    "GET /threads": "list_threads",
    "POST /threads/runs": "create_thread_and_run",
    "GET /threads/{}": "get_thread",
    "POST /threads/{}": "modify_thread",
    "POST /threads/{}/messages": "create_message",
    "GET /threads/{}/messages": "list_messages",
    "GET /threads/{}/messages/{}": "get_message",
    "POST /threads/{}/runs": "create_run",
    "GET /threads/{}/runs": "list_runs",
    "GET /threads/{}/runs/{}": "get_run",
    "POST /threads/{}/runs/{}": "modify_run",
    "POST /threads/{}/runs/{}/cancel": "cancel_run",
    "POST /threads/{}/runs/{}/submit_tool_outputs": "submit_tool_outputs",
    "GET /threads/{}/runs/{}/steps": "list_steps",
    "GET /threads/{}/runs/{}/steps/{}": "get_step",
}


class Deployment(Service):
    """The conforming service as an ASGI application."""

    routes: Mapping[str, str] = ROUTES
    rules: Mapping[str, Mapping[str, Rule]] = {
        "thread": THREAD,
        "run": RUN,
        "message": MESSAGE,
        "outputs": OUTPUTS,
    }
    required: Mapping[str, Sequence[str]] = {
        "thread": (),
        "run": ("model",),
        "message": ("role", "content"),
        "outputs": ("toolOutputs",),
    }
    largest_body = 1 << 20
    blocks = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to one request."""
        response = await self.respond(Request(scope, receive))
        await response(scope, receive, send)

    async def respond(self, request: Request) -> Response:
        """The response to a request, also if an error occurs."""
        try:
            return await self.answer(request)
        except Refusal as refusal:
            return self.refuse(refusal)
        except Exception as error:
            return self.refuse(Refusal(500, "internal", type(error).__name__))

    async def answer(self, request: Request) -> Response:
        """The response to a valid request. Raises `Refusal`."""
        self.authenticate(request)
        handler, arguments = self.route(request.method, request.url.path)
        answer = await getattr(self, handler)(request, *arguments)
        return answer if isinstance(answer, Response) else self.json(answer)

    def authenticate(self, request: Request) -> None:
        """Check the key. Raises `Refusal`."""
        key = request.headers.get("x-tune-key")
        if key is None:
            raise Refusal(401, "unauthenticated", "the header X-Tune-Key is missing")
        if not self.knows(key):
            raise Refusal(401, "unauthenticated", "the key in X-Tune-Key is not known")
        if name := request.headers.get("x-org-id"):
            self.authenticate_organization(name)

    def authenticate_organization(self, name: str) -> None:
        """Reject every organization but the default one. Raises `Refusal`."""
        raise Refusal(403, "permission_denied", f"the organization {name} is not yours")

    def knows(self, key: str) -> bool:
        """Whether a key is valid."""
        return key == KEY

    def route(self, method: str, path: str) -> tuple[str, tuple[str, ...]]:
        """The handler of a request and the ids in its path."""
        allowed = []
        for route, handler in self.routes.items():
            verb, _, template = route.partition(" ")
            match = re.fullmatch("/v1" + template.replace("{}", "([^/]+)"), path)
            if match and (verb == method):
                return handler, match.groups()
            if match:
                allowed.append(verb)
        if allowed:
            raise Refusal(405, "unimplemented", f"{method} is not allowed here", Allow=", ".join(allowed))
        raise Refusal(404, "not_found", f"{path} does not exist")

    def dump(self, value: Any) -> bytes:
        """A value as JSON."""
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

    def json(self, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        """A JSON response."""
        return Response(self.dump(value), status, headers, media_type="application/json")

    def refuse(self, refusal: Refusal) -> Response:
        """The response for a refusal."""
        body = {"code": refusal.code, "message": refusal.message}
        return self.json(body, refusal.status, refusal.headers)

    async def body(self, request: Request, kind: str, *more: str) -> Json:
        """The validated body of a request."""
        raw = await request.body()
        if len(raw) > self.largest_body:
            raise Refusal(413, "resource_exhausted", f"the body has more than {self.largest_body} bytes")
        if not raw and not self.required[kind]:
            return {}
        self.check_media_type(request)
        value = self.parse(raw)
        if not isinstance(value, dict):
            raise Refusal(400, "invalid_argument", "the body must be a JSON object")
        self.check(value, kind)
        for name in more:
            self.check(value.get(name, {}), name)
        return value

    def check_media_type(self, request: Request) -> None:
        """Accept only JSON."""
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise Refusal(415, "invalid_argument", f"Content-Type {media_type!r}: send application/json")

    def parse(self, raw: bytes) -> Any:
        """Parse JSON."""
        try:
            value = json.loads(raw, parse_constant=_refuse_constant, parse_float=_finite)
            json.dumps(value, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            raise Refusal(400, "invalid_argument", "the body is not JSON") from error
        return value

    def check(self, value: Any, kind: str) -> None:
        """Reject a body with a missing or invalid field."""
        if not isinstance(value, dict):
            raise Refusal(400, "invalid_argument", f"{kind}: must be an object")
        for name in self.required[kind]:
            if name not in value:
                raise Refusal(400, "invalid_argument", f"{name}: is required")
        for name, (what, fits) in self.rules[kind].items():
            if name in value and not fits(value[name]):
                raise Refusal(400, "invalid_argument", f"{name}: must be {what}")

    def limit(self, request: Request, lenient: bool) -> int:
        """The maximum number of entries of a page."""
        text = request.query_params.get("limit", "20")
        limit = int(text) if re.fullmatch("[0-9]{1,9}", text) else 0
        if limit < 1 or (limit > 100 and not lenient):
            raise Refusal(400, "invalid_argument", "limit: must be an integer from 1 to 100")
        return min(limit, 100)

    def order(self, request: Request, default: str) -> str:
        """The requested order."""
        order = request.query_params.get("order", default)
        if order not in ("asc", "desc"):
            raise Refusal(400, "invalid_argument", "order: must be asc or desc")
        return order

    def select(self, items: list[Json], request: Request, limit: int) -> tuple[list[Json], bool]:
        """The entries of one page in the order of `items`, and whether more follow."""
        ids = [item["id"] for item in items]
        start, end = 0, len(items)
        if after := request.query_params.get("after"):
            start = ids.index(after) + 1 if after in ids else end
        if before := request.query_params.get("before"):
            end = ids.index(before) if before in ids else 0
            start = max(start, end - limit)
        page = items[start : min(end, start + limit)]
        return page, bool(page) and start + len(page) < len(items)

    def page(self, items: list[Json], request: Request, default: str, lenient: bool = False) -> Json:
        """A page of a list; `items` are oldest first."""
        limit, order = self.limit(request, lenient), self.order(request, default)
        page, more = self.select(items[:: 1 if order == "asc" else -1], request, limit)
        ids = [item["id"] for item in page]
        first, last = (ids[0], ids[-1]) if ids else (None, None)
        return {"object": "list", "data": page, "firstId": first, "lastId": last, "hasMore": more}

    async def create_thread(self, request: Request) -> Any:
        """POST /threads."""
        return self.show_thread(self.add_thread(await self.body(request, "thread")))

    async def list_threads(self, request: Request) -> Any:
        """GET /threads."""
        dataset = request.query_params.get("datasetId")
        threads = [one for one in self.threads.values() if dataset in (None, "", one.row["datasetId"])]
        page = self.page([self.show_thread(one) for one in threads], request, "asc", lenient=True)
        return {**page, "datasetId": dataset or ""}

    async def get_thread(self, request: Request, thread_id: str) -> Any:
        """GET /threads/{threadId}."""
        return self.show_thread(self.thread(thread_id))

    async def modify_thread(self, request: Request, thread_id: str) -> Any:
        """POST /threads/{threadId}."""
        thread = self.thread(thread_id)
        fields = await self.body(request, "thread")
        thread.row.update({name: fields[name] for name in ("title", "metadata") if name in fields})
        return self.show_thread(thread)

    async def create_message(self, request: Request, thread_id: str) -> Any:
        """POST /threads/{threadId}/messages."""
        thread = self.thread(thread_id)
        return self.show_message(self.add_message(thread, await self.body(request, "message")))

    async def list_messages(self, request: Request, thread_id: str) -> Any:
        """GET /threads/{threadId}/messages."""
        return self.page([self.show_message(one) for one in self.thread(thread_id).messages], request, "asc")

    async def get_message(self, request: Request, thread_id: str, message_id: str) -> Any:
        """GET /threads/{threadId}/messages/{messageId}."""
        for message in self.thread(thread_id).messages:
            if message["id"] == message_id:
                return self.show_message(message)
        raise Refusal(404, "not_found", f"message {message_id} not found in thread {thread_id}")

    async def create_thread_and_run(self, request: Request) -> Any:
        """POST /threads/runs."""
        fields = await self.body(request, "run", "thread")
        return await self.begin(self.add_run(self.add_thread(fields.get("thread", {})), fields))

    async def create_run(self, request: Request, thread_id: str) -> Any:
        """POST /threads/{threadId}/runs."""
        thread = self.thread(thread_id)
        fields = await self.body(request, "run")
        return await self.begin(self.add_run(thread, fields))

    async def begin(self, run: Run) -> Any:
        """The response to a request that created a run."""
        if run.request.get("stream"):
            return self.stream(run)
        if self.blocks:
            await self.settled(run)
        return self.show_run(run)

    def stream(self, run: Run, start: int = 0) -> Response:
        """The events of a run from an index on, as a stream."""
        return StreamingResponse(self.frames(run, start), media_type="text/event-stream")

    async def frames(self, run: Run, start: int) -> AsyncIterator[bytes]:
        """The bytes of a stream."""
        async for event, data in self.events(run, start):
            yield self.frame(event, data)
        yield self.done()

    async def events(self, run: Run, start: int) -> AsyncIterator[tuple[str, Json]]:
        """The events of a stream."""
        async for event, data in self.follow(run, start):
            yield event, data

    def frame(self, event: str, data: Json) -> bytes:
        """One event."""
        return f"event: {event}\n".encode() + b"data: " + self.dump(data) + b"\n\n"

    def done(self) -> bytes:
        """The last event."""
        return b"data: [DONE]\n\n"

    async def list_runs(self, request: Request, thread_id: str) -> Any:
        """GET /threads/{threadId}/runs."""
        return self.page([self.show_run(run) for run in self.thread(thread_id).runs], request, "desc")

    async def get_run(self, request: Request, thread_id: str, run_id: str) -> Any:
        """GET /threads/{threadId}/runs/{runId}."""
        return self.show_run(self.run(thread_id, run_id))

    async def modify_run(self, request: Request, thread_id: str, run_id: str) -> Any:
        """POST /threads/{threadId}/runs/{runId}."""
        run = self.run(thread_id, run_id)
        fields = await self.body(request, "thread")
        if "metadata" in fields:
            run.row["metadata"] = fields["metadata"]
        return self.show_run(run)

    async def cancel_run(self, request: Request, thread_id: str, run_id: str) -> Any:
        """POST /threads/{threadId}/runs/{runId}/cancel."""
        run = self.run(thread_id, run_id)
        self.cancel(self.thread(thread_id), run)
        return self.show_run(run)

    async def submit_tool_outputs(self, request: Request, thread_id: str, run_id: str) -> Any:
        """POST /threads/{threadId}/runs/{runId}/submit_tool_outputs."""
        run = self.run(thread_id, run_id)
        fields = await self.body(request, "outputs")
        start = len(run.log)
        self.submit(run, fields["toolOutputs"])
        if fields.get("stream"):
            return self.stream(run, start)
        await self.settled(run)
        return self.show_run(run)

    async def list_steps(self, request: Request, thread_id: str, run_id: str) -> Any:
        """GET /threads/{threadId}/runs/{runId}/steps."""
        return self.page(
            [self.show_step(step) for step in self.run(thread_id, run_id).steps], request, "desc"
        )

    async def get_step(self, request: Request, thread_id: str, run_id: str, step_id: str) -> Any:
        """GET /threads/{threadId}/runs/{runId}/steps/{stepId}."""
        for step in self.run(thread_id, run_id).steps:
            if step["id"] == step_id:
                return self.show_step(step)
        raise Refusal(404, "not_found", f"step {step_id} not found in run {run_id}")


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is too large")
    return value
