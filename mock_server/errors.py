"""What does an error response look like?

Every error of the mock is a `Refusal`, whatever layer raises it. It has a Connect code, an HTTP status, and a
message that names the field, the rule and what was sent.
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
"""Connect's error codes and their HTTP statuses."""

LONGEST = 200
"""The number of characters to which a sent value is cut in a message."""


class Refusal(Exception):
    """Raised to refuse a request: the error code, the message, the HTTP status and headers."""

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
        """The JSON body of the error."""
        return orjson.dumps({"code": self.code, "message": self.message})


def invalid(message: str) -> Refusal:
    """400: the request breaks a rule."""
    return Refusal("invalid_argument", message)


def unknown(kind: str, sent: str, where: str = "") -> Refusal:
    """404: there is no resource of a kind with the id that was sent."""
    return Refusal("not_found", f"no {kind} {quoted(sent)}{where}")


def quoted(value: Any) -> str:
    """A sent value as JSON, cut to a readable length."""
    try:
        text = orjson.dumps(value).decode()
    except TypeError:
        text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
