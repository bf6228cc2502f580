"""Do the rules in redocly.yaml report what they are meant for?"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import openapi
from tests.repository.sources import ROOT

# All tests share one run of Redocly, so one worker must run them.
pytestmark = pytest.mark.xdist_group("redocly")
REDOCLY = ROOT / "node_modules/.bin/redocly"
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
# For each rule, the smallest change of the document that breaks it.
BROKEN = {
    "rule/operation-id-is-verb-and-noun": ("operationId: createRun\n", "operationId: RunCreation\n"),
    "rule/summary-is-short": ("summary: Create a run\n", "summary: Create a run in a thread that exists.\n"),
    "rule/operation-has-one-tag": ("      tags: [Messages]\n", "      tags: [Messages, Threads]\n"),
    "rule/description-speaks-of-the-api": (
        "description: Returns the runs of a thread,",
        "description: This endpoint returns the runs of a thread,",
    ),
    "rule/schema-description-sells-nothing": (
        "description: The system prompt of the run.",
        "description: The powerful system prompt of the run.",
    ),
    "rule/schema-is-named-in-upper-camel-case": ("    Attachment:\n", "    attachment_file:\n"),
    "rule/field-is-named-in-lower-camel-case": ("        expiresAt:\n", "        expires_at:\n"),
    "rule/status-is-explained": ("description: The new thread.\n", "description: OK\n"),
    "rule/example-is-a-component": (
        "            examples:\n              empty:",
        "            example: {}\n            x-examples:\n              empty:",
    ),
    "rule/path-is-spelt-as-on-the-wire": ("/cancel:\n", "/cancelRun:\n"),
    "rule/version-is-3-0": ("openapi: 3.0.3\n", "openapi: 3.1.0\n"),
    "no-invalid-media-type-examples": ("            role: user\n", "            role: 7\n"),
    "no-invalid-parameter-examples": ("      example: 20\n", "      example: twenty\n"),
    "operation-4xx-response": ("        '4", "        'x-4"),
    "operation-tag-defined": ("tags: [Run steps]\n", "tags: [Steps]\n"),
    "tag-description": (
        "    description: The messages of a thread, from users and from models.\n",
        "",
    ),
}


def ready() -> bool:
    """Whether Redocly is installed. In CI it must be."""
    assert REDOCLY.exists() or not os.environ.get("CI"), "run make check first: it installs Redocly"
    return REDOCLY.exists()


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The rules that Redocly reports for each broken document, from one run."""
    if not ready():
        pytest.skip("Redocly is not installed: run make check")
    folder, text = tmp_path_factory.mktemp("broken"), openapi.DOCUMENT.read_text(encoding="utf-8")
    for rule, (old, new) in {**BROKEN, "nothing": ("", "")}.items():
        assert old in text, rule
        count = -1 if rule in ("operation-4xx-response",) else 1
        (folder / _name(rule)).write_text(text.replace(old, new, count), encoding="utf-8")
    return {
        rule: _rules(folder / _name(rule), report)
        for report in [_lint(folder)]
        for rule in [*BROKEN, "nothing"]
    }


def _name(rule: str) -> str:
    return f"{rule.replace('/', '-')}.yaml"


def _lint(folder: Path) -> list[tuple[str, str]]:
    command: list[str | Path] = [
        REDOCLY,
        "lint",
        *sorted(folder.iterdir()),
        "--config",
        ROOT / "redocly.yaml",
    ]
    done = subprocess.run(
        [*command, "--format", "json", "--max-problems", "5000"],
        cwd=folder,
        env={**os.environ, **QUIET},
        capture_output=True,
        text=True,
        timeout=120,
    )
    problems = [problem for report in _reports(done.stdout) for problem in report["problems"]]
    return [(Path(one["location"][0]["source"]["ref"]).name, one["ruleId"]) for one in problems]


def _reports(text: str) -> Iterator[Any]:
    """Redocly writes one JSON object per file, one after another."""
    while text := text.lstrip():
        report, end = json.JSONDecoder().raw_decode(text)
        yield report
        text = text[end:]


def _rules(path: Path, report: list[tuple[str, str]]) -> set[str]:
    return {rule for name, rule in report if name == path.name}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_rule_reports_what_it_is_meant_for(rule: str, findings: dict[str, set[str]]) -> None:
    assert rule in findings[rule]


def test_the_document_breaks_no_rule(findings: dict[str, set[str]]) -> None:
    assert findings["nothing"] == set()


def test_every_rule_of_our_own_is_tested() -> None:
    rules = [
        line.strip().rstrip(":") for line in (ROOT / "redocly.yaml").read_text(encoding="utf-8").splitlines()
    ]
    assert {rule for rule in rules if rule.startswith("rule/")} == {rule for rule in BROKEN if "/" in rule}
