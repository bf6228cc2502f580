"""Answers: do the README's tables say what the files and the code say?"""

from collections.abc import Iterator
from pathlib import Path

import openapi
from mock_server.control.app import DOCUMENT
from mock_server.scenarios.library import Library
from mock_server.simulation.conditions import KINDS

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def rows(heading: str) -> Iterator[tuple[str, ...]]:
    """The rows of the table whose first column is headed so."""
    table = README.partition(f"\n| {heading} | ")[2].partition("\n\n")[0].splitlines()
    for line in table[2:]:
        yield tuple(cell.strip() for cell in line.strip("|").split(" | "))


def test_the_readme_tells_each_scenario_as_its_file_does() -> None:
    told = set(rows("scenario"))
    files = Library(openapi.load()).scenarios().values()
    assert told == {(f"`{file.name}`", file.summary, file.reveals) for file in files}


def test_the_readme_tells_each_wire_condition_as_it_is_read() -> None:
    assert set(rows("network condition")) == {(f"`{kind.form}`", kind.summary) for kind in KINDS.values()}


def test_the_readme_names_every_control_call() -> None:
    document = openapi.parse(DOCUMENT.read_text(encoding="utf-8"))
    assert [path for path in document["paths"] if f"{path}`" not in README] == []
