"""Which valid, invalid and odd requests are sent, to see whether the service accepts them?

A request without an intent must be accepted. One with `Intent.INVALID` must be rejected. One with
`Intent.ODD` may be either, as long as the service does not fail.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from contract_tests.client.concurrency import at_once
from contract_tests.client.explore import FIELDS, OBSERVED_FIELDS, THREAD_FIELDS, exploration
from contract_tests.client.nested_bodies import assumed_wrong
from contract_tests.client.samples import QUESTION, valid_body
from contract_tests.client.service import Inconclusive, Service
from contract_tests.document import Operation, Role, document
from contract_tests.observations.exchange import Exchange, Intent

Work = Callable[[], Exchange]
_MALFORMED = (b'{"metadata": ', b'{"metadata": {},}', b"{'metadata': {}}", b"nonsense", b'"\xff\xfe"')
_NOT_OBJECTS = (b"[]", b'"text"', b"42", b"true")
_MEDIA_TYPES = ("text/plain", "application/xml", "application/x-www-form-urlencoded")
_WRONG: Mapping[str, tuple[Any, ...]] = {
    "string": (12345, {"a": 1}, ["text"], True),
    "number": ("hot", [1], {"a": 1}),
    "integer": ("many", 1.5, [1], {"a": 1}),
    "boolean": ("sometimes", 7, [True], {"a": 1}),
    "array": ("text", {"a": 1}, 7),
    "object": ("text", [1], 7),
}
_UNKNOWN: Mapping[str, Any] = {"unknownField": {"a": [1]}, "fileIds": []}
_BEYOND: tuple[Mapping[str, Any], ...] = (
    {"temperature": 2.5},
    {"topP": 1.5},
    {"maxPromptTokens": 0},
    {"maxCompletionTokens": -1},
    {"temperature": -0.5},
    {"topP": -0.5},
    {"maxPromptTokens": -1},
    {"maxCompletionTokens": 0},
)
_MESSAGE_FIELDS: tuple[Mapping[str, Any], ...] = (
    {"metadata": {"aB C": "Ü d"}},
    {"attachments": []},
    {"runId": ""},
    {"unknownField": 1},
)


@exploration("bodies that are not JSON objects", 0, smoke=True)
def malformed_bodies(service: Service) -> None:
    """Send malformed JSON, JSON that is not an object, and other media types."""
    at_once(
        work
        for operation, path, valid in _posts(service)
        for work in _malformed(service, operation, path, valid)
    )


def _malformed(
    service: Service, operation: Operation, path: Mapping[str, str], valid: Mapping[str, Any]
) -> Iterator[Work]:
    send = partial(service.request, operation.id, path=path)
    headers = {"Content-Type": "application/json"}
    for content in (*_MALFORMED, *_NOT_OBJECTS):
        yield partial(send, content=content, headers=headers, intents=[Intent.INVALID])
    yield partial(send, content=b"", headers=headers, intents=[Intent.ODD])
    raw = json.dumps(valid).encode()
    # One run that should not exist is enough.
    for media_type in _MEDIA_TYPES[:1] if operation.starts_run else _MEDIA_TYPES:
        headers = {"Content-Type": media_type}
        yield partial(send, content=raw, headers=headers, intents=[Intent.INVALID])
    if not operation.starts_run:
        yield partial(send, content=raw, intents=[Intent.ODD])


@exploration("fields of the wrong type, or missing", 0, smoke=True)
def wrong_fields(service: Service) -> None:
    """Send each documented field with a value of each wrong type, and bodies without required fields."""
    marks = [Intent.INVALID, Intent.NO_TOKEN_LIMIT]
    at_once(
        partial(service.request, operation.id, path=path, body=body, intents=marks)
        for operation, path, valid in _posts(service)
        for body in _wrong_bodies(operation, valid)
    )


def _wrong_bodies(operation: Operation, valid: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Bodies with one wrong field, or without the required ones. A new run is also asked for as a stream."""
    properties = list(_properties(operation))
    yield {}
    yield from ({name: value for name, value in valid.items() if name != left} for left in valid)
    for name, schema in properties:
        # A service may leave the assistant of a run unread, and then starts a run.
        yield from (
            {**valid, name: wrong} for wrong in _wrong(schema)[: 1 if name == "assistantId" else None]
        )
    if operation.starts_run:
        yield {**valid, "model": ""}
        yield {"stream": True}
        yield {**valid, "model": "", "stream": True}
        streamed = [(name, schema) for name, schema in properties if name != "stream"]
        yield from (
            {**valid, "stream": True, name: wrong}
            for name, schema in streamed
            for wrong in _wrong(schema)[:1]
        )


