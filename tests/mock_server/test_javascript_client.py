"""Does the JavaScript client work with a real mock?"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CLIENT = Path(__file__).parents[2] / "clients" / "js"


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js 20 or later")
def test_the_tests_of_the_javascript_client_pass() -> None:
    command = json.dumps([sys.executable, "-m", "mock_server"])
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TUNE_")}
    done = subprocess.run(
        ["node", "--test"],
        cwd=CLIENT,
        env={**environment, "TUNE_MOCK_COMMAND": command},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def test_the_types_declare_every_member_of_the_client() -> None:
    module, types = ((CLIENT / name).read_text() for name in ("control.js", "control.d.ts"))
    members = {line.split("(")[0].split()[-1] for line in module.splitlines() if _is_member(line)}
    assert members
    assert {name for name in members if f" {name}(" not in types} == set()


def _is_member(line: str) -> bool:
    indented = line.startswith("  ") and not line.startswith("   ")
    return (
        indented
        and line.endswith("{")
        and "(" in line
        and not line.lstrip().startswith(("#", "get ", "async #"))
    )
