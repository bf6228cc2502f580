"""What does a report hold: the names of both documents, their changes, stale entries and notes?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from spec_review.change import LEVELS, Change, Level
from spec_review.loading import Source
from spec_review.settings import Entry


@dataclass(frozen=True)
class Report:
    """The result of one comparison."""

    base: str
    revision: str
    changes: Sequence[Change]
    stale: Sequence[Entry] = ()
    notes: Sequence[str] = ()
    unexplained: int = 0
    """The number of places that differ without a change that reports them."""

    sources: Mapping[str, Source] = field(default_factory=dict, repr=False)
    """Each file by its name, for excerpts."""

    def of(self, level: Level) -> list[Change]:
        """The changes of a level, without the accepted ones."""
        return [change for change in self.changes if change.level == level and change.accepted is None]

    @property
    def accepted(self) -> list[Change]:
        """The accepted changes."""
        return [change for change in self.changes if change.accepted is not None]

    def fails(self, at: str) -> bool:
        """Whether a change is at least as severe as `at` (`error` or `warning`); always False for `none`."""
        if at == "none":
            return False
        return any(self.of(level) for level in LEVELS if LEVELS.index(level) <= LEVELS.index(at))

    @property
    def summary(self) -> str:
        """The number of changes per level, in one line."""
        if not self.changes and self.unexplained:
            return "No change to a request or response was found, but the documents differ."
        if not self.changes:
            return "Nothing changed."
        counts = [
            _count(len(self.of("error")), "breaking change"),
            _count(len(self.of("warning")), "warning"),
            _count(len(self.of("info")), "other change"),
            f"{len(self.accepted)} accepted" if self.accepted else "",
        ]
        return f"{', '.join(count for count in counts if count)}."


def _count(number: int, noun: str) -> str:
    return "" if number == 0 else f"1 {noun}" if number == 1 else f"{number} {noun}s"
