"""Which changes does a revision make to a base, each told once?"""

from collections.abc import Iterable
from dataclasses import replace

from spec_review.change import LEVELS, Change, Level
from spec_review.comparison import Comparison
from spec_review.loading import Document
from spec_review.proof import proved
from spec_review.rules import RULES


def compare(base: Document, revision: Document) -> list[Change]:
    """All changes, worst first, those of a shared place told once with the uses counted."""
    comparison = Comparison(base, revision)
    return finished(comparison, (change for rule in RULES for change in rule(comparison)))


def finished(comparison: Comparison, changes: Iterable[Change]) -> list[Change]:
    """Changes merged, proved and in order; those that are off are left out."""
    merged = [change for change in _merged(changes) if change.level != "off"]
    return sorted((proved(comparison, change) for change in merged), key=_order)


def _merged(changes: Iterable[Change]) -> list[Change]:
    result: dict[tuple[object, ...], Change] = {}
    for change in changes:
        key = (change.id, change.subject, str(change.base), change.message if not change.base else "", str(change.old), str(change.new))
        known = result.get(key)
        if known is None:
            result[key] = change
            continue
        better = min(known, change, key=lambda one: (LEVELS.index(one.level), one.evidence is None))
        uses = tuple(dict.fromkeys([*known.uses, *change.uses]))
        result[key] = replace(better, uses=uses)
    return list(result.values())


def _order(change: Change) -> tuple[int, str, str, int]:
    at = change.revision or change.base
    return (LEVELS.index(change.level), change.id, at.file if at else "", at.line if at else 0)


def worst(changes: Iterable[Change]) -> Level:
    """The worst level among changes; `off` where there are none."""
    return min((change.level for change in changes), key=LEVELS.index, default="off")
