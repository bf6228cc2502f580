"""Do threads, messages and runs work together: are they listed, modified, kept apart?"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from contract_tests.checks.echoes import is_modification, stored_by
from contract_tests.checks.page_walks import ids_of
from contract_tests.checks.values import LAG, contains, same_time
from contract_tests.client.samples import valid_body
from contract_tests.client.service import Inconclusive, Service
from contract_tests.document import Role, document
from contract_tests.findings import Deviation, check
from contract_tests.observations.assembly import History
from contract_tests.observations.exchange import Exchange, Intent
from contract_tests.observations.message_text import text_of
from contract_tests.observations.traces import Trace
from openapi import Grade


@check("created-is-listed", History)
def created_is_listed(history: History) -> Iterator[Deviation]:
    """A resource that was created or listed stays in its list.

    Source: the reference pages of create and list
    Grade: documented
    Allows: a list that lags behind by a second; replies of a run that is not over
    Advice: let the list read what create wrote
    """
    for exchange in history.exchanges:
        operation = exchange.operation
        if operation is None or operation.role is not Role.LIST or not operation.parameters:
            continue
        if not exchange.ok or not _is_whole(exchange):
            continue
        kind = operation.kind
        listed = {item.get("id") for item in exchange.entries or ()}
        for trace in history.traces:
            if trace.kind == kind and trace.id not in listed and _is_due(trace, exchange):
                place = f"{exchange.label}: {kind}"
                # No page says that a list shows at once what was just created.
                lags = exchange.sent - stored_by(trace.observations[0]) < LAG
                grade = Grade.OBSERVED if lags else None
                yield Deviation(f"{trace.id} is missing", f"every {kind}", exchange, place, grade)


def _is_due(trace: Trace, exchange: Exchange) -> bool:
    """Whether a list must contain a resource: it existed before, and the service may not withdraw it."""
    first = trace.observations[0]
    here = all(first.body.get(name) == value for name, value in exchange.path_parameters.items())
    # A service may withdraw the message of a run that did not complete.
    lasts = trace.kind != "message" or first.source != exchange.label or first.body.get("role") == "user"
    return here and lasts and stored_by(first) <= exchange.sent


def _is_whole(exchange: Exchange) -> bool:
    """Whether a page has the whole list."""
    if exchange.entries is None or exchange.json.get("hasMore"):
        return False
    limit = dict(exchange.query).get("limit", "20")
    short = limit.isdigit() and len(exchange.entries) < int(limit)
    return short and not {"after", "before"} & dict(exchange.query).keys()


@check("reply-in-thread", History)
def reply_is_in_the_thread(history: History) -> Iterator[Deviation]:
    """When a run has completed, its reply is in the thread.

    Source: frontends, and the vendor's client, read the messages as soon as the run has completed
    Grade: observed
    Advice: write the message before the status
    """
    for trace in history.traces:
        completed = next((one for one in trace.observations if one.status == "completed"), None)
        if trace.kind != "run" or completed is None:
            continue
        thread = completed.body.get("threadId")
        for exchange in history.exchanges:
            listed = exchange.operation is not None and exchange.operation.lists("message")
            if not listed or exchange.path_parameters.get("threadId") != thread or not exchange.ok:
                continue
            if exchange.sent >= completed.received and _is_whole(exchange):
                late = exchange.sent - completed.received >= LAG
                yield from _missing_reply(trace, exchange, late)


def _missing_reply(trace: Trace, exchange: Exchange, late: bool) -> Iterator[Deviation]:
    messages = exchange.entries or []
    if not any(message.get("role") == "assistant" for message in messages):
        grade = Grade.DOCUMENTED if _names_message(trace) and late else Grade.OBSERVED
        seen = f"{len(messages)} messages, none from the assistant"
        yield Deviation(seen, "the reply", exchange, "run completed", grade)


def _names_message(trace: Trace) -> bool:
    """Whether a step of the run wrote a message."""
    return any(step.last.body.get("type") == "message_creation" for step in trace.related.get("steps", ()))


@check("reply-after-question", History)
def reply_follows_its_question(history: History) -> Iterator[Deviation]:
    """In ascending order, the reply of a run follows the messages that existed when the run was created.

    Source: the reference page of the message list: order by creation
    Grade: documented
    Allows: any order of messages that were created in one moment
    Advice: set `createdAt` of the reply when it is written
    """
    for exchange in history.exchanges:
        query = dict(exchange.query)
        if exchange.operation is None or not exchange.operation.lists("message") or not exchange.ok:
            continue
        if query.get("order", "asc") != "asc" or not _is_whole(exchange):
            continue
        entries, thread = exchange.entries or [], exchange.path_parameters.get("threadId")
        ids = [item.get("id") for item in entries]
        for item in entries:
            run = history.find("run", item.get("runId"), thread)
            if run is None or item.get("role") != "assistant" or run.observations[0].source == "listRuns":
                continue
            created = run.observations[0].exchange.sent
            for name in ids[ids.index(item["id"]) + 1 :]:
                message = history.find("message", name, thread)
                first = message.observations[0] if message else None
                if first and first.is_creation and first.received <= created and not _tie(first.body, item):
                    yield Deviation("the reply comes first", "the question first", exchange)
                    return


def _tie(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two messages were created in the same moment, so that either may come first."""
    return same_time(one.get("createdAt"), other.get("createdAt"))


