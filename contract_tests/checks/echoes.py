"""Is what was asked what is answered, and is it the same wherever it is shown?"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from math import isclose
from typing import Any

from contract_tests.document import Role, document
from contract_tests.findings import Deviation, check
from contract_tests.observations.assembly import Story
from contract_tests.observations.exchange import Exchange
from contract_tests.observations.message_text import text_of
from contract_tests.observations.timestamps import moment
from contract_tests.observations.traces import Observation, Trace

# Fields that name files or another resource: a service may resolve or drop what it does not know.
_REFERENCES = frozenset({"attachments", "runId", "toolResources"})
_STABLE = {
    "run": ("object", "createdAt", "threadId", "assistantId", "model", "instructions", "tools", "fileIds"),
    "thread": ("object", "createdAt"),
    "message": ("object", "createdAt", "threadId", "role", "runId"),
    "step": ("object", "createdAt", "threadId", "runId", "type", "assistantId"),
}
_DROPPED = re.compile("[\x00\ud800-\udfff]")


@check("asked-is-echoed", Exchange)
def asked_is_echoed(exchange: Exchange) -> Iterator[Deviation]:
    """What a request sets stands in its answer.

    Source: the reference pages: request and response have these fields in common
    Grade: documented
    Advice: store what was asked and answer what was stored
    """
    asked, told = exchange.asked, exchange.json
    if (
        exchange.operation is None
        or not exchange.ok
        or not isinstance(asked, dict)
        or not isinstance(told, dict)
    ):
        return
    for name in echoed_fields(exchange.operation.id):
        wanted = asked.get(name)
        if wanted and not _unspeakable(wanted) and not _echoes(name, wanted, told.get(name)):
            seen = f"{name}: {str(told.get(name))[:80]!r} for {str(wanted)[:80]!r}"
            yield Deviation(seen, "what was asked", exchange, f"{exchange.label}: {name}")


@cache
def echoed_fields(operation: str) -> tuple[str, ...]:
    """The documented fields that the request of an operation and its response have in common."""
    view = document().documented
    request = view.properties(view.request_schema(operation))
    response = view.properties(view.response_schema(operation, 200))
    return tuple(name for name in request if name in response and name not in _REFERENCES)


def _unspeakable(wanted: Any) -> bool:
    """Whether a text has characters that stores may lawfully drop: NUL and lone surrogates."""
    return bool(_DROPPED.search(str(wanted)))


def _echoes(name: str, wanted: Any, told: Any) -> bool:
    """Whether the answer keeps what was asked; services may add to it."""
    if name == "content":
        return text_of(wanted) is None or text_of(wanted) == text_of(told)
    if name == "instructions":
        return isinstance(told, str) and isinstance(wanted, str) and wanted in told
    return holds(told, wanted)


def holds(told: Any, wanted: Any) -> bool:
    """Whether one JSON value has everything the other has; empty values may be left out."""
    if isinstance(wanted, Mapping):
        return isinstance(told, Mapping) and all(
            holds(told.get(name), value) for name, value in wanted.items() if value not in (None, "", {}, [])
        )
    if isinstance(wanted, list):
        return isinstance(told, list) and len(told) >= len(wanted) and all(map(holds, told, wanted))
    if isinstance(wanted, int | float) and isinstance(told, int | float) and not isinstance(wanted, bool):
        return isclose(told, wanted, rel_tol=1e-9)  # JSON numbers are doubles for most readers (RFC 8259 6)
    return bool(told == wanted)


@check("answer-is-about-the-asked", Exchange)
def answer_is_about_what_was_asked(exchange: Exchange) -> Iterator[Deviation]:
    """An answer has the ids of the path it was asked at.

    Source: the paths of the reference pages
    Grade: documented
    Advice: look up by every id of the path
    """
    told = exchange.json
    if exchange.operation is None or not exchange.ok or not isinstance(told, dict):
        return
    resource = document().resources.get(exchange.operation.kind)
    for name, expected in exchange.path_parameters.items():
        field = "id" if resource and name == resource.id_parameter else name
        value = told.get(field)
        if isinstance(value, str) and value and value != expected and "data" not in told:
            yield Deviation(f"{field} {value[:80]}", expected[:80], exchange, f"{exchange.label}: {field}")


@check("ids-unique", Story)
def ids_are_unique(story: Story) -> Iterator[Deviation]:
    """What is created anew has an id of its own.

    Source: the reference pages: the id names the object
    Grade: documented
    Advice: never reuse an id
    """
    seen: dict[tuple[str, str], Exchange] = {}
    for exchange in story.exchanges:
        operation = exchange.operation
        if operation is None or operation.role is not Role.CREATE or not exchange.ok:
            continue
        body = exchange.json
        name = body.get("id") if isinstance(body, dict) else None
        scope = exchange.path_parameters.get("threadId", "") if operation.kind == "message" else ""
        if (
            isinstance(name, str)
            and seen.setdefault((operation.kind + scope, name), exchange) is not exchange
        ):
            yield Deviation(f"{name} was given twice", "another id", exchange)


@check("created-stays-the-same", Trace)
def created_stays_the_same(trace: Trace) -> Iterator[Deviation]:
    """What is fixed when something is created is the same wherever it is shown.

    Source: the reference pages: create, retrieve and list answer the same object
    Grade: documented
    Advice: answer all operations from one record
    """
    for earlier, later in trace.pairs():
        for name in _STABLE.get(trace.kind, ()):
            if changed(earlier.body.get(name), later.body.get(name), name):
                yield _change(trace, earlier, later, name)
        words, now = text_of(earlier.body.get("content")), text_of(later.body.get("content"))
        if trace.kind == "message" and earlier.body.get("role") == "user" and words and now != words:
            yield _change(trace, earlier, later, "content")


def changed(earlier: Any, later: Any, name: str) -> bool:
    """Whether a value was lost or replaced; empty ones may come and go."""
    if earlier in (None, "", [], {}):
        return False
    if name == "object":
        return bool(str(later).removeprefix("thread.") != str(earlier).removeprefix("thread."))
    one, other = moment(earlier), moment(later)
    return one.differs(other) if one and other else bool(later != earlier)


def _change(trace: Trace, earlier: Observation, later: Observation, name: str) -> Deviation:
    seen = f"{name}: {str(earlier.body.get(name))[:80]!r} ({earlier.source}), then "
    seen += f"{str(later.body.get(name))[:80]!r} ({later.source})"
    place = f"{trace.kind}.{name}: {later.source}"
    return Deviation(seen, "the same", later.exchange, place)


@check("metadata-stays", Trace)
def metadata_stays(trace: Trace) -> Iterator[Deviation]:
    """Metadata and title stay until they are modified.

    Source: the reference pages of create, retrieve and modify
    Grade: documented
    Advice: store what was given, and show it everywhere
    """
    for earlier, later in trace.pairs():
        modified = any(_modifies(one.exchange) for one in trace.observations)
        for name in ("metadata", "title") if not modified else ():
            if earlier.body.get(name) and not holds(later.body.get(name), earlier.body.get(name)):
                yield _change(trace, earlier, later, name)


def _modifies(exchange: Exchange) -> bool:
    return exchange.operation is not None and exchange.operation.role is Role.MODIFY


@check("created-can-be-read", Trace)
def created_can_be_read(trace: Trace) -> Iterator[Deviation]:
    """What was created can be retrieved.

    Source: the reference pages of create and retrieve
    Grade: documented
    Advice: answer a create only when the object can be read
    """
    first = trace.observations[0]
    thread = first.body.get("threadId") or first.exchange.path_parameters.get("threadId")
    for exchange in trace.refused:
        same = exchange.path_parameters.get("threadId") in (thread, trace.id)
        if exchange.sent >= first.received and same:
            place = f"{exchange.label} after {first.source}"
            yield Deviation(f"status {exchange.status}", "200", exchange, place)
