"""Does a stream report its run while it happens, in order and to its end?"""

import re
from collections.abc import Iterator
from itertools import pairwise

from contract_tests.document import EVENT_STREAM, JSON
from contract_tests.findings import Deviation, check
from contract_tests.observations.assembly import History
from contract_tests.observations.exchange import Exchange
from contract_tests.observations.lifecycle import lifecycles
from contract_tests.observations.stream_timing import buffered
from contract_tests.observations.traces import Stream, StreamEvent, Trace
from openapi import Grade

# The beginning of an object, in JSON or in a programming language. A piece of text may be a single brace.
_OBJECT = re.compile(r"\s*\{\s*[\"'\w]")


@check("stream-when-asked", Exchange)
def streams_when_asked(exchange: Exchange) -> Iterator[Deviation]:
    """With `stream` true, creating a run returns a stream of server-sent events.

    Source: the reference page "Create run", `stream`
    Grade: documented
    Allows: any parameters and case of the media type
    Advice: return `Content-Type: text/event-stream`
    """
    if _stream_field(exchange) is True and exchange.media_type != EVENT_STREAM:
        yield Deviation(exchange.header("content-type") or "no Content-Type", EVENT_STREAM, exchange)


@check("json-when-asked", Exchange)
def json_when_asked(exchange: Exchange) -> Iterator[Deviation]:
    """Without `stream`, or with `stream` false, creating a run returns JSON.

    Source: the reference page "Create run", `stream` and the response application/json
    Grade: documented
    Allows: any parameters and case of the media type
    Advice: stream only when `stream` is true
    """
    if _stream_field(exchange) in (False, None) and exchange.media_type == EVENT_STREAM:
        yield Deviation(EVENT_STREAM, JSON, exchange, f"{exchange.label}: stream {_stream_field(exchange)}")


def _stream_field(exchange: Exchange) -> object:
    """The `stream` of a request that started a run, None if it has none. Empty for other exchanges."""
    starts = exchange.operation is not None and exchange.operation.starts_run
    if not starts or not exchange.ok or not isinstance(exchange.request_json, dict):
        return ""
    value = exchange.request_json.get("stream")
    return value if value is None or isinstance(value, bool) else ""


@check("stream-framing", Stream)
def stream_is_framed(stream: Stream) -> Iterator[Deviation]:
    """A stream consists of fields, comments and blank lines, in UTF-8.

    Source: the HTML standard 9.2.5 and 9.2.6, server-sent events
    Grade: documented
    Allows: every line end, comments, a byte order mark, ids, unknown fields, data on several lines
    Advice: write `event: NAME`, `data: JSON` and a blank line, after the last event too
    """
    for flaw in stream.flaws[:3]:
        yield Deviation(f"line {flaw.line}: {flaw.what}", "server-sent events", stream.exchange)


@check("stream-data-json", Stream)
def stream_data_is_json(stream: Stream) -> Iterator[Deviation]:
    """The data of each event is one JSON object.

    Source: a stream carries runs and messages, which are JSON objects. No page describes an event, so
    text as data breaks an assumption. A JSON object that is cut or broken contradicts itself.
    Grade: documented
    Allows: text that is no object, as an assumption that is broken
    Advice: write each object on one line, or each of its lines with its own `data:`
    """
    for event in stream.events:
        if not event.done and not isinstance(event.data, dict):
            shown = f"{event.event.data[:80]!r} {event.flaw}".strip()
            broken = event.flaw and _OBJECT.match(event.event.data)
            place, grade = ("", None) if broken else ("no object", Grade.ASSUMED)
            yield Deviation(shown, "a JSON object", stream.exchange, place, grade)


@check("stream-done-once", Stream)
def stream_ends_with_done(stream: Stream) -> Iterator[Deviation]:
    """A stream ends with `data: [DONE]`, once.

    Source: the reference page "Create run", `stream`
    Grade: documented
    Allows: a name for the event; a stream that reports an error and breaks off
    Advice: write it once, after everything else; readers stop there
    """
    marks = [index for index, event in enumerate(stream.events) if event.done]
    if not marks:
        if (stream.exchange.cut or stream.exchange.error) and not stream.ended:
            took = stream.exchange.received - stream.exchange.sent
            seen = (
                f"no end after {took:.0f} s and {len(stream.events)} events {stream.exchange.error}".strip()
            )
            yield Deviation(seen, "[DONE]", stream.exchange, "no end")
            return
        last = stream.events[-1].event.event if stream.events else "nothing"
        if last == "error":
            return  # the stream reports that it broke off
        yield Deviation(f"the last event is {last!r}", "[DONE]", stream.exchange, "missing")
    elif len(marks) > 1:
        yield Deviation(f"[DONE] {len(marks)} times", "once", stream.exchange, "repeated")
    elif marks[0] != len(stream.events) - 1:
        after = len(stream.events) - marks[0] - 1
        yield Deviation(f"{after} events after [DONE]", "nothing", stream.exchange, "not last")


