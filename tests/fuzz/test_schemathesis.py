"""Does schemathesis, with every check and every phase, find anything in the mock?

`make fuzz` runs it with 200 examples an operation and three seeds; by itself the test is content with less.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import openapi
from tests.repository.sources import ROOT
from tests.serving import mock

EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "10")
SEEDS = os.environ.get("FUZZ_SEEDS", "1").split()
KEY = "sk-tune-fuzz"


def schemathesis(document: Path, base: str, seed: str) -> subprocess.CompletedProcess[str]:
    """Run every check in every phase."""
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", str(document), "--url", base),
        *("--checks", "all", "--phases", "examples,coverage,fuzzing,stateful", "--mode", "all"),
        *("--header", f"X-Tune-Key: {KEY}", "--max-examples", EXAMPLES, "--seed", seed),
        *("--continue-on-failure", "--no-color", "--warnings", "off", "--generation-database", "none"),
    ]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks", "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=3600)


@pytest.mark.parametrize("seed", SEEDS)
def test_schemathesis_finds_nothing_in_the_mock(seed: str, tmp_path: Path) -> None:
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(openapi.load("assumed")), encoding="utf-8")
    with mock(tmp_path / "mock.log", "--key", KEY, "--speed", "0") as base:
        done = schemathesis(document, base, seed)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in (tmp_path / "mock.log").read_text(encoding="utf-8")
