"""How do tests build exchanges, runs and streams?"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from contract_tests.checks import REGISTRY
from contract_tests.checks.evaluation import evaluate
from contract_tests.document import document
from contract_tests.findings import Finding
from contract_tests.observations.assembly import History, assemble
from contract_tests.observations.exchange import Chunk, Exchange

BASE = "http://service.test/v1"
JSON = "application/json"
RUN = {
    "id": "run_1",
    "object": "run",
    "createdAt": "2024-08-11T10:21:28.861Z",
    "startedAt": "2024-08-11T10:21:29.000Z",
    "expiresAt": "2024-08-11T10:31:28.861Z",
    "threadId": "thread_1",
    "status": "in_progress",
    "model": "org/model",
}
COMPLETED = {**RUN, "status": "completed", "completedAt": "2024-08-11T10:21:31.000Z"}
THREAD = {
    "id": "thread_1",
    "object": "thread",
    "createdAt": "2024-08-11T10:21:20.000Z",
    "title": "",
    "metadata": {},
}
MESSAGE = {
    "id": "msg_1",
    "object": "thread.message",
    "createdAt": "2024-08-11T10:21:21.000Z",
    "threadId": "thread_1",
    "role": "user",
    "content": [{"type": "text", "text": {"value": "Hello"}}],
    "metadata": {},
}


def exchange(
    method: str,
    path: str,
    response: Any = None,
    *,
    request: Any = None,
    status: int = 200,
    at: float = 0.0,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    chunks: Sequence[Chunk] | None = None,
    content_type: str | None = JSON,
    **further: Any,
) -> Exchange:
    """An exchange that took a tenth of a second. `response` and `request` are JSON bodies."""
    where, _, query = path.partition("?")
    operation, parameters = document().match(method, where)
    raw = body if body is not None else json.dumps(response).encode()
    sent_type = {"Content-Type": JSON} if request is not None else {}
    named = {**({"Content-Type": content_type} if content_type else {}), **(headers or {})}
    values: dict[str, Any] = {
        "method": method,
        "url": BASE + path,
        "operation": operation,
        "path_parameters": parameters,
        "query": tuple(tuple(pair.split("=", 1)) for pair in query.split("&") if pair),
        "request_headers": tuple(sent_type.items()),
        "request_body": b""
        if request is None
        else request
        if isinstance(request, bytes)
        else json.dumps(request).encode(),
        "sent": at,
        "received": at + 0.1,
        "status": status,
        "headers": tuple(named.items()),
        "chunks": tuple(chunks) if chunks is not None else (Chunk(at + 0.1, raw),),
        **further,
    }
    return Exchange(**values)


def polls(*runs: Mapping[str, Any], first: float = 1.0) -> list[Exchange]:
    """Exchanges that read a run once a second."""
    return [
        exchange("GET", "/threads/thread_1/runs/run_1", dict(run), at=first + number)
        for number, run in enumerate(runs)
    ]


def event(data: Any, name: str = "") -> bytes:
    """One server-sent event as bytes."""
    text = data if isinstance(data, str) else json.dumps(data)
    return (f"event: {name}\n" if name else "").encode() + f"data: {text}\n\n".encode()


def run_event(status: str, **fields: Any) -> bytes:
    """The event of a run in this status."""
    ends = {"completed": {"completedAt": COMPLETED["completedAt"]}}.get(status, {})
    run = {**RUN, "status": status, **ends, **fields}
    if status == "queued":
        run["startedAt"] = None
    return event(run, f"thread.run.{status}")


def stream(*events: bytes, pace: float = 0.3, **further: Any) -> Exchange:
    """An exchange that creates a run and streams these events, one every `pace` seconds."""
    further.setdefault("chunks", [Chunk((number + 1) * pace, data) for number, data in enumerate(events)])
    further.setdefault("received", (len(events) + 1) * pace)
    request = {"model": "org/model", "stream": True}
    return exchange(
        "POST",
        "/threads/thread_1/runs",
        request=request,
        content_type="text/event-stream",
        **further,
    )


def history(exchanges: Iterable[Exchange]) -> History:
    """The history in exchanges."""
    return assemble(list(exchanges))


def found(slug: str, exchanges: Iterable[Exchange]) -> list[Finding]:
    """The findings of one check about exchanges."""
    return evaluate(history(exchanges), [REGISTRY[slug]])
