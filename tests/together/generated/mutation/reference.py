"""Which requests show whether a mutant changes anything at all?

A fault in a field that the good deployment never fills is no fault. The requests here use everything that the
document describes, and each kind of value for the place of one mutant; what they do not bring out, no client
will see.
"""

import asyncio
import json
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlencode

from tests.together.deployment import KEY
from tests.together.generated.document import operations
from tests.together.generated.mutation.bodies import (
    METADATA,
    TEXT,
    TOOL,
    full_body,
    full_run,
    full_thread,
    variants,
)
from tests.together.generated.mutation.mutant import Mutant

_SECONDS = 6.0


class Shown(Exception):
    """The mutant has changed something."""


class Caller:
    """Calls a mutated application without a network, until its fault shows."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Any = (),
        raw: bytes | None = None,
        **headers: str,
    ) -> Any:
        """The JSON of the answer, or its text. Raises `Shown` when the fault has shown."""
        if self._app.fault.fired:
            raise Shown
        given = {"x-tune-key": KEY, "content-type": "application/json", "accept": "*/*"}
        given |= {name.replace("_", "-"): text for name, text in headers.items()}
        sent = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "method": method,
            "scheme": "http",
            "path": f"/v1{path}",
            "raw_path": quote(f"/v1{path}").encode(),
            "query_string": urlencode(dict(query)).encode(),
            "root_path": "",
            "headers": [(name.encode(), text.encode("latin-1")) for name, text in given.items()],
            "server": ("127.0.0.1", 1),
            "spelled": ("X-TUNE-KEY",),
        }
        return await self._read(scope, sent)

    async def _read(self, scope: Any, sent: bytes) -> Any:
        pieces: list[bytes] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": sent, "more_body": False}

        async def send(message: Any) -> None:
            pieces.append(message.get("body", b""))

        try:
            await asyncio.wait_for(self._app(scope, receive, send), _SECONDS)
        except TimeoutError:
            return None
        try:
            return json.loads(b"".join(pieces))
        except ValueError:
            return b"".join(pieces).decode("utf-8", "replace")


async def exercise(app: Any, mutant: Mutant) -> None:
    """Send everything that may bring a mutant out."""
    call = Caller(app)
    with suppress(Shown):
        thread = await _thread(call)
        operation = operations().get(mutant.operation)
        if operation is not None and operation.body():
            ids = await _ids(call, thread)
            await _together(*(call(*one) for one in variants(operation, mutant.place, ids)))
        await _together(_runs(call, thread), _tools(call), _cancelled(call))
        await _together(_reads(call, thread), _queries(call, thread), _odd(call, thread))


async def _together(*work: Any) -> None:
    """Do several things at once; what a fault spoils is left undone."""
    await asyncio.gather(*work, return_exceptions=True)


def _data(listed: Any) -> list[Any]:
    """The entries of a page that have ids."""
    data = listed.get("data") if isinstance(listed, dict) else None
    found = data if isinstance(data, list) else []
    return [one for one in found if isinstance(one, dict) and isinstance(one.get("id"), str)]


async def _thread(call: Caller) -> str:
    for body in ({}, {"title": "b", "metadata": {"a": "b"}}, {"title": "b", "metadata": {"a": "b"}}):
        await call("POST", "/threads", body)
    await call("POST", "/threads", raw=b"")
    made = await call("POST", "/threads", full_thread())
    thread = str(made["id"]) if isinstance(made, dict) and "id" in made else "lost"
    for number in range(4):
        body = {
            "role": ("user", "assistant")[number % 2],
            "content": f"{TEXT}{number}",
            "metadata": METADATA,
        }
        await call(
            "POST",
            f"/threads/{thread}/messages",
            {**body, "attachments": [{"fileId": "f", "tools": [TOOL]}]},
        )
    for content in ("x", "", [], [{"type": "text", "text": ""}], [{"type": "text", "text": {"value": ""}}]):
        await call("POST", f"/threads/{thread}/messages", {"role": "user", "content": content})
    return thread


async def _runs(call: Caller, thread: str) -> None:
    path = f"/threads/{thread}/runs"
    for more in ({}, {"metadata": {}}, {"stream": True}):
        await _together(call("POST", path, full_run(**more)), _watch(call, thread))
    nested = full_run(thread=full_thread())
    made = await call("POST", "/threads/runs", nested)
    await _look(call, made["threadId"], made["id"])
    await _together(
        call("POST", "/threads/runs", nested),
        call("POST", "/threads/runs", nested),
        call("POST", "/threads/runs", {**nested, "stream": True}),
        call("POST", "/threads/runs", {"model": "c/d"}),
        call("POST", path, {"model": "c/d"}),
    )
    listed = await call("GET", path)
    for name in [one["id"] for one in _data(listed)][:2]:
        for body in ({"metadata": {"new": "1"}}, {"metadata": {}}, {}, {"metadata": {"new": "1"}}):
            await call("POST", f"{path}/{name}", body)
    for body in ({"title": "N"}, {"metadata": {"n": "1"}}, {}, {"title": "", "metadata": {}}, full_thread()):
        await call(
            "POST", f"/threads/{thread}", {name: body[name] for name in ("title", "metadata") if name in body}
        )


async def _watch(call: Caller, thread: str) -> None:
    for _ in range(12):
        await asyncio.sleep(0.02)
        listed = await call("GET", f"/threads/{thread}/runs")
        await call("GET", f"/threads/{thread}/messages")
        for one in _data(listed)[:1]:
            await _look(call, thread, one["id"])


async def _look(call: Caller, thread: str, run: str) -> None:
    path = f"/threads/{thread}/runs/{run}"
    await call("GET", path)
    steps = await call("GET", f"{path}/steps")
    for step in _data(steps):
        await call("GET", f"{path}/steps/{step['id']}")


async def _tools(call: Caller) -> None:
    """Runs that ask for tools and are answered, as JSON and as streams."""
    thread = (await call("POST", "/threads", {"title": "tools", "metadata": {"a": "b"}}))["id"]
    path, body = f"/threads/{thread}/runs", full_run(tools=[TOOL, {**TOOL, "type": "other"}])
    for stream in (False, True):
        made = await call("POST", path, {**body, "stream": stream})
        await _answered(call, made if isinstance(made, dict) else _data(await call("GET", path))[0], stream)
    for more in ({}, {"stream": True}):
        made = await call("POST", "/threads/runs", {**body, **more, "thread": {"metadata": {"a": "b"}}})
        if isinstance(made, dict):
            await _answered(call, made, stream=False)
    for one in _data(await call("GET", path)):
        await call("POST", f"{path}/{one['id']}", {"metadata": {"a": "c"}})
        await call("POST", f"{path}/{one['id']}", {})


async def _answered(call: Caller, run: Any, stream: bool) -> None:
    path = f"/threads/{run['threadId']}/runs/{run['id']}"
    await _look(call, run["threadId"], run["id"])
    calls = run["requiredAction"]["submitToolOutputs"]["toolCalls"]
    outputs = {"toolOutputs": [{"toolCallId": one["id"], "output": TEXT} for one in calls], "stream": stream}
    for _ in range(2):
        await call("POST", f"{path}/submit_tool_outputs", outputs)
        await _look(call, run["threadId"], run["id"])


async def _cancelled(call: Caller) -> None:
    """Runs that are cancelled: while they wait for tools, while they are streamed."""
    thread = (await call("POST", "/threads", {}))["id"]
    path = f"/threads/{thread}/runs"
    made = await call("POST", path, full_run(tools=[TOOL]))
    streams = [call("POST", path, full_run(stream=stream)) for stream in (True, True, False, False)]
    await _together(*streams, _cancel(call, thread, 0.01), _cancel(call, thread, 0.12))
    for order in ("asc", "desc"):
        await call("GET", path, query={"order": order, "limit": 3})
    await call("POST", f"{path}/{made['id']}/cancel", {})
    for _ in range(6):
        await asyncio.sleep(0.03)
        await _look(call, thread, made["id"])


async def _cancel(call: Caller, thread: str, seconds: float) -> None:
    await asyncio.sleep(seconds)
    path = f"/threads/{thread}/runs"
    for one in _data(await call("GET", path)):
        await call("POST", f"{path}/{one['id']}/cancel", {})
        await _look(call, thread, one["id"])


async def _ids(call: Caller, thread: str) -> dict[str, str]:
    found = {"threadId": thread, "runId": "none", "messageId": "none", "stepId": "none"}
    for name, kind in (("runId", "runs"), ("messageId", "messages")):
        listed = await call("GET", f"/threads/{thread}/{kind}")
        found[name] = next((one["id"] for one in _data(listed)), "none")
    return found


async def _reads(call: Caller, thread: str) -> None:
    """Everything that can be read, more than once, and from the wrong thread."""
    other = (await call("POST", "/threads", {"title": "other"}))["id"]
    for _ in range(5):
        await call("GET", "/threads")
        await call("GET", f"/threads/{thread}")
        listed = await call("GET", f"/threads/{thread}/messages")
        for one in _data(listed)[:6]:
            await call("GET", f"/threads/{thread}/messages/{one['id']}")
            await call("GET", f"/threads/{other}/messages/{one['id']}")
        runs = await call("GET", f"/threads/{thread}/runs")
        for one in _data(runs)[:4]:
            await _look(call, thread, one["id"])
            await _look(call, other, one["id"])
            await call("POST", f"/threads/{other}/runs/{one['id']}", {"metadata": {}})


async def _queries(call: Caller, thread: str) -> None:
    run = (await _ids(call, thread))["runId"]
    for path in (
        "/threads",
        *(f"/threads/{thread}/{kind}" for kind in ("messages", "runs", f"runs/{run}/steps")),
    ):
        whole = await call("GET", path, query={"limit": 100, "order": "asc"})
        ids = [one["id"] for one in _data(whole)]
        values = [{"limit": limit} for limit in (0, -1, 1, 2, 20, 50, 100, 1000, 1 << 40, "abc", "", "1.5")]
        values += [{"order": order, "limit": 2} for order in ("asc", "desc", "sideways", "")]
        values += [{"datasetId": name} for name in ("", "d1", "none")]
        cursors = [*ids[:3], *ids[-2:], "unknown", "missing", ""]
        for name in cursors:
            values += [
                {side: name, "limit": 2, "order": order}
                for side in ("after", "before")
                for order in ("asc", "desc")
            ]
        values += [{"after": ids[0], "before": ids[-1]}] if ids else []
        for query in [*values, {"unknown": "parameter"}]:
            await call("GET", path, query=query)


async def _odd(call: Caller, thread: str) -> None:
    """Keys, methods, paths and bodies that are not as they should be."""
    ids = await _ids(call, thread)
    for operation in operations().values():
        path = operation.path.format(**ids)
        body = full_body(operation)
        for key in (KEY.swapcase(), KEY + "x", KEY[:-1], "sk-tune-x", "", "x"):
            await call(operation.method, path, body, x_tune_key=key)
        await call(operation.method, path, body, x_tune_key="x", authorization=f"Bearer {KEY}")
        await call(operation.method, path, body, x_tune_key="x", x_api_key=KEY, cookie=f"key={KEY}")
        await call(operation.method, path, body, query={"key": KEY}, x_tune_key="x")
        await call(operation.method, path, body, x_org_id="o", content_type="application/json; charset=utf-8")
        for raw in (b"{", b"[]", b'"x"', b"", b"x" * 20_000):
            await call(operation.method, path, raw=raw)
        await call(operation.method, path, body, content_type="text/plain")
        await call(operation.method, operation.path.format(**dict.fromkeys(ids, "unknown")), body)
        await call(
            operation.method,
            operation.path.format(**{**ids, "messageId": "x", "runId": "x", "stepId": "x"}),
            body,
        )
        for method in ("PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"):
            await call(method, path, {})
        if body is not None:
            await call(operation.method, path, raw=b"{" + b" " * (1 << 20) + b"}")
    await call("GET", "/nowhere")
