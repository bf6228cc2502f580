"""Does every operation accept the key in its header, and nothing else?"""

import string
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from contract_tests.client.concurrency import at_once
from contract_tests.client.samples import unknown_ids, valid_body
from contract_tests.client.service import Inconclusive, Service
from contract_tests.document import Operation, Role, document
from contract_tests.findings import Deviation, Outcome, check
from contract_tests.observations.assembly import History
from contract_tests.observations.exchange import KEY_HEADER, Exchange, Intent

_REJECTED = (401, 403)


@check("no-key-refused", Service)
def no_key_is_refused(service: Service) -> Iterator[Deviation]:
    """Without a key, every operation is rejected.

    Source: the reference pages: apiKey in the header X-Tune-Key
    Grade: documented
    Allows: any refusal, of any status; the router's answer for what is not offered
    Advice: check the key before anything else
    """
    for key, name in ((None, "no key"), ("", "an empty key")):
        yield from _try_everywhere(service, key, name)


@check("wrong-key-refused", Service)
def wrong_key_is_refused(service: Service) -> Iterator[Deviation]:
    """An invalid key is rejected by every operation.

    Source: the reference pages: X-Tune-Key holds an access key
    Grade: documented
    Allows: any refusal, of any status
    Advice: compare the whole key with the keys that exist
    """
    yield from _try_everywhere(service, _invented(service), "an invented key")
    key = service.settings.key
    near = [key[:-1], f"{key}x", key.swapcase()] if len(key) > 4 else []
    for wrong in (one for one in near if one != key):
        yield from _try_everywhere(service, wrong, "a key that is almost right")
    for wrong in ("*", "sk-tune-") if near else ():
        listing = document().operation(Role.LIST, "thread")
        yield from _accepted(_try_key(service, listing, wrong), "a key that is almost right")


@check("key-accepted-in-header", Service)
def key_is_accepted_in_its_header(service: Service) -> Iterator[Deviation]:
    """A key that is good is accepted in its header.

    Source: the reference pages: apiKey in the header X-Tune-Key
    Grade: documented
    Allows: any answer to a key that is not accepted anywhere
    Advice: read the key from X-Tune-Key
    """
    exchange = service.request("listThreads", params={"limit": 1}, intents=[Intent.CONNECT])
    if exchange.status in _REJECTED and service.accepts_key_elsewhere():
        seen = f"status {exchange.status}, although the key is accepted elsewhere"
        yield Deviation(seen, "the key in X-Tune-Key", exchange)


@check("key-only-in-header", Service)
def key_counts_only_in_its_header(service: Service) -> Iterator[Deviation]:
    """The key is accepted in its header and nowhere else.

    Source: the reference pages: apiKey in the header X-Tune-Key
    Grade: documented
    Allows: cookies that the service sets for itself
    Advice: ignore keys in queries and cookies: they end up in logs
    """
    key = service.settings.key
    if not key:
        yield Deviation("there is no key", "a key with --key", outcome=Outcome.UNTRIED)
        return
    for name in (KEY_HEADER, "x-tune-key", "key", "api_key", "apiKey", "token"):
        yield from _accepted(
            _list_threads(service, params=[("limit", "1"), (name, key)]), "the key in the query"
        )
    for name in (KEY_HEADER, "key", "token"):
        yield from _accepted(
            _list_threads(service, headers={"Cookie": f"{name}={key}"}), "the key in a cookie"
        )
    cookies = {"Cookie": "; ".join(f"{name}={key}" for name in (KEY_HEADER, "key", "token"))}
    names = (KEY_HEADER, "key", "api_key", "token")
    query = [(name, key) for name in names]
    yield from _try_everywhere(service, None, "the key in query and cookie", params=query, headers=cookies)


@check("key-in-other-header", Service)
def key_counts_in_no_other_header(service: Service) -> Iterator[Deviation]:
    """The key is accepted in X-Tune-Key and in no other header.

    Source: the one security scheme of the reference pages, which they call the preferred one
    Grade: observed
    Advice: accept only the documented header; clients come to depend on the others
    """
    key = service.settings.key
    for name, value in (
        (("Authorization", f"Bearer {key}"), ("Authorization", key), ("X-Api-Key", key)) if key else ()
    ):
        yield from _accepted(_list_threads(service, headers={name: value}), f"the key in {name}")
    others = {"Authorization": f"Bearer {key}", "X-Api-Key": key, "Api-Key": key}
    if key:
        yield from _try_everywhere(service, None, "the key in other headers", headers=others)


