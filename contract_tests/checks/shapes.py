"""Does every response have the shape that the document describes?"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from contract_tests.checks.values import mismatches
from contract_tests.document import EVENT_STREAM, JSON, Mismatch, document
from contract_tests.findings import Deviation, check
from contract_tests.observations.exchange import Exchange, Intent
from contract_tests.observations.json_text import TooDeep, read_json
from contract_tests.observations.nulls import without_nulls
from contract_tests.observations.timestamps import parse_timestamp
from contract_tests.observations.traces import observations_of, streams_of
from openapi import GRADES, Grade

_THREAD_ID = re.compile(r"thread_[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SNAKE = re.compile(r"[a-z0-9]+(_[a-z0-9]+)+")


@check("status-documented", Exchange)
def status_is_documented(exchange: Exchange) -> Iterator[Deviation]:
    """A successful response has the documented status.

    Source: the reference page of each operation, which documents 200 and no other success
    Grade: documented
    Allows: any status of a refusal
    Advice: return 200; clients compare with it
    """
    operation = exchange.operation
    if operation is None or not exchange.ok:
        return
    view = document().views[operation.grade]
    if view.response(operation.id, exchange.status) is None:
        known = ", ".join(view.operations[operation.id]["responses"])
        yield Deviation(f"status {exchange.status}", f"one of {known}", exchange, grade=operation.grade)


@check("content-type-json", Exchange)
def content_type_is_json(exchange: Exchange) -> Iterator[Deviation]:
    """A response that is not a stream has the media type application/json.

    Source: the reference page, "application/json"; RFC 9110 8.3
    Grade: documented
    Allows: any parameters and case; charset=utf-8
    Advice: send `Content-Type: application/json`, in UTF-8
    """
    if exchange.operation is None or not exchange.ok or exchange.method == "HEAD":
        return
    shown = exchange.header("content-type") or "no Content-Type"
    if exchange.media_type not in (JSON, EVENT_STREAM):
        yield Deviation(shown, JSON, exchange)
    charset = re.search(r"charset=\"?([\w-]+)", exchange.header("content-type"), re.IGNORECASE)
    if charset and charset[1].lower() not in ("utf-8", "utf8"):
        yield Deviation(shown, "UTF-8, the only encoding of JSON on the wire (RFC 8259 8.1)", exchange)


@check("body-is-json", Exchange)
def body_is_json(exchange: Exchange) -> Iterator[Deviation]:
    """A body that is labelled as JSON is valid JSON.

    Source: RFC 8259, the media type application/json
    Grade: documented
    Allows: white space, escapes, any order of names; any body of an error, as a note
    Advice: write every response with a JSON library
    """
    if exchange.media_type != JSON or exchange.method == "HEAD" or exchange.cut or exchange.error:
        return
    if exchange.operation is None and not exchange.ok:
        return
    try:
        read_json(exchange.body)
        json.loads(exchange.body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except TooDeep:
        return  # It may be JSON: what clients store may be nested deeply.
    except ValueError as error:
        shown = exchange.body[:80].decode("utf-8", "backslashreplace")
        # No page shows the body of an error.
        grade = None if exchange.ok else Grade.ASSUMED
        yield Deviation(f"{error}: {shown!r}", "one JSON value in UTF-8", exchange, grade=grade)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    twice = next((name for name in names if names.count(name) > 1), None) if len(names) < 60 else None
    if twice is not None:
        raise ValueError(f"the name {twice!r} appears twice in one object")
    return dict(pairs)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


@check("response-schema", Exchange)
def response_fits_schema(exchange: Exchange) -> Iterator[Deviation]:
    """A response matches its schema in the document.

    Source: the response tables of the reference pages; `components.schemas`
    Grade: documented
    Allows: null and absent fields at every depth; further fields; text as a string or under value
    Advice: compare the field with the schema; clients are generated from it
    """
    operation = exchange.operation
    if operation is None or not exchange.ok or exchange.media_type != JSON or not exchange.body:
        return
    if exchange.json is None and exchange.body.strip() != b"null":
        return
    reported: set[str] = set()
    # Generated values come back in responses. Only the documented view applies to them.
    for grade in GRADES[:1] if Intent.GENERATED in exchange.intents else GRADES[operation.grade.rank :]:
        view = document().views[grade]
        schema = view.response_schema(operation.id, exchange.status, JSON)
        body = without_nulls(exchange.json)
        for mismatch, known in mismatches(view, schema, body) if schema else ():
            if mismatch.place not in reported and not _empty_left_out(mismatch, exchange):
                reported.add(mismatch.place)
                yield _deviation(exchange, operation.id, mismatch, known)


def _empty_left_out(mismatch: Mismatch, exchange: Exchange) -> bool:
    """Whether a missing field may be an empty one: some encoders omit those."""
    found = re.match(r'"(\w+)" is a required property', mismatch.message)
    if not found or not isinstance(mismatch.value, dict):
        return False
    request = exchange.request_json if isinstance(exchange.request_json, dict) else {}
    return found[1] in request and request[found[1]] in ("", [], {})


def _deviation(exchange: Exchange, operation: str, mismatch: Mismatch, grade: Grade) -> Deviation:
    place = f"{operation}: {mismatch.place}"
    suggests = "" if grade is Grade.DOCUMENTED else _suggestion(mismatch)
    seen = f"{mismatch.place}: {_short(mismatch.value)}"
    return Deviation(seen, mismatch.message[:300], exchange, place, grade, suggests)


def _suggestion(mismatch: Mismatch) -> str:
    """The YAML that would describe the observed value."""
    names = [str(part) for part in mismatch.pointer if not isinstance(part, int)]
    indent = "\n" + "  " * len(names)
    path = "".join(f"{'  ' * level}{name}:\n" for level, name in enumerate(names))
    return f"{path}{indent[1:]}{_type(mismatch.value)}"


def _type(value: Any) -> str:
    match value:
        case None:
            return "nullable: true"
        case bool():
            return "type: boolean"
        case int():
            return "type: integer"
        case float():
            return "type: number"
        case str():
            return f"type: string  # {_short(value)}"
        case list():
            return "type: array"
        case _:
            return "type: object"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 120 else f"{text[:120]}..."


@check("field-names-camel-case", Exchange)
def field_names_are_camel_case(exchange: Exchange) -> Iterator[Deviation]:
    """Field names are lowerCamelCase.

    Source: the tables of the reference pages
    Grade: documented
    Allows: a second name beside the documented one
    Advice: convert the names where responses are written; no client reads `created_at`
    """
    for kind, body in _bodies(exchange):
        known = _properties(kind)
        for name in body:
            twin = re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), name)
            if _SNAKE.fullmatch(name) and twin in known and twin not in body:
                yield Deviation(f"{kind}.{name}", twin, exchange, f"{kind}.{name}")


@check("timestamp-format", Exchange)
def timestamps_are_rfc_3339(exchange: Exchange) -> Iterator[Deviation]:
    """Every timestamp is an RFC 3339 date and time with an offset.

    Source: the reference pages, "date-time", and their example `2024-08-11T10:21:28.861Z`
    Grade: documented
    Allows: any number of digits, any offset, null, absent
    Advice: send text like `2024-08-11T10:21:28.861Z`, not a number, a local time or an empty string
    """
    for kind, body in _bodies(exchange):
        for name, schema in _properties(kind).items():
            value = body.get(name)
            if (
                schema.get("format") == "date-time"
                and isinstance(value, str)
                and parse_timestamp(value) is None
            ):
                yield Deviation(f"{name}: {value[:60]!r}", "RFC 3339", exchange, f"{kind}.{name}")


def _properties(kind: str) -> dict[str, Any]:
    """The documented properties of a kind of resource."""
    view = document().documented
    return view.properties(view.schema(document().resources[kind].schema))


def _bodies(exchange: Exchange) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The resources in a response: one, a list, or those of a stream."""
    streams = streams_of([exchange])
    for observation in observations_of(exchange, streams[0] if streams else None):
        yield observation.kind, observation.body


