"""Was `info.version` raised as far as the changes require?

A breaking change to a documented or observed fact raises the first number that is not 0. A change that does
not break clients raises the next number. A change to texts alone raises the last number.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from openapi import Grade
from spec_review.change import Change
from spec_review.comparison import Comparison, make_change
from spec_review.grade import grade_at
from spec_review.loading import Document


def version_changes(comparison: Comparison, changes: Sequence[Change]) -> Iterator[Change]:
    """One change if the version is too low; documents that do not use grades are not checked."""
    if not changes or not (comparison.graded or _uses_our_extensions(comparison.base)):
        return
    old, new = (_numbers(document) for document in (comparison.base, comparison.revision))
    if old is None or new is None:
        return
    breaking = any(change.level == "error" for change in changes)
    adding = any(change.id != "texts-changed" for change in changes)
    first = next((index for index, number in enumerate(old) if number), 2)
    index = first if breaking else min(first + 1, 2) if adding else 2
    if new[: index + 1] > old[: index + 1]:
        return
    required = ".".join(map(str, (*old[:index], old[index] + 1, *[0] * (2 - index))))
    why = "breaks clients" if breaking else "changes the contract" if adding else "changes texts"
    base, revision = (
        document.root.get("info", "version") for document in (comparison.base, comparison.revision)
    )
    was, now = (".".join(map(str, numbers)) for numbers in (old, new))
    message = f"The revision {why}, so `info.version` must be at least {required}; it is {now} (base: {was})."
    change = make_change(
        "version-not-moved", message, base, revision, subject="info.version", old=was, new=now
    )
    yield change if breaking else replace(change, level="info")


def _uses_our_extensions(document: Document) -> bool:
    return grade_at(document.root) != Grade.DOCUMENTED or document.source.mentions("x-lifecycle")


def _numbers(document: Document) -> tuple[int, int, int] | None:
    version = document.root.get("info", "version")
    parts = str(version.value).split("-")[0].split(".") if version is not None else []
    if len(parts) != 3 or not all(part.isdigit() for part in parts):
        return None
    return (int(parts[0]), int(parts[1]), int(parts[2]))
