"""How may answers travel?"""

import asyncio
import gzip
import json
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from openapi import Grade
from tests.together.deployment import Deployment
from tests.together.generated.choices.choosing import choice
from tests.together.service import Refusal

_CORS = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "*",
    "vary": "Origin",
}
_PROXY = {
    **_CORS,
    "server": "envoy",
    "x-request-id": "4f1c2f6e",
    "cache-control": "no-store",
    "strict-transport-security": "max-age=31536000",
    "x-envoy-upstream-service-time": "7",
    "set-cookie": "AWSALB=4f1c2f6e; Path=/; HttpOnly",
    "content-language": "en",
}


@dataclass(frozen=True)
class TransportOptions:
    """Free choices of how answers travel."""

    json_type: str = choice(
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON;Charset=UTF-8",
        why="RFC 9110 8.3.1: a media type has parameters and no case",
    )
    json_style: str = choice("compact", "pretty", "ascii", "tail", why="RFC 8259 2: white space and escapes")
    framing: str = choice(
        "length", "chunked", "close", "HTTP/1.0", why="RFC 9112 6: three ways to tell where a body ends"
    )
    header_case: str = choice("lower", "title", "upper", why="RFC 9110 5.1: names of headers have no case")
    keep_alive: bool = choice(True, False, why="RFC 9112 9.6: either side may close after any response")
    date: str = choice("true", "own", "none", why="RFC 9110 6.6.1: Date is the origin's clock, or left out")
    more_headers: str = choice(
        "none", "CORS", "proxy", why="RFC 9110 5.1: clients ignore headers that they do not know"
    )
    gzip: str = choice("never", "when asked", why="RFC 9110 12.5.3: Accept-Encoding allows it")
    latency: float = choice(0.0, 0.02, 0.2, why="no page says how fast an answer comes")
    rate: str = choice(
        "unlimited",
        "every 40th, 0 s",
        "every 25th, 1 s",
        "every 7th, a date",
        why="RFC 6585 4: 429 with Retry-After tells a client to come again",
    )
    slashes: str = choice(
        "none",
        "redirected away",
        "redirected away",
        "redirected to",
        why="RFC 9110 15.4: a GET may be answered at another path of the same server",
    )
    head: str = choice("refused", "answered", why="RFC 9110 9.3.2: HEAD is GET without the body")
    patch: str = choice(
        "refused",
        "modifies",
        why="no page says that a path has no further methods",
        breaks={"modifies": Grade.OBSERVED},
    )
    options_method: str = choice("refused", "answered", why="RFC 9110 9.3.7: OPTIONS tells what is allowed")


class Transport(Deployment):
    """The part of a deployment that decides how answers travel."""

    options: Any
    seen = 0

    async def respond(self, request: Request) -> Response:
        """The answer to a request, whatever happens on the way."""
        self.seen += 1
        await asyncio.sleep(self.options.latency)
        response = self._turned_away() or self._redirected(request)
        response = response or await self._answered(request)
        for name, value in {"CORS": _CORS, "proxy": _PROXY}.get(self.options.more_headers, {}).items():
            response.headers.setdefault(name, value)
        return self._compressed(request, response)

    async def _answered(self, request: Request) -> Response:
        if request.method == "OPTIONS" and self.options.options_method == "answered":
            return Response(status_code=204, headers={"Allow": "GET, POST, HEAD, OPTIONS"})
        if request.method == "HEAD" and self.options.head == "answered":
            request = Request({**request.scope, "method": "GET"}, request.receive)
        if request.method == "PATCH" and self.options.patch == "modifies":
            request = Request({**request.scope, "method": "POST"}, request.receive)
        if self.options.slashes == "redirected to" and request.url.path.endswith("/"):
            request = Request({**request.scope, "path": request.url.path.rstrip("/")}, request.receive)
        return await super().respond(request)

    def _turned_away(self) -> Response | None:
        every, _, pause = self.options.rate.removeprefix("every ").partition(", ")
        if not pause or self.seen % int(every.removesuffix("th")):
            return None
        when = format_datetime(self.now(), usegmt=True) if pause == "a date" else pause.partition(" ")[0]
        return self.refuse(Refusal(429, "resource_exhausted", "too many requests", Retry_After=when))

    def _redirected(self, request: Request) -> Response | None:
        raw = request.scope.get("raw_path", request.url.path.encode()).decode()
        slash = raw.endswith("/")
        away = self.options.slashes == "redirected away" and slash
        to = self.options.slashes == "redirected to" and not slash
        if request.method != "GET" or not (away or to) or not self._is_known(request.url.path.rstrip("/")):
            return None
        path = raw.rstrip("/") if away else f"{raw}/"
        query = f"?{request.url.query}" if request.url.query else ""
        return Response(status_code=307, headers={"location": f"{path}{query}"})

    def _is_known(self, path: str) -> bool:
        """Whether a GET may be asked for at a path."""
        try:
            self.route("GET", path)
        except Refusal:
            return False
        return True

    def _compressed(self, request: Request, response: Response) -> Response:
        asked = "gzip" in request.headers.get("accept-encoding", "")
        if self.options.gzip == "never" or not asked or isinstance(response, StreamingResponse):
            return response
        headers = {**dict(response.headers), "content-encoding": "gzip", "vary": "accept-encoding"}
        headers.pop("content-length", None)
        return Response(gzip.compress(bytes(response.body)), response.status_code, headers)

    def json(self, value: Any, status: int = 200, headers: Any = None) -> Response:
        """A JSON response."""
        response = super().json(value, status, headers)
        response.headers["content-type"] = self.options.json_type
        return response

    def dump(self, value: Any) -> bytes:
        """A value as JSON, in the chosen style."""
        match self.options.json_style:
            case "pretty":
                return json.dumps(value, indent=2, ensure_ascii=False).encode()
            case "ascii":
                return json.dumps(value).encode()
            case "tail":
                return b" " + json.dumps(value, ensure_ascii=False).encode() + b"\r\n"
        return super().dump(value)
