"""Which findings did an earlier JSON report have? With `--baseline`, only new ones fail."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract_tests.findings import Finding, Outcome
from contract_tests.settings import UsageError


@dataclass(frozen=True)
class Previous:
    """The checks and places of the broken facts in a report. `reason` says which report it was."""

    reason: str = ""
    known: frozenset[tuple[str, str]] = frozenset()

    def has(self, finding: Finding) -> bool:
        """Whether the report had this finding."""
        return finding.outcome is Outcome.BROKEN and (finding.slug, finding.place) in self.known


def load(path: str) -> Previous:
    """Read a JSON report, none if there is no path. Raises `UsageError`."""
    if not path:
        return Previous()
    try:
        plain = json.loads(Path(path).read_text(encoding="utf-8"))
        known = frozenset(_places(plain))
        when = str(plain.get("timestamp", "an unknown time"))
    except FileNotFoundError:
        raise UsageError(f"--baseline: there is no file {path}; --json writes one") from None
    except (OSError, ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        raise UsageError(f"--baseline: {path} is no JSON report of tune-check: {error}") from None
    return Previous(f"in the baseline of {when}", known)


def _places(plain: Any) -> list[tuple[str, str]]:
    return [
        (str(entry["slug"]), str(place["place"]))
        for name in ("findings", "accepted")
        for entry in plain[name]
        if entry.get("outcome", Outcome.BROKEN) == Outcome.BROKEN
        for place in entry.get("places", [entry])
    ]
