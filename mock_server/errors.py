"""What does a refusal look like?

Every error of the mock, whatever layer it comes from, is a `Refusal`: one Connect code, one HTTP status, one
message naming the field, the rule and what was sent.
"""

from collections.abc import Mapping
from typing import Any

import orjson

STATUS = {
    "invalid_argument": 400,
    "failed_precondition": 400,
    "unauthenticated": 401,
    "permission_denied": 403,
    "not_found": 404,
    "resource_exhausted": 429,
    "internal": 500,
    "unimplemented": 501,
    "unavailable": 503,
}
"""Connect's codes and the HTTP status each travels with."""

LONGEST = 200


class Refusal(Exception):
    """A request that is not going to be done, and why."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status or STATUS[code]
        self.headers = headers or {}

    def body(self) -> bytes:
        """The one error body."""
        return orjson.dumps({"code": self.code, "message": self.message})


def invalid(message: str) -> Refusal:
    """400: what was sent breaks a rule."""
    return Refusal("invalid_argument", message)


def unknown(kind: str, sent: str, where: str = "") -> Refusal:
    """404: no such thing."""
    return Refusal("not_found", f"no {kind} {quoted(sent)}{where}")


def quoted(value: Any) -> str:
    """What was sent, as JSON, cut to a readable length."""
    try:
        text = orjson.dumps(value).decode()
    except TypeError:
        text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
