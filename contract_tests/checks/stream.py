"""Does a stream tell what happens during its run, as it happens, to its end?"""

from collections.abc import Iterator
from itertools import pairwise

from contract_tests.document import EVENT_STREAM, JSON
from contract_tests.findings import Deviation, check
from contract_tests.observations.assembly import Story
from contract_tests.observations.exchange import Exchange, Intent
from contract_tests.observations.lifecycle import lifecycles
from contract_tests.observations.timestamps import moment
from contract_tests.observations.traces import Stream

# Seconds of work worth comparing, seconds that are long, and which part of them is one moment.
_WORTH = 0.5
_LONG = 1.0
_BURST = 0.05


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
        if last == "error":
            return  # the stream says itself that it could not go on
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
    broken_off = bool(stream.events) and stream.events[-1].event.event == "error"
    if stream.runs and not stream.over and not stream.exchange.cut and not broken_off:
        seen = f"the last status is {stream.statuses[-1]}"
        yield Deviation(seen, "a terminal one, or requires_action", stream.exchange)
    elif not stream.events and not stream.exchange.cut:
        yield Deviation("a stream without events", "what happens during the run", stream.exchange)


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


@check("stream-incremental", Story)
def streams_arrive_as_it_happens(story: Story) -> Iterator[Deviation]:
    """Events arrive while the run is at work, not all at its end.

    Source: the reference page "Create run": a stream of what happens during the run
    Grade: documented
    Advice: flush after each event; look for a buffering proxy
    """
    # A busy machine can hold one stream up, but not all of them in the same way.
    seen = [(stream, late) for stream in story.streams if (late := _held_back(stream)) is not None]
    if seen and all(late for _, late in seen):
        stream, late = seen[0]
        yield Deviation(late, "events spread over the run", stream.exchange)


def _held_back(stream: Stream) -> str | None:
    """How the events were held back, empty if they were not, None where that can't be told."""
    times = [event.event.at for event in stream.events]
    if Intent.UNTIMED in stream.exchange.intents or len(times) < 3:
        return None
    took = _work(stream)
    if took is not None and took[0] >= _WORTH:
        told, between = took
        return f"{told:.1f} s of work arrived within {between:.2f} s" if between < told / 2 else ""
    whole, arrived = times[-1] - stream.exchange.sent, times[-1] - times[0]
    if whole < _LONG:
        return None
    return (
        f"{len(times)} events arrived within {arrived:.2f} of {whole:.1f} s"
        if arrived <= _BURST * whole
        else ""
    )


def _work(stream: Stream) -> tuple[float, float] | None:
    """The seconds from start to end of the run: as its timestamps tell, and as the events arrived."""
    table = lifecycles()["run"]
    began = next((one for one in stream.runs if one.data.get("status") == "in_progress"), None)
    ended = next((one for one in stream.runs if one.data.get("status") in table.terminal), None)
    if began is None or ended is None:
        return None
    start = moment(ended.data.get("startedAt"))
    end = moment(ended.data.get(table.timestamp.get(str(ended.data["status"]), "")))
    if start is None or end is None:
        return None
    return float(end.seconds - start.seconds), ended.event.at - began.event.at