@check("thread-starts-with-its-messages", History)
def thread_starts_with_its_messages(history: History) -> Iterator[Deviation]:
    """A new thread has the fields and messages of its request, in their order.

    Source: the reference page of create thread, `messages`; create thread and run, `thread`
    Grade: documented
    Allows: a greeting before them; a list that lags behind by a second
    Advice: store them together with the thread
    """
    given: dict[str, tuple[float, list[str]]] = {}
    for exchange in history.exchanges:
        body = exchange.json
        if exchange.operation is None or not exchange.ok or not isinstance(body, dict):
            continue
        given |= {name: (exchange.received, texts) for name, texts in _given_messages(exchange).items()}
        yield from _new_thread(history, exchange)
        since, texts = given.get(exchange.path_parameters.get("threadId", ""), (0.0, []))
        if exchange.operation.lists("message") and texts and _is_whole(exchange):
            yield from _begins_otherwise(exchange, texts, exchange.sent - since < LAG)


def _begins_otherwise(exchange: Exchange, texts: list[str], recent: bool) -> Iterator[Deviation]:
    """Where a list does not have the messages of a new thread in their order. A list may lag behind."""
    order = dict(exchange.query).get("order", "asc")
    shown = [text_of(one.get("content")) for one in exchange.entries or ()]
    missing = set(texts) - set(shown)
    if missing or (order == "asc" and not _in_order(texts, shown)):
        grade = Grade.OBSERVED if recent and missing else None
        yield Deviation(f"the thread has {str(shown)[:100]}", str(texts)[:100], exchange, grade=grade)


def _in_order(texts: list[str], shown: list[str | None]) -> bool:
    """Whether a list shows texts one after another. A service may greet before them."""
    starts = (at for at in range(len(shown)) if shown[at : at + len(texts)] == texts)
    return next(starts, None) is not None


def _new_thread(history: History, exchange: Exchange) -> Iterator[Deviation]:
    """Where the new thread of a run differs from the request."""
    requested = exchange.request_json.get("thread") if isinstance(exchange.request_json, dict) else None
    trace = history.find("thread", exchange.json.get("threadId"))
    if not isinstance(requested, dict) or trace is None:
        return
    first = next((one for one in trace.observations if is_modification(one.exchange)), None)
    until = first.exchange.sent if first else trace.last.received
    shown = [one for one in trace.observations if one.received <= until][-1:]
    for one, name in ((one, name) for one in shown for name in ("title", "metadata")):
        value = one.body.get(name)
        if requested.get(name) and not contains(value, requested[name]):
            place, seen = f"{exchange.label}: {name}", f"{name}: {str(value)[:80]!r}"
            yield Deviation(seen, str(requested[name])[:80], one.exchange, place)


