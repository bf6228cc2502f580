"""Does the Makefile list its targets and report missing tools in one line?"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.repository.sources import ROOT

TEXT = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = re.findall(r"^([a-z-]+):.*## ", TEXT, flags=re.MULTILINE)


def make(*arguments: str, directory: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run make with only PATH and the given environment variables."""
    variables = {"PATH": os.environ["PATH"], **environment}
    command = [shutil.which("make") or "make", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=directory, env=variables, capture_output=True, text=True, timeout=60)


def test_make_without_a_target_lists_all_targets_with_a_description() -> None:
    listed = re.findall(r"^  ([a-z-]+) +\S.*$", make().stdout, flags=re.MULTILINE)
    assert listed == TARGETS
    assert {"help", "install", "check", "test", "mock", "contract", "review"} <= set(listed)


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_works_as_a_dry_run(target: str) -> None:
    tried = make("--dry-run", target)
    assert (tried.returncode, tried.stderr) == (0, "")


def test_args_are_passed_to_the_command() -> None:
    assert "tune-mock --scenario tool-call" in make("--dry-run", "mock", "ARGS=--scenario tool-call").stdout


@pytest.mark.parametrize(
    ("changed", "installs"), [(None, False), ("pyproject.toml", True), ("constraints-dev.txt", True)]
)
def test_the_environment_is_reinstalled_only_when_the_dependencies_have_changed(
    changed: str | None, installs: bool, tmp_path: Path
) -> None:
    for moment, name in enumerate(("Makefile", "pyproject.toml", "constraints-dev.txt", ".venv/.installed")):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes((ROOT / name).read_bytes() if (ROOT / name).is_file() else b"")
        os.utime(path, (moment, 100 if name == changed else moment))
    assert ("pip" in make("--dry-run", "install", directory=tmp_path).stdout) is installs


def test_without_python_make_prints_one_line_with_advice(tmp_path: Path) -> None:
    tried = make("install", "PYTHON=", f"VENV={tmp_path}/venv")
    assert tried.returncode == 2
    assert tried.stderr.startswith("make: Python 3.11 or later is needed and was not found; install it")


@pytest.mark.parametrize(("ci", "status"), [("", 0), ("true", 2)])
def test_without_npm_skipped_checks_are_reported(ci: str, status: int, tmp_path: Path) -> None:
    (tmp_path / "sh").symlink_to("/bin/sh")
    tried = make("check-node", PATH=str(tmp_path), CI=ci)
    assert tried.returncode == status
    assert "NOT CHECKED: the documents, their TypeScript types, the workflows" in tried.stderr
    assert "install Node.js" in tried.stderr
