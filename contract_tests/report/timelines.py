"""What happened to one run over time, as observed by all requests?"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from contract_tests.observations.assembly import History
from contract_tests.observations.exchange import Exchange
from contract_tests.observations.traces import DONE, Observation, Stream, Trace
from contract_tests.plain_text import one_line

# A service can invent any number of runs, statuses and events.
_MOST_RUNS, _MOST_PARTS, _LABEL = 500, 500, 60


@dataclass(frozen=True)
class Span:
    """A status or a request. `start` and `end` are in seconds since the run was first observed."""

    label: str
    start: float
    end: float
    detail: str = ""


@dataclass(frozen=True)
class Mark:
    """An event of the stream. `at` is in seconds since the run was first observed."""

    label: str
    at: float
    detail: str = ""


@dataclass(frozen=True)
class RunTimeline:
    """One run over time. The JSON report has it under `runs`."""

    run: str
    origin: str
    seconds: float
    statuses: tuple[Span, ...]
    requests: tuple[Span, ...]
    events: tuple[Mark, ...]

    @property
    def last(self) -> str:
        """The last observed status."""
        return self.statuses[-1].label if self.statuses else "unknown"

    def as_json(self) -> dict[str, Any]:
        """The timeline as plain JSON values, which `from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> "RunTimeline":
        """The timeline in the values of `as_json`."""
        spans = {name: tuple(Span(**one) for one in plain[name]) for name in ("statuses", "requests")}
        return cls(**{**plain, **spans, "events": tuple(Mark(**one) for one in plain["events"])})


def timelines(history: History) -> tuple[RunTimeline, ...]:
    """The timeline of every run, in the order in which the runs were first observed."""
    runs = sorted((one for one in history.traces if one.kind == "run"), key=_start)
    return tuple(_timeline(run) for run in runs[:_MOST_RUNS])


def _timeline(run: Trace) -> RunTimeline:
    start = _start(run)
    exchanges = list({id(one.exchange): one.exchange for one in run.observations}.values())
    return RunTimeline(
        run=one_line(run.id, 200),
        origin=_origin(run),
        seconds=max(one.received for one in exchanges) - start,
        statuses=tuple(islice(_statuses(run, start), _MOST_PARTS)),
        requests=tuple(_request(one, start) for one in exchanges[:_MOST_PARTS]),
        events=tuple(islice(_events(run.stream, start), _MOST_PARTS)) if run.stream else (),
    )


def _start(run: Trace) -> float:
    return min(one.exchange.sent for one in run.observations)


def _origin(run: Trace) -> str:
    """The operation that first returned the run."""
    first = run.observations[0]
    label = first.exchange.label
    return f"{label}, streamed" if first.source == "stream" else label


def _statuses(run: Trace, start: float) -> Iterator[Span]:
    """Each status, from its first observation to the first observation of the next."""
    observed = [one for one in run.observations if one.status]
    firsts: list[Observation] = []
    for one in observed:
        if not firsts or firsts[-1].status != one.status:
            firsts.append(one)
    ends = [one.received for one in [*firsts[1:], *observed[-1:]]]
    for one, end in zip(firsts, ends, strict=True):
        yield Span(
            one_line(one.status, _LABEL), one.received - start, max(one.received, end) - start, one.source
        )


def _request(exchange: Exchange, start: float) -> Span:
    detail = one_line(str(exchange.status or exchange.error), 200)
    return Span(one_line(exchange.label, _LABEL), exchange.sent - start, exchange.received - start, detail)


def _events(stream: Stream, start: float) -> Iterable[Mark]:
    for one in stream.events:
        name = DONE if one.done else one.event.event or one.kind or "data"
        yield Mark(one_line(name, _LABEL), one.event.at - start, one_line(one.event.data, 200))
