"""Did the events of a stream arrive while their run went on?"""

from collections.abc import Iterable, Iterator

from contract_tests.observations.assembly import History
from contract_tests.observations.exchange import Exchange, Intent
from contract_tests.observations.lifecycle import lifecycles
from contract_tests.observations.timestamps import parse_timestamp
from contract_tests.observations.traces import Stream

# Work of at least _WORTH seconds is compared. A run of at least _LONG seconds, time in the queue included,
# must not arrive within the share _BURST of its time.
_WORTH = 0.5
_LONG = 1.0
_BURST = 0.05
# The share of the time of a stream that an ordinary request may take, on a machine that is not busy.
_SLOW = 0.25
# The share of the time of a stream that the checker itself may have been late.
_LATE = 0.2


def buffered(history: History) -> Iterator[tuple[Stream, str]]:
    """For each operation whose streams were all held back, the first of them, and how it was held back."""
    # A busy machine may delay one stream, but not all of an operation in the same way.
    known = _known(history)
    calm = [pair for pair in known if not _is_busy(history.exchanges, pair[0])]
    for label in dict.fromkeys(stream.exchange.label for stream, _ in calm):
        every, seen = _of(known, label), _of(calm, label)
        if all(late for _, late in seen) and (len(seen) > 1 or all(late for _, late in every)):
            yield seen[0]


def doubtful(history: History) -> Iterator[Stream]:
    """For each operation one stream, if none of its streams shows that events arrive during the run."""
    known = _known(history)
    for label in dict.fromkeys(stream.exchange.label for stream, _ in known):
        seen = _of(known, label)
        if all(late for _, late in seen):
            yield seen[0][0]


Known = list[tuple[Stream, str]]


def _known(history: History) -> Known:
    """The streams of whole runs whose time can be known, and how each was held back."""
    whole = [one for one in history.streams if one.exchange.operation and one.exchange.operation.starts_run]
    return [(stream, late) for stream in whole if (late := _held_back(stream)) is not None]


def _of(known: Known, label: str) -> Known:
    return [(stream, late) for stream, late in known if stream.exchange.label == label]


def _is_busy(exchanges: Iterable[Exchange], stream: Stream) -> bool:
    """Whether the checker was late while a stream was read, or requests that wait for nothing took long."""
    began, ended = stream.exchange.sent, stream.exchange.received
    lasted = max(0.0, ended - began)
    took = sorted(
        one.received - one.sent
        for one in exchanges
        if one.sent < ended and one.received > began and one.operation and not one.operation.waits_for_run
    )
    slow = bool(took) and took[len(took) // 2] > _SLOW * lasted
    return slow or stream.exchange.lag > _LATE * lasted


def _held_back(stream: Stream) -> str | None:
    """How the events were held back, empty if they were not, None if that cannot be known."""
    times = [event.event.at for event in stream.events]
    if Intent.UNTIMED in stream.exchange.intents or len(times) < 3:
        return None
    took = _work(stream)
    if took is not None and took[0] >= _WORTH:
        lasted, arriving = took
        return f"{lasted:.1f} s of work arrived within {arriving:.2f} s" if arriving < lasted / 2 else ""
    life = _work(stream, "queued", "createdAt")
    if life is None or life[0] < _LONG:
        return None
    lasted, arriving = life
    return f"{lasted:.1f} s arrived within {arriving:.2f} s" if arriving <= _BURST * lasted else ""


def _work(
    stream: Stream, status: str = "in_progress", timestamp: str = "startedAt"
) -> tuple[float, float] | None:
    """The seconds from a status of the run to its end, by its timestamps and by the arrival of its events."""
    table = lifecycles()["run"]
    began = next((one for one in stream.runs if one.data.get("status") == status), None)
    ended = next((one for one in stream.runs if one.data.get("status") in table.terminal), None)
    if began is None or ended is None:
        return None
    start = parse_timestamp(ended.data.get(timestamp))
    end = parse_timestamp(ended.data.get(table.timestamp.get(str(ended.data["status"]), "")))
    if start is None or end is None:
        return None
    surely = end.seconds - start.seconds - max(start.precision, end.precision)
    return float(surely), ended.event.at - began.event.at
