"""Does a response repeat the fields of its request, and do all responses agree?"""

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from math import inf
from typing import Any

from contract_tests.checks.references import (
    changed_references,
    images_of,
    lost_addresses,
    other_types,
)
from contract_tests.checks.values import contains, is_blank
from contract_tests.document import EVENT_STREAM, Role, document
from contract_tests.findings import Deviation, check
from contract_tests.observations.assembly import History
from contract_tests.observations.exchange import Exchange, Intent
from contract_tests.observations.message_text import text_of
from contract_tests.observations.timestamps import parse_timestamp
from contract_tests.observations.traces import Observation, Stream, Trace

# A service may drop a reference to a file or run that it cannot resolve, or to an assistant: no support yet.
_REFERENCES = frozenset({"attachments", "runId", "toolResources", "assistantId"})
STABLE = {
    "run": ("object", "createdAt", "threadId", "assistantId", "model", "instructions", "tools", "fileIds"),
    "thread": ("object", "createdAt"),
    "message": ("object", "createdAt", "threadId", "role", "runId"),
    "step": ("object", "createdAt", "threadId", "runId", "type", "assistantId"),
}
# Fields that may be added to, but lose nothing.
_KEPT = {"thread": ("toolResources",), "message": ("attachments",)}
_DROPPED = re.compile("[\x00\ud800-\udfff]")


@check("asked-is-echoed", Exchange)
def request_fields_are_echoed(exchange: Exchange) -> Iterator[Deviation]:
    """The fields of a request appear in its response.

    Source: the reference pages: request and response have these fields in common
    Grade: documented
    Allows: what says nothing in any form; further members; instructions that were added to; dropped
    references to files
    Advice: store the fields of the request and return what was stored
    """
    request, response = exchange.request_json, response_of(exchange)
    if exchange.operation is None or not exchange.ok:
        return
    if not isinstance(request, dict) or not isinstance(response, dict):
        return
    for name in echoed_fields(exchange.operation.id):
        sent, received = request.get(name), response.get(name)
        if not is_blank(sent) and not _may_be_dropped(sent) and not _echoes(name, sent, received):
            seen = f"{name}: {str(received)[:80]!r} for {str(sent)[:80]!r}"
            yield Deviation(seen, "the value of the request", exchange, f"{exchange.label}: {name}")
    if Intent.GENERATED not in exchange.intents:
        yield from changed_references(exchange, request, response)


def response_of(exchange: Exchange) -> Any:
    """The resource in a response: its JSON, or the first run of its stream."""
    if exchange.media_type != EVENT_STREAM:
        return exchange.json
    runs = Stream.of(exchange).runs
    return runs[0].data if runs else None


@check("values-stay-apart", History)
def values_stay_apart(history: History) -> Iterator[Deviation]:
    """A new resource has no value that only the request for another one had.

    Source: the reference pages: the fields of the request are those of the resource that it creates
    Grade: documented
    Allows: defaults of the service
    Advice: look for state that requests share, such as a default that is changed in place
    """
    known: dict[tuple[str, str], list[Any]] = defaultdict(list)
    created = [one for one in history.exchanges if _creates_by_fields(one)]
    for exchange in created:
        for name, value in exchange.request_json.items():
            known[_kind(exchange), name].append(value)
    for exchange in created:
        response = response_of(exchange)
        for name in echoed_fields(exchange.label) if isinstance(response, dict) else ():
            value = response.get(name)
            says = not is_blank(value) and (name != "content" or text_of(value) != "")
            if says and not exchange.request_json.get(name) and value in known[_kind(exchange), name]:
                seen = f"{name}: {str(value)[:80]!r}, which the request does not have"
                yield Deviation(seen, "its own value", exchange, f"{exchange.label}: {name}")


def _kind(exchange: Exchange) -> str:
    return exchange.operation.kind if exchange.operation else ""


def _creates_by_fields(exchange: Exchange) -> bool:
    """Whether a request created a resource, and was not generated: its values are not by chance another's."""
    creates = exchange.operation is not None and exchange.operation.role is Role.CREATE and exchange.ok
    return creates and isinstance(exchange.request_json, dict) and Intent.GENERATED not in exchange.intents


@cache
def echoed_fields(operation: str) -> tuple[str, ...]:
    """The documented fields that request and response of an operation have in common."""
    view = document().documented
    request = view.properties(view.request_schema(operation))
    response = view.properties(view.response_schema(operation, 200))
    return tuple(name for name in request if name in response and name not in _REFERENCES)


def _may_be_dropped(value: Any) -> bool:
    """Whether a value has characters that a conforming store may drop: NUL and lone surrogates."""
    return bool(_DROPPED.search(str(value)))


def _echoes(name: str, sent: Any, received: Any) -> bool:
    """Whether a field of a response has the value of the request. A service may add to it."""
    if name == "content":
        # A text that says nothing may come back in any form that says nothing.
        return text_of(sent) in (None, text_of(received) or "")
    if name == "instructions":
        return isinstance(received, str) and isinstance(sent, str) and sent in received
    return contains(received, sent, own=name == "metadata")


@check("answer-is-about-the-asked", Exchange)
def response_has_the_ids_of_the_path(exchange: Exchange) -> Iterator[Deviation]:
    """A response has the ids of the path that was requested.

    Source: the paths of the reference pages
    Grade: documented
    Allows: responses without these ids
    Advice: look up by every id in the path
    """
    body = exchange.json
    if exchange.operation is None or not exchange.ok or not isinstance(body, dict):
        return
    resource = document().resources.get(exchange.operation.kind)
    for name, expected in exchange.path_parameters.items():
        field = "id" if resource and name == resource.id_parameter else name
        value = body.get(field)
        if isinstance(value, str) and value and value != expected and "data" not in body:
            yield Deviation(f"{field} {value[:80]}", expected[:80], exchange, f"{exchange.label}: {field}")


