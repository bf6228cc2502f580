"""Does a stream report its run, messages and steps as they are?"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from contract_tests.checks.values import LAG, mismatches
from contract_tests.document import document
from contract_tests.findings import Deviation, check
from contract_tests.observations.assembly import History
from contract_tests.observations.exchange import Exchange
from contract_tests.observations.lifecycle import NO_LIFECYCLE, lifecycles
from contract_tests.observations.message_text import text_of
from contract_tests.observations.nulls import without_nulls
from contract_tests.observations.traces import Stream, StreamEvent, Trace
from openapi import Grade


@check("stream-event-schema", Stream)
def stream_events_fit_the_schema(stream: Stream) -> Iterator[Deviation]:
    """Each event has a known name and matching data.

    Source: the event names of the OpenAI Assistants API; `RunStreamEvent` in the document
    Grade: assumed
    Advice: describe the event in `RunStreamEvent` of the document
    """
    view = document().assumed
    for event in stream.events:
        body = {"data": event.event.data.strip() if event.done else event.data}
        body |= {"event": event.event.event} if event.event.event else {}
        if event.flaw or not view.mismatches({"$ref": "#/components/schemas/RunStreamEvent"}, body):
            continue
        name = event.event.event or "an event without a name"
        shown = f"{name}: {event.event.data[:120]}"
        yield Deviation(shown, "RunStreamEvent", stream.exchange, name, suggests=_suggestion(event))


def _suggestion(event: StreamEvent) -> str:
    name = event.event.event or "''"
    fields = ", ".join(sorted(event.data)) if isinstance(event.data, dict) else "data"
    return f"RunStreamEvent:\n  oneOf:\n    - # event: {name}\n      # data: an object with {fields}"


@check("stream-run-schema", Stream)
def stream_objects_fit_their_schema(stream: Stream) -> Iterator[Deviation]:
    """Runs, messages and steps in a stream have the same shape as in other responses.

    Source: the reference pages of runs, messages and steps, each of which is one object everywhere
    Grade: documented
    Allows: null, absent and further fields; the object thread.run
    Advice: write the same object as retrieve
    """
    for event in stream.events:
        resource = document().resources.get(event.kind)
        if resource is None or event.kind == "thread":
            continue  # The fact excludes threads.
        schema = {"$ref": f"#/components/schemas/{resource.schema}"}
        for mismatch, grade in mismatches(document().documented, schema, without_nulls(_named(event))):
            place = f"{event.kind}: {mismatch.place}"
            seen = f"{place}: {mismatch.message[:150]}"
            yield Deviation(seen, resource.schema, stream.exchange, place, grade)


def _named(event: StreamEvent) -> object:
    """The data of an event. A run may have the other name that services give it in streams."""
    return {**event.data, "object": "run"} if event.data.get("object") == "thread.run" else event.data


@check("stream-one-run", Stream)
def stream_has_one_run(stream: Stream) -> Iterator[Deviation]:
    """A stream reports one run.

    Source: the reference page "Create run": what happens during the run
    Grade: documented
    Allows: objects without the ids of their run and thread
    Advice: give each stream its own queue
    """
    if len(stream.run_ids) > 1:
        yield Deviation(f"{len(stream.run_ids)} runs", "one run", stream.exchange, "runs")
    own = set(stream.run_ids)
    threads = {
        str(event.data["threadId"]) for event in stream.events if event.kind and event.data.get("threadId")
    }
    others = {
        str(event.data["runId"])
        for event in stream.events
        if event.kind in ("step", "message") and event.data.get("runId")
    }
    if own and others - own:
        yield Deviation(
            f"a {', '.join(others - own)} of another run", "only this run", stream.exchange, "parts"
        )
    requested = {stream.exchange.path_parameters.get("threadId")} - {None}
    if len(threads) > 1 or (requested and threads and threads != requested):
        yield Deviation(f"the threads {', '.join(sorted(threads))}", "one thread", stream.exchange, "threads")


@check("stream-name-fits-data", Stream)
def event_name_fits_its_data(stream: Stream) -> Iterator[Deviation]:
    """An event that is named after a status has that status in its data.

    Source: the event names of the OpenAI Assistants API; no page gives the events a name
    Grade: assumed
    Advice: take the name from the status
    """
    for event in stream.events:
        word = event.event.event.rpartition(".")[2]
        table = lifecycles().get(event.kind, NO_LIFECYCLE)
        status = event.data.get("status") if event.kind else None
        if isinstance(status, str) and table.knows(word) and word != status:
            seen = f"{event.event.event} with status {status}"
            yield Deviation(seen, word, stream.exchange, f"{event.event.event}: {status}")


@check("stream-deltas-add-up", Stream)
def deltas_add_up(stream: Stream) -> Iterator[Deviation]:
    """The deltas of a message add up to the message.

    Source: a response does not contradict itself
    Grade: documented
    Allows: deltas with all text so far; white space at the ends; other events and names
    Advice: write every delta once, in order
    """
    deltas: dict[str, list[str]] = defaultdict(list)
    whole: dict[str, str] = {}
    for event in stream.events:
        if event.kind == "message" and event.event.event.endswith(".completed"):
            whole[str(event.data["id"])] = text_of(event.data.get("content")) or ""
        elif event.kind == "" and isinstance(event.data, dict) and isinstance(event.data.get("delta"), dict):
            deltas[str(event.data.get("id"))].append(text_of(event.data["delta"].get("content")) or "")
    for name in deltas.keys() & whole.keys():
        text = "".join(deltas[name])
        if not _adds_up(deltas[name], whole[name]):
            seen = f"deltas of {len(text)} characters: {text[:60]!r}"
            yield Deviation(seen, f"{whole[name][:60]!r}", stream.exchange)
    for name in deltas.keys() - whole.keys() if whole else ():
        yield Deviation(
            f"deltas of {name}, which is never complete", "its message", stream.exchange, "unknown"
        )


def _adds_up(deltas: list[str], whole: str) -> bool:
    """Whether deltas make a text: one after the other, or each with all that came before it.

    No page says which, or that the stored text keeps white space at its ends.
    """
    grows = all(later.startswith(earlier) for earlier, later in pairwise(deltas))
    return "".join(deltas).strip() == whole.strip() or (grows and deltas[-1].strip() == whole.strip())


@check("stream-agrees-with-retrieve", Trace)
def stream_agrees_with_retrieve(trace: Trace) -> Iterator[Deviation]:
    """The last state of a run, message or step in a stream equals what retrieve returns later.

    Source: a service does not contradict itself
    Grade: documented
    Allows: a text as a string or under value; what a stream leaves out
    Advice: store the object before you send its event
    """
    streamed = next((one for one in reversed(trace.observations) if one.source == "stream"), None)
    if streamed is None:
        return
    others = (one for one in trace.observations if one.source != "stream")
    after = next((one for one in others if streamed.precedes(one)), None)
    if after is None:
        return
    if trace.kind == "message":
        one, other = text_of(streamed.body.get("content")), text_of(after.body.get("content"))
        if streamed.event.endswith(".completed") and one != other:
            yield Deviation(
                f"retrieved {str(other)[:80]!r}", f"{str(one)[:80]!r}", after.exchange, "message.content"
            )
    elif streamed.status in trace.lifecycle.terminal and after.status and after.status != streamed.status:
        place = f"{trace.kind}.status"
        yield Deviation(f"{after.source} returns {after.status}", streamed.status, after.exchange, place)


@check("streamed-can-be-read", History)
def streamed_text_can_be_read(history: History) -> Iterator[Deviation]:
    """The text of a stream is in the thread afterwards.

    Source: a service does not contradict itself
    Grade: documented
    Allows: a list that lags behind by a second
    Advice: store the message that is streamed
    """
    for stream in history.streams:
        words = {text for text in map(_whole_text, stream.events) if text}
        threads = {str(event.data.get("threadId")) for event in stream.runs}
        for exchange in history.exchanges if words else ():
            listed = exchange.operation is not None and exchange.operation.lists("message")
            if not listed or exchange.path_parameters.get("threadId") not in threads:
                continue
            if exchange.entries is None or exchange.sent < stream.exchange.received:
                continue
            if exchange.json.get("hasMore"):
                continue
            shown = {text_of(item.get("content")) for item in exchange.entries}
            if set(dict(exchange.query)) <= {"limit", "order"} and words - shown:
                early = exchange.sent - stream.exchange.received < LAG
                grade = Grade.OBSERVED if early and not _says_otherwise(stream, exchange) else None
                seen = f"{next(iter(words - shown))[:80]!r} is missing"
                yield Deviation(seen, "the reply", exchange, grade=grade)


def _says_otherwise(stream: Stream, exchange: Exchange) -> bool:
    """Whether a list has a streamed message with a text that is not the beginning of the streamed one."""
    streamed = {event.data["id"]: text for event in stream.events if (text := _whole_text(event))}
    pairs = [(text_of(item.get("content")), streamed.get(item.get("id"))) for item in exchange.entries or ()]
    return any(text and whole and not whole.startswith(text) for text, whole in pairs)


def _whole_text(event: StreamEvent) -> str | None:
    completed = event.kind == "message" and event.event.event.endswith(".completed")
    return text_of(event.data.get("content")) if completed else None
