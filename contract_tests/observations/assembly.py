"""How do single observations become the history of each resource?"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from contract_tests.document import Role, document
from contract_tests.observations.exchange import Exchange
from contract_tests.observations.traces import Observation, Stream, Trace, observations_of, streams_of

Key = tuple[str, str]
"""Kind and id of a resource."""


@dataclass(frozen=True)
class History:
    """Everything that recorded exchanges show, by resource and by stream."""

    exchanges: tuple[Exchange, ...]
    traces: tuple[Trace, ...]
    streams: tuple[Stream, ...]
    by_id: Mapping[Key, Trace] = field(repr=False, default_factory=dict)

    def find(self, kind: str, name: object) -> Trace | None:
        """The trace of a resource, None if it was not observed."""
        return self.by_id.get((kind, str(name)))


def assemble(exchanges: Sequence[Exchange]) -> History:
    """The history in recorded exchanges."""
    streams = streams_of(exchanges)
    of_exchange = {id(stream.exchange): stream for stream in streams}
    observed: dict[Key, list[Observation]] = defaultdict(list)
    created: dict[Key, Observation] = {}
    for exchange in exchanges:
        for observation in observations_of(exchange, of_exchange.get(id(exchange))):
            key = (observation.kind, str(observation.body["id"]))
            observed[key].append(observation)
            if exchange.operation and exchange.operation.creates(observation.kind):
                created.setdefault(key, observation)
    not_found = _not_found(exchanges)
    traces = {
        key: _trace(key, observations, created.get(key), not_found.get(key, []), of_exchange)
        for key, observations in observed.items()
    }
    of_runs = _of_runs(traces.values())
    related = {
        key: replace(trace, related=of_runs[trace.id]) if trace.kind == "run" else trace
        for key, trace in traces.items()
    }
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
        id=key[1],
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
            parameter = document().resources[operation.kind].id_parameter
            found[operation.kind, exchange.path_parameters[parameter]].append(exchange)
    return found


def _of_runs(traces: Iterable[Trace]) -> dict[str, dict[str, tuple[Trace, ...]]]:
    """The steps and messages of each run, by the run's id."""
    found: dict[str, dict[str, tuple[Trace, ...]]] = defaultdict(lambda: {"steps": (), "messages": ()})
    mine: dict[tuple[str, str], list[Trace]] = defaultdict(list)
    for trace in traces:
        run = trace.last.body.get("runId")
        if trace.kind in ("step", "message") and isinstance(run, str):
            mine[run, f"{trace.kind}s"].append(trace)
    for (run, kind), those in mine.items():
        found[run][kind] = tuple(those)
    return found
