"""Which changes does a revision make to a base, each told once?"""

from collections.abc import Iterable
from dataclasses import replace

from spec_review.change import LEVELS, Change, Level
from spec_review.comparison import Comparison
from spec_review.loading import Document
from spec_review.proof import proved
from spec_review.rules import RULES
from spec_review.rules.site import Evidence
from spec_review.values.size import size
from spec_review.version import demanded


def compare(base: Document, revision: Document) -> list[Change]:
    """All changes, worst first, those of a shared place told once with the uses counted."""
    return [change for change in all_changes(base, revision) if change.level != "off"]


def all_changes(base: Document, revision: Document) -> list[Change]:
    """All changes, also those that are off unless asked for."""
    comparison = Comparison(base, revision)
    return finished(comparison, (change for rule in RULES for change in rule(comparison)))


def finished(comparison: Comparison, changes: Iterable[Change]) -> list[Change]:
    """Changes merged, proved and in order."""
    merged = [proved(comparison, change) for change in _merged(changes)]
    told = [change for change in merged if change.level != "off"]
    return sorted([*merged, *demanded(comparison, told)], key=_order)


def _merged(changes: Iterable[Change]) -> list[Change]:
    result: dict[tuple[object, ...], Change] = {}
    for change in changes:
        key = (
            change.id,
            change.subject,
            str(change.base),
            change.message if not change.base else "",
            str(change.old),
            str(change.new),
        )
        known = result.get(key)
        if known is None:
            result[key] = change
            continue
        better = min(known, change, key=_telling)
        uses = tuple(dict.fromkeys([*known.uses, *change.uses]))
        result[key] = replace(better, uses=uses)
    return list(result.values())


def _telling(change: Change) -> tuple[int, int]:
    """The worst level first, then the smallest value to show."""
    shown = size(change.evidence.value)[0] if isinstance(change.evidence, Evidence) else 10**9
    return (LEVELS.index(change.level), shown)


def _order(change: Change) -> tuple[int, str, int, str]:
    at = change.base or change.revision
    return (LEVELS.index(change.level), at.file if at else "", at.line if at else 0, change.id)


def worst(changes: Iterable[Change]) -> Level:
    """The worst level among changes; `off` where there are none."""
    return min((change.level for change in changes), key=LEVELS.index, default="off")
