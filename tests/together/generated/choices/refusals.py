"""How may a deployment say no?"""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from openapi import Grade
from tests.together.deployment import Deployment
from tests.together.generated.choices.choosing import choice
from tests.together.service import Refusal

GRPC = {
    "invalid_argument": 3,
    "not_found": 5,
    "permission_denied": 7,
    "resource_exhausted": 8,
    "failed_precondition": 9,
    "unimplemented": 12,
    "internal": 13,
    "unavailable": 14,
    "unauthenticated": 16,
}
_FORMS = ("word", "number", "text", "page", "problem", "nested", "details", "empty", "labelled")
_ROUTER = frozenset({404, 405, 413, 429})


@dataclass(frozen=True)
class RefusalOptions:
    """Free choices of how a deployment says no."""

    error_form: str = choice(*_FORMS, why="no page shows the body of an error of /v1; its form is assumed")
    router_form: str = choice(
        "as the service", "text", "page", "empty", why="a router in front answers before the service does"
    )
    invalid_status: int = choice(
        400, 400, 422, why="no page gives the status of an invalid request", breaks={422: Grade.OBSERVED}
    )
    unauthenticated_status: int = choice(
        401, 401, 403, why="no page gives the status of a refused key", breaks={403: Grade.OBSERVED}
    )
    unknown_status: int = choice(
        404,
        404,
        403,
        400,
        why="a service may not say whether a stranger's resource exists; no page rules",
        breaks={403: Grade.OBSERVED, 400: Grade.OBSERVED},
    )
    wrong_method: str = choice(
        "405",
        "405 without Allow",
        "404",
        "501",
        why="no page says what another method gets",
        breaks={"405 without Allow": Grade.OBSERVED, "404": Grade.OBSERVED, "501": Grade.OBSERVED},
    )
    challenge: bool = choice(False, True, why="RFC 9110 11.6.1: a 401 has WWW-Authenticate")
    router_first: bool = choice(
        False, True, why="what is not offered needs no key: the pages ask for it on their operations alone"
    )
    body_first: bool = choice(False, True, why="no page says what is checked first, the body or the thread")


class Refusals(Deployment):
    """The part of a deployment that decides how it says no."""

    options: Any

    def authenticate(self, request: Request) -> None:
        """Let in who has a key; what is not there may be said before."""
        if self.options.router_first:
            self.route(request.method, request.url.path)
        try:
            super().authenticate(request)
        except Refusal as refusal:
            if refusal.status == 401:
                refusal.status = self.options.unauthenticated_status
            if self.options.challenge and refusal.status == 401:
                refusal.headers["WWW-Authenticate"] = 'ApiKey realm="studio"'
            raise

    def route(self, method: str, path: str) -> tuple[str, tuple[str, ...]]:
        """The handler of a request and the ids in its path."""
        try:
            return super().route(method, path)
        except Refusal as refusal:
            refusal.routed = True
            kept = {"cancel": self.options.cancelling, "submit_tool_outputs": self.options.outputs}
            if method == "POST" and kept.get(path.rpartition("/")[2]) == "405":
                refusal.status, refusal.headers = 405, {"Allow": "OPTIONS"}
            elif refusal.status == 405 and self.options.wrong_method == "405 without Allow":
                refusal.headers = {}
            elif refusal.status == 405 and self.options.wrong_method != "405":
                refusal.status, refusal.headers = int(self.options.wrong_method), {}
            raise

    async def create_run(self, request: Request, thread_id: str) -> Any:
        """POST /threads/{threadId}/runs."""
        if self.options.body_first:
            await self.body(request, "run")
        return await super().create_run(request, thread_id)

    async def create_message(self, request: Request, thread_id: str) -> Any:
        """POST /threads/{threadId}/messages."""
        if self.options.body_first:
            await self.body(request, "message")
        return await super().create_message(request, thread_id)

    def refuse(self, refusal: Refusal) -> Response:
        """The response that says no."""
        status, routed = refusal.status, getattr(refusal, "routed", False)
        status = self.options.invalid_status if status == 400 else status
        status = self.options.unknown_status if status == 404 and not routed else status
        by_router = routed or refusal.status in (413, 429)
        form = self.options.router_form if by_router else "as the service"
        form = self.options.error_form if form == "as the service" else form
        return self._formed(form, status, refusal)

    def _formed(self, form: str, status: int, refusal: Refusal) -> Response:
        code, message, headers = refusal.code, refusal.message, refusal.headers
        match form:
            case "number":
                body: Any = {"code": GRPC.get(code, 2), "message": message, "details": []}
            case "text":
                return Response(message, status, headers, media_type="text/plain")
            case "page":
                page = f"<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>"
                return Response(page, status, headers, media_type="text/html")
            case "problem":
                problem = {"type": "about:blank", "title": code, "status": status, "detail": message}
                return Response(self.dump(problem), status, headers, media_type="application/problem+json")
            case "nested":
                body = {"error": {"type": code, "message": message, "param": None}}
            case "details":
                body = {"detail": [{"loc": ["body"], "msg": message, "type": code}]}
            case "labelled":
                return Response(status_code=status, headers=headers, media_type="application/json")
            case "empty":
                return Response(status_code=status, headers=headers)
            case _:
                body = {"code": code, "message": message}
        return self.json(body, status, headers)
