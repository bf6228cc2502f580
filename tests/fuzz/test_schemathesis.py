"""Does schemathesis, with all checks and phases, find a problem in the mock?

`make fuzz` uses 200 examples per operation and three seeds; without it, the test uses fewer.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import openapi
from tests.repository.sources import ROOT
from tests.serving import mock

EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "10")
SEEDS = os.environ.get("FUZZ_SEEDS", "1").split()
KEY = "sk-tune-fuzz"
CONFIG = Path(__file__).with_name("schemathesis.toml")


def schemathesis(
    document: dict[str, Any], folder: Path, *options: str
) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run schemathesis with a document against a new mock; returns its result and the log of the mock."""
    path, log = folder / "openapi.json", folder / "mock.log"
    path.write_text(json.dumps(document), encoding="utf-8")
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks", "PYTHONPATH": str(ROOT)}
    with mock(log, "--key", KEY, "--speed", "0") as base:
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run", str(path)),
            *("--url", base, "--header", f"X-Tune-Key: {KEY}", "--checks", "all", "--mode", "all"),
            *("--continue-on-failure", "--no-color", "--warnings", "off", "--generation-database", "none"),
        ]
        done = subprocess.run(
            [*command, *options], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=3600
        )
    return done, log.read_text(encoding="utf-8")


@pytest.mark.parametrize("seed", SEEDS)
def test_schemathesis_finds_no_problem_in_the_mock(seed: str, tmp_path: Path) -> None:
    phases = ("--phases", "examples,coverage,fuzzing,stateful")
    done, log = schemathesis(
        openapi.load("assumed"), tmp_path, *phases, "--max-examples", EXAMPLES, "--seed", seed
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in log


@pytest.mark.parametrize(
    ("schema", "finding"),
    [("Run", "Response violates schema"), ("MessageDelta", "SSE event violates schema")],
)
def test_schemathesis_finds_a_response_or_an_event_that_violates_the_document(
    schema: str, finding: str, tmp_path: Path
) -> None:
    document = openapi.load("assumed")
    document["components"]["schemas"][schema]["required"].append("shoeSize")
    only = ("--phases", "examples", "--include-operation-id", "createRun")
    done, _ = schemathesis(document, tmp_path, *only)
    assert done.returncode == 1
    assert finding in done.stdout
