"""Where is each part of a timeline drawn?"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from contract_tests.report.timelines import RunTimeline, Span

LEFT, WIDTH, RIGHT = 150.0, 1000.0, 20.0
_LANE, _BAR, _TOP, _AXIS = 22.0, 14.0, 6.0, 22.0
_STEPS = (
    0.001,
    0.002,
    0.005,
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
    0.5,
    1,
    2,
    5,
    10,
    20,
    30,
    60,
    120,
    300,
    600,
    1800,
    3600,
)
_TICKS = 10
_ROOM = 45
_THINNEST = 2.0
# The maximum width of an idle period, relative to all busy periods.
_IDLE = 0.08


@dataclass(frozen=True)
class Shape:
    """A bar, or a mark without width, with its label and tooltip."""

    x: float
    y: float
    width: float
    kind: str
    label: str
    hint: str


@dataclass(frozen=True)
class Lane:
    """A row of shapes with one name."""

    name: str
    y: float
    shapes: tuple[Shape, ...]


@dataclass(frozen=True)
class Tick:
    """A mark on the time axis."""

    x: float
    label: str


@dataclass(frozen=True)
class Drawing:
    """A timeline with coordinates in SVG units. `idle` are the places of shortened idle periods."""

    width: float
    height: float
    left: float
    bar: float
    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    idle: tuple[float, ...]


class Scale:
    """Converts seconds to coordinates. Long idle periods are shortened."""

    def __init__(self, busy: Iterable[tuple[float, float]], left: float, right: float) -> None:
        merged = _merge(busy)
        active = sum(end - start for start, end in merged) or 0.001
        longest = active * _IDLE
        self._parts: list[tuple[float, float, float, float]] = []
        self.idle: list[float] = []
        drawn = 0.0
        for (start, end), following in zip(merged, [*merged[1:], None], strict=True):
            self._parts.append((start, end, drawn, drawn + end - start))
            drawn += end - start
            if following:
                gap = min(following[0] - end, longest)
                if gap < following[0] - end:
                    self.idle.append(drawn + gap / 2)
                self._parts.append((end, following[0], drawn, drawn + gap))
                drawn += gap
        self.seconds = drawn
        self._left, self._per_second = left, (right - left) / (drawn or 0.001)
        self.idle = [self._left + at * self._per_second for at in self.idle]

    def __call__(self, seconds: float) -> float:
        """The coordinate of a time in seconds."""
        index = max(0, bisect_right([part[0] for part in self._parts], seconds) - 1)
        start, end, first, last = self._parts[index]
        share = (min(seconds, end) - start) / ((end - start) or 1)
        return self._left + (first + share * (last - first)) * self._per_second


def draw(timeline: RunTimeline) -> Drawing:
    """A drawing of a run: its statuses, the events of its stream, and the requests that showed it."""
    busy = [(one.start, one.end) for one in (*timeline.requests,)] + [
        (one.at, one.at) for one in timeline.events
    ]
    scale = Scale(busy or [(0.0, 0.001)], LEFT, WIDTH - RIGHT)
    lanes = [("status", [_shape(one, scale, one.label) for one in timeline.statuses])]
    if timeline.events:
        marks = [Span(one.label, one.at, one.at, one.detail) for one in timeline.events]
        lanes.append(("events", [_shape(one, scale, "event") for one in marks]))
    for name in dict.fromkeys(one.label for one in timeline.requests):
        requests = [one for one in timeline.requests if one.label == name]
        lanes.append((name, [_shape(one, scale, _outcome(one)) for one in requests]))
    placed = tuple(_placed(name, shapes, index) for index, (name, shapes) in enumerate(lanes))
    height = _TOP + len(lanes) * _LANE + _AXIS
    return Drawing(WIDTH, height, LEFT, _BAR, placed, _ticks(timeline.seconds, scale), tuple(scale.idle))


def _placed(name: str, shapes: Sequence[Shape], index: int) -> Lane:
    y = _TOP + index * _LANE
    return Lane(name, y, tuple(Shape(one.x, y, one.width, one.kind, one.label, one.hint) for one in shapes))


def _shape(span: Span, scale: Scale, kind: str) -> Shape:
    x, end = scale(span.start), scale(span.end)
    when = f"{span.start:.3f} s" if span.end == span.start else f"{span.start:.3f} to {span.end:.3f} s"
    hint = f"{span.label}, {when}{': ' if span.detail else ''}{span.detail}"
    return Shape(x, 0, max(_THINNEST, end - x), kind, span.label, hint)


def _outcome(request: Span) -> str:
    return "ok" if request.detail.startswith("2") else "refused"


def _merge(busy: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """The busy periods, merged if they overlap."""
    merged: list[tuple[float, float]] = []
    for start, end in sorted(busy):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _ticks(seconds: float, scale: Scale) -> tuple[Tick, ...]:
    """Marks at round times, with enough room between them."""
    step = next((one for one in _STEPS if scale.seconds / one <= _TICKS), _STEPS[-1])
    # Nothing is listed that is not drawn: the times of a recording may be centuries apart.
    indexes = range(int(seconds / step) + 1)
    kept: list[Tick] = []
    index = 0
    while index < len(indexes):
        at = index * step
        kept.append(Tick(scale(at), _time(at, step)))
        index = bisect_right(indexes, kept[-1].x + _ROOM, index + 1, key=lambda one: scale(one * step))
    return tuple(kept)


def _time(at: float, step: float) -> str:
    return f"{at:.3f}".rstrip("0").rstrip(".") + " s" if step < 1 else f"{at:g} s"
