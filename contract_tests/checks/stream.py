"""Does a stream tell what happens during its run, as it happens, to its end?"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from contract_tests.assembly import Story
from contract_tests.contract import EVENT_STREAM, JSON, contract
from contract_tests.exchange import Exchange
from contract_tests.findings import Deviation, check
from contract_tests.lifecycle import lifecycles
from contract_tests.texts import text_of
from contract_tests.traces import Stream, StreamEvent, Trace

_BURST = 0.05
_LONG = 1.0


@check("stream-when-asked", Exchange)
def streams_when_asked(exchange: Exchange) -> Iterator[Deviation]:
    """A run that is created with `stream` true is answered with a stream of server-sent events.

    Source: the reference page "Create run", `stream`
    Grade: documented
    Advice: answer `Content-Type: text/event-stream`
    """
    if _asks(exchange) is True and exchange.media_type != EVENT_STREAM:
        yield Deviation(exchange.header("content-type") or "no Content-Type", EVENT_STREAM, exchange)


@check("json-when-asked", Exchange)
def answers_json_when_asked(exchange: Exchange) -> Iterator[Deviation]:
    """A run that is created without `stream`, or with `stream` false, is answered with JSON.

    Source: the reference page "Create run", `stream` and the response application/json
    Grade: documented
    Advice: stream only when `stream` is true
    """
    if _asks(exchange) in (False, None) and exchange.media_type == EVENT_STREAM:
        yield Deviation(EVENT_STREAM, JSON, exchange, f"{exchange.label}: stream {_asks(exchange)}")


def _asks(exchange: Exchange) -> object:
    """What a request that started a run said of `stream`; an empty text for every other exchange."""
    starts = exchange.operation is not None and exchange.operation.starts_run
    if not starts or not exchange.ok or not isinstance(exchange.asked, dict):
        return ""
    value = exchange.asked.get("stream")
    return value if value is None or isinstance(value, bool) else ""


@check("stream-framing", Stream)
def stream_is_framed(stream: Stream) -> Iterator[Deviation]:
    """A stream is made of fields, comments and blank lines, in UTF-8.

    Source: the HTML standard 9.2.5 and 9.2.6, server-sent events
    Grade: documented
    Advice: write `event: NAME`, `data: JSON` and a blank line, the last one too
    """
    for flaw in stream.flaws[:3]:
        yield Deviation(f"line {flaw.line}: {flaw.what}", "server-sent events", stream.exchange)


@check("stream-data-json", Stream)
def stream_data_is_json(stream: Stream) -> Iterator[Deviation]:
    """The data of each event is one JSON object.

    Source: the stream tells of runs and messages, which are JSON objects
    Grade: documented
    Advice: write each object on one line, or each of its lines behind its own `data:`
    """
    for event in stream.events:
        if not event.done and not isinstance(event.data, dict):
            shown = f"{event.event.data[:80]!r} {event.flaw}".strip()
            yield Deviation(shown, "a JSON object", stream.exchange)


@check("stream-event-schema", Stream)
def stream_events_fit_the_schema(stream: Stream) -> Iterator[Deviation]:
    """Each event has a known name and the data that belongs to it.

    Source: the event names of the OpenAI Assistants API; `RunStreamEvent` in the document
    Grade: assumed
    Advice: this deployment teaches us an event; describe it in `RunStreamEvent`
    """
    view = contract().assumed
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
    names = {"run": "Run", "message": "Message", "step": "RunStep"}
    for event in stream.events:
        if event.kind in names:
            schema = {"$ref": f"#/components/schemas/{names[event.kind]}"}
            for mismatch in contract().documented.mismatches(schema, _named(event)):
                place = f"{event.kind}: {mismatch.place}"
                yield Deviation(
                    f"{place}: {mismatch.message[:150]}", names[event.kind], stream.exchange, place
                )


def _named(event: StreamEvent) -> object:
    """The data, with the other name that services give a run in streams put right."""
    return {**event.data, "object": "run"} if event.data.get("object") == "thread.run" else event.data


@check("stream-done-once", Stream)
def stream_ends_with_done(stream: Stream) -> Iterator[Deviation]:
    """A stream ends with `data: [DONE]`, once and last.

    Source: the reference page "Create run", `stream`
    Grade: documented
    Advice: write it once, after everything else; readers stop there
    """
    marks = [index for index, event in enumerate(stream.events) if event.done]
    if not marks:
        if (stream.exchange.cut or stream.exchange.error) and not stream.over:
            took = stream.exchange.received - stream.exchange.sent
            seen = f"no end after {took:.0f} s, {len(stream.events)} events {stream.exchange.error}"
            yield Deviation(seen, "[DONE]", stream.exchange, "no end")
            return
        last = stream.events[-1].event.event if stream.events else "nothing"
        yield Deviation(f"the last event is {last!r}", "[DONE]", stream.exchange, "missing")
    elif len(marks) > 1:
        yield Deviation(f"[DONE] {len(marks)} times", "once", stream.exchange, "repeated")
    elif marks[0] != len(stream.events) - 1:
        after = len(stream.events) - marks[0] - 1
        yield Deviation(f"{after} events after [DONE]", "nothing", stream.exchange, "not last")


@check("stream-closes", Stream)
def stream_closes(stream: Stream) -> Iterator[Deviation]:
    """After `[DONE]` the response ends.

    Source: the reference page "Create run": the stream ends with it
    Grade: documented
    Advice: close the response; a reader that waits for its end waits for ever
    """
    if stream.exchange.cut and any(event.done for event in stream.events):
        yield Deviation("the response goes on after [DONE]", "its end", stream.exchange)
    elif stream.exchange.cut and stream.over:
        yield Deviation("the response goes on after the run has ended", "its end", stream.exchange)


@check("stream-reaches-the-end", Stream)
def stream_reaches_the_end(stream: Stream) -> Iterator[Deviation]:
    """A stream shows how its run ended before it ends itself.

    Source: the reference page "Create run": it ends once the run is in a terminal state
    Grade: documented
    Advice: write the run's last event before `[DONE]`
    """
    if stream.runs and not stream.over and not stream.exchange.cut:
        seen = f"the last status is {stream.statuses[-1]}"
        yield Deviation(seen, "a terminal one, or requires_action", stream.exchange)
    elif not stream.events and not stream.exchange.cut:
        yield Deviation("a stream without events", "what happens during the run", stream.exchange)


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


@check("stream-statuses-forward", Stream)
def stream_goes_forward(stream: Stream) -> Iterator[Deviation]:
    """A stream tells of a run's statuses in their order, and of one terminal status.

    Source: the names of the documented statuses; the reference page "Create run", terminal state
    Grade: documented
    Advice: write events in the order of what happened
    """
    table = lifecycles()["run"]
    for earlier, later in pairwise(stream.statuses):
        if earlier in table.terminal and later != earlier:
            yield Deviation(f"{earlier}, then {later}", earlier, stream.exchange, f"{earlier} to {later}")
        elif later == "queued" and earlier in ("in_progress", "cancelling"):
            yield Deviation(
                f"{earlier}, then {later}", "a later status", stream.exchange, f"{earlier} to {later}"
            )
    ends = [status for status in stream.statuses if status in table.terminal]
    if len(ends) > 1 and len(set(ends)) == 1:
        yield Deviation(f"{ends[0]} {len(ends)} times", "once", stream.exchange, "repeated end")


@check("stream-silent-after-end", Stream)
def nothing_happens_after_the_end(stream: Stream) -> Iterator[Deviation]:
    """After the run's terminal status nothing happens but `[DONE]`.

    Source: the reference page "Create run": the stream ends once the run is in a terminal state
    Grade: documented
    Advice: write what belongs to the run before its end
    """
    table = lifecycles()["run"]
    ended = False
    for event in stream.events:
        if ended and not event.done and event.kind != "run":
            yield Deviation(f"{event.event.event or 'an event'} after the end", "[DONE]", stream.exchange)
            return
        ended = ended or (event.kind == "run" and event.data.get("status") in table.terminal)


@check("stream-name-fits-data", Stream)
def event_name_fits_its_data(stream: Stream) -> Iterator[Deviation]:
    """An event that is named after a status has that status in its data.

    Source: one answer does not contradict itself
    Grade: documented
    Advice: take the name from the status
    """
    tables = {"run": "run", "step": "step"}
    for event in stream.events:
        word = event.event.event.rpartition(".")[2]
        status = event.data.get("status") if event.kind in tables else None
        if isinstance(status, str) and lifecycles()[tables[event.kind]].knows(word) and word != status:
            seen = f"{event.event.event} with status {status}"
            yield Deviation(seen, word, stream.exchange, f"{event.event.event}: {status}")


@check("stream-incremental", Stream)
def stream_arrives_as_it_happens(stream: Stream) -> Iterator[Deviation]:
    """Events arrive while the run is at work, not all at its end.

    Source: the reference page "Create run": a stream of what happens during the run
    Grade: documented
    Advice: flush after each event; look for a buffering proxy
    """
    times = [event.event.at for event in stream.events]
    if len(times) < 3 or not stream.exchange.sent:
        return
    whole, spread = times[-1] - stream.exchange.sent, times[-1] - times[0]
    if whole >= _LONG and spread <= _BURST * whole:
        first = times[0] - stream.exchange.sent
        seen = f"{len(times)} events within {spread * 1000:.0f} ms, after {first:.1f} s"
        yield Deviation(seen, "events spread over the run", stream.exchange)


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
