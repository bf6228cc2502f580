"""Which scenarios are there?

The built-in ones, and those in the user's directory. The directory is checked on each use, and changed files
are reloaded. If a changed file is broken, its last good version is kept and a one-line warning is printed.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mock_server.scenarios.loader import facts, load
from mock_server.scenarios.yaml_fields import ScenarioError
from mock_server.simulation.operations import Operations
from mock_server.simulation.scenario import Scenario

BUILT_IN = Path(__file__).parent

_Stamp = tuple[int, int]


class Library:
    """The scenarios by name. Raises `ScenarioError` if a file is broken at the start."""

    def __init__(
        self, document: Mapping[str, Any], own: Path | None = None, warn: Callable[[str], None] = print
    ) -> None:
        self._facts = facts(document)
        self._own = own
        self._warn = warn
        self._built_in = {path.stem: self._load(path) for path in sorted(BUILT_IN.glob("*.yaml"))}
        self._stamps: dict[str, _Stamp] = {}
        self._problem = ""
        self._scenarios = dict(self._built_in)
        if own is not None:
            self._scenarios |= {name: self._load(own / f"{name}.yaml") for name in self._changed_in(own)}

    @property
    def operations(self) -> Operations:
        """The operations of the document."""
        return self._facts.operations

    def scenarios(self) -> Mapping[str, Scenario]:
        """All scenarios, reloaded if their files have changed."""
        if self._own is not None:
            self._refresh(self._own)
        return self._scenarios

    def _load(self, path: Path) -> Scenario:
        return load(path, self._facts, Path(path.parent.name) / path.name)

    def _changed_in(self, directory: Path) -> list[str]:
        """The names of the files that are new or changed since the last check."""
        try:
            with os.scandir(directory) as entries:
                found = {entry.name[:-5]: _stamp(entry) for entry in entries if entry.name.endswith(".yaml")}
        except OSError as error:
            raise ScenarioError(f"{directory}: cannot be read: {error.strerror}") from None
        changed = [name for name, stamp in sorted(found.items()) if self._stamps.get(name) != stamp]
        for name in self._stamps.keys() - found.keys():
            self._forget(name)
        self._stamps = found
        return changed

    def _refresh(self, directory: Path) -> None:
        problem, changed = "", []
        try:
            changed = self._changed_in(directory)
        except ScenarioError as error:
            problem = str(error)
        if problem and problem != self._problem:
            self._warn(problem)
        self._problem = problem
        for name in changed:
            try:
                self._scenarios[name] = self._load(directory / f"{name}.yaml")
            except ScenarioError as error:
                kept = " (the last good version is kept)" if name in self._scenarios else ""
                self._warn(f"{error}{kept}")

    def _forget(self, name: str) -> None:
        self._scenarios.pop(name, None)
        if name in self._built_in:
            self._scenarios[name] = self._built_in[name]


def _stamp(entry: os.DirEntry[str]) -> _Stamp:
    """A value that changes with the file. A broken link has one too; the error comes when it is read."""
    try:
        found = entry.stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)
