"""How do many rounds read as one table?

A cell is the median over the rounds. Ratios are ratios of medians; in brackets stand the lowest and the
highest ratio that one round alone gave: the machine may have been busy with something else meanwhile.
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


def _late(kind: str, percentile: str) -> Value:
    return lambda seen: float(getattr(seen.loads[kind], percentile))


RATIOS: dict[str, Value] = {
    "cold start": lambda seen: seen.cold_start,
    "create": _rate("create"),
    "retrieve": _rate("retrieve"),
    "list": _rate("list"),
    "refused": _rate("refused"),
    "create p50": _late("create", "p50"),
    "create p99": _late("create", "p99"),
    "CPU per create": lambda seen: seen.cpu["create"],
    "peak memory": lambda seen: seen.memory,
    "first event p50": lambda seen: seen.streams.p50 if seen.streams else None,
}
"""What is compared with the reference; rates are better when higher, all else when lower."""

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


def _middle(rounds: Sequence[Round], name: str, value: Value) -> float | None:
    values = [number for seen in rounds if name in seen and (number := value(seen[name])) is not None]
    return median(values) if values else None


def _each(rounds: Sequence[Round], name: str, reference: str, value: Value) -> list[float]:
    pairs = [
        (value(seen[name]), value(seen[reference])) for seen in rounds if name in seen and reference in seen
    ]
    return [mine / other for mine, other in pairs if mine is not None and other]


def _ratio(rounds: Sequence[Round], name: str, reference: str, value: Value) -> str:
    mine, other = _middle(rounds, name, value), _middle(rounds, reference, value)
    if mine is None or not other:
        return "-"
    each = _each(rounds, name, reference, value)
    spread = f" ({min(each):.2f}-{max(each):.2f})" if len(each) > 1 and name != reference else ""
    return f"{mine / other:.2f}{spread}"


def _absolute(rounds: Sequence[Round], name: str, column: str) -> str:
    form, value = ABSOLUTE[column]
    values = [_middle(rounds, name, value)]
    if column in _SECOND:
        values.append(_middle(rounds, name, _SECOND[column]))
    return "-" if None in values else form.format(*values)


def _right(rounds: Sequence[Round], name: str) -> str:
    wrong = max(len(seen[name].wrong) for seen in rounds if name in seen)
    return f"{len(BAD_REQUESTS) - wrong} of {len(BAD_REQUESTS)}"


def grid(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of a Markdown table; all columns but the first hold numbers."""
    yield "| " + " | ".join(header) + " |"
    yield "| --- |" + " ---: |" * (len(header) - 1)
    yield from ("| " + " | ".join(row) + " |" for row in rows)


def ratios(rounds: Sequence[Round], names: Sequence[str], reference: str) -> str:
    """Every server against the reference."""
    rows = [[name, *(_ratio(rounds, name, reference, value) for value in RATIOS.values())] for name in names]
    return "\n".join(grid(["ratio", *RATIOS], rows))


def absolute(rounds: Sequence[Round], names: Sequence[str]) -> str:
    """What was measured, in its own units, and how many bad requests were answered rightly."""
    rows = [
        [name, *(_absolute(rounds, name, column) for column in ABSOLUTE), _right(rounds, name)]
        for name in names
    ]
    return "\n".join(grid(["median", *ABSOLUTE, "right"], rows))


def remarks(rounds: Sequence[Round], names: Sequence[str]) -> Iterator[str]:
    """What a reader must know to trust the numbers: answers that were not what the load was meant to get."""
    for name in names:
        everything = [seen[name] for seen in rounds if name in seen]
        for kind in KINDS:
            wrong = sum(seen.loads[kind].wrong for seen in everything)
            if wrong:
                requests = sum(seen.loads[kind].requests for seen in everything)
                yield f"{name}: {wrong:,} of {requests:,} answers to `{kind}` were not the ones meant"
        cut = sum(seen.streams.opened - seen.streams.done for seen in everything if seen.streams)
        if cut:
            yield f"{name}: {cut} streams did not end with `[DONE]`"
        wrongly = {rule: said for seen in everything for rule, said in seen.wrong.items()}
        if wrongly:
            listed = [f"{rule} ({said or 'no answer'})" for rule, said in wrongly.items()]
            more = f" and {len(listed) - LISTED} more" if len(listed) > LISTED else ""
            yield f"{name} answered wrongly: {', '.join(listed[:LISTED])}{more}"
