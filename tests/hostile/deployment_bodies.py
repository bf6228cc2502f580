"""Which bodies does a hostile deployment send?"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

JSON, EVENTS = b"application/json", b"text/event-stream"
WHEN = "2024-08-11T10:21:28.861Z"
FORGED = [
    "\n::error title=forged::x", "\r::stop-commands::x", "##[error]forged", "##vso[task.complete]",
    "@everyone",
    "\x1b[2J\x1b]0;x\x07", "\u202eevil\u2066", "\u2028::error::x",
    "[x](http://x.example)![y](http://y.example)",
    "<img src=x onerror=alert(1)>", "</script><script>alert(1)</script>", "`\n\n# Forged\n\n<!--",
    "| a | b |",
    "\u200b\u2060\ufeff", "\x00\x9b31m", "]]>", "&#x202e;", "$(touch /tmp/x) `id`", "%0A::error::x",
    "https://x.example #12",
]  # fmt: skip


def _run(thread: str) -> dict[str, Any]:
    return {
        "id": "run_1", "object": "run", "createdAt": WHEN, "startedAt": WHEN, "completedAt": WHEN,
        "threadId": thread, "status": "completed", "model": "m", "metadata": {},
    }  # fmt: skip


def _resource(method: str, parts: list[str]) -> dict[str, Any]:
    thread = parts[1] if len(parts) > 1 else "thread_1"
    kind = parts[-1] if method == "POST" else parts[-2] if len(parts) > 1 else "threads"
    if kind == "runs":
        return _run("thread_1" if thread == "runs" else thread)
    if kind == "messages":
        text = [{"type": "text", "text": "Hello"}]
        named = {"id": "msg_1", "object": "thread.message", "role": "user", "content": text}
        return {**named, "createdAt": WHEN, "threadId": thread, "metadata": {}}
    return {"id": "thread_1", "object": "thread", "createdAt": WHEN, "metadata": {}, "title": "t"}


def plausible(method: str, path: str, body: bytes) -> tuple[bytes, bytes, bytes]:
    """Status, media type and body of a response that a deployment could give."""
    parts = [part for part in urlsplit(path).path.removeprefix("/v1").split("/") if part]
    if "unknown" in path:
        return b"404 Not Found", JSON, b'{"code": "not_found", "message": "unknown"}'
    if method == "POST" and b'"stream": true' in body:
        return b"200 OK", EVENTS, _stream()
    if method == "GET" and len(parts) % 2:
        one = _resource("POST", parts)
        page = {"object": "list", "data": [one], "firstId": one["id"], "lastId": one["id"], "hasMore": False}
        return b"200 OK", JSON, json.dumps(page).encode()
    return b"200 OK", JSON, json.dumps(_resource(method, parts)).encode()


def _stream() -> bytes:
    run = json.dumps(_run("thread_1"))
    return f"event: thread.run.completed\ndata: {run}\n\ndata: [DONE]\n\n".encode()


def _mixed(body: bytes, texts: list[str]) -> bytes:
    """The body with texts in its values and as names."""
    try:
        plain = json.loads(body)
    except ValueError:
        return body
    if isinstance(plain, dict):
        for number, text in enumerate(texts):
            plain[text] = text
            plain[f"name{number}"] = {text: [text]}
        plain["status"] = plain["model"] = texts[0]
        plain["object"] = texts[-1]
    return json.dumps(plain).encode()


def _surrogates(body: bytes, _: Mapping[str, str]) -> bytes:
    return body.replace(b'"object"', b'"\\ud800": "\\udfff", "object"')


def _numbers(body: bytes, _: Mapping[str, str]) -> bytes:
    extra = b'"a": %s, "createdAt": 1e400, "b": -1e-400, "usage": {"totalTokens": %s}, "object"' % (
        b"1" * 4000,
        b"9" * 200,
    )
    return body.replace(b'"object"', extra)


def _items(body: bytes, _: Mapping[str, str]) -> bytes:
    runs = [{**_run("thread_1"), "id": f"run_{number}"} for number in range(20_000)]
    return json.dumps(
        {"object": "list", "data": runs, "hasMore": True, "firstId": "run_0", "lastId": "run_1"}
    ).encode()


def _same(body: bytes, _: Mapping[str, str]) -> bytes:
    return json.dumps({"object": "list", "data": [_run("thread_1")] * 20_000, "hasMore": True}).encode()


def _names(body: bytes, _: Mapping[str, str]) -> bytes:
    return json.dumps(
        {f"field{number}": number for number in range(50_000)} | {"id": "run_1", "status": "x"}
    ).encode()


def _event_per_status(_: bytes, __: Mapping[str, str]) -> bytes:
    events = [{**_run("thread_1"), "status": f"status{number}"} for number in range(5000)]
    return "".join(f"data: {json.dumps(event)}\n\n" for event in events).encode()


BODIES: dict[str, Callable[[bytes, Mapping[str, str]], bytes]] = {
    "empty": lambda body, _: b"",
    "deep array": lambda body, _: b"[" * 100_000,
    "closed deep array": lambda body, _: b"[" * 900 + b"]" * 900,
    "deep objects": lambda body, _: b'{"a":' * 400 + b"1" + b"}" * 400,
    "metadata 90 deep": lambda body, _: body.replace(b"{}", b'{"a":' * 90 + b"1" + b"}" * 90),
    "not a number": lambda body, _: b'{"id": NaN, "status": Infinity}',
    "huge numbers": _numbers,
    "5,001 digits": lambda body, _: b"1" * 5001,
    "invalid UTF-8": lambda body, _: body.replace(b"_1", b"\xff\xfe\xc0\x80"),
    "UTF-16": lambda body, _: body.decode().encode("utf-16"),
    "byte order mark": lambda body, _: b"\xef\xbb\xbf" + body,
    "lone surrogates": _surrogates,
    "wrong types": lambda body, _: re.sub(rb'"[a-z_]+_1"', b'[{"a": null}]', body),
    "null": lambda body, _: b"null",
    "a list": lambda body, _: b"[null, 1, []]",
    "data of nulls": lambda body, _: b'{"data": [null, [], {"id": {}}, {"id": ""}], "hasMore": "x"}',
    "100,000 backslashes": lambda body, _: body.replace(b"thread_1", b"\\\\" * 100_000),
    "100,000 ampersands": lambda body, _: body.replace(b'"t"', b'"' + b"&amp;#" * 100_000 + b'"'),
    "20,000 runs": _items,
    "the same run 20,000 times": _same,
    "50,000 names": _names,
    "the key in every form": lambda body, keys: _mixed(body, list(keys.values())),
    "forged reports": lambda body, _: _mixed(body, FORGED),
    "stream of one endless line": lambda body, _: b"data: " + b"x" * 3_000_000,
    "stream of comments": lambda body, _: b":\n" * 500_000,
    "stream of blank lines": lambda body, _: b"\n\r\r\n" * 200_000,
    "stream of 50,000 events": lambda body, _: b"data: {}\n\n" * 50_000,
    "stream of statuses": _event_per_status,
    "stream of NUL and 0xFF": lambda body, _: b"id: \0\nretry: \xb2\ndata: \xff\n\n: \xff\n" * 1000,
    "stream of data lines": lambda body, _: b"data: a\n" * 300_000 + b"\n",
    "stream of deep JSON": lambda body, _: (b"data: " + b"[" * 3000 + b"\n\n") * 50,
}  # fmt: skip
STREAMS = frozenset(name for name in BODIES if name.startswith("stream"))
