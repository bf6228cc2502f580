"""How does the life of a run look? Drawn from `x-lifecycle` in the document."""

from collections.abc import Iterator

import openapi
from tests.docs.svg import bar, path, picture, text

WIDTH, HEIGHT = 760, 372
BOX_WIDTH, BOX_HEIGHT = 196, 126
# Where each status stands that is not terminal: column and row.
PLACES = {"queued": (0, 0), "in_progress": (1, 0), "requires_action": (2, 0), "cancelling": (1, 1)}
KINDS = {"cancelled": "waiting", "failed": "stopped", "completed": "done", "expired": "waiting"}
TITLE = (
    "The life of a run. Each box is a status that is not terminal. It names the terminal statuses that may"
    " follow; arrows lead to the others."
)


def drawn() -> str:
    """The picture of the lifecycle of a run."""
    statuses = openapi.load()["components"]["schemas"]["RunStatus"]["x-lifecycle"]["statuses"]
    shapes = [
        '<defs><marker id="end" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7"'
        ' orient="auto-start-reverse"><path d="M0 0L10 5L0 10z" style="fill:var(--faint)"/></marker></defs>'
    ]
    active = [status for status, facts in statuses.items() if not facts.get("terminal")]
    for status in active:
        shapes += _box(status, [one for one in statuses[status]["next"] if statuses[one].get("terminal")])
        shapes += [_arrow(status, one) for one in statuses[status]["next"] if one in active]
    return picture(WIDTH, HEIGHT, TITLE, shapes)


def _corner(status: str) -> tuple[float, float]:
    column, row = PLACES[status]
    return 22 + column * 260, 22 + row * 202


def _box(status: str, ends: list[str]) -> Iterator[str]:
    x, y = _corner(status)
    yield bar(x, y, BOX_WIDTH, BOX_HEIGHT, "paper", 8)
    yield text(x + 14, y + 26, status, "working")
    yield text(x + 14, y + 48, "may end as", "faint", size=12)
    for index, end in enumerate(ends):
        yield text(x + 14 + 92 * (index % 2), y + 72 + 22 * (index // 2), end, KINDS.get(end, ""), size=14)


def _arrow(start: str, end: str) -> str:
    """From box to box: to the right, back to the left, or down."""
    (left, top), (other, below) = _corner(start), _corner(end)
    if below == top and other > left:
        return path(f"M{left + BOX_WIDTH} {top + 44}H{other - 4}", "line", "end")
    if below == top:
        return path(f"M{left} {top + 82}H{other + BOX_WIDTH + 4}", "line", "end")
    if other == left:
        return path(f"M{left + BOX_WIDTH / 2} {top + BOX_HEIGHT}V{below - 4}", "line", "end")
    side = other - 4 if other > left else other + BOX_WIDTH + 4
    return path(f"M{left + BOX_WIDTH / 2} {top + BOX_HEIGHT}V{below + BOX_HEIGHT / 2}H{side}", "line", "end")
