"""Do threads, messages and runs work together: are they listed, modified, kept apart?"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from contract_tests.checks.echoes import changed, is_modification, stored_by
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


@check("modify-run-changes-metadata", Service, needs=("a run with every documented field",))
def modifying_a_run_changes_its_metadata(service: Service) -> Iterator[Deviation]:
    """Modifying a run changes its metadata permanently, and nothing else.

    Source: the reference page of modify run
    Grade: documented
    Allows: metadata that is merged or replaced; further fields that change; a refused empty
    modification
    Advice: write only the metadata
    """
    path = service.own_run()
    yield from _modify(service, "run", path, {"metadata": {"modified": "yes"}})
    yield from _modify(service, "run", path, {})


@check("modify-thread-changes-what-is-asked", Service)
def modifying_a_thread_changes_what_is_asked(service: Service) -> Iterator[Deviation]:
    """Modifying a thread changes its title or metadata permanently, and nothing else.

    Source: the reference page of modify thread
    Grade: documented
    Allows: metadata that is merged or replaced; further fields that change
    Advice: write only the fields in the request
    """
    thread = service.fresh_thread(title="Before", metadata={"kept": "yes"})
    yield from _modify(service, "thread", {"threadId": thread}, {"title": "After"})
    yield from _modify(service, "thread", {"threadId": thread}, {"metadata": {"modified": "yes"}})
    yield from _modify(service, "thread", {"threadId": thread}, {})


def _modify(
    service: Service, kind: str, path: Mapping[str, str], change: Mapping[str, Any]
) -> Iterator[Deviation]:
    reading, modifying = (document().operation(role, kind).id for role in (Role.READ, Role.MODIFY))
    before = service.require(reading, path=path)
    known = document().documented.properties(document().documented.response_schema(reading, 200))
    # A service may reject a modification of nothing.
    send = service.require if change else partial(service.request, intents=[Intent.ODD])
    modified = send(modifying, path=path, body=dict(change))
    after = service.require(reading, path=path)
    for exchange in (modified, after) if modified.ok else ():
        if not isinstance(before.json, dict) or not isinstance(exchange.json, dict):
            continue
        place = f"{exchange.label} after {modifying}"
        for name, value in change.items():
            if not contains(exchange.json.get(name), value):
                seen = f"{name}: {str(exchange.json.get(name))[:80]}"
                yield Deviation(seen, str(value), exchange, f"{place}: {name}")
        for name, value in before.json.items():
            # Fields that no page describes, such as the time of the last change, may change.
            if name in known and name not in change and changed(value, exchange.json.get(name), name):
                seen = f"{name} became {str(exchange.json.get(name))[:80]!r}"
                # No page says that a deadline does not move.
                grade = Grade.ASSUMED if name == "expiresAt" else None
                yield Deviation(seen, str(value)[:80], exchange, f"{place}: {name}", grade)
