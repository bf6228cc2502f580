"""Is a request valid for its operation?

Replaces connexion's `RequestValidationMiddleware`. It compiles the same operation objects once, for a fast
parser and validator. A valid request reaches its handler as a `Request`.
"""

from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.http.bodies import Body
from mock_server.http.connexion_api import AbstractOperation, RoutedAPI, RoutedMiddleware
from mock_server.http.hints import hints
from mock_server.http.parameters import Parameters
from mock_server.http.request import REQUEST, Request
from mock_server.sandboxes.journal import SEEN
from mock_server.sandboxes.sandbox import SANDBOX


class _ValidationAPI(RoutedAPI[ASGIApp]):
    """The validators of one document, by operation."""

    def __init__(self, *args: Any, largest_body: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._largest_body = largest_body
        self.add_paths()

    def make_operation(self, operation: AbstractOperation) -> ASGIApp:
        """An application that validates the request and calls the next application."""
        next_app, name = self.next_app, operation.operation_id
        parameters = Parameters(operation.parameters)
        body = Body(operation.request_body, self._largest_body) if operation.request_body else None

        async def validated(scope: Scope, receive: Receive, send: Send) -> None:
            parameters.check_headers(scope)
            path, query = parameters.path(scope), parameters.query(scope)
            sent, raw = await body.read(scope, receive) if body else ({}, b"")
            request = Request(scope[SANDBOX], name, path, query, sent, scope, receive)
            if body and (seen := scope.get(SEEN)) is not None:
                scope[SANDBOX].journal.keep(seen, raw)
            if body and not sent.keys() <= body.fields:
                for hint in hints(sent, body.fields, path):
                    request.tell("x-mock-hint", hint)
            scope[REQUEST] = request
            await next_app(scope, receive, send)

        return validated


class ValidationMiddleware(RoutedMiddleware[_ValidationAPI]):
    """Refuses requests that are not valid."""

    api_cls = _ValidationAPI
