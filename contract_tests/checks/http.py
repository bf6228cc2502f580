"""Does the service follow the HTTP standard?"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import suppress
from functools import partial
from urllib.parse import quote

from contract_tests.client.raw_http import RawResponse, Unavailable, send_raw
from contract_tests.client.samples import unknown_ids
from contract_tests.client.second_look import request_of
from contract_tests.client.service import Inconclusive, Service
from contract_tests.document import EVENT_STREAM, Role, document
from contract_tests.findings import Deviation, Outcome, check
from contract_tests.observations.assembly import NOT_OFFERED, History
from contract_tests.observations.exchange import Exchange, Intent
from openapi import Grade


@check("no-server-error", Exchange)
def no_server_error(exchange: Exchange) -> Iterator[Deviation]:
    """No request causes a server error.

    Source: RFC 9110 15.6: 5xx means that the server failed; the reference documents none
    Grade: documented
    Allows: 501 for what is not offered; 503 as a warning
    Advice: find the request in the log of the service; a mistake of the client is 4xx
    """
    if exchange.status >= 500 and exchange.status not in (501, 503):
        shown = exchange.body[:120].decode("utf-8", "backslashreplace")
        yield Deviation(f"{exchange.status} {shown}".strip(), "a status below 500", exchange)
    elif exchange.status == 503:
        yield Deviation("503", "an available service", exchange, grade=Grade.OBSERVED)


@check("answer-whole", History)
def response_is_complete(history: History) -> Iterator[Deviation]:
    """Every request gets one complete, well-formed HTTP response.

    Source: RFC 9112 6 and 9: framing, and no connection is closed within a response
    Grade: documented
    Allows: every way of framing; closed idle connections; HTTP/1.0; a request that is answered when it is
    repeated
    Advice: look for a crash, a wrong Content-Length or a proxy that times out
    """
    answered = {request_of(one): one.sent for one in history.exchanges if one.status and not one.error}
    for exchange in history.exchanges:
        waits = exchange.operation is not None and exchange.operation.waits_for_run
        # The second look repeats a request that timed out. A busy machine is no fault of the service.
        late = "Timeout" in exchange.error and answered.get(request_of(exchange), 0.0) > exchange.sent
        # A service that is still starting refuses the first connections.
        first = Intent.CONNECT in exchange.intents and not exchange.status
        if exchange.error and not first and not (waits and "Timeout" in exchange.error):
            grade = Grade.OBSERVED if late else None
            yield Deviation(exchange.error[:200], "a complete response", exchange, grade=grade)
        elif exchange.cut and exchange.media_type != EVENT_STREAM and not waits:
            took = exchange.received - exchange.sent
            yield Deviation(f"the response did not end within {took:.0f} s", "a complete response", exchange)


@check("no-redirect", Exchange)
def operations_do_not_redirect(exchange: Exchange) -> Iterator[Deviation]:
    """An operation does not redirect, except a GET to its own path with or without a final slash.

    Source: the paths of the reference pages
    Grade: documented
    Allows: a GET that is redirected to its own path with or without the final slash
    Advice: respond at the path itself; clients drop key and body when they follow a redirect
    """
    if exchange.operation is None or exchange.intents & {Intent.ODD, Intent.REFERENCES}:
        return
    if 300 <= exchange.status < 400:
        yield Deviation(f"{exchange.status} to {exchange.header('location')!r}", "no redirect", exchange)


@check("content-length-agrees", Service)
def content_length_agrees(service: Service) -> Iterator[Deviation]:
    """Content-Length is the number of bytes in the body.

    Source: RFC 9112 6.3
    Grade: documented
    Allows: chunks, or a body that ends with the connection
    Advice: let the server compute it, after compression and encoding
    """
    for path in (*_readable(service), "/threads/unknown/runs/x"):
        response = _send_raw(service, "GET", path)
        if isinstance(response, Deviation):
            yield response
            return
        if response.flaw:
            yield Deviation(response.flaw, "a body of that length", place=f"GET {_pattern(path)}")


def _readable(service: Service) -> Iterator[str]:
    """Paths of the documented operations that read the threads, a thread or what is in it."""
    for operation in document().documented_operations(Role.LIST, Role.READ):
        if set(operation.parameters) <= {"threadId"}:
            path = operation.address(service.ids(operation.parameters))
            yield path if operation.parameters else f"{path}?limit=2"


@check("head-has-no-body", Service)
def head_has_no_body(service: Service) -> Iterator[Deviation]:
    """The response to HEAD has no body, or HEAD is rejected.

    Source: RFC 9110 9.3.2
    Grade: documented
    Allows: a refused HEAD
    Advice: let the framework handle HEAD; a body would be read as the next response
    """
    response = _send_raw(service, "HEAD", "/threads?limit=1")
    if isinstance(response, Deviation):
        yield response
    elif response.body:
        yield Deviation(f"a body of {len(response.body)} bytes", "none", place="HEAD listThreads")
    elif response.status >= 500 and response.status != 501:
        yield Deviation(
            f"status {response.status}", "200 without a body, 404 or 405", place="HEAD listThreads"
        )


def _send_raw(service: Service, method: str, path: str) -> RawResponse | Deviation:
    try:
        return send_raw(service.client, method, path)
    except Unavailable as reason:
        return Deviation(str(reason), "the raw bytes of a response", outcome=Outcome.UNTRIED)


def _pattern(path: str) -> str:
    """The path without its ids, which differ in every session."""
    return re.sub(r"/(threads|runs)/(?!runs)[^/?]+", r"/\1/{id}", path)


@check("head-like-get", Service)
def head_is_like_get(service: Service) -> Iterator[Deviation]:
    """HEAD has the status of GET, or is rejected as a method that is not offered.

    Source: RFC 9110 9.3.2; no page speaks of HEAD
    Grade: assumed
    Advice: let the framework handle HEAD
    """
    for path in _readable(service):
        exchange = service.client.send("HEAD", path, intents=[Intent.WRONG_METHOD])
        if exchange.status not in (0, 200, 404, 405, 429, 501):
            yield Deviation(f"status {exchange.status}", "200", exchange, f"HEAD {_pattern(path)}")


@check("coding-only-if-asked", Exchange)
def coding_only_if_asked(exchange: Exchange) -> Iterator[Deviation]:
    """A client that accepts no coding gets none.

    Source: RFC 9110 12.5.3: `Accept-Encoding: identity` excludes every other coding
    Grade: documented
    Allows: any coding that the request accepts
    Advice: compress only if `Accept-Encoding` allows it; other clients read bytes that are not JSON
    """
    accepted = exchange.request_header("accept-encoding").replace(" ", "").lower()
    coding = exchange.header("content-encoding").strip().lower()
    if accepted == "identity" and exchange.body and coding not in ("", "identity"):
        yield Deviation(f"Content-Encoding: {coding}", "no coding", exchange)


@check("organization-picked", Service)
def organization_is_picked(service: Service) -> Iterator[Deviation]:
    """An unknown organization does not show the threads of the default one.

    Source: the reference pages: X-Org-Id picks another organization; not what an unknown one gets
    Grade: assumed
    Advice: reject an organization that the key does not belong to
    """
    service.shared_thread()
    own = service.require("listThreads", params={"limit": 1})
    headers = {"X-Org-Id": "org_tune_check_unknown"}
    other = service.request("listThreads", params={"limit": 1}, headers=headers, intents=[Intent.ODD])
    if other.refused and other.status not in (401, 403, 404, 429):
        yield Deviation(f"status {other.status}", "403", other, "listThreads: status", Grade.OBSERVED)
    if other.ok and other.entries and own.entries and other.entries[0].get("id") == own.entries[0].get("id"):
        yield Deviation("the same threads", "403, or other threads", other)


@check("any-answer-accepted", Service)
def accept_any_is_served(service: Service) -> Iterator[Deviation]:
    """A client that accepts every media type is served.

    Source: RFC 9110 12.5.1: `Accept: */*`, which curl and browsers send, excludes nothing
    Grade: documented
    Allows: any refusal of other values of Accept
    Advice: return JSON unless `Accept` excludes it
    """
    proper = service.request("listThreads", params={"limit": 1})
    exchange = service.request(
        "listThreads", params={"limit": 1}, headers={"Accept": "*/*"}, intents=[Intent.ACCEPT_ANY]
    )
    if proper.ok and exchange.refused and exchange.status not in (401, 403, 429):
        yield Deviation(f"status {exchange.status}", f"{proper.status}", exchange)


@check("wrong-method-refused", Service)
def wrong_method_is_refused(service: Service) -> Iterator[Deviation]:
    """A method that a path does not have is rejected with 405.

    Source: RFC 9110 15.5.6; no page says that a path has no further methods
    Grade: observed
    Advice: let the router reject the method and list the others in `Allow`
    """
    for path, methods in _addresses(service):
        for method in sorted({"PUT", "PATCH"} - methods, reverse=True):
            exchange = service.client.send(method, path, body={}, intents=[Intent.WRONG_METHOD])
            if exchange.status == 404 and _is_missing(service, path, methods):
                break
            if exchange.status not in (405, 501, 401, 403, 429, 503, 0):
                place = f"{method} {_pattern(path)}"
                yield Deviation(f"status {exchange.status}", "405", exchange, place)


def _is_missing(service: Service, path: str, methods: Collection[str]) -> bool:
    """Whether a service does not offer what a path is documented for."""
    send = partial(service.client.send, path=path, body={}, intents=[Intent.ODD])
    return all(send(method).status in NOT_OFFERED for method in methods)


def _addresses(service: Service) -> Iterator[tuple[str, set[str]]]:
    """Each documented path that ends with a run or above it, and its methods in the document."""
    methods: dict[str, set[str]] = defaultdict(set)
    for operation in document().operations.values():
        methods[operation.path].add(operation.method)
    for operation in {one.path: one for one in document().documented_operations()}.values():
        if set(operation.parameters) <= {"threadId", "runId"}:
            path = unknown_ids(operation) | service.ids(["threadId"])
            with suppress(Inconclusive):
                path |= service.ids(operation.parameters)
            yield operation.address(path), methods[operation.path]


@check("wrong-method-allow", Exchange)
def allow_names_the_methods(exchange: Exchange) -> Iterator[Deviation]:
    """A 405 response lists the methods of the path.

    Source: RFC 9110 15.5.6: the server MUST send Allow
    Grade: observed
    Advice: send `Allow: GET, POST`
    """
    if exchange.status != 405:
        return
    named = {name.strip().upper() for name in exchange.header("allow").split(",")}
    path = exchange.url.removeprefix(exchange.url.partition("/v1")[0] + "/v1").partition("?")[0]
    offered = document().methods(path)
    if not exchange.header("allow"):
        yield Deviation("405 without Allow", "Allow: GET, POST", exchange, exchange.method)
    elif exchange.method in named or offered - named:
        place = f"{exchange.method}: methods"
        yield Deviation(f"Allow: {exchange.header('allow')}", ", ".join(sorted(offered)), exchange, place)


@check("unknown-path-refused", Service)
def unknown_path_is_refused(service: Service) -> Iterator[Deviation]:
    """A request for an unknown path is not successful.

    Source: RFC 9110 15.5.5; no page says that there are no further paths
    Grade: observed
    Advice: return 404; a frontend page with status 200 is read as data
    """
    thread = service.shared_thread()
    for path in ("/tune-check-unknown", f"/threads/{quote(thread, safe='')}/tune-check-unknown"):
        exchange = service.client.send("GET", path, intents=[Intent.UNKNOWN_PATH])
        if exchange.ok or 300 <= exchange.status < 400:
            yield Deviation(f"status {exchange.status}", "404", exchange, _pattern(path))
