"""What was observed of each resource and each stream, over time?

Everything here is computed from exchanges. Requests of the checker, HAR files
and proxied traffic are treated in the same way.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any

from contract_tests.document import EVENT_STREAM, Operation, Role
from contract_tests.observations.exchange import Exchange
from contract_tests.observations.json_text import read_json
from contract_tests.observations.lifecycle import NO_LIFECYCLE, Lifecycle, lifecycles
from contract_tests.observations.sse import Event, Flaw, Parser

DONE = "[DONE]"
# A page has at most 100 entries. Clients ask for up to 1000.
_MOST_ENTRIES, _MOST_EVENTS = 1000, 5000
# Streams of other services say "thread.run" where the document says "run". Both mean a run.
_OBJECTS = {
    "run": "run",
    "thread.run": "run",
    "thread": "thread",
    "thread.message": "message",
    "thread.run.step": "step",
}


@dataclass(frozen=True)
class Observation:
    """One observation of a resource, requested at `sent` and received at `received`.

    `source` is the id of the operation that returned it, or `stream`. For a stream, `event` is the name of
    the event and `place` its index: events that arrive together have the same time. `scope` names what the
    id belongs to: the thread of a run or message, the thread and the run of a step.
    """

    kind: str
    body: Mapping[str, Any]
    sent: float
    received: float
    source: str
    exchange: Exchange
    event: str = ""
    place: int = 0
    scope: str = ""

    @property
    def status(self) -> str:
        """The observed status, empty if there is none."""
        status = self.body.get("status")
        return status if isinstance(status, str) else ""

    @property
    def is_creation(self) -> bool:
        """Whether this is the response to the request that created the resource."""
        operation = self.exchange.operation
        return self.source != "stream" and operation is not None and operation.creates(self.kind)

    def precedes(self, other: "Observation") -> bool:
        """Whether this is certainly older: it was received before the other was requested."""
        if self.source == other.source == "stream" and self.exchange is other.exchange:
            return self.place < other.place
        return self.received <= other.sent


@dataclass(frozen=True)
class Trace:
    """Everything observed of one resource, oldest first. `scope` is that of the observations.

    `not_found` has the exchanges that read it and received 404, `stream` the stream of the request that
    created it.
    """

    kind: str
    id: str
    observations: tuple[Observation, ...]
    not_found: tuple[Exchange, ...] = ()
    related: Mapping[str, tuple["Trace", ...]] = field(default_factory=dict, repr=False, compare=False)
    stream: "Stream | None" = None
    scope: str = ""

    @property
    def last(self) -> Observation:
        """The latest observation."""
        return self.observations[-1]

    @property
    def lifecycle(self) -> Lifecycle:
        """The lifecycle of this kind of resource, an empty one if it has no status."""
        return lifecycles().get(self.kind, NO_LIFECYCLE)

    def pairs(self) -> Iterator[tuple[Observation, Observation]]:
        """Each observation after the latest one that certainly precedes it."""
        for index, later in enumerate(self.observations):
            before = (self.observations[at] for at in range(index - 1, -1, -1))
            earlier = next((one for one in before if one.precedes(later)), None)
            if earlier is not None:
                yield earlier, later


@dataclass(frozen=True)
class StreamEvent:
    """One event of a stream. `data` is its decoded JSON, `flaw` the reason why decoding failed."""

    event: Event
    data: Any = None
    flaw: str = ""

    @property
    def done(self) -> bool:
        """Whether this is `[DONE]`."""
        return self.event.data.strip() == DONE

    @property
    def kind(self) -> str:
        """The kind of resource in the data, empty if it is none."""
        return kind_of(self.data)


@dataclass(frozen=True)
class Stream:
    """A response of server-sent events."""

    exchange: Exchange
    events: tuple[StreamEvent, ...]
    flaws: tuple[Flaw, ...]

    @classmethod
    def of(cls, exchange: Exchange) -> "Stream":
        """The stream in the response of an exchange."""
        parser = Parser()
        every = (event for chunk in exchange.chunks for event in parser.feed(chunk.data, chunk.at))
        events = list(islice(every, _MOST_EVENTS))
        if len(events) < _MOST_EVENTS and not exchange.cut and not exchange.error:
            parser.close()
        return cls(exchange, tuple(map(_decode, events)), tuple(parser.flaws))

    @cached_property
    def runs(self) -> tuple[StreamEvent, ...]:
        """The events whose data is a run."""
        return tuple(event for event in self.events if event.kind == "run")

    @property
    def run_ids(self) -> list[str]:
        """The distinct ids of its runs, in order."""
        return list(dict.fromkeys(str(event.data["id"]) for event in self.runs))

    @property
    def statuses(self) -> list[str]:
        """The statuses of its runs, in order."""
        return [str(event.data.get("status")) for event in self.runs]

    @property
    def ended(self) -> bool:
        """Whether it reported a run that is terminal or `requires_action`."""
        table = lifecycles()["run"]
        return any(status in table.terminal or status == "requires_action" for status in self.statuses)


def kind_of(data: Any) -> str:
    """The kind of resource that a JSON value is, empty if it is none."""
    if not isinstance(data, Mapping) or not isinstance(data.get("id"), str):
        return ""
    named = _OBJECTS.get(str(data.get("object")), "")
    if named:
        return named
    if "status" in data and "threadId" in data:
        return "step" if "runId" in data else "run"
    return ""


def streams_of(exchanges: Iterable[Exchange]) -> list[Stream]:
    """The streams in successful responses."""
    return [Stream.of(exchange) for exchange in exchanges if exchange.ok and _is_stream(exchange)]


def observations_of(exchange: Exchange, stream: Stream | None = None) -> Iterator[Observation]:
    """Every observation of a resource in one exchange. `stream` is its stream if it has one."""
    if stream is not None:
        for place, event in enumerate(stream.events):
            if event.kind:
                # The service may have made the event at any time between the request and the arrival.
                since, until = exchange.sent, event.event.at
                name = event.event.event
                scope = _scope(event.kind, event.data, exchange, stream)
                yield Observation(
                    event.kind, event.data, since, until, "stream", exchange, name, place, scope
                )
    elif exchange.ok and exchange.operation is not None:
        for body in _resources(exchange.operation, exchange.json):
            kind, source = exchange.operation.kind, exchange.operation.id
            scope = _scope(kind, body, exchange)
            yield Observation(kind, body, exchange.sent, exchange.received, source, exchange, scope=scope)


_SCOPES = {"run": ("threadId",), "message": ("threadId",), "step": ("threadId", "runId")}


def _scope(kind: str, body: Mapping[str, Any], exchange: Exchange, stream: "Stream | None" = None) -> str:
    """What the id of a resource belongs to: as the path says, or the resource, or the run of its stream."""
    first = stream.runs[0].data if stream and stream.runs else {}
    known = {"threadId": first.get("threadId"), "runId": first.get("id")}
    found = [
        exchange.path_parameters.get(name) or body.get(name) or known.get(name) or ""
        for name in _SCOPES.get(kind, ())
    ]
    return "/".join(map(str, found))


def _resources(operation: Operation, body: Any) -> Iterator[Mapping[str, Any]]:
    """The resources in a response. Their kind is that of the operation, whatever their `object` says."""
    if operation.role is Role.LIST:
        items = body.get("data") if isinstance(body, Mapping) else None
    else:
        items = [body] if operation.kind else None
    for item in items[:_MOST_ENTRIES] if isinstance(items, list) else []:
        if isinstance(item, Mapping) and isinstance(item.get("id"), str) and item["id"]:
            yield item


def _is_stream(exchange: Exchange) -> bool:
    return exchange.media_type == EVENT_STREAM


def _decode(event: Event) -> StreamEvent:
    if event.data.strip() == DONE:
        return StreamEvent(event)
    try:
        return StreamEvent(event, read_json(event.data))
    except ValueError as error:
        return StreamEvent(event, None, str(error))
