"""Answers: do our middlewares judge a request as connexion's own ones do?

The same document, the same generated requests; connexion as it comes is the oracle. Where the verdicts differ
on purpose, the reason stands in `DIFFERENCES`, and each is shown by a request of its own.
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
    return {"sub": "somebody"} if key.strip() else None


def _app(middlewares: list[Any]) -> ConnexionMiddleware:
    document = copy.deepcopy(DOCUMENT)
    document["components"]["securitySchemes"]["tuneKey"]["x-apikeyInfoFunc"] = f"{__name__}.any_key"
    app = ConnexionMiddleware(accepted, middlewares=middlewares, resolver=Resolver(lambda _: accepted))
    app.add_api(document, largest_body=1 << 20, keys=frozenset())
    return app


@pytest.fixture(scope="module")
def judges() -> Iterator[Callable[..., tuple[int, int]]]:
    """Asks both for their verdict on a request: (connexion's status, ours)."""
    sandboxes = create_sandboxes(Settings(quiet=True), document=DOCUMENT)
    front = partial(Gateway, sandboxes=sandboxes, cors=Cors(("*",)))
    theirs = [ExceptionMiddleware, ConnexionRouting, ConnexionSecurity, RequestValidationMiddleware]
    oracle = Driver(_app(theirs), None, [])
    ours = Driver(_app([front, RoutingMiddleware, SecurityMiddleware, ValidationMiddleware]), None, [])

    def verdicts(*request: Any, **options: Any) -> tuple[int, int]:
        return tuple(judge.finished(judge.open(*request, **options)).status for judge in (oracle, ours))

    yield verdicts
    for judge in (oracle, ours):
        judge.close()


@dataclass(frozen=True)
class Difference:
    """Where our verdict is another one on purpose, and a request that shows it."""

    reason: str
    theirs: int
    ours: int
    method: str
    path: str
    body: bytes
    holds: Callable[[str, bytes], bool]


def _utf_8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


RUNS = "/v1/threads/t/runs"
DIFFERENCES = [
    Difference(
        "connexion reads a body that may be missing as broken JSON; required is false, so it may be missing",
        400,
        200,
        "POST",
        "/v1/threads",
        b"",
        lambda _, body: not body,
    ),
    Difference(
        "connexion fails on a body that is not UTF-8; it is the client's mistake",
        500,
        400,
        "POST",
        RUNS,
        b'{"model": "\xff"}',
        lambda _, body: not _utf_8(body),
    ),
    Difference(
        "connexion takes NaN and Infinity, which are not JSON",
        200,
        400,
        "POST",
        RUNS,
        b'{"model": "m", "metadata": {"a": NaN}}',
        lambda _, body: b"NaN" in body or b"Infinity" in body,
    ),
    Difference(
        "connexion takes half a character, which no answer could give back",
        200,
        400,
        "POST",
        RUNS,
        b'{"model": "\\ud800"}',
        lambda _, body: b"\\ud" in body.lower(),
    ),
    Difference(
        "connexion takes any depth; answers of the mock are not deeper than 254",
        200,
        400,
        "POST",
        "/v1/threads",
        b'{"metadata": ' + b'{"a":' * 150 + b"1" + b"}" * 151,
        lambda _, body: body.count(b"{") > 100,
    ),
    Difference(
        "connexion does not find a path with a line break in an id, and lets it pass unchecked",
        200,
        400,
        "POST",
        "/v1/threads/a%0Ab/runs",
        b"{}",
        lambda path, _: "%0A" in path or "%0D" in path,
    ),
    Difference(
        "connexion splits an id at an encoded slash, and does not find the path",
        200,
        400,
        "POST",
        "/v1/threads/a%2Fb/runs",
        b"{}",
        lambda path, _: "%2F" in path,
    ),
    Difference(
        "connexion lets a templated path answer for a concrete one that has not the method",
        200,
        405,
        "GET",
        "/v1/threads/runs",
        b"",
        lambda path, _: path.startswith("/v1/threads/runs"),
    ),
]


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: difference.reason)
def test_each_difference_is_there(judges: Any, difference: Difference) -> None:
    request = (difference.method, difference.path)
    headers = {"Content-Type": "application/json", "Content-Length": str(len(difference.body))}
    verdicts = judges(*request, parts=[difference.body], headers=headers)
    assert verdicts == (difference.theirs, difference.ours)
    assert difference.holds(difference.path, difference.body)


def test_a_chunked_body_is_taken_which_connexion_refuses(judges: Any) -> None:
    parts, headers = [b'{"model"', b': "m"}'], {"Content-Type": "application/json"}
    chunked = {**headers, "Transfer-Encoding": "chunked"}
    assert judges("POST", RUNS, parts=parts, headers=chunked) == (400, 200)


def sent(case: Any) -> tuple[str, str, bytes, dict[str, str]]:
    """Method, path with query, body and headers of a generated case, as a client would send them."""
    prepared = case.as_transport_kwargs(base_url="http://mock/v1")
    names = ("method", "url", "headers", "params", "data", "json", "cookies")
    request = requests.Request(**{name: prepared[name] for name in names if name in prepared}).prepare()
    body = request.body.encode() if isinstance(request.body, str) else request.body
    target = urlsplit(str(request.url))
    return str(request.method), f"{target.path}?{target.query}", body or b"", dict(request.headers)


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.name.lower())
@pytest.mark.parametrize("operation_id", sorted(OPERATIONS))
def test_generated_requests_get_the_same_verdict(judges: Any, operation_id: str, mode: Any) -> None:
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
        theirs, ours = judges(method, path, parts=[body], headers=headers)
        explained = any(difference.holds(path, body) for difference in DIFFERENCES)
        assert theirs == ours or explained, (theirs, ours, method, path, body, headers)

    agree()
