"""How does the timeline of one run look, polled and streamed? Drawn from a recorded run."""

from collections.abc import Iterator
from itertools import pairwise

from tests.docs.recorded_run import SECONDS, Recorded, record
from tests.docs.svg import bar, dot, path, picture, text

WIDTH, HEIGHT = 760, 372
LEFT, RIGHT = 142, 736
KINDS = {"queued": "waiting", "in_progress": "working", "completed": "done"}
RUN, POLLED, STREAMED, REPLY, REPLY_HEIGHT, AXIS = 26, 92, 156, 216, 100, 340
TITLE = (
    "One run of the mock over time. It is queued, then in progress, then completed. A client that polls sees"
    " its status and reply every half second. A client that streams gets an event for each change."
    " Both see the same."
)


def drawn() -> str:
    """The picture of the recorded run."""
    run = record()
    lanes = (_grid(), _statuses(run), _polls(run), _events(run), _reply(run))
    return picture(WIDTH, HEIGHT, TITLE, [shape for lane in lanes for shape in lane])


def _x(seconds: float) -> float:
    return round(LEFT + seconds * (RIGHT - LEFT) / SECONDS, 1)


def _grid() -> Iterator[str]:
    for half in range(int(SECONDS * 2) + 1):
        x = _x(half / 2)
        yield path(f"M{x:g} {RUN - 6}V{AXIS - 12}", "grid")
        yield text(x, AXIS + 8, f"{half / 2:g} s", "faint", "middle", 13)


def _label(y: float, name: str, about: str) -> Iterator[str]:
    yield text(16, y, name)
    yield text(16, y + 17, about, "faint", size=12)


def _statuses(run: Recorded) -> Iterator[str]:
    yield from _label(RUN + 12, "the run", "its status")
    changes = {event.status: event.at for event in reversed(run.events) if event.status}
    starts = sorted((at, status) for status, at in changes.items())
    for (at, status), (end, _) in pairwise([*starts, (SECONDS, "")]):
        x = _x(at)
        yield bar(x, RUN, _x(end) - x - 2, 8, KINDS[status], hint=f"{status} from {at:g} s")
        yield text(x, RUN + 25, status, KINDS[status])


def _polls(run: Recorded) -> Iterator[str]:
    yield from _label(POLLED, "polled", "GET the run")
    for poll in run.polls:
        yield dot(_x(poll.at), POLLED - 5, 6, KINDS[poll.status], f"{poll.at:g} s: {poll.status}")
        yield text(_x(poll.at), POLLED + 17, poll.status, "faint", "middle", 12)


def _events(run: Recorded) -> Iterator[str]:
    yield from _label(STREAMED, "streamed", "server-sent events")
    for event in run.events:
        x, hint = _x(event.at), f"{event.at:g} s: {event.name}"
        if event.status:
            yield bar(x - 2, STREAMED - 16, 4, 26, KINDS[event.status], 2, hint)
        else:
            yield bar(
                x - 1, STREAMED - (10 if event.piece else 6), 2, 14 if event.piece else 8, "working", 1, hint
            )


def _reply(run: Recorded) -> Iterator[str]:
    yield from _label(REPLY + 12, "the reply", "in both views")
    whole = sum(len(event.piece) for event in run.events)
    steps, reply, place = [], "", {"": float(REPLY + REPLY_HEIGHT)}
    for event in run.events:
        reply += event.piece
        place[reply] = round(REPLY + REPLY_HEIGHT * (1 - len(reply) / whole), 1)
        steps.append(f"H{_x(event.at):g}V{place[reply]:g}")
    yield path(f"M{_x(0):g} {REPLY + REPLY_HEIGHT:g}{''.join(steps)}H{_x(SECONDS):g}", "working-line")
    for poll in run.polls:
        hint = f"{poll.at:g} s: {len(poll.reply)} characters"
        yield dot(_x(poll.at), place[poll.reply], 5, KINDS[poll.status], hint)
    yield text(_x(SECONDS), REPLY + 18, f"{whole} characters", "faint", "end", 12)