@check("list-envelope", Exchange)
def list_has_its_envelope(exchange: Exchange) -> Iterator[Deviation]:
    """A list is an object with `data`, `firstId`, `lastId` and `hasMore`.

    Source: the reference pages of the list operations
    Grade: documented
    Allows: null, empty or absent ids of an empty page; absent data of an empty page; absent hasMore for
    false
    Advice: return all four; clients page by `hasMore` and `lastId`
    """
    for name in ("firstId", "lastId") if exchange.entries else ():
        if not isinstance(exchange.json.get(name), str):
            yield Deviation(f"no {name}", f"{name}, a string", exchange, f"{exchange.label}: {name}")


@check("thread-id-form", Exchange)
def thread_id_has_its_form(exchange: Exchange) -> Iterator[Deviation]:
    """The id of a thread is `thread_` followed by a UUID.

    Source: the ids of threads in public clients
    Grade: observed
    Advice: keep the form: clients may tell ids apart by it
    """
    created = exchange.operation is not None and exchange.operation.creates("thread") and exchange.ok
    name = exchange.json.get("id") if created and isinstance(exchange.json, dict) else None
    if isinstance(name, str) and not _THREAD_ID.fullmatch(name):
        yield Deviation(f"id {name[:60]!r}", "thread_UUID", exchange)
