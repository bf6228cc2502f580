"""Does the service take what the document allows, and refuse what it does not?"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from contract_tests.document import JSON, Mismatch, Role, document
from contract_tests.findings import Deviation, check
from contract_tests.observations.assembly import Story
from contract_tests.observations.exchange import Exchange, Intent
from contract_tests.observations.nulls import as_read
from openapi import GRADES, Grade

_INVALID = (400, 406, 411, 413, 415, 422, 501)
_LARGEST = 100


@check("invalid-field-refused", Exchange)
def invalid_field_is_refused(exchange: Exchange) -> Iterator[Deviation]:
    """A body whose fields are not what the document says is refused.

    Source: the request tables of the reference pages; `components.schemas`
    Grade: documented
    Advice: validate bodies against the document; what is silently ignored hides the client's mistake
    """
    operation = exchange.operation
    if operation is None or not exchange.ok or not isinstance(exchange.asked, dict):
        return
    told: set[str] = set()
    for grade in GRADES[:1] if Intent.GENERATED in exchange.intents else GRADES[operation.grade.rank :]:
        view = document().views[grade]
        schema = view.request_schema(operation.id)
        body = as_read(exchange.asked)
        for mismatch in view.mismatches(schema, body) if schema else []:
            if mismatch.place not in told and not _may_be_read(mismatch):
                told.add(mismatch.place)
                place = f"{operation.id}: {mismatch.place}"
                yield Deviation(f"{exchange.status} to {_short(mismatch)}", "400", exchange, place, grade)


def _may_be_read(mismatch: Mismatch) -> bool:
    """Whether a tolerant reader takes the value: `"0.5"` for a number, `2.0` for an integer."""
    value = mismatch.value
    if isinstance(value, str) and value == "":
        return True
    if isinstance(value, str) and "number" in mismatch.message + " integer":
        return _numeric(value) and any(kind in mismatch.message for kind in ('"number"', '"integer"'))
    return isinstance(value, float) and value.is_integer() and '"integer"' in mismatch.message


def _numeric(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _short(mismatch: Mismatch) -> str:
    text = json.dumps(mismatch.value, default=str)
    return f"{mismatch.place}: {text if len(text) < 80 else text[:80] + '...'} ({mismatch.message[:120]})"


@check("malformed-json-refused", Exchange)
def malformed_json_is_refused(exchange: Exchange) -> Iterator[Deviation]:
    """A body that is not JSON is refused.

    Source: the reference pages: the body is application/json
    Grade: documented
    Advice: answer 400 and say where the text stops being JSON
    """
    takes = exchange.operation and document().assumed.request_schema(exchange.operation.id)
    if not takes or not exchange.ok or not exchange.request_body.strip():
        return
    try:
        json.loads(exchange.request_body)
    except (ValueError, RecursionError):
        shown = exchange.request_body[:60].decode("utf-8", "backslashreplace")
        yield Deviation(f"{exchange.status} to {shown!r}", "400", exchange)


@check("non-object-refused", Exchange)
def non_object_is_refused(exchange: Exchange) -> Iterator[Deviation]:
    """A body that is JSON but no object is refused.

    Source: the request tables of the reference pages, which describe objects
    Grade: documented
    Advice: answer 400
    """
    takes = exchange.operation and document().assumed.request_schema(exchange.operation.id)
    if takes and exchange.ok and isinstance(exchange.asked, list | str | int | float | bool):
        yield Deviation(f"{exchange.status} to {exchange.request_body[:60].decode()}", "400", exchange)


@check("media-type-refused", Exchange)
def other_media_type_is_refused(exchange: Exchange) -> Iterator[Deviation]:
    """A body of another media type than JSON is refused.

    Source: the reference pages: the body is application/json; RFC 9110 15.5.16
    Grade: documented
    Advice: answer 415
    """
    takes = exchange.operation and document().assumed.request_schema(exchange.operation.id)
    if not takes or not exchange.ok or not exchange.request_body:
        return
    sent = exchange.request_header("content-type").partition(";")[0].strip().lower()
    if not sent:
        place = f"{exchange.label}: no Content-Type"
        yield Deviation(f"{exchange.status} without Content-Type", "415", exchange, place, Grade.ASSUMED)
    elif sent != JSON and not sent.endswith("+json"):
        yield Deviation(f"{exchange.status} to {sent}", "415", exchange, f"{exchange.label}: {sent}")


@check("invalid-query-refused", Exchange)
def invalid_query_is_refused(exchange: Exchange) -> Iterator[Deviation]:
    """A query parameter that is not what the document says is refused.

    Source: the reference pages of the list operations: limit is an integer, order is asc or desc
    Grade: documented
    Advice: answer 400; a client that misspells an order must not get the other one
    """
    operation = exchange.operation
    if operation is None or operation.role is not Role.LIST or not exchange.ok:
        return
    for name, value in exchange.query:
        if name == "order" and value not in ("asc", "desc", ""):
            yield Deviation(
                f"{exchange.status} to order={value[:40]}", "400", exchange, f"{operation.id}: order"
            )
        place = f"{operation.id}: limit"
        if name == "limit" and value and not _numeric(value):
            yield Deviation(f"{exchange.status} to limit={value[:40]}", "400", exchange, place)
        elif name == "limit" and value and float(value) < 1 and _entries(exchange) > 1:
            seen = f"{_entries(exchange)} entries for limit={value[:40]}"
            yield Deviation(seen, "400, or one entry", exchange, f"{place} below 1")


def _entries(exchange: Exchange) -> int:
    data = exchange.json.get("data") if isinstance(exchange.json, dict) else None
    return len(data) if isinstance(data, list) else 0


@check("valid-request-accepted", Story)
def valid_request_is_accepted(story: Story) -> Iterator[Deviation]:
    """A request that the document allows is not called invalid.

    Source: the request tables and query parameters of the reference pages
    Grade: documented
    Advice: accept every documented field, alone and together with others
    """
    works = {one.operation.id for one in story.exchanges if one.operation and one.ok}
    for exchange in story.exchanges:
        operation = exchange.operation
        if operation is None or operation.grade != "documented":
            continue
        if exchange.intents - {Intent.NO_TOKEN_LIMIT} or exchange.status not in _INVALID:
            continue
        grade = _allowed_by(operation.id, exchange)
        if grade is not None and operation.id in works and not _busy(story, exchange):
            suspect = _suspect(story, exchange)
            shown = exchange.body[:160].decode("utf-8", "backslashreplace")
            place = f"{operation.id}: {suspect}"
            yield Deviation(f"{exchange.status} to {suspect}: {shown}", "200", exchange, place, grade)


def _busy(story: Story, exchange: Exchange) -> bool:
    """Whether a run of the thread was still going on: services may refuse to change a thread meanwhile."""
    thread = exchange.path_parameters.get("threadId")
    for trace in story.traces:
        seen = [one for one in trace.observations if one.received <= exchange.sent]
        of_thread = trace.kind == "run" and seen and seen[-1].body.get("threadId") == thread
        if of_thread and seen[-1].status not in trace.lifecycle.terminal:
            return True
    return False


def _allowed_by(operation: str, exchange: Exchange) -> Grade | None:
    """The grade of the permission: documented where nothing in the body is only observed."""
    body = exchange.asked
    limit = dict(exchange.query).get("limit", "")
    if limit.isdigit() and int(limit) > _LARGEST:
        # Clients are observed to ask for more where the document sets no maximum.
        bounded = "maximum" in (document().documented.parameter(operation, "limit") or {})
        return None if bounded else Grade.OBSERVED
    schema = document().assumed.request_schema(operation)
    if schema is None or not exchange.request_body:
        return Grade.DOCUMENTED
    if document().assumed.mismatches(schema, body):
        return None
    return Grade.OBSERVED if isinstance(body, dict) and _only_observed(operation, body) else Grade.DOCUMENTED


def _only_observed(operation: str, body: Mapping[str, Any]) -> bool:
    """Whether a body holds what clients are only seen to send: unknown fields, empty texts, plain content."""
    known = _known(operation)
    messages = [body, *body.get("messages", []), *(body.get("thread") or {}).get("messages", [])]
    plain = any(isinstance(one, Mapping) and isinstance(one.get("content"), str) for one in messages)
    return plain or any(name not in known or value == "" for name, value in body.items())


def _known(operation: str) -> set[str]:
    view = document().documented
    return set(view.properties(view.request_schema(operation)))


def _suspect(story: Story, refused: Exchange) -> str:
    """The fields or parameters that no accepted request of the operation had."""
    accepted: set[str] = set()
    for exchange in story.exchanges:
        if exchange.ok and exchange.operation == refused.operation:
            accepted |= _names(exchange)
    fresh = sorted(_names(refused) - accepted) or sorted(_names(refused))
    return ", ".join(fresh) or "a request without fields"


def _names(exchange: Exchange) -> set[str]:
    body = exchange.asked if isinstance(exchange.asked, dict) else {}
    charset = {"a charset"} if "charset" in exchange.request_header("content-type") else set()
    return {*body, *(name for name, _ in exchange.query), *charset}
