"""How do single observations become the history of each resource?"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from contract_tests.document import Role
from contract_tests.observations.exchange import Exchange
from contract_tests.observations.traces import Observation, Stream, Trace, observations_of, streams_of

Key = tuple[str, str, str]
"""Kind, scope and id of a resource. A service may number the runs of each thread from one on."""


@dataclass(frozen=True)
class History:
    """Everything that recorded exchanges show, by resource and by stream."""

    exchanges: tuple[Exchange, ...]
    traces: tuple[Trace, ...]
    streams: tuple[Stream, ...]
    by_id: Mapping[Key, Trace] = field(repr=False, default_factory=dict)

    def find(self, kind: str, name: object, scope: object = "") -> Trace | None:
        """The trace of a resource, None if there is none. The scope of a run or message is its thread."""
        return self.by_id.get((kind, str(scope), str(name)))


def assemble(exchanges: Sequence[Exchange]) -> History:
    """The history in recorded exchanges."""
    streams = streams_of(exchanges)
    of_exchange = {id(stream.exchange): stream for stream in streams}
    observed: dict[Key, list[Observation]] = defaultdict(list)
    created: dict[Key, Observation] = {}
    for exchange in exchanges:
        for observation in observations_of(exchange, of_exchange.get(id(exchange))):
            key = (observation.kind, observation.scope, str(observation.body["id"]))
            observed[key].append(observation)
            if exchange.operation and exchange.operation.creates(observation.kind):
                created.setdefault(key, observation)
    not_found = _not_found(exchanges)
    traces = {
        key: _trace(key, observations, created.get(key), not_found.get(key, []), of_exchange)
        for key, observations in observed.items()
    }
    related = {key: replace(trace, related=_related(trace, traces.values())) for key, trace in traces.items()}
    return History(tuple(exchanges), tuple(related.values()), tuple(streams), related)


def _trace(
    key: Key,
    observations: Sequence[Observation],
    created: Observation | None,
    not_found: Sequence[Exchange],
    streams: Mapping[int, Stream],
) -> Trace:
    return Trace(
        kind=key[0],
        id=key[2],
        scope=key[1],
        observations=tuple(sorted(observations, key=lambda observation: observation.received)),
        not_found=tuple(not_found),
        stream=streams.get(id(created.exchange)) if created else None,
    )


def _not_found(exchanges: Iterable[Exchange]) -> dict[Key, list[Exchange]]:
    """The exchanges that read a resource by its id and received 404."""
    found: dict[Key, list[Exchange]] = defaultdict(list)
    for exchange in exchanges:
        operation = exchange.operation
        if operation and operation.role is Role.READ and exchange.status == 404 and not exchange.intents:
            *parents, own = operation.parameters
            scope = "/".join(exchange.path_parameters[name] for name in parents)
            found[operation.kind, scope, exchange.path_parameters[own]].append(exchange)
    return found


def _related(trace: Trace, traces: Iterable[Trace]) -> dict[str, tuple[Trace, ...]]:
    """The steps and messages of a run. Empty for other resources."""
    if trace.kind != "run":
        return {}
    mine = [
        other
        for other in traces
        if other.kind in ("step", "message")
        and other.last.body.get("runId") == trace.id
        and other.scope.partition("/")[0] == trace.scope
    ]
    return {
        "steps": tuple(other for other in mine if other.kind == "step"),
        "messages": tuple(other for other in mine if other.kind == "message"),
    }
