"""Which deployments misuse HTTP?"""

import gzip
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from tests.together.cases import fault
from tests.together.deployment import ROUTES, Deployment
from tests.together.service import Refusal, Run, Thread


@fault()
class JsonAsHtml(Deployment):
    """A JSON body is labelled application/json."""

    def json(self, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        return Response(self.dump(value), status, headers, media_type="text/html")


@fault()
class JsonWithoutMediaType(Deployment):
    """A response with a body has a Content-Type."""

    def json(self, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        return Response(self.dump(value), status, headers)


@fault()
class StepsAsOctets(Deployment):
    """A page of run steps is labelled application/json."""

    async def list_steps(self, request: Request, thread_id: str, run_id: str) -> Any:
        page = await super().list_steps(request, thread_id, run_id)
        return Response(self.dump(page), media_type="application/octet-stream")


@fault()
class ContentLengthTooLarge(Deployment):
    """Content-Length is the length of the body."""

    async def get_run(self, request: Request, thread_id: str, run_id: str) -> Any:
        response = self.json(await super().get_run(request, thread_id, run_id))
        response.headers["content-length"] = str(len(response.body) + 7)
        return response


@fault()
class ContentLengthWithLineEnd(Deployment):
    """Content-Length does not count a line end that is not sent."""

    async def get_thread(self, request: Request, thread_id: str) -> Any:
        response = self.json(await super().get_thread(request, thread_id))
        response.headers["content-length"] = str(len(response.body) + 2)
        return response


@fault()
class JsonInLatin1(Deployment):
    """JSON is UTF-8."""

    def dump(self, value: Any) -> bytes:
        return super().dump(value).decode().encode("latin-1", "replace")


@fault()
class JsonInUtf16(Deployment):
    """JSON is UTF-8, also for messages."""

    async def list_messages(self, request: Request, thread_id: str) -> Any:
        page = await super().list_messages(request, thread_id)
        return Response(self.dump(page).decode().encode("utf-16"), media_type="application/json")


@fault()
class JsonBehindAByteOrderMark(Deployment):
    """JSON does not begin with a byte order mark."""

    def json(self, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        return Response(b"\xef\xbb\xbf" + self.dump(value), status, headers, media_type="application/json")


@fault()
class JsonWithTrailingData(Deployment):
    """Nothing follows the JSON of a body."""

    async def get_run(self, request: Request, thread_id: str, run_id: str) -> Any:
        run = await super().get_run(request, thread_id, run_id)
        return Response(self.dump(run) + b"\n<!-- 12 ms -->", media_type="application/json")


@fault()
class GzipWithoutLabel(Deployment):
    """A compressed body is labelled with Content-Encoding."""

    async def list_runs(self, request: Request, thread_id: str) -> Any:
        page = await super().list_runs(request, thread_id)
        return Response(gzip.compress(self.dump(page)), media_type="application/json")


@fault()
class CreatedIs201(Deployment):
    """Creating a run returns 200."""

    async def begin(self, run: Run) -> Any:
        answer = await super().begin(run)
        return answer if isinstance(answer, Response) else self.json(answer, 201)


@fault()
class MessageCreatedIs201(Deployment):
    """Creating a message returns 200."""

    async def create_message(self, request: Request, thread_id: str) -> Any:
        return self.json(await super().create_message(request, thread_id), 201)


@fault()
class ModifiedIs204(Deployment):
    """Modifying a run returns 200 and the run."""

    async def modify_run(self, request: Request, thread_id: str, run_id: str) -> Any:
        await super().modify_run(request, thread_id, run_id)
        return Response(status_code=204)


@fault()
class ErrorsAre200(Deployment):
    """An unknown run does not get status 200."""

    def refuse(self, refusal: Refusal) -> Response:
        response = super().refuse(refusal)
        response.status_code = 200 if refusal.status == 404 else refusal.status
        return response


@fault("warning")
class AnyPathIs200(Deployment):
    """An unknown path does not get status 200, as in a single-page app."""

    def route(self, method: str, path: str) -> Any:
        try:
            return super().route(method, path)
        except Refusal as refusal:
            if refusal.status == 405:
                raise
            return "front_page", ()

    async def front_page(self, request: Request) -> Any:
        """The page of the single-page app."""
        return Response("<!doctype html><title>Studio</title>", media_type="text/html")


@fault()
class UnknownRunsCrash(Deployment):
    """An unknown run is a client error."""

    def run(self, thread_id: str, run_id: str) -> Run:
        try:
            return super().run(thread_id, run_id)
        except Refusal as refusal:
            raise KeyError(run_id) from refusal


@fault()
class UnknownMessagesCrash(Deployment):
    """An unknown message is a client error."""

    async def get_message(self, request: Request, thread_id: str, message_id: str) -> Any:
        try:
            return await super().get_message(request, thread_id, message_id)
        except Refusal as refusal:
            raise Refusal(500, "internal", "sql: no rows in result set") from refusal


@fault("warning")
class AnyMethodReturnsTheRun(Deployment):
    """A method that a path does not have is rejected."""

    routes = MappingProxyType(
        {**ROUTES, "DELETE /threads/{}/runs/{}": "get_run", "PUT /threads/{}/runs/{}": "get_run"}
    )


@fault("warning")
class PatchCreatesThreads(Deployment):
    """A method that /threads does not have is rejected."""

    routes = MappingProxyType({**ROUTES, "PATCH /threads": "create_thread", "PUT /threads": "create_thread"})


@fault()
class WrongMethodsCrash(Deployment):
    """A wrong method is a client error."""

    def route(self, method: str, path: str) -> Any:
        try:
            return super().route(method, path)
        except Refusal as refusal:
            raise Refusal(500 if refusal.status == 405 else 404, "internal", "no such method") from refusal


@fault("warning")
class WrongMethodsWithoutAllow(Deployment):
    """A 405 response lists the methods of the path (observed)."""

    def route(self, method: str, path: str) -> Any:
        try:
            return super().route(method, path)
        except Refusal as refusal:
            refusal.headers.clear()
            raise


@fault()
class RedirectsToASlash(Deployment):
    """A run is returned at its own path, without a redirect."""

    async def get_run(self, request: Request, thread_id: str, run_id: str) -> Any:
        return RedirectResponse(f"/v2/threads/{thread_id}/runs/{run_id}", 301)


@fault()
class FailsSometimes(Deployment):
    """Every valid request succeeds, not only most."""

    answered = 0

    async def answer(self, request: Request) -> Response:
        self.answered += 1
        if self.answered % 9 == 0:
            raise Refusal(500, "internal", "connection reset by peer")
        return await super().answer(request)


@fault()
class AcceptAnyIsRefused(Deployment):
    """`Accept: */*` includes JSON."""

    async def answer(self, request: Request) -> Response:
        if "application/json" not in request.headers.get("accept", ""):
            raise Refusal(406, "invalid_argument", "only application/json can be served")
        return await super().answer(request)


@fault()
class TruncatesLongResponses(Deployment):
    """A body arrives completely."""

    async def list_messages(self, request: Request, thread_id: str) -> Any:
        body = self.dump(await super().list_messages(request, thread_id))
        return Response(body[: max(64, len(body) // 2)], media_type="application/json")


@fault("note")
class ErrorsAsPlainText(Deployment):
    """An error is an object with code and message (assumed)."""

    def refuse(self, refusal: Refusal) -> Response:
        return Response(refusal.message, refusal.status, refusal.headers, media_type="text/plain")


@fault("note")
class ErrorsUnderAnErrorKey(Deployment):
    """Code and message of an error are at the top level (assumed)."""

    def refuse(self, refusal: Refusal) -> Response:
        body = {"error": {"code": refusal.code, "message": refusal.message}}
        return self.json(body, refusal.status, refusal.headers)


@fault("warning")
class UnknownRunsAre400(Deployment):
    """An unknown run is rejected with 404 (observed)."""

    def run(self, thread_id: str, run_id: str) -> Run:
        try:
            return super().run(thread_id, run_id)
        except Refusal as refusal:
            raise Refusal(400, "invalid_argument", refusal.message) from refusal


@fault("warning")
class InvalidIs422(Deployment):
    """An invalid request is rejected with 400 (observed)."""

    def refuse(self, refusal: Refusal) -> Response:
        response = super().refuse(refusal)
        response.status_code = 422 if refusal.status == 400 else refusal.status
        return response


@fault("note")
class ErrorCodesInCapitals(Deployment):
    """The code of an error is one of the Connect protocol (assumed)."""

    def refuse(self, refusal: Refusal) -> Response:
        return super().refuse(
            Refusal(refusal.status, refusal.code.upper(), refusal.message, **refusal.headers)
        )


@fault("warning")
class ErrorsWithATraceback(Deployment):
    """An error does not show the code of the service (observed)."""

    def refuse(self, refusal: Refusal) -> Response:
        trace = 'Traceback (most recent call last):\n  File "/srv/app/runs.py", line 71, in create\n'
        return super().refuse(
            Refusal(refusal.status, refusal.code, trace + refusal.message, **refusal.headers)
        )


@fault("warning")
class TooManyWithoutRetryAfter(Deployment):
    """A 429 response says when to retry (observed)."""

    answered = 0

    async def answer(self, request: Request) -> Response:
        self.answered += 1
        if self.answered % 40 == 0:
            raise Refusal(429, "resource_exhausted", "too many requests")
        return await super().answer(request)


@fault()
class CrashesOnNulInAPath(Deployment):
    """An unknown id is a client error, also with odd characters."""

    def thread(self, thread_id: str) -> Thread:
        if "\0" in thread_id:
            raise Refusal(500, "internal", "embedded null byte")
        return super().thread(thread_id)

    def run(self, thread_id: str, run_id: str) -> Run:
        if "\0" in run_id:
            raise Refusal(500, "internal", "embedded null byte")
        return super().run(thread_id, run_id)


@fault()
class CrashesOnALongId(Deployment):
    """An unknown id is a client error, also if it is very long."""

    def thread(self, thread_id: str) -> Thread:
        if len(thread_id) > 255:
            raise Refusal(500, "internal", "value too long for type character varying(255)")
        return super().thread(thread_id)


@fault("note")
class HeadIsAnError(Deployment):
    """HEAD has the status of GET, or is not offered."""

    async def respond(self, request: Request) -> Response:
        return Response(status_code=400) if request.method == "HEAD" else await super().respond(request)


@fault()
class CompressesUnasked(Deployment):
    """A client that accepts no coding gets none."""

    async def respond(self, request: Request) -> Response:
        response = await super().respond(request)
        if isinstance(response, StreamingResponse):
            return response
        headers = {**dict(response.headers), "content-encoding": "gzip"}
        headers.pop("content-length", None)
        return Response(gzip.compress(bytes(response.body)), response.status_code, headers)
