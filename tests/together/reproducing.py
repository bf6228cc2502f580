"""Does the script of a finding show it on a deployment that has no data yet?

The script runs against a new copy of the faulty deployment, which records what is sent and answered. It shows
the finding if its check finds it in this record too, or if its last response is the one of the finding.
"""

import json
import os
import re
import subprocess
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract_tests.checks import REGISTRY
from contract_tests.checks.evaluation import SUBJECTS, evaluate
from contract_tests.document import document
from contract_tests.findings import Finding
from contract_tests.observations.assembly import assemble
from contract_tests.observations.exchange import Chunk, Exchange, Intent
from tests.together.cases import Case
from tests.together.deployment import KEY
from tests.together.serve import serving

_SECONDS = 90
_IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{12,}")
_TIMES = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|[+-]\d\d:\d\d)|\d{10,13}(?:\.\d+)?")
_PORT = re.compile(r"127\.0\.0\.1:\d+")


@dataclass
class Recorder:
    """An ASGI application that records the exchanges of another one."""

    app: ASGIApp
    exchanges: list[Exchange] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and record it."""
        sent, request = time.monotonic(), bytearray()
        start: Message = {"status": 0, "headers": []}
        chunks: list[Chunk] = []

        async def receiving() -> Message:
            message = await receive()
            request.extend(message.get("body", b""))
            return message

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            elif message.get("body"):
                chunks.append(Chunk(time.monotonic(), message["body"]))
            await send(message)

        try:
            await self.app(scope, receiving, sending)
        finally:
            self.exchanges.append(_exchange(scope, bytes(request), sent, start, chunks))


def _exchange(scope: Scope, body: bytes, sent: float, start: Message, chunks: list[Chunk]) -> Exchange:
    path, query = scope["path"], scope["query_string"].decode()
    operation, parameters = document().match(scope["method"], path.removeprefix("/v1"))
    return Exchange(
        method=scope["method"],
        url=f"http://deployment{path}{'?' if query else ''}{query}",
        operation=operation,
        path_parameters=parameters,
        query=tuple(parse_qsl(query, keep_blank_values=True)),
        request_headers=tuple((name.decode(), text.decode("latin-1")) for name, text in scope["headers"]),
        request_body=body,
        sent=sent,
        received=time.monotonic(),
        status=start["status"],
        headers=tuple((name.decode(), text.decode("latin-1")) for name, text in start["headers"]),
        chunks=tuple(chunks),
        wall=time.time(),
    )


def reproduction(finding: Finding) -> str:
    """The script of a finding, or its command line if that is enough. Empty if there is none."""
    return finding.as_json()["script"] or finding.curl


def execute(case: Case, finding: Finding) -> tuple[list[Exchange], str]:
    """What was exchanged when the reproduction of a finding ran on a new deployment, and its error."""
    recorder = Recorder(case.app())
    with tempfile.TemporaryDirectory() as folder, serving(recorder, **dict(case.serving)) as url:
        script = Path(folder) / "reproduce.sh"
        script.write_text(_PORT.sub(url.split("/")[2], reproduction(finding)) + "\n")
        environment = {"PATH": os.environ["PATH"], "TUNE_API_KEY": KEY}
        command = ["bash", str(script), url]
        try:
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, errors="replace", timeout=_SECONDS
            )
        except subprocess.TimeoutExpired:
            return recorder.exchanges, "it does not end"
    return recorder.exchanges, done.stderr.strip() if done.returncode else ""


def missing(case: Case, finding: Finding) -> str:
    """Why the reproduction of a finding does not show it, empty if it does."""
    if not reproduction(finding):
        return "no reproduction"
    exchanges, error = execute(case, finding)
    if not exchanges:
        return f"nothing was sent: {error}"
    if _found_again(finding, exchanges) or _same(finding.exchange, exchanges[-1]):
        return ""
    last = exchanges[-1]
    return error or f"the last response is {last.status} {last.body[:200]!r}"


def _found_again(finding: Finding, exchanges: list[Exchange]) -> bool:
    check = REGISTRY[finding.slug]
    if check.subject not in SUBJECTS:
        return False
    intents = finding.exchange.intents - {Intent.GENERATED} if finding.exchange else frozenset()
    story = assemble([*exchanges[:-1], replace(exchanges[-1], intents=intents)])
    return any(one.slug == finding.slug for one in evaluate(story, [check]))


def _same(expected: Exchange | None, found: Exchange) -> bool:
    """Whether two responses are the same but for ids and times."""
    return expected is not None and expected.status == found.status and _form(expected) == _form(found)


def _form(exchange: Exchange) -> Any:
    text = exchange.body.decode("utf-8", "replace")
    if isinstance(exchange.json, dict | list):
        text = json.dumps(exchange.json, sort_keys=True)
    return _TIMES.sub("TIME", _IDS.sub("ID", text))