def _given_messages(exchange: Exchange) -> dict[str, list[str]]:
    """The texts of the messages that a new thread was created with, by its id."""
    body, operation = exchange.request_json, exchange.operation
    if operation is None or not isinstance(body, dict):
        return {}
    if operation.creates("thread"):
        thread, name = body, str(exchange.json.get("id"))
    else:
        thread, name = body.get("thread") or {}, str(exchange.json.get("threadId"))
    messages = thread.get("messages") if isinstance(thread, dict) else None
    texts = [text_of(one.get("content")) for one in messages or [] if isinstance(one, dict)]
    return {name: [str(text) for text in texts]} if texts and None not in texts else {}


@check("threads-keep-apart", Service)
def threads_are_isolated(service: Service) -> Iterator[Deviation]:
    """A run or message of one thread is not found in another thread.

    Source: the paths of the reference pages: a run is identified by its thread and its id
    Grade: documented
    Allows: a greeting in each new thread; any refusal
    Advice: look up by both ids; a guessed id must not open another thread
    """
    other = service.fresh_thread()
    thread = service.fresh_thread()
    message = service.message(thread)
    paths = [{"threadId": other, "messageId": message}]
    with suppress(Inconclusive):
        paths.append({"threadId": other, "runId": service.finished_run()[1]})
    for operation in document().documented_operations(Role.LIST):
        if operation.parameters == ("threadId",):
            yield from _listed(service.request(operation.id, path={"threadId": other}), "an empty list")
    for path in paths:
        yield from _found_elsewhere(service, path)


def _found_elsewhere(service: Service, path: Mapping[str, str]) -> Iterator[Deviation]:
    """Where a path returns something of another thread."""
    for operation in document().documented_operations(Role.READ, Role.MODIFY, Role.LIST):
        if operation.parameters != tuple(path):
            continue
        body = valid_body(operation, metadata={"stolen": "yes"})
        exchange = service.request(operation.id, path=path, body=body, intents=[Intent.UNKNOWN_ID])
        if operation.role is Role.LIST:
            yield from _listed(exchange, "404")
        elif exchange.ok:
            yield Deviation(f"status {exchange.status} in another thread", "404", exchange)


def _listed(exchange: Exchange, expected: str) -> Iterator[Deviation]:
    if any(not _is_greeting(one, exchange) for one in exchange.entries or ()):
        yield Deviation("entries of another thread", expected, exchange)


def _is_greeting(entry: Mapping[str, Any], exchange: Exchange) -> bool:
    """Whether an entry is a message that a service writes into each new thread."""
    written = entry.get("role") in ("assistant", "system")
    return written and entry.get("threadId") == exchange.path_parameters.get("threadId")


@check("dataset-filters", Service)
def dataset_filters_threads(service: Service) -> Iterator[Deviation]:
    """The list of a dataset has its threads and no others.

    Source: the reference pages of create thread and list threads, `datasetId`; what it does is assumed
    Grade: observed
    Advice: filter by the dataset of each thread
    """
    other, name = service.fresh_thread(), "dataset_tune_check"
    created = service.request("createThread", body={"datasetId": name}, intents=[Intent.REFERENCES])
    if not created.ok or not isinstance(created.json, dict):
        raise Inconclusive("the service refuses an unknown dataset")
    params = {"datasetId": name, "order": "desc", "limit": 100}
    listed = service.request("listThreads", params=params, intents=[Intent.REFERENCES])
    everything = service.require("listThreads", params={**params, "datasetId": ""})
    if created.json.get("id") not in ids_of(everything):
        yield Deviation("the thread is missing", "all threads", everything, "listThreads: no dataset")
    if listed.ok and other in ids_of(listed):
        yield Deviation("a thread without a dataset", "threads of the dataset", listed)
    elif listed.ok and created.json.get("id") not in ids_of(listed):
        yield Deviation("the thread is missing", "the threads of the dataset", listed, "listThreads: missing")
    elif listed.ok and listed.json.get("datasetId") != name:
        seen, place = f"datasetId {listed.json.get('datasetId')!r}", "listThreads: datasetId"
        yield Deviation(seen, name, listed, place)
