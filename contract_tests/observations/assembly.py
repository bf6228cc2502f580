"""How do single sights of resources become the story of each resource?"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from contract_tests.document import Role, document
from contract_tests.observations.exchange import Exchange
from contract_tests.observations.traces import Observation, Stream, Trace, observations_of, streams_of

Key = tuple[str, str]


@dataclass(frozen=True)
class Story:
    """Everything that a record of exchanges tells, ordered by what it is about."""

    exchanges: tuple[Exchange, ...]
    traces: tuple[Trace, ...]
    streams: tuple[Stream, ...]
    by_id: Mapping[tuple[str, str], Trace] = field(repr=False, default_factory=dict)

    def find(self, kind: str, name: object) -> Trace | None:
        """The trace of one resource."""
        return self.by_id.get((kind, str(name)))


def assemble(exchanges: Sequence[Exchange]) -> Story:
    """The story that exchanges tell."""
    streams = streams_of(exchanges)
    of_exchange = {id(stream.exchange): stream for stream in streams}
    sights: dict[Key, list[Observation]] = defaultdict(list)
    created: dict[Key, Observation] = {}
    for exchange in exchanges:
        for sight in observations_of(exchange, of_exchange.get(id(exchange))):
            key = (sight.kind, str(sight.body["id"]))
            sights[key].append(sight)
            if exchange.operation and exchange.operation.creates(sight.kind):
                created.setdefault(key, sight)
    refused = _refusals(exchanges)
    traces = {
        key: _trace(key, seen, created.get(key), refused.get(key, []), of_exchange)
        for key, seen in sights.items()
    }
    related = {
        key: replace(trace, related=_relatives(trace, traces.values())) for key, trace in traces.items()
    }
    return Story(tuple(exchanges), tuple(related.values()), tuple(streams), related)


def _trace(
    key: Key,
    seen: Sequence[Observation],
    created: Observation | None,
    refused: Sequence[Exchange],
    streams: Mapping[int, Stream],
) -> Trace:
    """One resource: what was seen of it, and what it was created with."""
    asked = created.exchange.asked if created else None
    return Trace(
        kind=key[0],
        id=key[1],
        observations=tuple(sorted(seen, key=lambda sight: sight.received)),
        asked=asked if isinstance(asked, dict) else None,
        refused=tuple(refused),
        stream=streams.get(id(created.exchange)) if created else None,
    )


def _refusals(exchanges: Iterable[Exchange]) -> dict[tuple[str, str], list[Exchange]]:
    """The exchanges that said, of a resource asked for by its id and path, that there is none."""
    found: dict[tuple[str, str], list[Exchange]] = defaultdict(list)
    for exchange in exchanges:
        operation = exchange.operation
        if operation and operation.role is Role.READ and exchange.status == 404 and not exchange.intents:
            parameter = document().resources[operation.kind].id_parameter
            found[operation.kind, exchange.path_parameters[parameter]].append(exchange)
    return found


def _relatives(trace: Trace, traces: Iterable[Trace]) -> dict[str, tuple[Trace, ...]]:
    """The steps and messages of a run."""
    if trace.kind != "run":
        return {}
    mine = [
        other
        for other in traces
        if other.kind in ("step", "message") and other.last.body.get("runId") == trace.id
    ]
    return {
        "steps": tuple(other for other in mine if other.kind == "step"),
        "messages": tuple(other for other in mine if other.kind == "message"),
    }
