"""How do single observations become the history of each resource?"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from contract_tests.document import Role
from contract_tests.observations.exchange import Exchange, Intent
from contract_tests.observations.traces import Observation, Stream, Trace, observations_of, streams_of

NOT_OFFERED = (404, 405, 501)
"""The statuses with which a router rejects what it does not know."""
_WITHOUT_KEY = {Intent.UNAUTHENTICATED, Intent.CONNECT}
Key = tuple[str, str, str]
"""Kind, scope and id of a resource. A service may number the runs of each thread from one on."""


@dataclass(frozen=True)
class History:
    """Everything that recorded exchanges show, by resource and by stream."""

    exchanges: tuple[Exchange, ...]
    traces: tuple[Trace, ...]
    streams: tuple[Stream, ...]
    by_id: Mapping[Key, Trace] = field(repr=False, default_factory=dict)

    @cached_property
    def offered(self) -> frozenset[str]:
        """The ids of the operations that the service offers: a router rejects the others."""
        return frozenset(
            one.operation.id
            for one in self.exchanges
            if one.operation and one.status not in (0, *NOT_OFFERED) and not one.intents & _WITHOUT_KEY
        )

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
    of_runs = _of_runs(traces.values())
    related = {
        key: replace(trace, related=of_runs[trace.scope, trace.id]) if trace.kind == "run" else trace
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


def _of_runs(traces: Iterable[Trace]) -> dict[tuple[str, str], dict[str, tuple[Trace, ...]]]:
    """The steps and messages of each run, by the thread and the id of the run."""
    found: dict[tuple[str, str], dict[str, tuple[Trace, ...]]] = defaultdict(
        lambda: {"steps": (), "messages": ()}
    )
    mine: dict[tuple[str, str, str], list[Trace]] = defaultdict(list)
    for trace in traces:
        run = trace.last.body.get("runId")
        if trace.kind in ("step", "message") and isinstance(run, str):
            mine[trace.scope.partition("/")[0], run, f"{trace.kind}s"].append(trace)
    for (thread, run, kind), those in mine.items():
        found[thread, run][kind] = tuple(those)
    return found
