"""What was sent to a service and what came back, and how could one send it again?"""

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from contract_tests.document import Operation
from contract_tests.redaction import KEY_ESCAPED, KEY_MARK, Secrets

KEY_HEADER = "X-Tune-Key"
_IDS = re.compile(r"/(threads|runs|messages|steps)/(?!runs$)[^/]+")
_UNINTERESTING = frozenset(
    {"host", "accept", "accept-encoding", "connection", "user-agent", "content-length"}
)


class Intent(StrEnum):
    """Why a request was sent. An ordinary request has no intent: it must succeed."""

    CONNECT = "connect"
    """Find the base URL and see whether the key is accepted."""
    UNAUTHENTICATED = "unauthenticated"
    """Send no key, or an invalid one."""
    INVALID = "invalid"
    """Must be rejected."""
    ODD = "odd"
    """May be accepted or rejected, but must not make the service fail."""
    UNKNOWN_ID = "unknown-id"
    UNKNOWN_PATH = "unknown-path"
    WRONG_METHOD = "wrong-method"
    ACCEPT_ANY = "accept-any"
    """Accept every media type."""
    NO_TOKEN_LIMIT = "no-token-limit"
    """Leave `maxCompletionTokens` away."""
    LAST_POLL = "last-poll"
    """Read a run for the last time, after `--max-wait`."""
    GENERATED = "generated"
    """Sent by schemathesis; `Exchange.generated_for` says for which operation."""
    RECORDED = "recorded"
    """Sent by another program and recorded."""
    UNTIMED = "untimed"
    """Recorded without the arrival times of the parts of its response."""


@dataclass(frozen=True)
class Chunk:
    """Some bytes of a body and the moment they arrived."""

    at: float
    data: bytes


@dataclass(frozen=True)
class Exchange:
    """One request and its response, as they were on the wire; moments are seconds of one monotonic clock.

    `error` says why there is no whole response; `cut` that we stopped reading before the service ended it.
    `intents` says why it was sent, `generated_for` the operation it was generated for, or `links`.
    """

    method: str
    url: str
    operation: Operation | None
    path_parameters: Mapping[str, str]
    query: tuple[tuple[str, str], ...]
    request_headers: tuple[tuple[str, str], ...]
    request_body: bytes
    sent: float
    received: float
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    chunks: tuple[Chunk, ...] = ()
    error: str = ""
    cut: bool = False
    wall: float = 0.0
    intents: frozenset[Intent] = frozenset()
    generated_for: str = ""
    secrets: Secrets = field(default_factory=Secrets, repr=False, compare=False)

    @cached_property
    def body(self) -> bytes:
        """The response body."""
        return b"".join(chunk.data for chunk in self.chunks)

    @cached_property
    def json(self) -> Any:
        """The response body as JSON, None where it is none."""
        return _json(self.body)

    @cached_property
    def asked(self) -> Any:
        """The request body as JSON, None where it is none."""
        return _json(self.request_body)

    @property
    def label(self) -> str:
        """The operation's name, or method and path, without ids, which are others every time."""
        path = _IDS.sub(r"/\1/{id}", urlsplit(self.url).path)
        return self.operation.id if self.operation else f"{self.method} {path}"

    @property
    def ok(self) -> bool:
        """Whether the service said yes."""
        return 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        """Whether the service said that the request is at fault."""
        return 400 <= self.status < 500

    @property
    def media_type(self) -> str:
        """The response's media type without parameters, in lower case."""
        return self.header("content-type").partition(";")[0].strip().lower()

    def header(self, name: str) -> str:
        """The first value of a response header, empty if it is not there."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    def request_header(self, name: str) -> str:
        """The first value of a request header, empty if it is not there."""
        return next((value for key, value in self.request_headers if key.lower() == name.lower()), "")

    def curl(self) -> str:
        """A command line that sends the request again, without the key."""
        parts = ["curl", "-i"]
        if self.method == "HEAD":
            parts.append("--head")
        elif self.method != ("POST" if self.request_body else "GET"):
            parts += ["-X", self.method]
        if self.media_type == "text/event-stream":
            parts.append("-N")
        for name, value in self.request_headers:
            if name.lower() not in _UNINTERESTING:
                parts += ["-H", f"{name}: {value}" if value else f"{name};"]
        if self.request_body:
            parts += ["--data-raw", _shown(self.request_body)]
        return self.secrets.redact(" ".join(_quoted(part, self.secrets) for part in [*parts, self.url]))


def _quoted(part: str, secrets: Secrets) -> str:
    """A shell word in which the variable for the key is still expanded."""
    text = secrets.redact(part)
    if not KEY_MARK.search(text):
        return shlex.quote(text)
    escaped = "".join(f"\\{char}" if char in '\\"`$' else char for char in text)
    return '"' + KEY_ESCAPED.sub("$", escaped) + '"'


def _shown(body: bytes, limit: int = 2000) -> str:
    """A request body as text short enough to be read."""
    text = body.decode("utf-8", "backslashreplace").replace("\x00", "\\x00")
    return text if len(text) <= limit else f"{text[:limit]}... ({len(body)} bytes)"


def _json(body: bytes) -> Any:
    """What JSON text says, None where it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
