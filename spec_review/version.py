"""Has `info.version` moved as the changes demand?

What breaks a client of a documented or observed fact moves the first number that is not 0, what adds moves
the next, anything else the last.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from spec_review.change import Change
from spec_review.comparison import Comparison, found
from spec_review.grade import grade_at
from spec_review.loading import Document


def demanded(comparison: Comparison, changes: Sequence[Change]) -> Iterator[Change]:
    """One finding if the version has not moved far enough; only for documents that grade their facts."""
    if not changes or not (comparison.graded or _is_ours(comparison.base)):
        return
    old, new = (_numbers(document) for document in (comparison.base, comparison.head))
    if old is None or new is None:
        return
    breaking = any(change.level == "error" for change in changes)
    adding = any(change.id != "texts-changed" for change in changes)
    first = next((place for place, number in enumerate(old) if number), 2)
    place = first if breaking else min(first + 1, 2) if adding else 2
    if new[: place + 1] > old[: place + 1]:
        return
    wanted = ".".join(map(str, (*old[:place], old[place] + 1, *[0] * (2 - place))))
    why = "something breaks" if breaking else "something is new" if adding else "the texts changed"
    base, head = (document.root.get("info", "version") for document in (comparison.base, comparison.head))
    was, now = (".".join(map(str, numbers)) for numbers in (old, new))
    message = f"`info.version` is {now} (was {was}); {why}, so it should be {wanted} or later."
    change = found("version-not-moved", message, base, head, subject="info.version", old=was, new=now)
    yield change if breaking else replace(change, level="info")


def _is_ours(document: Document) -> bool:
    return grade_at(document.root) != "documented" or "x-lifecycle" in document.source.text


def _numbers(document: Document) -> tuple[int, int, int] | None:
    version = document.root.get("info", "version")
    parts = str(version.value).split("-")[0].split(".") if version is not None else []
    if len(parts) != 3 or not all(part.isdigit() for part in parts):
        return None
    return (int(parts[0]), int(parts[1]), int(parts[2]))
