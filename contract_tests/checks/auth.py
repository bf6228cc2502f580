"""Is every operation open to the key, in its header, and to nothing else?"""

import string
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from contract_tests.client.samples import unknown_ids, valid_body
from contract_tests.client.service import Inconclusive, Service
from contract_tests.document import Operation, Role, document
from contract_tests.findings import Deviation, Outcome, check
from contract_tests.observations.exchange import KEY_HEADER, Exchange, Intent
from openapi import Grade

_SHUT = (401, 403)


@check("no-key-refused", Service)
def no_key_is_refused(service: Service) -> Iterator[Deviation]:
    """Without a key, no operation answers.

    Source: the reference pages: apiKey in the header X-Tune-Key
    Grade: documented
    Advice: authenticate before anything else is looked at
    """
    for operation in document().documented_operations():
        yield from _judge(_knock(service, operation, None), "no key")
        yield from _judge(_knock(service, operation, ""), "an empty key")
        if operation.starts_run:
            yield from _judge(_knock(service, operation, None, stream=True), "no key, streamed")


@check("wrong-key-refused", Service)
def wrong_key_is_refused(service: Service) -> Iterator[Deviation]:
    """A key that nobody was given opens no operation.

    Source: the reference pages: X-Tune-Key holds an access key
    Grade: documented
    Advice: compare the whole key with the keys that exist
    """
    for operation in document().documented_operations():
        yield from _judge(_knock(service, operation, _invented(service)), "an invented key")
    key = service.settings.key
    for wrong in [key[:-1], f"{key}x", key.swapcase(), "*", "sk-tune-"] if len(key) > 4 else []:
        if wrong != key:
            yield from _judge(
                _knock(service, document().operations["listThreads"], wrong), "a key that is almost right"
            )


@check("key-only-in-header", Service)
def key_counts_only_in_its_header(service: Service) -> Iterator[Deviation]:
    """The key is taken from its header and from nowhere else.

    Source: the reference pages: apiKey in the header X-Tune-Key
    Grade: documented
    Advice: read no key from queries or cookies: they end up in logs
    """
    key = service.settings.key
    if not key:
        yield Deviation("no key was given", "a key with --key", outcome=Outcome.UNTRIED)
        return
    for name in (KEY_HEADER, "x-tune-key", "key", "api_key", "apiKey", "token"):
        yield from _judge(_listed(service, params=[("limit", "1"), (name, key)]), "the key in the query")
    for name in (KEY_HEADER, "key", "token"):
        yield from _judge(_listed(service, headers={"Cookie": f"{name}={key}"}), "the key in a cookie")


@check("key-in-other-header", Service)
def key_counts_in_no_other_header(service: Service) -> Iterator[Deviation]:
    """The key is taken from X-Tune-Key, not from another header.

    Source: the reference pages: the one security scheme
    Grade: documented
    Advice: give every client the one way that is documented
    """
    key = service.settings.key
    for name, value in (
        (("Authorization", f"Bearer {key}"), ("Authorization", key), ("X-Api-Key", key)) if key else ()
    ):
        yield from _judge(_listed(service, headers={name: value}), f"the key in {name}")


def _listed(service: Service, **options: Any) -> Exchange:
    return service.call("listThreads", key=None, intents=[Intent.UNAUTHENTICATED], **options)


@check("key-header-any-case", Service)
def key_header_has_any_case(service: Service) -> Iterator[Deviation]:
    """The name of the key's header is read without regard to case.

    Source: RFC 9110 5.1; real clients send `x-tune-key`
    Grade: documented
    Advice: look headers up by a table that ignores case
    """
    key = service.settings.key
    proper = service.call("listThreads", params={"limit": 1})
    for name in ("x-tune-key", "X-TUNE-KEY") if key and proper.ok else ():
        exchange = _listed(service, params={"limit": 1}, headers={name: key})
        if exchange.status in _SHUT:
            yield Deviation(f"{name}: status {exchange.status}", f"{proper.status}", exchange, name)


@check("unauthenticated-is-401", Exchange)
def unauthenticated_is_401(exchange: Exchange) -> Iterator[Deviation]:
    """Whoever shows no key, or a wrong one, is answered with 401.

    Source: the Connect protocol's table: unauthenticated is 401, permission_denied 403
    Grade: observed
    Advice: keep 403 for keys that exist and have no right
    """
    refused = exchange.refused or 300 <= exchange.status < 400
    if Intent.UNAUTHENTICATED in exchange.intents and refused and exchange.status not in (401, 429):
        yield Deviation(f"status {exchange.status}", "401", exchange)


@check("run-moves-only-with-key", Exchange)
def runs_are_moved_only_with_a_key(exchange: Exchange) -> Iterator[Deviation]:
    """Without a key, no run is cancelled and no tool answered.

    Source: the reference pages: apiKey in the header X-Tune-Key, for the service as a whole
    Grade: documented
    Advice: authenticate in front of all routes, not in each
    """
    acts = exchange.operation is not None and exchange.operation.role is Role.ACT
    if acts and exchange.ok and Intent.UNAUTHENTICATED in exchange.intents:
        yield Deviation(f"no key: status {exchange.status}", "401", exchange)


@check("key-not-leaked", Exchange)
def key_is_never_told(exchange: Exchange) -> Iterator[Deviation]:
    """No answer repeats the key.

    Source: CWE-200: answers are logged, cached and shown
    Grade: documented
    Advice: leave the key out of errors, headers and debug output
    """
    told = [f"the header {name}" for name, value in exchange.headers if exchange.secrets.within(value)]
    if exchange.secrets.within(exchange.body.decode("utf-8", "replace")):
        told.append("the body")
    for where in told:
        yield Deviation(
            f"the key stands in {where}", "the key nowhere", exchange, f"{exchange.label}: {where}"
        )


def _knock(service: Service, operation: Operation, key: str | None, **fields: Any) -> Exchange:
    """Send a request that is valid but for its key, so that only the key is a reason to reject it."""
    body = valid_body(operation, model=service.model, metadata={})
    body = body if body is None else {**body, **fields}
    path = unknown_ids(operation) | service.ids(["threadId"])
    if "runId" in operation.parameters:
        with suppress(Inconclusive):
            path |= service.ids(["threadId", "runId"])
    return service.call(operation.id, path=path, body=body, key=key, intents=[Intent.UNAUTHENTICATED])


def _judge(exchange: Exchange, shown: str) -> Iterator[Deviation]:
    place = f"{exchange.label}: {shown}"
    if exchange.ok:
        yield Deviation(f"status {exchange.status}", "401", exchange, place)
    elif exchange.refused and exchange.status not in (*_SHUT, 429):
        seen = f"status {exchange.status}"
        yield Deviation(seen, "401 before anything else", exchange, place, Grade.OBSERVED)


def _invented(service: Service) -> str:
    """A key of the right form that nobody was given."""
    letters = string.ascii_letters + string.digits
    return "sk-tune-" + "".join(service.random("wrong key").choices(letters, k=40))
