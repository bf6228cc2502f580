"""Does the service accept valid requests and reject invalid ones?"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from contract_tests.checks.values import mismatches
from contract_tests.document import JSON, Mismatch, Role, document
from contract_tests.findings import Deviation, check
from contract_tests.observations.assembly import History
from contract_tests.observations.exchange import Exchange, Intent
from contract_tests.observations.nulls import without_nulls
from openapi import GRADES, Grade

_INVALID = (400, 406, 411, 413, 415, 422, 501)
_LARGEST, _DEFAULT = 100, 20
_VALID = {Intent.NO_TOKEN_LIMIT, Intent.REFERENCES}


@check("invalid-field-refused", Exchange)
def invalid_field_is_refused(exchange: Exchange) -> Iterator[Deviation]:
    """A body with a field that violates the document is rejected.

    Source: the request tables of the reference pages; `components.schemas`
    Grade: documented
    Allows: numbers written as text, 2.0 for 2, empty text, null; any type where the service may not
    look
    Advice: validate bodies against the document; ignoring a wrong field hides a mistake of the client
    """
    operation = exchange.operation
    if operation is None or not exchange.ok or not isinstance(exchange.request_json, dict):
        return
    reported: set[str] = set()
    for grade in GRADES[:1] if Intent.GENERATED in exchange.intents else GRADES[operation.grade.rank :]:
        view = document().views[grade]
        schema = view.request_schema(operation.id)
        body = without_nulls(exchange.request_json)
        for mismatch, known in mismatches(view, schema, body) if schema else ():
            if mismatch.place not in reported and not _may_be_accepted(mismatch):
                reported.add(mismatch.place)
                place = f"{operation.id}: {mismatch.place}"
                seen = f"status {exchange.status} for {_short(mismatch)}"
                # Clients send more words inside a message than the documented ones, such as the role system.
                word = len(mismatch.pointer) > 1 and "is not one of" in mismatch.message
                known = Grade.OBSERVED if word and known is Grade.DOCUMENTED else known
                yield Deviation(seen, "400", exchange, place, known)


def _may_be_accepted(mismatch: Mismatch) -> bool:
    """Whether a tolerant service may accept the value: `"0.5"` for a number, `2.0` for an integer."""
    value = mismatch.value
    if isinstance(value, str) and value == "":
        return "shorter" not in mismatch.message
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
    """A body that is not JSON is rejected.

    Source: the reference pages: the body is application/json
    Grade: documented
    Allows: an empty body; any refusal
    Advice: return 400 and the position where parsing failed
    """
    takes = exchange.operation and document().assumed.request_schema(exchange.operation.id)
    if not takes or not exchange.ok or not exchange.request_body.strip():
        return
    try:
        json.loads(exchange.request_body)
    except (ValueError, RecursionError):
        shown = exchange.request_body[:60].decode("utf-8", "backslashreplace")
        yield Deviation(f"status {exchange.status} for {shown!r}", "400", exchange)


@check("non-object-refused", Exchange)
def non_object_is_refused(exchange: Exchange) -> Iterator[Deviation]:
    """A JSON body that is not an object is rejected.

    Source: the request tables of the reference pages, which describe objects
    Grade: documented
    Allows: null; any refusal
    Advice: return 400
    """
    takes = exchange.operation and document().assumed.request_schema(exchange.operation.id)
    if takes and exchange.ok and isinstance(exchange.request_json, list | str | int | float | bool):
        shown = exchange.request_body[:60].decode()
        yield Deviation(f"status {exchange.status} for {shown}", "400", exchange)


@check("media-type-refused", Exchange)
def other_media_type_is_refused(exchange: Exchange) -> Iterator[Deviation]:
    """A body with another media type than JSON is rejected.

    Source: the one media type that the reference pages describe; RFC 9110 15.5.16
    Grade: observed
    Advice: return 415; no page forbids a service to read JSON under another name
    """
    takes = exchange.operation and document().assumed.request_schema(exchange.operation.id)
    if not takes or not exchange.ok or not exchange.request_body:
        return
    sent = exchange.request_header("content-type").partition(";")[0].strip().lower()
    if not sent:
        seen, place = f"status {exchange.status} without Content-Type", f"{exchange.label}: no Content-Type"
        yield Deviation(seen, "415", exchange, place, Grade.ASSUMED)
    elif sent != JSON and not sent.endswith("+json"):
        yield Deviation(f"status {exchange.status} for {sent}", "415", exchange, f"{exchange.label}: {sent}")


@check("invalid-query-refused", Exchange)
def invalid_query_is_refused(exchange: Exchange) -> Iterator[Deviation]:
    """A query parameter that violates the document is rejected.

    Source: the reference pages of the list operations: limit is an integer, order is asc or desc
    Grade: documented
    Allows: a limit that is 0, too large or negative and is replaced; empty parameters
    Advice: return 400; a client that misspells an order must not get the other one
    """
    operation = exchange.operation
    if operation is None or operation.role is not Role.LIST or not exchange.ok:
        return
    for name, value in exchange.query:
        if name == "order" and value not in ("asc", "desc", ""):
            yield Deviation(
                f"status {exchange.status} for order={value[:40]}", "400", exchange, f"{operation.id}: order"
            )
        place = f"{operation.id}: limit"
        if name == "limit" and value and not _numeric(value):
            yield Deviation(f"status {exchange.status} for limit={value[:40]}", "400", exchange, place)
        elif name == "limit" and value and float(value) < 0 and len(exchange.entries or ()) > 1:
            # No limit and a limit of 0 are the same to a service that reads absent values as 0.
            count = len(exchange.entries or ())
            seen = f"{count} entries for limit={value[:40]}"
            grade = None if count > _DEFAULT else Grade.OBSERVED
            yield Deviation(seen, "400, or one entry", exchange, f"{place} below 0", grade)


@check("valid-request-accepted", History)
def valid_request_is_accepted(history: History) -> Iterator[Deviation]:
    """A valid request is not rejected as invalid.

    Source: the request tables and query parameters of the reference pages
    Grade: documented
    Allows: a refusal while a run is active; bounds that only the service knows for odd values; unknown
    fields and unknown files refused, as a warning
    Advice: accept every documented field, alone and together with others
    """
    working = {one.operation.id for one in history.exchanges if one.operation and one.ok}
    for exchange in history.exchanges:
        operation = exchange.operation
        if operation is None or not operation.is_documented:
            continue
        if exchange.intents - _VALID or exchange.status not in _INVALID:
            continue
        grade = _allowed_by(operation.id, exchange)
        if grade is not None and operation.id in working and not _busy(history, exchange):
            suspect = _suspect(history, exchange)
            shown = exchange.body[:160].decode("utf-8", "backslashreplace")
            place = f"{operation.id}: {suspect}"
            if Intent.REFERENCES in exchange.intents:
                # No page says what becomes of a file, a store or a dataset that does not exist.
                place, grade = f"{place}, as references", _worse(grade, Grade.OBSERVED)
            yield Deviation(f"status {exchange.status} for {suspect}: {shown}", "200", exchange, place, grade)


def _busy(history: History, exchange: Exchange) -> bool:
    """Whether a run of the thread was not terminal. A service may then refuse to change the thread."""
    thread = exchange.path_parameters.get("threadId")
    for trace in history.traces:
        seen = [one for one in trace.observations if one.received <= exchange.sent]
        of_thread = trace.kind == "run" and seen and seen[-1].body.get("threadId") == thread
        if of_thread and seen[-1].status not in trace.lifecycle.terminal:
            return True
    return False


def _allowed_by(operation: str, exchange: Exchange) -> Grade | None:
    """The grade at which the document allows the request, None if it does not."""
    body = exchange.request_json
    limit = dict(exchange.query).get("limit", "")
    if limit.isdigit() and int(limit) > _LARGEST:
        # Clients are observed to send more where the document has no maximum.
        bounded = "maximum" in (document().documented.parameter(operation, "limit") or {})
        return None if bounded else Grade.OBSERVED
    schema = document().assumed.request_schema(operation)
    if schema is None or not exchange.request_body:
        return Grade.DOCUMENTED
    if document().assumed.mismatches(schema, body):
        return None
    views = (document().views[grade] for grade in GRADES)
    grade = next(
        view.grade for view in views if not view.mismatches(view.request_schema(operation) or {}, body)
    )
    seen = isinstance(body, dict) and _only_observed(operation, body)
    return _worse(grade, Grade.OBSERVED) if seen else grade


def _worse(one: Grade, other: Grade) -> Grade:
    return max(one, other, key=lambda grade: grade.rank)


def _only_observed(operation: str, body: Mapping[str, Any]) -> bool:
    """Whether a body has something only observed: unknown fields, empty ids, content as a string."""
    known = _known(operation)
    messages = [body, *body.get("messages", []), *(body.get("thread") or {}).get("messages", [])]
    plain = any(isinstance(one, Mapping) and isinstance(one.get("content"), str) for one in messages)
    return plain or any(
        name not in known or (value == "" and name.endswith("Id")) for name, value in body.items()
    )


def _known(operation: str) -> set[str]:
    view = document().documented
    return set(view.properties(view.request_schema(operation)))


def _suspect(history: History, refused: Exchange) -> str:
    """The fields or parameters that no accepted request of the operation had."""
    accepted: set[str] = set()
    for exchange in history.exchanges:
        if exchange.ok and exchange.operation == refused.operation:
            accepted |= _names(exchange)
    fresh = sorted(_names(refused) - accepted) or sorted(_names(refused))
    return ", ".join(fresh) or "a request without fields"


def _names(exchange: Exchange) -> set[str]:
    body = exchange.request_json if isinstance(exchange.request_json, dict) else {}
    charset = {"a charset"} if "charset" in exchange.request_header("content-type") else set()
    return {*body, *(name for name, _ in exchange.query), *charset}