@check("ids-unique", History)
def ids_are_unique(history: History) -> Iterator[Deviation]:
    """Every created resource has a new id.

    Source: the reference pages: the id identifies the object
    Grade: documented
    Allows: runs and messages that each thread numbers for itself
    Advice: never reuse an id
    """
    seen: dict[tuple[str, str], Exchange] = {}
    for exchange in history.exchanges:
        operation = exchange.operation
        if operation is None or operation.role is not Role.CREATE or not exchange.ok:
            continue
        body = exchange.json
        name = body.get("id") if isinstance(body, dict) else None
        scope = exchange.path_parameters.get("threadId") or str(body.get("threadId") if name else "")
        key = (operation.kind + scope, str(name))
        if isinstance(name, str) and seen.setdefault(key, exchange) is not exchange:
            yield Deviation(f"{name} was used before", "a new id", exchange)


@check("created-stays-the-same", Trace)
def created_fields_do_not_change(trace: Trace) -> Iterator[Deviation]:
    """Fields that are fixed at creation have the same value in every response.

    Source: the reference pages: create, retrieve and list return the same object
    Grade: documented
    Allows: null, absent and truncated forms; a field without a value that gets one
    Advice: serve all operations from one record
    """
    for earlier, later in trace.pairs():
        for name in STABLE.get(trace.kind, ()):
            if changed(earlier.body.get(name), later.body.get(name), name):
                yield _change(trace, earlier, later, name)
        for name in _KEPT.get(trace.kind, ()):
            if not contains(later.body.get(name), earlier.body.get(name)):
                yield _change(trace, earlier, later, name)
        parts, others = earlier.body.get("content"), later.body.get("content")
        kept = contains(images_of(others), images_of(parts)) and not lost_addresses(parts, others)
        if not kept or other_types(parts, others):
            yield _change(trace, earlier, later, "content")
        words, now = text_of(earlier.body.get("content")), text_of(later.body.get("content"))
        if trace.kind == "message" and earlier.body.get("role") == "user" and words and now != words:
            yield _change(trace, earlier, later, "content")


def changed(earlier: Any, later: Any, name: str) -> bool:
    """Whether a field lost its value or has another one. A field without a value may get one."""
    if earlier in (None, "", [], {}):
        return False
    if name == "object":
        return bool(str(later).removeprefix("thread.") != str(earlier).removeprefix("thread."))
    one, other = parse_timestamp(earlier), parse_timestamp(later)
    return one.differs(other) if one and other else bool(later != earlier)


def _change(trace: Trace, earlier: Observation, later: Observation, name: str) -> Deviation:
    seen = f"{name}: {str(earlier.body.get(name))[:80]!r} ({earlier.source}), then "
    seen += f"{str(later.body.get(name))[:80]!r} ({later.source})"
    place = f"{trace.kind}.{name}: {later.source}"
    return Deviation(seen, "the same value", later.exchange, place)


@check("metadata-stays", Trace)
def metadata_does_not_change(trace: Trace) -> Iterator[Deviation]:
    """The metadata and title of a request do not change until they are modified again.

    Source: the reference pages of create, retrieve and modify
    Grade: documented
    Allows: metadata that the service adds; a title for a thread that has none
    Advice: store them as given and return them everywhere
    """
    for name in ("metadata", "title"):
        set_by = {
            one.exchange.sent: one for one in trace.observations[::-1] if _writes(one, trace.kind, name)
        }
        writes = list(set_by.values())
        for write in writes:
            others = [one.exchange for one in writes if one is not write]
            value = write.exchange.request_json[name]
            alone = all(one.received <= write.sent or one.sent >= write.received for one in others)
            # A service may add to metadata, and may give a thread the title that its client left out.
            if not value or not alone or not contains(write.body.get(name), value):
                continue
            until = min((one.sent for one in others if one.sent >= write.received), default=inf)
            for later in trace.observations:
                held = write.precedes(later) and later.received <= until
                if held and not contains(later.body.get(name), value):
                    yield _change(trace, write, later, name)


def _writes(one: Observation, kind: str, name: str) -> bool:
    """Whether an observation is the response to a request that set a field."""
    operation, asked = one.exchange.operation, one.exchange.request_json
    sets = operation is not None and (operation.creates(kind) or operation.role is Role.MODIFY)
    return sets and one.kind == kind and isinstance(asked, dict) and name in asked


def is_modification(exchange: Exchange) -> bool:
    """Whether an exchange modifies a resource."""
    return exchange.operation is not None and exchange.operation.role is Role.MODIFY


def stored_by(first: Observation) -> float:
    """When a resource must be readable at the latest, given its first observation.

    A stream may announce a resource before it is stored: then at the end of the stream.
    """
    return first.exchange.received if first.source == "stream" else first.received


@check("created-can-be-read", Trace)
def created_can_be_read(trace: Trace) -> Iterator[Deviation]:
    """A created resource can be retrieved.

    Source: the reference pages of create and retrieve
    Grade: documented
    Allows: resources that only a stream has announced, until it ends
    Advice: respond to a create only when the resource can be read
    """
    first = trace.observations[0]
    thread = first.body.get("threadId") or first.exchange.path_parameters.get("threadId")
    for exchange in trace.not_found:
        same = exchange.path_parameters.get("threadId") in (thread, trace.id)
        if exchange.sent >= stored_by(first) and same:
            place = f"{exchange.label} after {first.source}"
            yield Deviation(f"status {exchange.status}", "200", exchange, place)
