"""What do the generated parts of the documentation have to be?

    python -m tests.docs.reference      (make reference)

A page marks such a part with `<!-- generated:NAME -->` and `<!-- /generated -->`; what stands between them
is written from the code. The pictures are drawn anew as well.
"""

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.docs import (
    check_tables,
    control_api,
    lifecycle_picture,
    mock_tables,
    options,
    run_picture,
    transcripts,
)
from tests.docs.pages import PAGES
from tests.repository.sources import ROOT

COMMAND = "run make reference"
_PART = re.compile(
    r"(?P<start><!-- generated:(?P<name>[\w-]+)(?: (?P<argument>[\w-]+))? -->)\n.*?"
    r"(?P<end><!-- /generated -->)",
    flags=re.DOTALL,
)
PARTS: Mapping[str, Callable[..., str]] = {
    "allowances": check_tables.allowances,
    "checks": check_tables.checks,
    "codes": mock_tables.status_codes,
    "conditions": mock_tables.conditions,
    "control-api": control_api.control_api,
    "lifecycle": mock_tables.lifecycle,
    "options": options.options,
    "plan": transcripts.plan,
    "profiles": check_tables.profiles,
    "pytest-mock": mock_tables.pytest_mock,
    "pytest-settings": mock_tables.pytest_settings,
    "requests": mock_tables.requests,
    "review": transcripts.review,
    "rules": check_tables.rules,
    "scenarios": mock_tables.scenarios,
}
PICTURES: Mapping[str, Callable[[], str]] = {
    "docs/pictures/lifecycle.svg": lifecycle_picture.drawn,
    "docs/pictures/run.svg": run_picture.drawn,
}


def names(text: str) -> list[str]:
    """The generated parts of a text, by name and argument."""
    return [" ".join(filter(None, match.group("name", "argument"))) for match in _PART.finditer(text)]


def written(text: str) -> str:
    """The text with every generated part as the code has it now."""
    return _PART.sub(_part, text)


def _part(match: re.Match[str]) -> str:
    make = PARTS[match["name"]]
    content = make(match["argument"]) if match["argument"] else make()
    return f"{match['start']}\n{content}\n{match['end']}"


def main() -> int:
    """Write all generated parts and pictures."""
    for path in PAGES:
        _write(path, written(path.read_text(encoding="utf-8")))
    for name, draw in PICTURES.items():
        _write(ROOT / name, draw())
    return 0


def _write(path: Path, text: str) -> None:
    """Write a file if that changes it, and say so."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
        print(f"written: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
