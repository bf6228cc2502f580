"""Is what was created what is answered, read, listed and modified?"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from contract_tests.assembly import Story
from contract_tests.exchange import Exchange
from contract_tests.findings import Deviation, Grade, check
from contract_tests.service import CannotTry, Service
from contract_tests.texts import text_of
from contract_tests.traces import Observation, Trace

_ECHOES = {
    "createRun": ("model", "assistantId", "instructions", "tools", "metadata"),
    "createThreadAndRun": ("model", "assistantId", "instructions", "tools", "metadata"),
    "modifyRun": ("metadata",),
    "createThread": ("title", "metadata"),
    "modifyThread": ("title", "metadata"),
    "createMessage": ("role", "content", "metadata"),
}
_STABLE = {
    "run": ("object", "createdAt", "threadId", "assistantId", "model", "instructions", "tools", "fileIds"),
    "thread": ("object", "createdAt"),
    "message": ("object", "createdAt", "threadId", "role", "runId"),
    "step": ("object", "createdAt", "threadId", "runId", "type", "assistantId"),
}
_DROPPED = re.compile("[\x00\ud800-\udfff]")
_CHANGES = {"run": "modifyRun", "thread": "modifyThread"}


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
    for name in _ECHOES.get(exchange.operation.id, ()):
        wanted = asked.get(name)
        if wanted and not _unspeakable(wanted) and not _echoes(name, wanted, told.get(name)):
            seen = f"{name}: {str(told.get(name))[:80]!r} for {str(wanted)[:80]!r}"
            yield Deviation(seen, "what was asked", exchange, f"{exchange.label}: {name}")


def _unspeakable(wanted: Any) -> bool:
    """Whether a text has characters that stores may lawfully drop: NUL and lone surrogates."""
    return bool(_DROPPED.search(str(wanted)))


def _echoes(name: str, wanted: Any, told: Any) -> bool:
    """Whether the answer keeps what was asked; services may add to it."""
    if name == "content":
        return text_of(wanted) is None or text_of(wanted) == text_of(told)
    if name == "instructions":
        return isinstance(told, str) and isinstance(wanted, str) and wanted in told
    return _holds(told, wanted)


def _holds(told: Any, wanted: Any) -> bool:
    """Whether one JSON value has everything the other has; empty values may be left out."""
    if isinstance(wanted, Mapping):
        return isinstance(told, Mapping) and all(
            _holds(told.get(name), value) for name, value in wanted.items() if value not in (None, "", {}, [])
        )
    if isinstance(wanted, list):
        return isinstance(told, list) and len(told) >= len(wanted) and all(map(_holds, told, wanted))
    return bool(told == wanted) and isinstance(told, bool) == isinstance(wanted, bool)


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
    own = exchange.operation.path.rpartition("/")[2].strip("{}")
    for name, expected in exchange.path_parameters.items():
        field = (
            "id" if name == own or (name == "threadId" and exchange.operation.id == "modifyThread") else name
        )
        field = "id" if (name == "runId" and exchange.operation.id in ("modifyRun", "cancelRun")) else field
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
        if operation is None or not operation.id.startswith("create") or not exchange.ok:
            continue
        body = exchange.json
        name = body.get("id") if isinstance(body, dict) else None
        scope = exchange.path_parameters.get("threadId", "") if operation.id == "createMessage" else ""
        kind = operation.id.replace("ThreadAndRun", "Run") + scope
        if isinstance(name, str) and seen.setdefault((kind, name), exchange) is not exchange:
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
            if _changed(earlier.body.get(name), later.body.get(name), name):
                yield _change(trace, earlier, later, name)


def _changed(earlier: Any, later: Any, name: str) -> bool:
    """Whether a value was lost or replaced; empty ones may come and go."""
    if earlier in (None, "", [], {}):
        return False
    if name == "object":
        return bool(str(later).removeprefix("thread.") != str(earlier).removeprefix("thread."))
    return bool(later != earlier)


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
        modified = {one.source for one in trace.observations} & {_CHANGES.get(trace.kind)}
        for name in ("metadata", "title") if not modified else ():
            if earlier.body.get(name) and not _holds(later.body.get(name), earlier.body.get(name)):
                yield _change(trace, earlier, later, name)


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


@check("created-is-listed", Story)
def created_is_listed(story: Story) -> Iterator[Deviation]:
    """What was created in a thread stands in the thread's list.

    Source: the reference pages of create and list
    Grade: documented
    Advice: let the list read what create wrote
    """
    kinds = {"listRuns": "run", "listMessages": "message"}
    for exchange in story.exchanges:
        name = exchange.operation.id if exchange.operation and exchange.ok else ""
        kind = kinds.get(name)
        if kind is None or not _is_whole(exchange):
            continue
        thread = exchange.path_parameters["threadId"]
        listed = {item.get("id") for item in exchange.json["data"] if isinstance(item, dict)}
        for trace in story.traces:
            first = trace.observations[0]
            known = (
                trace.kind == kind
                and first.received <= exchange.sent
                and first.body.get("threadId") == thread
            )
            if known and trace.id not in listed and first.source != name:
                yield Deviation(
                    f"{trace.id} is missing", f"every {kind}", exchange, f"{exchange.label}: {kind}"
                )


def _is_whole(exchange: Exchange) -> bool:
    """Whether a page is the whole list."""
    body = exchange.json
    if not isinstance(body, dict) or not isinstance(body.get("data"), list) or body.get("hasMore"):
        return False
    limit = dict(exchange.query).get("limit", "20")
    short = limit.isdigit() and len(body["data"]) < int(limit)
    return short and not {"after", "before"} & dict(exchange.query).keys()


@check("reply-in-thread", Story)
def reply_is_in_the_thread(story: Story) -> Iterator[Deviation]:
    """When a run has completed, its reply stands in the thread.

    Source: frontends read the messages as soon as the run has completed; the vendor's client does too
    Grade: observed
    Advice: write the message before the status
    """
    for trace in story.traces:
        completed = next((one for one in trace.observations if one.status == "completed"), None)
        if trace.kind != "run" or completed is None:
            continue
        thread = completed.body.get("threadId")
        for exchange in story.exchanges:
            listed = exchange.operation is not None and exchange.operation.id == "listMessages"
            if not listed or exchange.path_parameters.get("threadId") != thread or not exchange.ok:
                continue
            if exchange.sent >= completed.received and _is_whole(exchange):
                yield from _missing_reply(trace, exchange)
                break


def _missing_reply(trace: Trace, exchange: Exchange) -> Iterator[Deviation]:
    messages = [item for item in exchange.json["data"] if isinstance(item, dict)]
    if not any(message.get("role") == "assistant" for message in messages):
        grade = Grade.DOCUMENTED if _names_message(trace) else Grade.OBSERVED
        seen = f"{len(messages)} messages, none of the assistant"
        yield Deviation(seen, "the reply", exchange, "run completed", grade)


def _names_message(trace: Trace) -> bool:
    """Whether a step of the run says that it wrote a message."""
    return any(step.last.body.get("type") == "message_creation" for step in trace.related.get("steps", ()))


@check("reply-after-question", Story)
def reply_follows_its_question(story: Story) -> Iterator[Deviation]:
    """In the order asc, a run's reply stands behind the messages that were there when the run was created.

    Source: the reference page of the message list: order by creation
    Grade: documented
    Advice: stamp the reply when it is written
    """
    for exchange in story.exchanges:
        query = dict(exchange.query)
        if exchange.operation is None or exchange.operation.id != "listMessages" or not exchange.ok:
            continue
        if query.get("order", "asc") != "asc" or not _is_whole(exchange):
            continue
        ids = [item.get("id") for item in exchange.json["data"] if isinstance(item, dict)]
        for item in exchange.json["data"]:
            run = story.find("run", item.get("runId")) if isinstance(item, dict) else None
            if run is None or item.get("role") != "assistant" or run.observations[0].source == "listRuns":
                continue
            created = run.observations[0].exchange.sent
            for name in ids[ids.index(item["id"]) + 1 :]:
                message = story.find("message", name)
                first = message.observations[0] if message else None
                if first and first.source == "createMessage" and first.received <= created:
                    yield Deviation("the reply stands first", "the question first", exchange)
                    return


@check("thread-starts-with-its-messages", Story)
def thread_starts_with_its_messages(story: Story) -> Iterator[Deviation]:
    """The messages that a thread is created with stand in it, in their order.

    Source: the reference page of create thread, `messages`; create thread and run, `thread`
    Grade: documented
    Advice: store them with the thread
    """
    given: dict[str, list[str]] = {}
    for exchange in story.exchanges:
        asked, told = exchange.asked, exchange.json
        if (
            exchange.operation is None
            or not exchange.ok
            or not isinstance(asked, dict)
            or not isinstance(told, dict)
        ):
            continue
        if exchange.operation.id in ("createThread", "createThreadAndRun"):
            thread = asked if exchange.operation.id == "createThread" else asked.get("thread") or {}
            name = told.get("id") if exchange.operation.id == "createThread" else told.get("threadId")
            sent = [
                text_of(one.get("content")) for one in thread.get("messages") or [] if isinstance(one, dict)
            ]
            if sent and None not in sent:
                given[str(name)] = [str(text) for text in sent]
        texts = given.get(exchange.path_parameters.get("threadId", ""), [])
        if exchange.operation.id == "listMessages" and texts and _is_whole(exchange):
            order = dict(exchange.query).get("order", "asc")
            shown = [text_of(one.get("content")) for one in told["data"] if isinstance(one, dict)]
            if (shown if order == "asc" else shown[::-1])[: len(texts)] != texts:
                yield Deviation(f"the thread starts with {str(shown[:1])[:100]}", str(texts)[:100], exchange)


@check("threads-keep-apart", Service)
def threads_keep_apart(service: Service) -> Iterator[Deviation]:
    """A run, or message, of one thread is not found under another.

    Source: the paths of the reference pages: a run is named by its thread and its id
    Grade: documented
    Advice: look up by both ids; whoever guesses an id must not read another's thread
    """
    other = service.thread()
    thread = service.thread()
    message = service.message(thread)
    yield from _reads(service, "getMessage", {"threadId": other, "messageId": message})
    own = service.call("listMessages", path={"threadId": other})
    if own.ok and isinstance(own.json, dict) and own.json.get("data"):
        yield Deviation("messages in a thread that has none", "an empty list", own)
    try:
        _, run = service.finished_run()
    except CannotTry:
        return
    path = {"threadId": other, "runId": run}
    yield from _reads(service, "getRun", path)
    yield from _reads(service, "modifyRun", path, body={"metadata": {"stolen": "yes"}})
    steps = service.call("listRunSteps", path=path, wants=["unknown-id"])
    if steps.ok and isinstance(steps.json, dict) and steps.json.get("data"):
        yield Deviation("the steps of another thread's run", "404", steps)


def _reads(service: Service, operation: str, path: Mapping[str, str], **options: Any) -> Iterator[Deviation]:
    exchange = service.call(operation, path=path, wants=["unknown-id"], **options)
    if exchange.ok:
        yield Deviation(f"status {exchange.status} under another thread", "404", exchange)


@check("modify-run-changes-metadata", Service)
def modifying_a_run_changes_its_metadata(service: Service) -> Iterator[Deviation]:
    """Modifying a run changes its metadata, lastingly, and nothing else.

    Source: the reference page of modify run
    Grade: documented
    Advice: write the metadata alone
    """
    thread, run = service.finished_run()
    yield from _modify(service, "Run", {"threadId": thread, "runId": run}, {"metadata": {"modified": "yes"}})


@check("modify-thread-changes-what-is-asked", Service)
def modifying_a_thread_changes_what_is_asked(service: Service) -> Iterator[Deviation]:
    """Modifying a thread changes its title or metadata, lastingly, and nothing else.

    Source: the reference page of modify thread
    Grade: documented
    Advice: write the fields that are in the request alone
    """
    thread = service.thread(title="Before", metadata={"kept": "yes"})
    yield from _modify(service, "Thread", {"threadId": thread}, {"title": "After"})
    yield from _modify(service, "Thread", {"threadId": thread}, {"metadata": {"modified": "yes"}})


def _modify(
    service: Service, kind: str, path: Mapping[str, str], change: Mapping[str, Any]
) -> Iterator[Deviation]:
    before = service.require(f"get{kind}", path=path)
    modified = service.require(f"modify{kind}", path=path, body=dict(change))
    after = service.require(f"get{kind}", path=path)
    for exchange in (modified, after):
        if not isinstance(before.json, dict) or not isinstance(exchange.json, dict):
            continue
        place = f"{exchange.label} after modify{kind}"
        for name, value in change.items():
            if not _holds(exchange.json.get(name), value):
                seen = f"{name}: {str(exchange.json.get(name))[:80]}"
                yield Deviation(seen, str(value), exchange, f"{place}: {name}")
        for name, value in before.json.items():
            if name not in change and _changed(value, exchange.json.get(name), name):
                seen = f"{name} became {str(exchange.json.get(name))[:80]!r}"
                yield Deviation(seen, str(value)[:80], exchange, f"{place}: {name}")
