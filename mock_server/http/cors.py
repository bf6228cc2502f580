"""Which CORS headers does a response have?"""

from collections.abc import Collection, Iterable

from mock_server.errors import Refusal
from mock_server.http.request import Header

_ALLOWED = "X-Tune-Key, X-Org-Id, Prefer, Content-Type"
_EXPOSED = b"Preference-Applied, Retry-After, X-Mock-Scenario, X-Mock-Hint"
_METHODS = "GET, HEAD, POST, OPTIONS"
_MAX_AGE = b"600"


class Cors:
    """The CORS headers for a set of allowed origins."""

    def __init__(
        self, origins: Collection[str], methods: str = _METHODS, flag: str = "--cors-origin"
    ) -> None:
        self._methods = methods.encode()
        self._flag = flag
        self._any = "*" in origins
        self._origins = frozenset(origin.encode() for origin in origins)

    def headers(self, origin: bytes) -> list[Header]:
        """The headers of every response to a page of this origin."""
        if self._any:
            allowed = [(b"access-control-allow-origin", b"*")]
        elif origin in self._origins:
            allowed = [(b"access-control-allow-origin", origin), (b"vary", b"Origin")]
        else:
            return [(b"vary", b"Origin")]
        return [*allowed, (b"access-control-expose-headers", _EXPOSED)]

    def preflight(self, origin: bytes, headers: Iterable[Header]) -> list[Header]:
        """The headers of the response to a preflight. Raises `Refusal` if the origin is not allowed."""
        if not self._any and origin not in self._origins:
            shown = origin.decode("latin-1")
            raise Refusal(
                "permission_denied",
                f"the origin {shown} is not allowed; start tune-mock with {self._flag} {shown}",
            )
        asked = dict(headers)
        wanted = asked.get(b"access-control-request-headers", b"").decode("latin-1")
        known = {name.lower() for name in _ALLOWED.split(", ")}
        more = [name for name in wanted.split(",") if name.strip() and name.strip().lower() not in known]
        allowed = ", ".join([_ALLOWED, *(name.strip() for name in more)])
        answer = [
            *self.headers(origin),
            (b"access-control-allow-methods", self._methods),
            (b"access-control-allow-headers", allowed.encode("latin-1")),
            (b"access-control-max-age", _MAX_AGE),
        ]
        if asked.get(b"access-control-request-private-network") == b"true":
            answer.append((b"access-control-allow-private-network", b"true"))
        return answer
