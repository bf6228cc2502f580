"""What do the commands print in the examples? Taken from the commands themselves."""

import contextlib
import io
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from contract_tests.session.plan import plan as planned
from contract_tests.settings import Settings
from spec_review.cli import main as tune_review
from tests.docs.snippets import blocks
from tests.repository.sources import ROOT

TUTORIAL = ROOT / "docs/tutorials/first-review.md"


def plan() -> str:
    """What `tune-check --profile smoke --dry-run` prints."""
    lines = [
        f"plan: {line}" for line in planned(Settings("http://127.0.0.1:4010/v1", profile="smoke")).lines()
    ]
    return _console(lines)


def review() -> str:
    """What `tune-review` prints of the first change in the tutorial."""
    before = next(
        block.text for block in blocks(TUTORIAL.read_text(encoding="utf-8")) if block.name == "before.yaml"
    )
    with _inside_a_folder():
        Path("before.yaml").write_text(before, encoding="utf-8")
        Path("after.yaml").write_text(before.replace("maximum: 100", "maximum: 50"), encoding="utf-8")
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            tune_review(["before.yaml", "after.yaml"])
    return _console(["$ tune-review before.yaml after.yaml", *printed.getvalue().splitlines()])


def _console(lines: list[str]) -> str:
    return "\n".join(["```console", *lines, "```"])


@contextlib.contextmanager
def _inside_a_folder() -> Iterator[None]:
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)
