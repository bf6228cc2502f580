"""Does the changelog follow Keep a Changelog, with a Contract section for changes of the document?"""

import pytest

from tests.repository.changelog import mistakes
from tests.repository.sources import ROOT

GOOD = """# Changelog

## [Unreleased]

## [0.2.0] - 2025-02-01

### Contract

- `usage` is observed now.

### Added

- A scenario.

## [0.1.0] - 2025-01-01

### Added

- The mock.
"""


def test_the_changelog_is_well_formed() -> None:
    assert mistakes((ROOT / "CHANGELOG.md").read_text(encoding="utf-8")) == []


def test_a_good_changelog_has_no_mistakes() -> None:
    assert mistakes(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ("# Changelog\n", "# History\n", "line 1: the title"),
        ("## [0.2.0] - 2025-02-01", "## 0.2.0", "line 5: a release is"),
        ("## [0.2.0] - 2025-02-01", "## [0.2.0] - yesterday", "line 5: a release is"),
        ("### Contract", "### News", "line 7: a heading is one of"),
        ("- A scenario.\n", "", "line 11: '### Added' has no list"),
        ("[0.2.0] - 2025-02-01", "[0.0.2] - 2025-02-01", "0.0.2 is above 0.1.0"),
        ("2025-02-01", "2024-02-01", "0.2.0 is above 0.1.0"),
    ],
)
def test_a_mistake_is_reported_with_its_line(old: str, new: str, mistake: str) -> None:
    assert [found for found in mistakes(GOOD.replace(old, new, 1)) if found.startswith(mistake)]
