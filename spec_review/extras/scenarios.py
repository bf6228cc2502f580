"""Which canned lifecycles play differently under the revision? The scenario files are read as data."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from spec_review.change import Change, Position
from spec_review.comparison import found
from spec_review.loading import Cursor, Document
from spec_review.rules.lifecycle import lifecycle_cursors, statuses


@dataclass(frozen=True)
class Scenario:
    """The statuses one scenario goes through, branch by branch."""

    file: Path
    branches: tuple[tuple[str, ...], ...]


def played_differently(base: Document, head: Document, directory: Path) -> Iterator[Change]:
    """One finding per scenario whose statuses, steps or timestamps are told otherwise now."""
    one, other = _run_lifecycle(base), _run_lifecycle(head)
    if one is None or other is None:
        return
    for path in scenario_paths(directory):
        said = list(dict.fromkeys(_differences(path, statuses(one), statuses(other))))
        if said:
            message = f"The scenario `{path.file.stem}` plays differently: {'; '.join(said)}."
            change = found(
                "scenario-plays-differently", message, one, other, subject=path.file.stem, new="; ".join(said)
            )
            at = Position(path.file.as_posix(), 1, "")
            yield replace(change, level="warning", base=at, revision=change.revision)


def _run_lifecycle(document: Document) -> Cursor | None:
    """The lifecycle with the most statuses: the run's."""
    return max(lifecycle_cursors(document.root).values(), key=lambda one: len(statuses(one)), default=None)


def scenario_paths(directory: Path) -> Iterator[Scenario]:
    """The scenarios of a directory; a file that is no scenario says nothing here."""
    for file in sorted(directory.glob("*.yaml")):
        try:
            content = yaml.safe_load(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            continue
        branches = tuple(branch for branch in _branches(content) if branch)
        if branches:
            yield Scenario(file, branches)


def _branches(value: Any) -> Iterator[tuple[str, ...]]:
    """The statuses of every timeline in a file, in their order."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from _branches(inner)
    elif isinstance(value, list):
        told = [str(moment["status"]) for moment in value if isinstance(moment, dict) and "status" in moment]
        yield tuple(told)
        for inner in value:
            if isinstance(inner, list):
                yield from _branches(inner)


def _differences(
    path: Scenario, old: dict[str, dict[str, Any]], new: dict[str, dict[str, Any]]
) -> Iterator[str]:
    for branch in path.branches:
        for status in branch:
            if status in old and status not in new:
                yield f"`{status}` is no status any more"
            elif status in old and old[status].get("timestamp") != new[status].get("timestamp"):
                was, now = old[status].get("timestamp"), new[status].get("timestamp")
                yield f"`{status}` sets {_stamp(now)}, it set {_stamp(was)}"
        for one, other in pairwise(branch):
            before, after = other in _next(old, one), other in _next(new, one)
            if before != after and one in new and other in new:
                yield f"from `{one}` to `{other}` is {'a step now' if after else 'no step any more'}"
    last = path.branches[-1][-1]
    if last in old and last in new and bool(old[last].get("terminal")) != bool(new[last].get("terminal")):
        said = "final now" if new[last].get("terminal") else "no longer final"
        yield f"it ends with `{last}`, which is {said}"


def _stamp(name: Any) -> str:
    return f"`{name}`" if name else "no timestamp"


def _next(lifecycle: dict[str, dict[str, Any]], status: str) -> list[str]:
    steps = lifecycle.get(status, {}).get("next")
    return [str(step) for step in steps] if isinstance(steps, list) else []
