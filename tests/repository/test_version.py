"""Is the version the same everywhere?"""

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.repository.changelog import releases
from tests.repository.sources import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
COMMANDS = sorted(PROJECT["scripts"])


def test_the_newest_release_in_the_changelog_has_the_version_of_pyproject() -> None:
    assert releases((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))[0].version == PROJECT["version"]


def test_the_installed_package_has_the_version_of_pyproject() -> None:
    assert version(PROJECT["name"]) == PROJECT["version"]


def test_the_javascript_client_has_the_version_of_pyproject() -> None:
    client = json.loads((ROOT / "clients/js/package.json").read_text(encoding="utf-8"))
    assert client["version"] == PROJECT["version"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_prints_the_version_of_pyproject(command: str, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name(command)
    done = subprocess.run([program, "--version"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.findall(r"\d+\.\d+\.\d+\S*", done.stdout) == [PROJECT["version"]]
