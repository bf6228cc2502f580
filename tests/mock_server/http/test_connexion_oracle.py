"""Do our middlewares accept and reject the same requests as connexion's middlewares?

Unmodified connexion is the oracle: both get the same document and the same generated requests.
`DIFFERENCES` lists the intended differences, each with its reason and an example request.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import hypothesis
import pytest
import requests
import schemathesis
from connexion.middleware.exceptions import ExceptionMiddleware
from connexion.middleware.request_validation import RequestValidationMiddleware
from connexion.middleware.routing import RoutingMiddleware as ConnexionRouting
from connexion.middleware.security import SecurityMiddleware as ConnexionSecurity
from starlette.types import Receive, Scope, Send

import openapi
from mock_server.app import create_sandboxes
from mock_server.http.connexion_api import ConnexionMiddleware, Resolver
from mock_server.http.cors import Cors
from mock_server.http.gateway import Gateway
from mock_server.http.routing import RoutingMiddleware
from mock_server.http.security import SecurityMiddleware
from mock_server.http.validation import ValidationMiddleware
from mock_server.settings import Settings
from tests.mock_server.driver import Driver

DOCUMENT = openapi.load()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS = {
    operation.ok().definition.raw["operationId"]: operation.ok() for operation in SCHEMA.get_all_operations()
}


async def accepted(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


def any_key(key: str) -> dict[str, Any] | None:
    return {"sub": "anyone"} if key.strip() else None


def _app(middlewares: list[Any]) -> ConnexionMiddleware:
    document = copy.deepcopy(DOCUMENT)
    document["components"]["securitySchemes"]["tuneKey"]["x-apikeyInfoFunc"] = f"{__name__}.any_key"
    app = ConnexionMiddleware(accepted, middlewares=middlewares, resolver=Resolver(lambda _: accepted))
    app.add_api(document, largest_body=1 << 20, keys=frozenset())
    return app


@pytest.fixture(scope="module")
def statuses_of() -> Iterator[Callable[..., tuple[int, int]]]:
    """Send a request to both applications; returns (connexion's status, our status)."""
    sandboxes = create_sandboxes(Settings(quiet=True), document=DOCUMENT)
    gateway = partial(Gateway, sandboxes=sandboxes, cors=Cors(("*",)))
    theirs = [ExceptionMiddleware, ConnexionRouting, ConnexionSecurity, RequestValidationMiddleware]
    oracle = Driver(_app(theirs), None, [])
    ours = Driver(_app([gateway, RoutingMiddleware, SecurityMiddleware, ValidationMiddleware]), None, [])

    def statuses(*request: Any, **options: Any) -> tuple[int, int]:
        return tuple(app.finished(app.open(*request, **options)).status for app in (oracle, ours))

    yield statuses
    for app in (oracle, ours):
        app.close()


@dataclass(frozen=True)
class Difference:
    """An intended difference between connexion and our middlewares, with an example request."""

    reason: str
    theirs: int
    ours: int
    method: str
    path: str
    body: bytes
    applies: Callable[[str, bytes], bool]


def _utf_8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


RUNS = "/v1/threads/t/runs"
DIFFERENCES = [
    Difference(
        "connexion rejects an empty body as invalid JSON even if the body is optional",
        400,
        200,
        "POST",
        "/v1/threads",
        b"",
        lambda _, body: not body,
    ),
    Difference(
        "connexion fails on a body that is not UTF-8; that is the client's error",
        500,
        400,
        "POST",
        RUNS,
        b'{"model": "\xff"}',
        lambda _, body: not _utf_8(body),
    ),
    Difference(
        "connexion accepts NaN and Infinity, which are not JSON",
        200,
        400,
        "POST",
        RUNS,
        b'{"model": "m", "metadata": {"a": NaN}}',
        lambda _, body: b"NaN" in body or b"Infinity" in body,
    ),
    Difference(
        "connexion accepts a lone surrogate, which no response could contain",
        200,
        400,
        "POST",
        RUNS,
        b'{"model": "\\ud800"}',
        lambda _, body: b"\\ud" in body.lower(),
    ),
    Difference(
        "connexion accepts any nesting depth; responses of the mock are at most 254 levels deep",
        200,
        400,
        "POST",
        "/v1/threads",
        b'{"metadata": ' + b'{"a":' * 150 + b"1" + b"}" * 151,
        lambda _, body: body.count(b"{") > 100,
    ),
    Difference(
        "connexion does not find a path with a line break in an id, and passes the request on unchecked",
        200,
        400,
        "POST",
        "/v1/threads/a%0Ab/runs",
        b"{}",
        lambda path, _: "%0A" in path or "%0D" in path,
    ),
    Difference(
        "connexion splits an id at an encoded slash and does not find the path",
        200,
        400,
        "POST",
        "/v1/threads/a%2Fb/runs",
        b"{}",
        lambda path, _: "%2F" in path,
    ),
    Difference(
        "connexion uses a templated path if the concrete path does not have the method",
        200,
        405,
        "GET",
        "/v1/threads/runs",
        b"",
        lambda path, _: path.startswith("/v1/threads/runs"),
    ),
]


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: difference.reason)
def test_each_listed_difference_exists(statuses_of: Any, difference: Difference) -> None:
    request = (difference.method, difference.path)
    headers = {"Content-Type": "application/json", "Content-Length": str(len(difference.body))}
    statuses = statuses_of(*request, parts=[difference.body], headers=headers)
    assert statuses == (difference.theirs, difference.ours)
    assert difference.applies(difference.path, difference.body)


def test_a_chunked_body_is_accepted_although_connexion_rejects_it(statuses_of: Any) -> None:
    parts, headers = [b'{"model"', b': "m"}'], {"Content-Type": "application/json"}
    chunked = {**headers, "Transfer-Encoding": "chunked"}
    assert statuses_of("POST", RUNS, parts=parts, headers=chunked) == (400, 200)


def sent(case: Any) -> tuple[str, str, bytes, dict[str, str]]:
    """The method, path with query, body and headers that a client would send for a generated case."""
    prepared = case.as_transport_kwargs(base_url="http://mock/v1")
    names = ("method", "url", "headers", "params", "data", "json", "cookies")
    request = requests.Request(**{name: prepared[name] for name in names if name in prepared}).prepare()
    body = request.body.encode() if isinstance(request.body, str) else request.body
    target = urlsplit(str(request.url))
    return str(request.method), f"{target.path}?{target.query}", body or b"", dict(request.headers)


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.name.lower())
@pytest.mark.parametrize("operation_id", sorted(OPERATIONS))
def test_generated_requests_get_the_same_status(statuses_of: Any, operation_id: str, mode: Any) -> None:
    @hypothesis.given(case=OPERATIONS[operation_id].as_strategy(generation_mode=mode))
    @hypothesis.settings(
        max_examples=8,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    def agree(case: Any) -> None:
        method, path, body, headers = sent(case)
        theirs, ours = statuses_of(method, path, parts=[body], headers=headers)
        explained = any(difference.applies(path, body) for difference in DIFFERENCES)
        assert theirs == ours or explained, (theirs, ours, method, path, body, headers)

    agree()