@exploration("every documented body", 0, smoke=True)
def valid_bodies(service: Service) -> None:
    """Send threads and messages with each documented field, and as clients are observed to send them."""
    parts = [{"type": "text", "text": QUESTION}]
    for name, value in {**THREAD_FIELDS, "datasetId": ""}.items():
        service.request("createThread", body={name: value})
    roles = [{"role": role, "content": parts} for role in ("user", "assistant")]
    service.request("createThread", body={"messages": roles})
    service.request(
        "createThread", body={"messages": [{"role": "system", "content": "Be brief."}], "title": ""}
    )
    service.request(
        "createThread", content=b"{}", headers={"Content-Type": "application/json; charset=utf-8"}
    )
    path = {"threadId": service.thread()}
    for body in ({"content": parts}, {"content": QUESTION}, {"content": parts, "role": "assistant"}):
        service.request("createMessage", path=path, body={"role": "user", **body})
    for extra in _MESSAGE_FIELDS:
        service.request("createMessage", path=path, body={"role": "user", "content": parts, **extra})
    service.request("modifyThread", path=path, body={"title": "New", "metadata": {"a": "b"}})


@exploration("requests as clients are observed to send them", 1)
def observed_requests(service: Service) -> None:
    """Send unknown fields, empty strings, plain texts and the role system, to each operation."""
    told = [{"role": "system", "content": "Be brief. Größe 漢字 😀"}, {"role": "user", "content": QUESTION}]
    thread = {"messages": told, "datasetId": "", **_UNKNOWN}
    name = service.thread()
    service.request("createThread", body=thread)
    service.request("modifyThread", path={"threadId": name}, body={"title": "Seen", **_UNKNOWN})
    held = [{"type": "text", "text": {"value": QUESTION}}]
    service.request("createMessage", path={"threadId": name}, body={"role": "user", "content": held})
    body = {"model": service.model, "thread": thread, "assistantId": "", **_UNKNOWN}
    created = service.request("createThreadAndRun", body=body)
    run = created.json if created.ok and isinstance(created.json, dict) else {}
    if run.get("id") and run.get("threadId"):
        path = {"threadId": str(run["threadId"]), "runId": str(run["id"])}
        service.request("modifyRun", path=path, body={"metadata": {"a": "b"}, **_UNKNOWN})


@exploration("values beyond their bounds", 3)
def beyond_the_bounds(service: Service) -> None:
    """Send what is only assumed to be invalid. Three runs that should not exist are enough."""
    path, accepted = {"threadId": service.thread()}, 0
    service.message(path["threadId"])
    marks = [Intent.INVALID, Intent.NO_TOKEN_LIMIT]
    bodies = [("createRun", {"model": service.model, **fields}) for fields in _BEYOND]
    for operation in document().documented_operations(Role.CREATE, Role.MODIFY):
        if path.keys() >= set(operation.parameters):
            bodies += [(operation.id, body) for body in assumed_wrong(operation, service.model)]
    for name, body in bodies:
        starts = document().operations[name].starts_run
        if not starts or accepted < 3:
            accepted += service.request(name, path=path, body=body, intents=marks).ok and starts


@exploration("every documented query", 0, smoke=True)
def valid_queries(service: Service) -> None:
    """Request lists with each documented parameter, and as clients are observed to request them."""
    for operation, path in lists(service):
        for limit in (1, 20, 100):
            service.request(operation.id, path=path, params={"limit": limit})
        for order in ("asc", "desc"):
            service.request(operation.id, path=path, params={"order": order, "limit": 3})
    service.request("listThreads", params={"limit": 1000})
    service.request("listThreads", params={"datasetId": "", "limit": 2})


def lists(service: Service) -> Iterator[tuple[Operation, dict[str, str]]]:
    """Each documented list that can be paged, and existing ids for its path."""
    service.shared_thread()
    for operation in document().documented_operations(Role.LIST):
        if document().documented.parameter(operation.id, "limit") is not None:
            try:
                path = service.ids(operation.parameters)
            except Inconclusive:
                continue
            yield operation, path


def _posts(service: Service) -> Iterator[tuple[Operation, dict[str, str], dict[str, Any]]]:
    """Each documented operation that takes a body, existing ids for its path, and a body it must accept."""
    service.shared_thread()
    for operation in document().documented_operations():
        body = valid_body(operation, model=service.model)
        try:
            path = service.ids(operation.parameters)
        except Inconclusive:
            continue
        if body is not None:
            yield operation, path, body


def _properties(operation: Operation) -> Iterator[tuple[str, Mapping[str, Any]]]:
    view = document().documented
    for name, schema in view.properties(view.request_schema(operation.id)).items():
        yield name, view.resolve(schema)


def _wrong(schema: Mapping[str, Any]) -> tuple[Any, ...]:
    """Values that a schema certainly does not allow."""
    if "enum" in schema:
        return ("sideways", 5)
    if "anyOf" in schema:
        return (5,)
    return _WRONG.get(str(schema.get("type")), ())


def _alone(name: str, value: Any) -> None:
    @exploration(f"a run with {name} alone", 1)
    def run_with_one_field(service: Service) -> None:
        thread = service.thread()
        service.message(thread)
        service.start(thread, **{name: thread if name == "threadId" else value})


for _name, _value in {**FIELDS, **OBSERVED_FIELDS}.items():
    _alone(_name, _value)


@exploration("a run with whole numbers", 1)
def run_with_whole_numbers(service: Service) -> None:
    """Send whole numbers where the schema says number."""
    thread = service.thread()
    service.message(thread)
    service.start(thread, temperature=1, topP=1)
