"""Which bad requests does a server reject with the right status?

Only requests that a server without state can reject: most mock servers store no runs, so none is unknown.
"""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from benchmarks.load import KEY

THREAD = "/threads/thread_bench"
RUNS = f"{THREAD}/runs"
MESSAGES = f"{THREAD}/messages"
JSON = "application/json"


@dataclass(frozen=True, eq=False)
class BadRequest:
    """A request that violates one rule, and the expected status."""

    rule: str
    status: int
    method: str = "POST"
    path: str = RUNS
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: {"X-Tune-Key": KEY, "Content-Type": JSON})


def _run(rule: str, **fields: Any) -> BadRequest:
    return BadRequest(rule, 400, body=json.dumps({"model": "org/name"} | fields).encode())


def _body(rule: str, body: bytes | None, path: str = RUNS) -> BadRequest:
    return BadRequest(rule, 400, body=body, path=path)


def _page(query: str) -> BadRequest:
    return BadRequest(f"?{query}", 400, "GET", f"{RUNS}?{query}", headers={"X-Tune-Key": KEY})


GOOD = b'{"model": "org/name"}'
BAD_REQUESTS = (
    BadRequest("no key", 401, body=GOOD, headers={"Content-Type": JSON}),
    BadRequest("an empty key", 401, body=GOOD, headers={"Content-Type": JSON, "X-Tune-Key": ""}),
    BadRequest("no key to a list", 401, "GET", headers={}),
    BadRequest("an unknown path", 404, "GET", "/nowhere"),
    BadRequest("an unknown path below a thread", 404, "GET", f"{THREAD}/nowhere"),
    BadRequest("a trailing slash", 404, path=f"{RUNS}/", body=GOOD),
    BadRequest("DELETE on runs", 405, "DELETE"),
    BadRequest("PUT on a run", 405, "PUT", f"{RUNS}/run_bench", GOOD),
    BadRequest("PATCH on a thread", 405, "PATCH", THREAD, b"{}"),
    *(
        BadRequest(
            f"{kind} as content type", 415, body=GOOD, headers={"X-Tune-Key": KEY, "Content-Type": kind}
        )
        for kind in ("text/plain", "application/xml", "application/x-www-form-urlencoded")
    ),
    _body("no body", None),
    _body("incomplete JSON", b'{"model": "org/name"'),
    _body("not JSON", b"model=org/name"),
    _body("invalid UTF-8", b'{"model": "\xff\xfe"}'),
    _body("NaN", b'{"model": "org/name", "temperature": NaN}'),
    _body("a list as body", b"[]"),
    _body("a string as body", b'"org/name"'),
    _body("null as body", b"null"),
    _body("no model", b"{}"),
    _run("model: 7", model=7),
    _run("model: null", model=None),
    _run("model: []", model=[]),
    _run("assistantId: 7", assistantId=7),
    _run("instructions: {}", instructions={}),
    _run("tools: {}", tools={}),
    _run("tools: [text]", tools=["search"]),
    _run("metadata: []", metadata=[]),
    _run("metadata: text", metadata="a"),
    _run("temperature: text", temperature="1"),
    _run("temperature: 2.5", temperature=2.5),
    _run("temperature: -1", temperature=-1),
    _run("topP: 2", topP=2),
    _run("stream: text", stream="true"),
    _run("stream: 1", stream=1),
    _run("maxPromptTokens: 1.5", maxPromptTokens=1.5),
    _run("maxPromptTokens: 0", maxPromptTokens=0),
    _run("maxCompletionTokens: text", maxCompletionTokens="10"),
    _run("truncationStrategy: text", truncationStrategy="auto"),
    _page("limit=0"),
    _page("limit=101"),
    _page("limit=ten"),
    _page("limit=1.5"),
    _page("order=up"),
    _body("a thread and run without model", b'{"thread": {}}', "/threads/runs"),
    _body("a thread that is a string", b'{"model": "org/name", "thread": "a"}', "/threads/runs"),
    _body("a message without content", b'{"role": "user"}', MESSAGES),
    _body("a message with an unknown role", b'{"role": "stranger", "content": "a"}', MESSAGES),
    _body("a message whose content is a number", b'{"role": "user", "content": 7}', MESSAGES),
)


def status(bad: BadRequest, url: str) -> int | None:
    """The status of the response; None when the server closes the connection."""
    parts = urlsplit(url + bad.path)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(bad.method, target, bad.body, dict(bad.headers))
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def wrong_responses(url: str) -> dict[str, int | None]:
    """The rules whose violation got a wrong status, and that status."""
    answers = {bad: status(bad, url) for bad in BAD_REQUESTS}
    return {bad.rule: answer for bad, answer in answers.items() if not _is_right(bad, answer)}


def _is_right(bad: BadRequest, answer: int | None) -> bool:
    """422 counts as 400: some servers use it for every invalid request."""
    return answer == bad.status or (bad.status == 400 and answer == 422)
