"""What did one run look like over time, from all the sides it was seen from?"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from contract_tests.observations.assembly import Story
from contract_tests.observations.exchange import Exchange
from contract_tests.observations.traces import DONE, Observation, Stream, Trace


@dataclass(frozen=True)
class Span:
    """Something that lasted: a status as it was seen, or a request; seconds after the run's first sight."""

    label: str
    start: float
    end: float
    detail: str = ""


@dataclass(frozen=True)
class Mark:
    """Something that happened at a moment: an event of the stream."""

    label: str
    at: float
    detail: str = ""


@dataclass(frozen=True)
class Picture:
    """A run over time."""

    run: str
    origin: str
    seconds: float
    statuses: tuple[Span, ...]
    requests: tuple[Span, ...]
    events: tuple[Mark, ...]

    @property
    def last(self) -> str:
        """The status the run was last seen in."""
        return self.statuses[-1].label if self.statuses else "unknown"

    def as_json(self) -> dict[str, Any]:
        """A plain object that `from_json` reads back."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> "Picture":
        """The picture that `as_json` wrote."""
        spans = {name: tuple(Span(**one) for one in plain[name]) for name in ("statuses", "requests")}
        return cls(**{**plain, **spans, "events": tuple(Mark(**one) for one in plain["events"])})


def pictures(story: Story) -> tuple[Picture, ...]:
    """A picture of every run, in the order in which the runs were first seen."""
    runs = sorted((one for one in story.traces if one.kind == "run"), key=_start)
    return tuple(_picture(run) for run in runs)


def _picture(run: Trace) -> Picture:
    start = _start(run)
    seen = list({id(sight.exchange): sight.exchange for sight in run.observations}.values())
    end = max(one.received for one in seen)
    return Picture(
        run=run.id,
        origin=_origin(run),
        seconds=end - start,
        statuses=tuple(_statuses(run, start)),
        requests=tuple(_request(one, start) for one in seen),
        events=tuple(_events(run.stream, start)) if run.stream else (),
    )


def _start(run: Trace) -> float:
    return min(sight.exchange.sent for sight in run.observations)


def _origin(run: Trace) -> str:
    """How the run came to be seen."""
    first = run.observations[0]
    label = first.exchange.label
    return f"{label}, streamed" if first.source == "stream" else label


def _statuses(run: Trace, start: float) -> Iterator[Span]:
    """Each status from the first time it was told to the next one's first time."""
    told = [sight for sight in run.observations if sight.status]
    firsts: list[Observation] = []
    for sight in told:
        if not firsts or firsts[-1].status != sight.status:
            firsts.append(sight)
    ends = [sight.received for sight in firsts[1:]] + [told[-1].received if told else start]
    for sight, end in zip(firsts, ends, strict=True):
        yield Span(sight.status, sight.received - start, max(sight.received, end) - start, sight.source)


def _request(exchange: Exchange, start: float) -> Span:
    detail = str(exchange.status or exchange.error)
    return Span(exchange.label, exchange.sent - start, exchange.received - start, detail)


def _events(stream: Stream, start: float) -> Iterable[Mark]:
    for one in stream.events:
        name = DONE if one.done else one.event.event or one.kind or "data"
        yield Mark(name, one.event.at - start, one.event.data[:200])
