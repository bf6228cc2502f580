"""What was seen of each run, thread, message and step, and of each stream, in a record of exchanges?

Everything here is computed from exchanges, so live requests, a HAR file and proxied traffic are read alike.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from contract_tests.document import EVENT_STREAM, Operation, Role
from contract_tests.observations.exchange import Exchange
from contract_tests.observations.lifecycle import NO_LIFECYCLE, Lifecycle, lifecycles
from contract_tests.observations.sse import Event, Flaw, Parser

DONE = "[DONE]"
# The data of other services' streams says "thread.run" where the document says "run": both are a run.
_OBJECTS = {
    "run": "run",
    "thread.run": "run",
    "thread": "thread",
    "thread.message": "message",
    "thread.run.step": "step",
}


@dataclass(frozen=True)
class Observation:
    """One sight of a resource: when it was asked for, when it was told, and by what.

    `source` is the operation that told it, or `stream`; `event` the name of the stream's event and `place`
    where it stands there: events that arrive together have one time.
    """

    kind: str
    body: Mapping[str, Any]
    sent: float
    received: float
    source: str
    exchange: Exchange
    event: str = ""
    place: int = 0

    @property
    def status(self) -> str:
        """The status that was told, empty if none was."""
        status = self.body.get("status")
        return status if isinstance(status, str) else ""

    @property
    def is_creation(self) -> bool:
        """Whether this is the response to the request that created the resource."""
        operation = self.exchange.operation
        return self.source != "stream" and operation is not None and operation.creates(self.kind)

    def precedes(self, other: "Observation") -> bool:
        """Whether this sight is surely older: it was told before the other was asked for."""
        if self.source == other.source == "stream" and self.exchange is other.exchange:
            return self.place < other.place
        return self.received <= other.sent


@dataclass(frozen=True)
class Trace:
    """Everything seen of one resource, the oldest sight first.

    `asked` is the body that the resource was created with, where that was seen; `refused` are the exchanges
    that denied it exists.
    """

    kind: str
    id: str
    observations: tuple[Observation, ...]
    asked: Mapping[str, Any] | None = None
    refused: tuple[Exchange, ...] = ()
    related: Mapping[str, tuple["Trace", ...]] = field(default_factory=dict, repr=False, compare=False)
    stream: "Stream | None" = None

    @property
    def last(self) -> Observation:
        """The latest sight."""
        return self.observations[-1]

    @property
    def lifecycle(self) -> Lifecycle:
        """The lifecycle of this kind of resource, an empty one if it has no status."""
        return lifecycles().get(self.kind, NO_LIFECYCLE)

    def pairs(self) -> Iterator[tuple[Observation, Observation]]:
        """Each sight with the latest one that surely precedes it."""
        for index, later in enumerate(self.observations):
            earlier = [one for one in self.observations[:index] if one.precedes(later)]
            if earlier:
                yield earlier[-1], later


@dataclass(frozen=True)
class StreamEvent:
    """One event of a stream with its data decoded; `flaw` says why that was not possible."""

    event: Event
    data: Any = None
    flaw: str = ""

    @property
    def done(self) -> bool:
        """Whether this is the stream's own end mark."""
        return self.event.data.strip() == DONE

    @property
    def kind(self) -> str:
        """Which resource the data is: `run`, `message`, `step`, `thread`, or empty."""
        return kind_of(self.data)


@dataclass(frozen=True)
class Stream:
    """A response of server-sent events."""

    exchange: Exchange
    events: tuple[StreamEvent, ...]
    flaws: tuple[Flaw, ...]

    @classmethod
    def of(cls, exchange: Exchange) -> "Stream":
        """The stream that an exchange carried."""
        parser = Parser()
        events = [event for chunk in exchange.chunks for event in parser.feed(chunk.data, chunk.at)]
        if not exchange.cut and not exchange.error:
            parser.close()
        return cls(exchange, tuple(map(_decode, events)), tuple(parser.flaws))

    @cached_property
    def runs(self) -> tuple[StreamEvent, ...]:
        """The events whose data is a run."""
        return tuple(event for event in self.events if event.kind == "run")

    @property
    def run_ids(self) -> list[str]:
        """The ids of the runs it speaks of, in order of appearance."""
        return list(dict.fromkeys(str(event.data["id"]) for event in self.runs))

    @property
    def statuses(self) -> list[str]:
        """The statuses of the runs, in order."""
        return [str(event.data.get("status")) for event in self.runs]

    @property
    def over(self) -> bool:
        """Whether the stream told that its run is over or waits for the client."""
        table = lifecycles()["run"]
        return any(status in table.terminal or status == "requires_action" for status in self.statuses)


def kind_of(data: Any) -> str:
    """Which resource a JSON value is, empty if none."""
    if not isinstance(data, Mapping) or not isinstance(data.get("id"), str):
        return ""
    named = _OBJECTS.get(str(data.get("object")), "")
    if named:
        return named
    if "status" in data and "threadId" in data:
        return "step" if "runId" in data else "run"
    return ""


def streams_of(exchanges: Iterable[Exchange]) -> list[Stream]:
    """The streams among the exchanges."""
    return [Stream.of(exchange) for exchange in exchanges if exchange.ok and _is_stream(exchange)]


def observations_of(exchange: Exchange, stream: Stream | None = None) -> Iterator[Observation]:
    """Every sight of a resource in one exchange."""
    if stream is not None:
        for place, event in enumerate(stream.events):
            if event.kind:
                # An event may have been made at any time between the request and its own arrival.
                since, told = exchange.sent, event.event.at
                name = event.event.event
                yield Observation(event.kind, event.data, since, told, "stream", exchange, name, place)
    elif exchange.ok and exchange.operation is not None:
        for body in _resources(exchange.operation, exchange.json):
            kind, source = exchange.operation.kind, exchange.operation.id
            yield Observation(kind, body, exchange.sent, exchange.received, source, exchange)


def _resources(operation: Operation, body: Any) -> Iterator[Mapping[str, Any]]:
    """The resources in a response. Their kind is that of the operation, whatever they say of themselves."""
    if operation.role is Role.LIST:
        items = body.get("data") if isinstance(body, Mapping) else None
    else:
        items = [body] if operation.kind else None
    for item in items if isinstance(items, list) else []:
        if isinstance(item, Mapping) and isinstance(item.get("id"), str) and item["id"]:
            yield item


def _is_stream(exchange: Exchange) -> bool:
    return exchange.media_type == EVENT_STREAM


def _decode(event: Event) -> StreamEvent:
    if event.data.strip() == DONE:
        return StreamEvent(event)
    try:
        return StreamEvent(event, json.loads(event.data))
    except (ValueError, RecursionError) as error:
        return StreamEvent(event, None, str(error))