def _list_threads(
    service: Service,
    *,
    params: Sequence[tuple[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Exchange:
    """List threads without the key, but with these parameters and headers."""
    marks = [Intent.UNAUTHENTICATED]
    return service.request("listThreads", key=None, params=params, headers=headers, intents=marks)


@check("key-header-any-case", Service)
def key_header_has_any_case(service: Service) -> Iterator[Deviation]:
    """The name of the key header is case-insensitive.

    Source: RFC 9110 5.1; clients send `x-tune-key`
    Grade: documented
    Allows: any spelling in responses
    Advice: look up headers without regard to case
    """
    key = service.settings.key
    proper = service.request("listThreads", params={"limit": 1})
    for name in ("x-tune-key", "X-TUNE-KEY") if key and proper.ok else ():
        exchange = _list_threads(service, params=[("limit", "1")], headers={name: key})
        if exchange.status in _REJECTED:
            yield Deviation(f"{name}: status {exchange.status}", f"{proper.status}", exchange, name)


@check("unauthenticated-is-401", History)
def unauthenticated_is_401(history: History) -> Iterator[Deviation]:
    """A missing or invalid key is rejected with 401.

    Source: the table of the Connect protocol: unauthenticated is 401, permission_denied 403
    Grade: observed
    Advice: use 403 only for a valid key without permission
    """
    for exchange in history.exchanges:
        refused = exchange.refused or 300 <= exchange.status < 400
        if Intent.UNAUTHENTICATED not in exchange.intents or not refused or exchange.status in (401, 429):
            continue
        # A router rejects an operation that is not offered before anything looks at the key.
        operation = exchange.operation
        known = operation is not None and operation.is_documented and operation.id in history.offered
        if exchange.status not in (405, 501) and (known or exchange.status != 404):
            yield Deviation(f"status {exchange.status}", "401", exchange)


@check("run-moves-only-with-key", Exchange)
def runs_are_moved_only_with_a_key(exchange: Exchange) -> Iterator[Deviation]:
    """Without a key, no run is cancelled and no tool output is accepted.

    Source: the reference pages: apiKey in the header X-Tune-Key, for the service as a whole
    Grade: documented
    Allows: operations that are not offered
    Advice: authenticate once in front of all routes, not in each route
    """
    acts = exchange.operation is not None and exchange.operation.role is Role.ACT
    if acts and exchange.ok and Intent.UNAUTHENTICATED in exchange.intents:
        yield Deviation(f"no key: status {exchange.status}", "401", exchange)


@check("key-not-leaked", Exchange)
def key_is_not_leaked(exchange: Exchange) -> Iterator[Deviation]:
    """No response contains the key.

    Source: CWE-200: responses are logged, cached and displayed
    Grade: documented
    Allows: anything else about the key, such as its owner
    Advice: keep the key out of errors, headers and debug output
    """
    body, values = exchange.body.decode("utf-8", "replace"), [value for _, value in exchange.headers]
    # One search in everything takes less time than one in each part.
    if not exchange.secrets.found_in("\n".join([*values, body])):
        return
    leaks = [f"the header {name}" for name, value in exchange.headers if exchange.secrets.found_in(value)]
    if exchange.secrets.found_in(body):
        leaks.append("the body")
    for where in leaks:
        yield Deviation(f"the key is in {where}", "no key", exchange, f"{exchange.label}: {where}")


def _try_everywhere(service: Service, key: str | None, name: str, **options: Any) -> Iterator[Deviation]:
    """Where an operation accepts a request without a valid key. `name` describes what it has instead."""
    work = [partial(_try_key, service, one, key, **options) for one in document().documented_operations()]
    starting = [one for one in document().documented_operations() if one.starts_run]
    work += [partial(_try_key, service, one, key, stream=True, **options) for one in starting]
    for exchange in at_once(work):
        streamed = isinstance(exchange.request_json, dict) and exchange.request_json.get("stream")
        yield from _accepted(exchange, f"{name}, streamed" if streamed else name)


def _try_key(
    service: Service,
    operation: Operation,
    key: str | None,
    *,
    stream: bool = False,
    **options: Any,
) -> Exchange:
    """Send a request whose key is the only reason to reject it."""
    body = valid_body(operation, model=service.model, metadata={})
    body = {**body, "stream": True} if body is not None and stream else body
    path = unknown_ids(operation) | service.ids(["threadId"])
    if "runId" in operation.parameters:
        with suppress(Inconclusive):
            path |= service.ids(["threadId", "runId"])
    marks = [Intent.UNAUTHENTICATED]
    return service.request(operation.id, path=path, body=body, key=key, intents=marks, **options)


def _accepted(exchange: Exchange, key: str) -> Iterator[Deviation]:
    """A deviation if the request was not rejected for its key. `key` describes the key."""
    place = f"{exchange.label}: {key}"
    if exchange.ok:
        yield Deviation(f"status {exchange.status}", "401", exchange, place)


def _invented(service: Service) -> str:
    """A key of the right form that does not exist."""
    letters = string.ascii_letters + string.digits
    return "sk-tune-" + "".join(service.random("wrong key").choices(letters, k=40))
