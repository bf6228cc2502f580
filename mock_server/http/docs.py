"""Where are the document and its reference served?

connexion serves Swagger UI and the document under the base path of the API; `/docs` redirects there. Requests
to the API bypass connexion's router for these pages.
"""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from mock_server.errors import Refusal, quoted
from mock_server.http.connexion_api import SwaggerUIMiddleware, SwaggerUIOptions
from mock_server.http.request import send_bytes

_DOCUMENTS = [
    {"name": "The run API", "url": "../openapi.json"},
    {"name": "Control calls of the mock", "url": "/_mock/openapi.json"},
]
OPTIONS = SwaggerUIOptions(swagger_ui_path="/docs", swagger_ui_template_arguments={"urls": _DOCUMENTS})
_PAGES = ("/docs", "/openapi.json", "/openapi.yaml")


class DocsMiddleware(SwaggerUIMiddleware):
    """Serves connexion's Swagger UI for its own paths, and the next application for all others."""

    def __init__(self, app: Any) -> None:
        super().__init__(app)
        self._base = ""

    def add_api(self, specification: Any, base_path: str | None = None, **kwargs: Any) -> None:
        """Serve the pages of a document. `/docs` redirects to those of the first document."""
        super().add_api(specification, base_path=base_path, **kwargs)
        self._base = self._base or specification.base_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a page, or pass the request on."""
        path = scope["path"]
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
        elif path in ("/", "/docs", "/docs/"):
            await _redirect(send, f"{self._base}/docs/")
        elif path.startswith(tuple(f"{self._base}{page}" for page in _PAGES)):
            await self._page(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A page of connexion. Its file server raises errors that this server would take for its own."""
        try:
            await super().__call__(scope, receive, send)
        except HTTPException as error:
            raise Refusal("not_found", f"there is no page {quoted(scope['path'])}") from error


async def _redirect(send: Send, target: str) -> None:
    await send_bytes(send, 307, b"{}", [(b"location", target.encode())])
