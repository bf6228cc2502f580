"""Which tables summarize all rounds?

A cell is the median over the rounds. A ratio is the ratio of two medians; the brackets contain the lowest and
the highest ratio of a single round, because other work on the machine changes single rounds.
"""

from collections.abc import Callable, Iterator, Sequence
from statistics import median

from benchmarks.bad_requests import BAD_REQUESTS
from benchmarks.measure import KINDS, Seen

LISTED = 4
Round = dict[str, Seen]
Value = Callable[[Seen], float | None]


def _rate(kind: str) -> Value:
    return lambda seen: seen.loads[kind].rate


def _latency(kind: str, percentile: str) -> Value:
    return lambda seen: float(getattr(seen.loads[kind], percentile))


RATIOS: dict[str, Value] = {
    "cold start": lambda seen: seen.cold_start,
    "create": _rate("create"),
    "retrieve": _rate("retrieve"),
    "list": _rate("list"),
    "refused": _rate("refused"),
    "create p50": _latency("create", "p50"),
    "create p99": _latency("create", "p99"),
    "CPU per create": lambda seen: seen.cpu["create"],
    "peak memory": lambda seen: seen.memory,
    "first event p50": lambda seen: seen.streams.p50 if seen.streams else None,
}
"""The values that are compared with the reference. Higher rates are better, otherwise lower values are."""

ABSOLUTE: dict[str, tuple[str, Value]] = {
    "cold start": ("{:.2f} s", RATIOS["cold start"]),
    "create": ("{:,.0f}/s", RATIOS["create"]),
    "retrieve": ("{:,.0f}/s", RATIOS["retrieve"]),
    "list": ("{:,.0f}/s", RATIOS["list"]),
    "refused": ("{:,.0f}/s", RATIOS["refused"]),
    "create p50 / p99": ("{:.1f} / {:.1f} ms", RATIOS["create p50"]),
    "CPU per create": ("{:.0f} µs", RATIOS["CPU per create"]),
    "peak memory": ("{:.0f} MiB", RATIOS["peak memory"]),
    "first event p50 / p99": ("{:.0f} / {:.0f} ms", RATIOS["first event p50"]),
    "all events after": ("{:.1f} s", lambda seen: seen.streams.seconds if seen.streams else None),
}
_SECOND: dict[str, Value] = {
    "create p50 / p99": RATIOS["create p99"],
    "first event p50 / p99": lambda seen: seen.streams.p99 if seen.streams else None,
}


def _median(rounds: Sequence[Round], name: str, value: Value) -> float | None:
    values = [number for seen in rounds if name in seen and (number := value(seen[name])) is not None]
    return median(values) if values else None


def _each(rounds: Sequence[Round], name: str, reference: str, value: Value) -> list[float]:
    pairs = [
        (value(seen[name]), value(seen[reference])) for seen in rounds if name in seen and reference in seen
    ]
    return [mine / other for mine, other in pairs if mine is not None and other]


def _ratio(rounds: Sequence[Round], name: str, reference: str, value: Value) -> str:
    mine, other = _median(rounds, name, value), _median(rounds, reference, value)
    if mine is None or not other:
        return "-"
    each = _each(rounds, name, reference, value)
    spread = f" ({min(each):.2f}-{max(each):.2f})" if len(each) > 1 and name != reference else ""
    return f"{mine / other:.2f}{spread}"


def _absolute(rounds: Sequence[Round], name: str, column: str) -> str:
    form, value = ABSOLUTE[column]
    values = [_median(rounds, name, value)]
    if column in _SECOND:
        values.append(_median(rounds, name, _SECOND[column]))
    return "-" if None in values else form.format(*values)


def _right(rounds: Sequence[Round], name: str) -> str:
    wrong = max(len(seen[name].wrong) for seen in rounds if name in seen)
    return f"{len(BAD_REQUESTS) - wrong} of {len(BAD_REQUESTS)}"


def grid(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of a Markdown table; all columns except the first contain numbers."""
    yield "| " + " | ".join(header) + " |"
    yield "| --- |" + " ---: |" * (len(header) - 1)
    yield from ("| " + " | ".join(row) + " |" for row in rows)


def ratios(rounds: Sequence[Round], names: Sequence[str], reference: str) -> str:
    """A table of all servers compared with the reference."""
    rows = [[name, *(_ratio(rounds, name, reference, value) for value in RATIOS.values())] for name in names]
    return "\n".join(grid(["ratio", *RATIOS], rows))


def absolute(rounds: Sequence[Round], names: Sequence[str]) -> str:
    """A table of the medians with their units, and of the bad requests with the right status."""
    rows = [
        [name, *(_absolute(rounds, name, column) for column in ABSOLUTE), _right(rounds, name)]
        for name in names
    ]
    return "\n".join(grid(["median", *ABSOLUTE, "right"], rows))


def remarks(rounds: Sequence[Round], names: Sequence[str]) -> Iterator[str]:
    """Remarks on the results: unexpected responses, incomplete streams and wrong statuses."""
    for name in names:
        everything = [seen[name] for seen in rounds if name in seen]
        for kind in KINDS:
            wrong = sum(seen.loads[kind].wrong for seen in everything)
            if wrong:
                requests = sum(seen.loads[kind].requests for seen in everything)
                yield f"{name}: {wrong:,} of {requests:,} responses to `{kind}` were unexpected"
        cut = sum(seen.streams.opened - seen.streams.done for seen in everything if seen.streams)
        if cut:
            yield f"{name}: {cut} streams did not end with `[DONE]`"
        wrong_statuses = {rule: got for seen in everything for rule, got in seen.wrong.items()}
        if wrong_statuses:
            listed = [f"{rule} ({got or 'no response'})" for rule, got in wrong_statuses.items()]
            more = f" and {len(listed) - LISTED} more" if len(listed) > LISTED else ""
            yield f"{name} sent a wrong status: {', '.join(listed[:LISTED])}{more}"
