"""Which special values are sent, in every field of every operation that creates or modifies something?

One request has special values in all its fields. Only if it is rejected, or makes the service fail, its
fields are divided to find the one that matters. Many values thus cost few requests, and few runs.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from contract_tests.client.concurrency import at_once
from contract_tests.client.explore import WEATHER, exploration
from contract_tests.client.nested_bodies import with_nulls, wrong_inside
from contract_tests.client.service import Service
from contract_tests.client.usage import complete, created_run, read_lists
from contract_tests.document import Role, document
from contract_tests.observations.exchange import Exchange, Intent

RICH = (
    "  Zwölf <b>&amp;</b> “Größe” 漢字 العربية 😀 👩‍👩‍👧 e\u0301 \u202eright to left\u202c\tTAB\n"
    "second line 'quoted' \\ \"twice\" %20 ${7*7} " + "and MORE words " * 20 + " "
)
"""A text that careless code changes: by case, length, white space, escapes, lines or characters."""
_LONG = f"{RICH} " + "x" * 5000 + " end"
_METADATA = {"Ключ 漢😀.A-b": RICH, "Upper": "x", "upper": "y", "empty": "", "number": "007"}
_PARTS = [{"type": "text", "text": RICH}, {"type": "text", "text": "Second part."}]
_TOOL = {**WEATHER, "function": {**WEATHER["function"], "name": "Forecast_2", "description": RICH}}
_RUN: Mapping[str, Any] = {
    "instructions": RICH,
    "additionaInstructions": f"{RICH} again",
    "tools": [WEATHER, _TOOL],
    "metadata": _METADATA,
    "temperature": 1,
    "topP": 1,
    "maxPromptTokens": 100_000,
}
_EMPTY_RUN: Mapping[str, Any] = {
    "instructions": "",
    "additionaInstructions": "",
    "tools": [],
    "metadata": {},
    "temperature": 0,
    "truncationStrategy": {},
}
_THREAD: Mapping[str, Any] = {
    "title": RICH,
    "metadata": _METADATA,
    "messages": [{"role": "user", "content": _PARTS, "metadata": _METADATA}],
}
_ATTACHMENT: Mapping[str, Any] = {
    "fileId": "file_tune_check",
    "tools": [
        {
            "id": "tool_1",
            "name": "Forecast",
            "type": "function",
            "function": {**_TOOL["function"], "required": ["city"]},
            "openapiSpec": '{"openapi": "3.0.3"}',
            "openapiActionData": {"Region": "eu", "retries": "2"},
        }
    ],
}
_BARE: Mapping[str, Any] = {
    "fileId": "file_tune_check",
    "tools": [
        {
            "id": "",
            "name": "",
            "type": "function",
            "function": {"name": "Forecast_2", "description": "", "parameters": {}, "required": []},
            "openapiSpec": "",
            "openapiActionData": {},
        }
    ],
}
"""An attachment with empty values wherever a name is not needed."""
_IMAGES = [
    {"type": "image_file", "imageFile": {"fileId": "file_tune_check", "detail": "low"}},
    {"type": "image_file", "imageUrl": {"url": "https://tune-check.test/one.png", "detail": "high"}},
]
_RESOURCES: Mapping[str, Any] = {
    "codeInterpreter": {"fileIds": ["file_tune_check", "file_tune_check_ü"]},
    "fileSearch": {
        "vectorStoreIds": ["store_tune_check", "store_ü"],
        "vectorStores": [{"fileIds": ["file_tune_check"], "metadata": {"Suite": "tune-check"}}],
    },
}
_NO_RESOURCES: Mapping[str, Any] = {
    "codeInterpreter": {"fileIds": []},
    "fileSearch": {"vectorStoreIds": [], "vectorStores": []},
}
_EMPTY_THREAD: Mapping[str, Any] = {
    "title": "",
    "metadata": {},
    "messages": [],
    "toolResources": _NO_RESOURCES,
}
_DEEPEST = 9


def together(
    service: Service,
    operation: str,
    path: Mapping[str, str],
    needed: Mapping[str, Any],
    fields: Mapping[str, Any],
) -> Exchange:
    """Send all fields in one request. If it does not succeed, send each half of them, and so on."""
    exchange = service.request(operation, path=path, body={**needed, **fields})
    rejected = exchange.status >= 400 and exchange.status not in (401, 403, 404, 405, 429, 501)
    if rejected and len(fields) > 1:
        names = list(fields)
        for part in (names[: len(names) // 2], names[len(names) // 2 :]):
            together(service, operation, path, needed, {name: fields[name] for name in part})
    return exchange


def _id(exchange: Exchange) -> str:
    """The id of the created resource, empty if there is none."""
    body = exchange.json if exchange.ok else None
    return str(body.get("id") or "") if isinstance(body, dict) else ""


@exploration("special values in threads", 0)
def special_threads(service: Service) -> None:
    """Create and modify threads with special values, and read them."""
    for fields in (_THREAD, _EMPTY_THREAD):
        name = _id(together(service, "createThread", {}, {}, fields))
        for reading in ("getThread", "listMessages") if name else ():
            service.request(reading, path={"threadId": name})
    odd = {"title": _LONG, "metadata": {"n": 1, "d": {"e": 0.5, "f": []}}}
    service.request("createThread", body=odd, intents=[Intent.ODD])
    path = {"threadId": service.fresh_thread()}
    for change in ({"title": RICH, "metadata": _METADATA}, {"title": ""}, {"metadata": {"only": RICH}}):
        together(service, "modifyThread", path, {}, change)
        service.request("getThread", path=path)


@exploration("special values in messages", 0)
def special_messages(service: Service) -> None:
    """Create messages with special values, some of them twice, and read them."""
    path = {"threadId": service.fresh_thread()}
    needed = {"role": "user", "content": _PARTS}
    first: dict[str, Any] = {"metadata": _METADATA, "attachments": []}
    several: list[dict[str, Any]] = [first, {"metadata": {}}, {}, {}]
    for fields in several:
        if name := _id(together(service, "createMessage", path, needed, fields)):
            service.request("getMessage", path={**path, "messageId": name})
    for role, content in (("assistant", _PARTS), ("user", RICH), ("assistant", RICH)):
        service.request("createMessage", path=path, body={"role": role, "content": content})
    service.request("createMessage", path=path, body={"role": "user", "content": _LONG}, intents=[Intent.ODD])
    named = {**needed, "attachments": [_ATTACHMENT]}
    service.request("createMessage", path=path, body=named, intents=[Intent.REFERENCES])
    service.request("listMessages", path=path, params={"limit": 100})


def _special(name: str, operation: str, fields: Mapping[str, Any]) -> None:
    @exploration(name, 1)
    def run_with_special_values(service: Service) -> None:
        path: dict[str, str] = {}
        if operation == "createRun":
            path = {"threadId": service.thread()}
            service.message(path["threadId"])
        streamed = {"stream": True} if fields.get("stream") else {}
        plain = {name: value for name, value in fields.items() if name != "stream"}
        needed = {"model": service.model, **streamed}
        created = together(service, operation, path, needed, plain)
        complete(service, created)
        run = created_run(created)
        own = {"threadId": path.get("threadId") or str(run.get("threadId")), "runId": str(run["id"])}
        service.request("modifyRun", path=own, body={"metadata": {"Modified": RICH}})
        service.request("getRun", path=own)
        service.request("listRuns", path=own, params={"limit": 2})


for _streamed in (False, True):
    _word = "streamed run" if _streamed else "run"
    _special(f"a {_word} with special values", "createRun", {**_RUN, "stream": _streamed})
    _special(f"a {_word} with empty values", "createRun", {**_EMPTY_RUN, "stream": _streamed})
    _special(
        f"a thread and a {_word} with special values",
        "createThreadAndRun",
        {**_RUN, "thread": {**_THREAD, "toolResources": _NO_RESOURCES}, "stream": _streamed},
    )


@exploration("attachments and resources of tools", 2)
def attachments_and_resources(service: Service) -> None:
    """Fill the fields that name files and stores. The service may not know these, but must not fail.

    If it takes a file with one set of members, it must take the same file with others.
    """
    bare = _attach(service, _BARE, _NO_RESOURCES, [], known=False)
    full = _attach(service, _ATTACHMENT, _NO_RESOURCES, [], known=bare)
    whole = _attach(service, _ATTACHMENT, _RESOURCES, _IMAGES, known=False)
    if (full or whole) and not bare:
        _attach(service, _BARE, _NO_RESOURCES, [], known=True)


def _attach(
    service: Service, attachment: Mapping[str, Any], resources: Any, images: list[Any], *, known: bool
) -> bool:
    """Use an attachment in each operation that takes one. Returns whether a new thread took it."""
    message: dict[str, Any] = {"role": "user", "content": [*_PARTS, *images], "metadata": _METADATA}
    message["attachments"] = [attachment]
    thread = {"messages": [message], "toolResources": resources, "title": RICH, "metadata": _METADATA}
    marks = [] if known else [Intent.REFERENCES]
    created = [service.request("createThread", body=thread, intents=marks) for _ in range(2)]
    if known or images:
        run = {"model": service.model, "thread": thread, "tools": attachment["tools"]}
        created.append(service.request("createThreadAndRun", body=run, intents=marks))
    for exchange in created:
        body = exchange.json if exchange.ok and isinstance(exchange.json, dict) else {}
        name = body.get("threadId") or body.get("id")
        if isinstance(name, str) and name:
            read_lists(service, {"threadId": name})
            service.request("createMessage", path={"threadId": name}, body=message, intents=marks)
            service.request("modifyThread", path={"threadId": name}, body={"metadata": {"seen": "yes"}})
            at_once(_rich_reads(service, name))
    return created[0].ok


def _rich_reads(service: Service, thread: str) -> Iterator[Callable[[], Exchange]]:
    """Reads of a thread, alone and in lists of threads."""
    yield partial(service.request, "getThread", path={"threadId": thread})
    yield partial(service.request, "listThreads", params={"limit": 2, "order": "desc"})
    for side in ("after", "before"):
        # A list that lags behind may not know the new thread.
        query = {"limit": 3, "order": "desc", side: thread}
        yield partial(service.request, "listThreads", params=query, intents=[Intent.ODD])


@exploration("a run with fields, then two without", 3)
def run_with_fields_then_without(service: Service) -> None:
    """Create three runs of one thread. The second and the third are the same request."""
    thread = service.thread()
    service.message(thread)
    first = {"metadata": {"tenant": "first"}, "instructions": "Only for the first.", "tools": [WEATHER]}
    for fields in (first, {}, {}):
        path = {"threadId": thread, "runId": str(service.run(thread, **fields)["id"])}
        if service.poll(thread, path["runId"]).get("status") == "requires_action":
            return
        service.request("modifyRun", path=path, body={"metadata": _METADATA})
        service.request("getRun", path=path)
    service.request("listRuns", path={"threadId": thread}, params={"limit": 100})


@exploration("null in every field", 6)
def null_everywhere(service: Service) -> None:
    """Send null in all fields at once, then inside all of them. The service must not fail."""
    path = {"threadId": service.fresh_thread()}
    for operation in document().documented_operations(Role.CREATE, Role.MODIFY):
        own = {name: path[name] for name in operation.parameters if name in path}
        for body in with_nulls(operation, service.model) if len(own) == len(operation.parameters) else ():
            service.request(operation.id, path=own, body=body, intents=[Intent.ODD])


@exploration("wrong types inside fields", 0)
def wrong_types_inside(service: Service) -> None:
    """Send a value of a wrong type at each place inside a field, one in each request."""
    path = {"threadId": service.fresh_thread()}
    marks = [Intent.INVALID, Intent.NO_TOKEN_LIMIT]
    at_once(
        partial(service.request, operation.id, path=path, body=body, intents=marks)
        for operation in document().documented_operations(Role.CREATE, Role.MODIFY)
        for body in wrong_inside(operation, service.model, _DEEPEST)
        if path.keys() >= set(operation.parameters)
    )
