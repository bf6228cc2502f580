"""Which odd requests are sent, that a service may accept or reject, but must not fail on?"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

from contract_tests.client.concurrency import at_once
from contract_tests.client.explore import WEATHER, exploration
from contract_tests.client.explore_requests import Work, lists
from contract_tests.client.nested_bodies import every_word
from contract_tests.client.samples import unknown_ids, valid_body
from contract_tests.client.service import Service
from contract_tests.document import Role, document
from contract_tests.observations.exchange import Intent

_ODD_TEXTS = (
    "",
    "äöü ß 漢字 العربية 👩‍👩‍👧 \u2028 \u202e end",
    "a\x00b",
    "\ud800",
    "x" * 100_000,
    "'; DROP TABLE runs; -- <script>alert(1)</script> ${7*7} {{7*7}} ../../etc/passwd",
    "\r\n\r\n\t\x1b[31m",
)
_ODD_IDS = ("%00", "..%2f..%2f", "x" * 3000, "%F0%9F%92%A9", "null", "-1", "%20")
_ODD_QUERIES: tuple[Mapping[str, str], ...] = (
    *({"limit": text} for text in ("0", "-1", "101", "99999999999999999999", "1.5", "abc", "")),
    {"order": "sideways"},
    {"after": "unknown"},
    {"before": "unknown"},
    {"limit": "a", "order": "b"},
    {"after": "\u00fc\u6f22 %&", "unknown": "1"},
    {"after": "", "before": "", "order": ""},
)

_HEADERS: tuple[Mapping[str, str], ...] = (
    {"X-Org-Id": "org_tune_check_unknown"},
    {"X-Org-Id": ""},
    {"Accept": "*/*", "Accept-Language": "pt, en;q=0.5", "X-Unknown": "value"},
)
_LONG_TEXT = "Each word of it is meant. " * 1000
_MANY: Mapping[str, Any] = {
    "instructions": _LONG_TEXT,
    "additionaInstructions": _LONG_TEXT,
    "metadata": {f"Name {number}": f"value {number} " * 60 for number in range(17)},
    "tools": [{**WEATHER, "function": {**WEATHER["function"], "name": f"tool_{n}"}} for n in range(17)],
    "maxPromptTokens": 2**53 + 1,
}
_RAW = (
    b'{"title": "first", "title": "second"}',
    b"\xef\xbb\xbf{}",
    b'{"metadata": {"n": -0.0, "m": 1E2, "k": 1.0}}',
    b" \r\n\t{} ",
)


@exploration("odd values", 1)
def odd_values(service: Service) -> None:
    """Send values that are allowed, or almost, and that break careless code."""
    path = {"threadId": service.fresh_thread()}
    for text in _ODD_TEXTS:
        service.request("createThread", body={"title": text, "metadata": {"odd": text}}, intents=[Intent.ODD])
        body = {"role": "user", "content": text, "metadata": {text[:40]: "odd"}}
        service.request("createMessage", path=path, body=body, intents=[Intent.ODD])
    values: tuple[Any, ...] = (_nested(150), 10**40, -1.5e308, None, [], [[]], {"": ""})
    for value in values:
        for role in (Role.CREATE, Role.MODIFY):
            operation = document().operation(role, "thread").id
            service.request(operation, path=path, body={"metadata": {"odd": value}}, intents=[Intent.ODD])
    for name in ("title", "metadata", "messages", "toolResources", "datasetId"):
        service.request("createThread", body={name: None}, intents=[Intent.ODD])
    headers = {"Content-Type": "application/json"}
    service.request("createThread", content=b"[" * 5000, headers=headers, intents=[Intent.INVALID])
    body = {"model": service.model, "metadata": {"odd": _ODD_TEXTS[1], "number": 10**30}}
    service.request("createRun", path=path, body=body, intents=[Intent.ODD])


def _nested(depth: int) -> Any:
    return {"n": _nested(depth - 1)} if depth else "deep"


@exploration("long texts and many entries", 2)
def long_and_many(service: Service) -> None:
    """Send much of everything. If that is rejected, send the long text alone."""
    path = {"threadId": service.thread()}
    service.message(path["threadId"])
    for fields in (_MANY, {"instructions": _LONG_TEXT}):
        body = {"model": service.model, **fields}
        if service.request("createRun", path=path, body=body, intents=[Intent.ODD]).ok:
            break
    metadata = {f"Name {number}": "value" for number in range(17)}
    for raw in _RAW:
        headers = {"Content-Type": "application/json"}
        service.request("createThread", content=raw, headers=headers, intents=[Intent.ODD])
    service.request("createThread", body={"title": _LONG_TEXT, "metadata": metadata}, intents=[Intent.ODD])
    content = [{"type": "text", "text": f"Part {number}. "} for number in range(17)]
    body = {"role": "user", "content": content, "metadata": metadata}
    service.request("createMessage", path=path, body=body, intents=[Intent.ODD])


@exploration("every word of the document", 0)
def every_word_of_the_document(service: Service) -> None:
    """Send each word that the document lists at any grade, such as each role. A run is not started."""
    path = {"threadId": service.fresh_thread()}
    at_once(
        partial(service.request, operation.id, path=path, body=body, intents=[Intent.ODD])
        for operation in document().documented_operations(Role.CREATE, Role.MODIFY)
        for body in ([] if operation.starts_run else every_word(operation, service.model))
        if path.keys() >= set(operation.parameters)
    )


@exploration("optional headers", 2)
def optional_headers(service: Service) -> None:
    """Use each operation with an unknown organization, and as a client that accepts everything."""
    at_once(_with_headers(service))
    at_once(_other_methods(service))
    path = {"threadId": service.thread()}
    service.message(path["threadId"])
    for stream in (True, False):
        body = {"model": service.model, "stream": stream}
        service.request("createRun", path=path, body=body, headers={"Accept": "*/*"})


def _other_methods(service: Service) -> Iterator[Work]:
    """Methods that a service may offer. Nothing that exists is deleted."""
    for operation in document().documented_operations(Role.LIST, Role.READ):
        path = operation.address(unknown_ids(operation))
        yield partial(service.client.send, "OPTIONS", path, intents=[Intent.ODD])
        if operation.parameters:
            yield partial(service.client.send, "DELETE", path, intents=[Intent.ODD])


def _with_headers(service: Service) -> Iterator[Work]:
    path = service.ids(["threadId", "runId"])
    for operation in document().documented_operations():
        if path.keys() >= set(operation.parameters) and not operation.starts_run:
            body = valid_body(operation) if operation.role is not Role.MODIFY else {}
            for headers in _HEADERS:
                options: Any = {"path": path, "body": body, "headers": headers, "intents": [Intent.ODD]}
                yield partial(service.request, operation.id, **options)


@exploration("odd ids and queries", 0, smoke=True)
def odd_queries(service: Service) -> None:
    """Send unknown ids and query parameters."""
    thread = service.shared_thread()
    for operation in document().documented_operations(Role.READ):
        if set(operation.parameters[:-1]) <= {"threadId"}:
            # `request` would escape the id.
            ids = {"threadId": quote(thread, safe="")}
            paths = [operation.path.format(**{**ids, operation.parameters[-1]: odd}) for odd in _ODD_IDS]
            at_once(partial(service.client.send, "GET", path, intents=[Intent.ODD]) for path in paths)
    at_once(
        partial(service.request, operation.id, path=path, params=params, intents=[Intent.ODD])
        for operation, path in lists(service)
        for params in _ODD_QUERIES
    )