@check("stream-closes", Stream)
def stream_closes(stream: Stream) -> Iterator[Deviation]:
    """The response ends after `[DONE]`.

    Source: the reference page "Create run": the stream ends with it
    Grade: documented
    Allows: two seconds until the response ends
    Advice: close the response; otherwise a reader that waits for its end hangs
    """
    if stream.exchange.cut and any(event.done for event in stream.events):
        yield Deviation("the response continues after [DONE]", "its end", stream.exchange)
    elif stream.exchange.cut and stream.ended:
        yield Deviation("the response continues after the run has ended", "its end", stream.exchange)


@check("stream-reaches-the-end", Stream)
def stream_reaches_the_end(stream: Stream) -> Iterator[Deviation]:
    """A stream shows the last status of its run before it ends.

    Source: the event names of the OpenAI Assistants API; no page says which events a stream has
    Grade: assumed
    Advice: write the run's last event before `[DONE]`
    """
    broken_off = bool(stream.events) and stream.events[-1].event.event == "error"
    if stream.runs and not stream.ended and not stream.exchange.cut and not broken_off:
        seen = f"the last status is {stream.statuses[-1]}"
        yield Deviation(seen, "a terminal status, or requires_action", stream.exchange)
    elif all(event.done for event in stream.events) and not stream.exchange.cut:
        seen, expected = "a stream without events", "the events of the run"
        yield Deviation(seen, expected, stream.exchange, "no events", Grade.DOCUMENTED)


@check("stream-ends-after-the-run", Trace)
def stream_ends_after_its_run(trace: Trace) -> Iterator[Deviation]:
    """When a stream has ended with `[DONE]`, its run is terminal or `requires_action`.

    Source: the reference page "Create run": it terminates when the run enters a terminal state
    Grade: documented
    Allows: requires_action
    Advice: write `[DONE]` when the run has ended
    """
    done = next((event for event in trace.stream.events if event.done), None) if trace.stream else None
    if trace.kind != "run" or trace.stream is None or done is None:
        return
    settled = trace.lifecycle.terminal | {"requires_action"}
    for one in trace.observations:
        later = one.source != "stream" and one.sent >= done.event.at
        if later and trace.lifecycle.knows(one.status) and one.status not in settled:
            seen = f"{one.status} ({one.source}) after [DONE]"
            yield Deviation(seen, "a terminal status", trace.stream.exchange, one.status)
            return


@check("stream-statuses-forward", Stream)
def stream_goes_forward(stream: Stream) -> Iterator[Deviation]:
    """A stream shows the statuses of a run in order, and one terminal status.

    Source: the reference page "Create run", terminal state; `x-lifecycle` for the order before it
    Grade: documented
    Allows: left out and repeated statuses; a run that is queued again
    Advice: write events in the order in which things happened
    """
    table = lifecycles()["run"]
    for earlier, later in pairwise(stream.statuses):
        if earlier in table.terminal and later != earlier:
            yield Deviation(f"{earlier}, then {later}", earlier, stream.exchange, f"{earlier} to {later}")
        elif later == "queued" and earlier in ("in_progress", "cancelling"):
            place, seen = f"{earlier} to {later}", f"{earlier}, then {later}"
            yield Deviation(seen, "a later status", stream.exchange, place, Grade.ASSUMED)
    ends = [status for status in stream.statuses if status in table.terminal]
    if len(ends) > 1 and len(set(ends)) == 1:
        yield Deviation(f"{ends[0]} {len(ends)} times", "once", stream.exchange, "repeated end")


@check("stream-silent-after-end", Stream)
def nothing_follows_the_end(stream: Stream) -> Iterator[Deviation]:
    """After the terminal status of the run, only `[DONE]` follows.

    Source: the reference page "Create run": the stream ends once the run is in a terminal state
    Grade: documented
    Allows: events that are not about the run, its steps or its messages
    Advice: write everything about the run before its end
    """
    table = lifecycles()["run"]
    ended = False
    for event in stream.events:
        if ended and not event.done and event.kind != "run":
            # An event of another kind, such as a count of tokens, is not something that happens in the run.
            grade = None if event.kind or _is_delta(event) else Grade.ASSUMED
            name = event.event.event or "an event"
            yield Deviation(f"{name} after the end", "[DONE]", stream.exchange, name, grade)
            return
        ended = ended or (event.kind == "run" and event.data.get("status") in table.terminal)


def _is_delta(event: StreamEvent) -> bool:
    return isinstance(event.data, dict) and "delta" in event.data


@check("stream-incremental", History)
def events_arrive_during_the_run(history: History) -> Iterator[Deviation]:
    """Events arrive while the run is in progress, not all at its end.

    Source: the reference page "Create run": a stream of what happens during the run
    Grade: documented
    Allows: short runs; streams of few events; streams that a busy machine delays
    Advice: flush after each event; look for a buffering proxy
    """
    for stream, late in buffered(history):
        yield Deviation(late, "events spread over the run", stream.exchange)
