"""Is what a stream tells of its run, its messages and its steps true?"""

from collections import defaultdict
from collections.abc import Iterator

from contract_tests.document import document
from contract_tests.findings import Deviation, check
from contract_tests.observations.assembly import Story
from contract_tests.observations.lifecycle import NO_LIFECYCLE, lifecycles
from contract_tests.observations.message_text import text_of
from contract_tests.observations.traces import Stream, StreamEvent, Trace


@check("stream-event-schema", Stream)
def stream_events_fit_the_schema(stream: Stream) -> Iterator[Deviation]:
    """Each event has a known name and the data that belongs to it.

    Source: the event names of the OpenAI Assistants API; `RunStreamEvent` in the document
    Grade: assumed
    Advice: this deployment teaches us an event; describe it in `RunStreamEvent`
    """
    view = document().assumed
    for event in stream.events:
        body = {"data": event.event.data.strip() if event.done else event.data}
        body |= {"event": event.event.event} if event.event.event else {}
        if event.flaw or not view.mismatches({"$ref": "#/components/schemas/RunStreamEvent"}, body):
            continue
        name = event.event.event or "an event without a name"
        shown = f"{name}: {event.event.data[:120]}"
        yield Deviation(shown, "RunStreamEvent", stream.exchange, name, teaches=_lesson(event))


def _lesson(event: StreamEvent) -> str:
    name = event.event.event or "''"
    fields = ", ".join(sorted(event.data)) if isinstance(event.data, dict) else "data"
    return f"RunStreamEvent:\n  oneOf:\n    - # event: {name}\n      # data: an object with {fields}"


@check("stream-run-schema", Stream)
def stream_runs_fit_the_schema(stream: Stream) -> Iterator[Deviation]:
    """What a stream tells of runs, messages and steps has the shape that retrieve gives it.

    Source: the reference pages of runs, messages and steps, which are one object each everywhere
    Grade: documented
    Advice: write the same object as retrieve
    """
    for event in stream.events:
        resource = document().resources.get(event.kind)
        if resource is None or event.kind == "thread":
            continue  # The fact leaves threads out.
        schema = {"$ref": f"#/components/schemas/{resource.schema}"}
        for mismatch in document().documented.mismatches(schema, _named(event)):
            place = f"{event.kind}: {mismatch.place}"
            yield Deviation(f"{place}: {mismatch.message[:150]}", resource.schema, stream.exchange, place)


def _named(event: StreamEvent) -> object:
    """The data, with the other name that services give a run in streams put right."""
    return {**event.data, "object": "run"} if event.data.get("object") == "thread.run" else event.data


@check("stream-one-run", Stream)
def stream_tells_of_one_run(stream: Stream) -> Iterator[Deviation]:
    """A stream tells of one run.

    Source: the reference page "Create run": what happens during the run
    Grade: documented
    Advice: give each stream a queue of its own
    """
    if len(stream.run_ids) > 1:
        yield Deviation(f"{len(stream.run_ids)} runs", "one", stream.exchange, "runs")
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
        yield Deviation(f"a {', '.join(others - own)} of another run", "this run", stream.exchange, "parts")
    asked = {stream.exchange.path_parameters.get("threadId")} - {None}
    if len(threads) > 1 or (asked and threads and threads != asked):
        yield Deviation(f"the threads {', '.join(sorted(threads))}", "one thread", stream.exchange, "threads")


@check("stream-name-fits-data", Stream)
def event_name_fits_its_data(stream: Stream) -> Iterator[Deviation]:
    """An event that is named after a status has that status in its data.

    Source: one answer does not contradict itself
    Grade: documented
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
    """The pieces of a message make up the message.

    Source: one answer does not contradict itself
    Grade: documented
    Advice: write every piece once, in order
    """
    pieces: dict[str, list[str]] = defaultdict(list)
    whole: dict[str, str] = {}
    for event in stream.events:
        if event.kind == "message" and event.event.event.endswith(".completed"):
            whole[str(event.data["id"])] = text_of(event.data.get("content")) or ""
        elif event.kind == "" and isinstance(event.data, dict) and isinstance(event.data.get("delta"), dict):
            pieces[str(event.data.get("id"))].append(text_of(event.data["delta"].get("content")) or "")
    for name in pieces.keys() & whole.keys():
        told = "".join(pieces[name])
        if told != whole[name]:
            seen = f"pieces of {len(told)} characters: {told[:60]!r}"
            yield Deviation(seen, f"{whole[name][:60]!r}", stream.exchange)
    for name in pieces.keys() - whole.keys() if whole else ():
        yield Deviation(
            f"pieces of {name}, which is never told whole", "its message", stream.exchange, "unknown"
        )


@check("stream-agrees-with-retrieve", Trace)
def stream_agrees_with_retrieve(trace: Trace) -> Iterator[Deviation]:
    """What the stream said last of a run, message or step is what retrieve says afterwards.

    Source: one service does not contradict itself
    Grade: documented
    Advice: store before you tell
    """
    told = [one for one in trace.observations if one.source == "stream"]
    later = [one for one in trace.observations if told and one.source != "stream" and told[-1].precedes(one)]
    if not told or not later:
        return
    after = later[0]
    if trace.kind == "message":
        one, other = text_of(told[-1].body.get("content")), text_of(after.body.get("content"))
        if told[-1].event.endswith(".completed") and one != other:
            yield Deviation(
                f"retrieved {str(other)[:80]!r}", f"{str(one)[:80]!r}", after.exchange, "message.content"
            )
    elif told[-1].status in trace.lifecycle.terminal and after.status and after.status != told[-1].status:
        place = f"{trace.kind}.status"
        yield Deviation(f"{after.source} says {after.status}", told[-1].status, after.exchange, place)


@check("streamed-can-be-read", Story)
def what_is_streamed_can_be_read(story: Story) -> Iterator[Deviation]:
    """The words of a stream stand in the thread afterwards.

    Source: one service does not contradict itself
    Grade: documented
    Advice: store the message that is streamed
    """
    for stream in story.streams:
        words = {text for text in map(_whole_text, stream.events) if text}
        threads = {str(event.data.get("threadId")) for event in stream.runs}
        for exchange in story.exchanges if words else ():
            listed = (
                exchange.operation is not None and exchange.operation.id == "listMessages" and exchange.ok
            )
            if not listed or exchange.path_parameters.get("threadId") not in threads:
                continue
            if exchange.sent < stream.exchange.received or exchange.json.get("hasMore"):
                continue
            shown = {text_of(item.get("content")) for item in exchange.json["data"] if isinstance(item, dict)}
            if set(dict(exchange.query)) <= {"limit", "order"} and words - shown:
                yield Deviation(f"{next(iter(words - shown))[:80]!r} is missing", "the reply", exchange)
            break


def _whole_text(event: StreamEvent) -> str | None:
    completed = event.kind == "message" and event.event.event.endswith(".completed")
    return text_of(event.data.get("content")) if completed else None
