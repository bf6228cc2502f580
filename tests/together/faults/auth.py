"""Which deployments accept keys that they should reject, or reject keys that they should accept?"""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from uvicorn.protocols.http.h11_impl import H11Protocol

from tests.together.cases import fault
from tests.together.deployment import KEY, Deployment
from tests.together.service import Json, Refusal


@fault()
class OpenToAll(Deployment):
    """A request without a key is rejected."""

    def authenticate(self, request: Request) -> None:
        if request.headers.get("x-tune-key") is not None:
            super().authenticate(request)


@fault()
class AnyKeyIsAccepted(Deployment):
    """A request with an unknown key is rejected."""

    def knows(self, key: str) -> bool:
        return True


@fault()
class EmptyKeyIsAccepted(Deployment):
    """An empty key is rejected."""

    def knows(self, key: str) -> bool:
        return not key or super().knows(key)


@fault()
class KeyPrefixIsAccepted(Deployment):
    """The whole key is compared, not only its beginning."""

    def knows(self, key: str) -> bool:
        return key.startswith("sk-tune-")


@fault()
class KeyInAnyCase(Deployment):
    """Keys are case-sensitive."""

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
    """Reading a run needs the key."""

    def authenticate(self, request: Request) -> None:
        if request.method != "GET" or "/runs/" not in request.url.path:
            super().authenticate(request)


@fault()
class StreamWithoutKey(Deployment):
    """Creating a run with `stream` needs the key."""

    def authenticate(self, request: Request) -> None:
        """Leave the key to the handlers."""

    async def answer(self, request: Request) -> Response:
        if request.method != "POST" or b'"stream":true' not in (await request.body()).replace(b" ", b""):
            super().authenticate(request)
        return await super().answer(request)


@fault()
class KeyInQueryIsAccepted(Deployment):
    """The key is accepted in the header, not in the URL."""

    def authenticate(self, request: Request) -> None:
        given = {value for _, value in request.query_params.multi_items()}
        if KEY not in given:
            super().authenticate(request)


@fault("warning")
class BearerIsAccepted(Deployment):
    """The key is accepted in X-Tune-Key, not in Authorization."""

    def authenticate(self, request: Request) -> None:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            super().authenticate(request)


@fault()
class KeyIsOnlyABearerToken(Deployment):
    """The key is accepted in X-Tune-Key, and not only in Authorization."""

    def authenticate(self, request: Request) -> None:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            raise Refusal(401, "unauthenticated", "the bearer token is missing")


@fault()
class AuthenticatedByAddress(Deployment):
    """Each request needs its own key, even if its sender has just sent one."""

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
        """Drop the header if its name is in lower case."""
        super().data_received(data.replace(b"\r\nx-tune-key:", b"\r\nx-hidden:"))


@fault(http=OneSpelling)
class HeaderNameInOneCase(Deployment):
    """Header names are case-insensitive."""


@fault()
class MissingKeyIs200(Deployment):
    """A request without a key does not get status 200."""

    def refuse(self, refusal: Refusal) -> Response:
        response = super().refuse(refusal)
        response.status_code = 200 if refusal.status == 401 else refusal.status
        return response


@fault()
class CrashesWithoutKey(Deployment):
    """A request without a key is a client error."""

    def authenticate(self, request: Request) -> None:
        if not self.knows(request.headers["x-tune-key"]):
            raise Refusal(401, "unauthenticated", "the key in X-Tune-Key is not known")


@fault()
class MissingKeyRedirects(Deployment):
    """A request without a key is rejected, not redirected to a login page."""

    def refuse(self, refusal: Refusal) -> Response:
        if refusal.status == 401:
            return RedirectResponse("https://login.example/", 302)
        return super().refuse(refusal)


@fault()
class KeyInTheErrorPage(Deployment):
    """An error does not repeat the key."""

    async def respond(self, request: Request) -> Response:
        response = await super().respond(request)
        if response.status_code in (400, 404):
            debug = {"code": "internal", "message": "debug", "request": dict(request.headers)}
            return self.json(debug, response.status_code)
        return response


@fault()
class KeyInTheMetadata(Deployment):
    """Metadata does not contain the key."""

    async def create_run(self, request: Request, thread_id: str) -> Any:
        self.key = request.headers["x-tune-key"]
        return await super().create_run(request, thread_id)

    def show_run(self, run: Any) -> Json:
        return {**super().show_run(run), "fileIds": [getattr(self, "key", "")]}


@fault("warning")
class ForbiddenWithoutKey(Deployment):
    """A request without a key is rejected with 401, not 403 (observed)."""

    def refuse(self, refusal: Refusal) -> Response:
        response = super().refuse(refusal)
        response.status_code = 403 if refusal.status == 401 else refusal.status
        return response


@fault()
class KeyWithASuffixIsAccepted(Deployment):
    """A key with a suffix is another key."""

    def knows(self, key: str) -> bool:
        return key.startswith(KEY)


@fault()
class NewRoutesWithoutKey(Deployment):
    """Cancelling a run needs the key."""

    def authenticate(self, request: Request) -> None:
        if not request.url.path.endswith(("/cancel", "/submit_tool_outputs")):
            super().authenticate(request)


@fault("note")
class OrganizationIsIgnored(Deployment):
    """An unknown organization does not show the threads of the default one."""

    def authenticate_organization(self, name: str) -> None:
        return
