"""Does what the README and the documentation show work when it is typed?"""

import os
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, PAGES, README, named, shown
from tests.docs.workshop import RUN, Workshop
from tests.repository.sources import ROOT

# Pages with something to run, or data to parse.
FOLLOWED = [path for path in PAGES if {block.language for block in shown(path)} & {*RUN, "json", "yaml"}]
NEEDED = {"playwright": "node_modules/@playwright/test", "vitest": "node_modules/vitest"}


@pytest.mark.parametrize("path", FOLLOWED, ids=named)
def test_what_a_page_shows_works(path: Path, workshop: Workshop, node: str) -> None:
    found = shown(path)
    for word, package in NEEDED.items():
        if f"test-in-{word}" in path.name and not (ROOT / package).exists():
            assert not os.environ.get("CI"), "run make check first: it installs the packages"
            pytest.skip(f"{word} is not installed: run make check")
    workshop.follow(found)


def test_there_is_something_for_everyone() -> None:
    assert {"bash", "html", "js", "python", "yaml"} <= {
        block.language for path in DOCS for block in shown(path)
    }
    assert {"bash", "yaml"} <= {block.language for block in shown(README)}


def test_a_file_is_shown_on_one_page_only() -> None:
    names = [block.name for path in PAGES for block in shown(path) if block.name]
    assert sorted(set(names)) == sorted(names)
