"""Which changes does the revision make to the base?"""

from collections.abc import Iterable
from dataclasses import replace

from spec_review.change import LEVELS, Change
from spec_review.comparison import Comparison
from spec_review.deep import deep
from spec_review.loading import Document
from spec_review.proof import with_proof
from spec_review.rules import RULES
from spec_review.schema_pair import Evidence
from spec_review.values.shrink import size
from spec_review.version import version_changes


def compare(base: Document, revision: Document) -> list[Change]:
    """All changes, most severe first; a change to a shared component appears once, with all its uses."""
    return [change for change in all_changes(base, revision) if change.level != "off"]


def all_changes(base: Document, revision: Document) -> list[Change]:
    """All changes, including those whose level is `off`."""
    return deep(lambda: _all_changes(base, revision))


def _all_changes(base: Document, revision: Document) -> list[Change]:
    comparison = Comparison(base, revision)
    return finish(comparison, (change for rule in RULES for change in rule(comparison)))


def finish(comparison: Comparison, changes: Iterable[Change]) -> list[Change]:
    """The changes merged, with their proofs, sorted."""
    merged = [with_proof(comparison, change) for change in _merged(changes)]
    reported = [change for change in merged if change.level != "off"]
    return sorted([*merged, *version_changes(comparison, reported)], key=_order)


def _merged(changes: Iterable[Change]) -> list[Change]:
    """One change for all that have the same rule, subject, position and values."""
    result: dict[tuple[object, ...], Change] = {}
    for change in changes:
        key = _identity(change)
        known = result.get(key)
        if known is None:
            result[key] = change
            continue
        better = min(known, change, key=_preference)
        uses = tuple(dict.fromkeys([*known.uses, *change.uses]))
        places = [at for one in (known, change) for at in (one.base, one.revision, *one.also) if at]
        result[key] = replace(better, uses=uses, also=tuple(dict.fromkeys(places)))
    return list(result.values())


def _identity(change: Change) -> tuple[object, ...]:
    """Equal for two changes of one place, and for the same edit in several operations."""
    values = (str(change.old), str(change.new))
    places = [at for at in (change.base, change.revision) if at and not at.pointer.startswith("/paths")]
    if len(places) == 2:
        return (change.id, change.base, change.revision, *values)
    return (change.id, change.message, change.level, *values)


def _preference(change: Change) -> tuple[int, int]:
    """The most severe change first, then the one with the smallest value."""
    length = size(change.evidence.value)[0] if isinstance(change.evidence, Evidence) else 10**9
    return (LEVELS.index(change.level), length)


def _order(change: Change) -> tuple[int, str, int, str]:
    at = change.base or change.revision
    return (LEVELS.index(change.level), at.file if at else "", at.line if at else 0, change.id)
