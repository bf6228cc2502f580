"""Which scenarios are there?

Those of the package, and those of the user's directory, which is looked at on each use: a file that changed
is read again, one that broke keeps its last good version and is complained about in one line.
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
    """The scenarios by name."""

    def __init__(
        self, document: Mapping[str, Any], own: Path | None = None, complain: Callable[[str], None] = print
    ) -> None:
        self._facts = facts(document)
        self._own = own
        self._complain = complain
        self._built_in = {path.stem: self._load(path) for path in sorted(BUILT_IN.glob("*.yaml"))}
        self._stamps: dict[str, _Stamp] = {}
        self._trouble = ""
        self._scenarios = dict(self._built_in)
        if own is not None:
            self._scenarios |= {name: self._load(own / f"{name}.yaml") for name in self._look(own)}

    @property
    def operations(self) -> Operations:
        """The operations of the document."""
        return self._facts.operations

    def scenarios(self) -> Mapping[str, Scenario]:
        """All scenarios as their files stand now."""
        if self._own is not None:
            self._refresh(self._own)
        return self._scenarios

    def _load(self, path: Path) -> Scenario:
        return load(path, self._facts, Path(path.parent.name) / path.name)

    def _look(self, directory: Path) -> list[str]:
        """The names whose files are new or changed since the last look."""
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
        trouble, changed = "", []
        try:
            changed = self._look(directory)
        except ScenarioError as error:
            trouble = str(error)
        if trouble and trouble != self._trouble:
            self._complain(trouble)
        self._trouble = trouble
        for name in changed:
            try:
                self._scenarios[name] = self._load(directory / f"{name}.yaml")
            except ScenarioError as error:
                stays = " (the last good version stays)" if name in self._scenarios else ""
                self._complain(f"{error}{stays}")

    def _forget(self, name: str) -> None:
        self._scenarios.pop(name, None)
        if name in self._built_in:
            self._scenarios[name] = self._built_in[name]


def _stamp(entry: os.DirEntry[str]) -> _Stamp:
    """What changes with the file; a link to nothing has a stamp too: reading it says what is wrong."""
    try:
        found = entry.stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)
