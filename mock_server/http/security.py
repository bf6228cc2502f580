"""Does a request have a valid key?

Replaces connexion's `SecurityMiddleware`. It uses the same `security` and `securitySchemes` of the document,
compiled once for each operation.
"""

from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.errors import Refusal
from mock_server.http.connexion_api import AbstractOperation, RoutedAPI, RoutedMiddleware

Check = Callable[[Scope], None]


def _key_check(scheme: dict[str, Any], keys: frozenset[bytes]) -> Check:
    """A check that refuses requests without a valid key. Without `keys`, any non-empty key is valid."""
    if scheme.get("type") != "apiKey" or scheme.get("in") != "header":
        raise ValueError(f"the mock supports only apiKey schemes in a header, not {scheme}")
    name = scheme["name"]
    wanted = name.lower().encode()

    def check(scope: Scope) -> None:
        for header, value in scope["headers"]:
            if header == wanted and (value in keys if keys else value.strip()):
                return
            if header == wanted:
                problem = "is not known" if value.strip() else "is empty"
                raise Refusal("unauthenticated", f"the key in {name} {problem}")
        raise Refusal("unauthenticated", f"the header {name} is missing")

    return check


def _compile(operation: AbstractOperation, keys: frozenset[bytes]) -> Check | None:
    """One check for the operation's `security`: all schemes of at least one requirement are satisfied."""
    requirements = operation.security or []
    alternatives = [
        [_key_check(operation.security_schemes[name], keys) for name in requirement]
        for requirement in requirements
    ]
    if not alternatives or [] in alternatives:
        return None
    if len(alternatives) == len(alternatives[0]) == 1:
        return alternatives[0][0]

    def check(scope: Scope) -> None:
        refused: Refusal | None = None
        for checks in alternatives:
            try:
                for one in checks:
                    one(scope)
            except Refusal as refusal:
                refused = refused or refusal
            else:
                return
        if refused:
            raise refused

    return check


class _SecurityAPI(RoutedAPI[ASGIApp]):
    """The checks of one document, by operation."""

    def __init__(self, *args: Any, keys: frozenset[bytes], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._keys = keys
        self.add_paths()

    def make_operation(self, operation: AbstractOperation) -> ASGIApp:
        """An application that checks the key and calls the next application."""
        check = _compile(operation, self._keys)
        next_app: ASGIApp = self.next_app
        if check is None:
            return next_app

        async def checked(scope: Scope, receive: Receive, send: Send) -> None:
            check(scope)
            await next_app(scope, receive, send)

        return checked


class SecurityMiddleware(RoutedMiddleware[_SecurityAPI]):
    """Refuses requests without a valid key."""

    api_cls = _SecurityAPI
