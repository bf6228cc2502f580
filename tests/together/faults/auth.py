"""Which deployments let in whom they should not, or keep out whom they should let in?"""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from uvicorn.protocols.http.h11_impl import H11Protocol

from tests.together.cases import fault
from tests.together.deployment import KEY, Deployment
from tests.together.service import Json, Refusal


@fault()
class OpenToAll(Deployment):
    """A request without a key is refused."""

    def authenticate(self, request: Request) -> None:
        if request.headers.get("x-tune-key") is not None:
            super().authenticate(request)


@fault()
class AnyKeyGoes(Deployment):
    """A request with an unknown key is refused."""

    def knows(self, key: str) -> bool:
        return True


@fault()
class EmptyKeyGoes(Deployment):
    """An empty key is no key."""

    def knows(self, key: str) -> bool:
        return not key or super().knows(key)


@fault()
class KeyPrefixGoes(Deployment):
    """A key is compared whole, not by its beginning."""

    def knows(self, key: str) -> bool:
        return key.startswith("sk-tune-")


@fault()
class KeyInAnyCase(Deployment):
    """A key is compared letter by letter."""

    def knows(self, key: str) -> bool:
        return key.lower() == KEY.lower()


@fault()
class StepsWithoutKey(Deployment):
    """Every operation needs the key, listing run steps too."""

    def authenticate(self, request: Request) -> None:
        if not request.url.path.endswith("/steps"):
            super().authenticate(request)


@fault()
class ReadingWithoutKey(Deployment):
    """Reading one run needs the key as much as creating one."""

    def authenticate(self, request: Request) -> None:
        if request.method != "GET" or "/runs/" not in request.url.path:
            super().authenticate(request)


@fault()
class StreamWithoutKey(Deployment):
    """Creating a run with `stream` needs the key."""

    def authenticate(self, request: Request) -> None:
        """Left to the handlers."""

    async def answer(self, request: Request) -> Response:
        if request.method != "POST" or b'"stream":true' not in (await request.body()).replace(b" ", b""):
            super().authenticate(request)
        return await super().answer(request)


@fault()
class KeyInQueryGoes(Deployment):
    """The key travels in the header, not in the URL."""

    def authenticate(self, request: Request) -> None:
        given = {value for _, value in request.query_params.multi_items()}
        if KEY not in given:
            super().authenticate(request)


@fault()
class BearerGoes(Deployment):
    """The key travels in X-Tune-Key, not in Authorization."""

    def authenticate(self, request: Request) -> None:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            super().authenticate(request)


@fault()
class KnownByAddress(Deployment):
    """A request is let in for its own key, not for one its sender used a moment ago."""

    known: Any = None

    def authenticate(self, request: Request) -> None:
        host = request.client.host if request.client else ""
        if request.headers.get("x-tune-key") is None and self.known == host:
            return
        super().authenticate(request)
        self.known = host


class OneSpelling(H11Protocol):
    """A gateway that passes the header on in the one spelling it knows."""

    def data_received(self, data: bytes) -> None:
        """Hide the header where it is written in lower case."""
        super().data_received(data.replace(b"\r\nx-tune-key:", b"\r\nx-hidden:"))


@fault(http=OneSpelling)
class HeaderNameInOneCase(Deployment):
    """A header's name is read without regard to case."""


@fault()
class RefusedWithASmile(Deployment):
    """A request without a key is not answered with 200."""

    def refuse(self, refusal: Refusal) -> Response:
        response = super().refuse(refusal)
        response.status_code = 200 if refusal.status == 401 else refusal.status
        return response


@fault()
class CrashesWithoutKey(Deployment):
    """A request without a key is the client's fault, not the service's."""

    def authenticate(self, request: Request) -> None:
        if not self.knows(request.headers["x-tune-key"]):
            raise Refusal(401, "unauthenticated", "the key in X-Tune-Key is not known")


@fault()
class RefusedToTheLoginPage(Deployment):
    """A request without a key is refused, not sent to a page for people."""

    def refuse(self, refusal: Refusal) -> Response:
        if refusal.status == 401:
            return RedirectResponse("https://login.example/", 302)
        return super().refuse(refusal)


@fault()
class KeyInTheErrorPage(Deployment):
    """An error never repeats the key that was sent."""

    async def respond(self, request: Request) -> Response:
        response = await super().respond(request)
        if response.status_code in (400, 404):
            debug = {"code": "internal", "message": "debug", "request": dict(request.headers)}
            return self.json(debug, response.status_code)
        return response


@fault()
class KeyInTheMetadata(Deployment):
    """What is read back holds no key."""

    async def create_run(self, request: Request, thread_id: str) -> Any:
        self.key = request.headers["x-tune-key"]
        return await super().create_run(request, thread_id)

    def show_run(self, run: Any) -> Json:
        return {**super().show_run(run), "fileIds": [getattr(self, "key", "")]}


@fault("warning")
class ForbiddenWithoutKey(Deployment):
    """A request without a key is answered with 401, not 403 (observed)."""

    def refuse(self, refusal: Refusal) -> Response:
        response = super().refuse(refusal)
        response.status_code = 403 if refusal.status == 401 else refusal.status
        return response


@fault()
class KeyWithATailGoes(Deployment):
    """A key with more behind it is another key."""

    def knows(self, key: str) -> bool:
        return key.startswith(KEY)


@fault()
class NewRoutesWithoutKey(Deployment):
    """Cancelling a run needs the key as well."""

    def authenticate(self, request: Request) -> None:
        if not request.url.path.endswith(("/cancel", "/submit_tool_outputs")):
            super().authenticate(request)
