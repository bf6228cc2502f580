"""Which scenarios follow the lifecycle differently under the revision? Scenario files are read as data."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from spec_review.change import Change, Position
from spec_review.comparison import make_change
from spec_review.loading import Cursor, Document
from spec_review.rules.lifecycle import lifecycle_cursors, next_statuses, statuses, timestamp_words

Statuses = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Scenario:
    """The sequences of statuses in a scenario file, one for each branch."""

    file: Path
    branches: tuple[tuple[str, ...], ...]


def scenario_changes(base: Document, revision: Document, directory: Path) -> Iterator[Change]:
    """One change per scenario whose statuses, transitions or timestamps differ."""
    old, new = _run_lifecycle(base), _run_lifecycle(revision)
    if old is None or new is None:
        return
    for scenario in scenarios(directory):
        name = scenario.file.stem
        differences = "; ".join(dict.fromkeys(_differences(scenario, statuses(old), statuses(new))))
        if differences:
            message = f"The scenario `{name}` plays differently: {differences}."
            change = make_change(
                "scenario-plays-differently", message, old, new, subject=name, new=differences
            )
            at = Position(scenario.file.as_posix(), 1, "")
            yield replace(change, level="warning", base=at, revision=change.revision)


def _run_lifecycle(document: Document) -> Cursor | None:
    """The lifecycle with the most statuses: that of the run."""
    return max(lifecycle_cursors(document.root).values(), key=lambda one: len(statuses(one)), default=None)


def scenarios(directory: Path) -> Iterator[Scenario]:
    """The scenarios of a directory; files that are not scenarios are ignored."""
    for file in sorted(directory.glob("*.yaml")):
        try:
            content = yaml.safe_load(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            continue
        branches = tuple(branch for branch in _branches(content) if branch)
        if branches:
            yield Scenario(file, branches)


def _branches(value: Any) -> Iterator[tuple[str, ...]]:
    """The statuses of each timeline in a file, in order."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from _branches(inner)
    elif isinstance(value, list):
        yield tuple(
            str(moment["status"]) for moment in value if isinstance(moment, dict) and "status" in moment
        )
        for inner in value:
            if isinstance(inner, list):
                yield from _branches(inner)


def _differences(scenario: Scenario, old: Statuses, new: Statuses) -> Iterator[str]:
    for branch in scenario.branches:
        for status in branch:
            if status in old and status not in new:
                yield f"the status `{status}` was removed"
            elif status in old and old[status].get("timestamp") != new[status].get("timestamp"):
                now, was = timestamp_words(new[status]), timestamp_words(old[status])
                yield f"`{status}` sets {now} instead of {was}"
        for one, other in pairwise(branch):
            before, after = other in _next(old, one), other in _next(new, one)
            if before != after and one in new and other in new:
                yield f"the transition from `{one}` to `{other}` was {'added' if after else 'removed'}"
    last = scenario.branches[-1][-1]
    if last in old and last in new and bool(old[last].get("terminal")) != bool(new[last].get("terminal")):
        state = "now terminal" if new[last].get("terminal") else "no longer terminal"
        yield f"it ends with `{last}`, which is {state}"


def _next(lifecycle: Statuses, status: str) -> list[str]:
    return next_statuses(lifecycle.get(status, {}))
