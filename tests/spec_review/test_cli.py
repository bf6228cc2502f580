"""Does the command keep its word: exit codes, levels, accepted changes, forms?"""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from openapi import DOCUMENT
from spec_review.catalogue import RULES
from spec_review.cli import main
from tests.spec_review.labelled import base, patch

LOWERED = {"/components/parameters/Limit/schema/maximum": 99}
RENAMED = {"/paths/~1depots/get/operationId": "getDepots"}


@pytest.fixture
def pair(tmp_path: Path) -> Any:
    """Two files, the second one patched."""

    def make(changes: dict[str, Any]) -> list[str]:
        for name, patches in (("base", {}), ("head", changes)):
            content = base()
            patch(content, patches)
            (tmp_path / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
        return [str(tmp_path / "base.json"), str(tmp_path / "head.json")]

    return make


@pytest.mark.parametrize(
    ("changes", "fail_on", "code"),
    [
        ({}, "error", 0),
        ({}, "warning", 0),
        (LOWERED, "error", 1),
        (LOWERED, "warning", 1),
        (LOWERED, "none", 0),
        (RENAMED, "error", 0),
        (RENAMED, "warning", 1),
        (RENAMED, "none", 0),
    ],
)
def test_the_exit_code_follows_the_level(pair: Any, changes: dict[str, Any], fail_on: str, code: int) -> None:
    assert main([*pair(changes), "--fail-on", fail_on]) == code


def test_a_document_against_itself_says_that_nothing_changed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(DOCUMENT), str(DOCUMENT)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Nothing changed."


def test_the_level_of_an_id_can_be_changed(pair: Any, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = pair(LOWERED)
    assert main([*arguments, "--level", "request-parameter-maximum-lowered=warning"]) == 0
    assert main([*arguments, "--level", "request-parameter-maximum-lowered=off"]) == 0
    assert "limit" not in capsys.readouterr().out.split("Nothing")[-1].split("version")[-1]
    assert main([*pair(RENAMED), "--level", "operation-id-changed=error"]) == 1


def test_a_renamed_component_is_told_when_it_is_asked_for(
    pair: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    hub = "#/components/schemas/Hub"
    depot = base()["components"]["schemas"]["Depot"]
    depot["properties"]["parent"]["$ref"] = hub
    arguments = pair(
        {
            "/components/schemas/Depot": "<gone>",
            "/components/schemas/Hub": depot,
            "/paths/~1depots/get/responses/200/content/application~1json/schema/items/$ref": hub,
        }
    )
    assert main(arguments) == 0
    assert "Nothing changed." in capsys.readouterr().out
    assert main([*arguments, "--level", "component-renamed=error"]) == 1
    assert "The schema `Depot` is called `Hub` now" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--level", "nothing=error"], "'nothing' is no id"),
        (["--level", "operation-remove=error"], "did you mean operation-removed"),
        (["--level", "operation-removed=bad"], "'bad' is no level"),
        (["--format", "pdf"], "'pdf' is no form"),
        (["--format", "json=/nowhere/at/all"], "cannot be written"),
        (["--fail-on", "info"], "fail-on"),
        (["--accepted", "gone.yaml"], "cannot be read"),
        (["--scenarios", "gone"], "no such directory"),
        (["--unknown"], "unknown"),
    ],
)
def test_wrong_use_is_exit_code_2_and_says_what_is_wrong(
    pair: Any, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*pair({}), *arguments]) == 2
    assert said in capsys.readouterr().err


def test_missing_arguments_are_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert main(["only-one.yaml"]) == 2
    assert main(["-", "-"]) == 2
    assert "only one of BASE and HEAD can be -" in capsys.readouterr().err


def test_standard_input_is_a_document(pair: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = pair(LOWERED)
    stdin = io.TextIOWrapper(io.BytesIO(Path(other).read_bytes()))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert main([one, "-"]) == 1


ACCEPTED = "accepted:\n  - fingerprint: '%s'\n    reason: agreed with the clients\n    date: 2026-01-31\n"


def test_an_accepted_change_fails_nothing_and_a_stale_one_is_told(
    pair: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = pair(LOWERED)
    main([*arguments, "--format", "json"])
    report = json.loads(capsys.readouterr().out)
    fingerprint = next(change["fingerprint"] for change in report["changes"] if change["level"] == "error")
    file = tmp_path / "accepted.yaml"
    file.write_text(ACCEPTED % fingerprint)
    assert main([*arguments, "--accepted", str(file)]) == 0
    assert "agreed with the clients, 2026-01-31" in capsys.readouterr().out
    file.write_text(ACCEPTED % "0123456789abcdef")
    assert main([*arguments, "--accepted", str(file)]) == 1
    assert "Stale: 0123456789abcdef" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "a list under 'accepted'"),
        ("accepted: [1]", "an entry with fingerprint"),
        ("accepted: [{fingerprint: a, date: 2026-01-31}]", "'reason' is missing"),
        ("accepted: [{fingerprint: a, reason: b, date: soon}]", "is not a date"),
        ("accepted: [", "not YAML"),
    ],
)
def test_a_broken_list_of_accepted_changes_is_wrong_use(
    pair: Any, text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "accepted.yaml"
    file.write_text(text)
    assert main([*pair({}), "--accepted", str(file)]) == 2
    assert said in capsys.readouterr().err


def test_every_rule_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--rules"]) == 0
    assert {line.split()[0] for line in capsys.readouterr().out.splitlines()} == set(RULES)


def test_the_module_is_the_command(pair: Any) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "spec_review", *pair(LOWERED)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "1 breaking change" in done.stdout


def test_a_scenario_that_plays_differently_is_told_with_what_differs(
    pair: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenarios = tmp_path / "scenarios"
    scenarios.mkdir()
    timeline = "timeline: [{at: 0, status: waiting}, {at: 1, status: moving}, {at: 2, status: %s}]\n"
    (scenarios / "lost.yaml").write_text(timeline % "lost")
    (scenarios / "fine.yaml").write_text(timeline % "delivered")
    (scenarios / "broken.yaml").write_text("timeline: [")
    changed = {"/components/schemas/Status/x-lifecycle/statuses/moving/next": ["delivered"]}
    main([*pair(changed), "--scenarios", str(scenarios)])
    output = capsys.readouterr().out
    assert "`lost` plays differently: from `moving` to `lost` is no step any more." in output
    assert "`fine`" not in output


def test_a_lint_finding_is_told_only_when_it_is_new(
    pair: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    redocly = tmp_path / "node_modules" / ".bin" / "redocly"
    redocly.parent.mkdir(parents=True)
    redocly.write_text(LINTER)
    redocly.chmod(0o755)
    arguments = pair(RENAMED)
    monkeypatch.chdir(tmp_path)
    assert main([*arguments, "--lint"]) == 0
    output = capsys.readouterr().out
    assert "Redocly, name: bad name getDepots" in output
    assert "always here" not in output
    redocly.write_text("#!/bin/sh\necho nothing of use\n")
    assert main([*arguments, "--lint"]) == 0
    assert "Note: redocly does not answer" in capsys.readouterr().out


LINTER = """#!/usr/bin/env python3
import json, re, sys
text = open(sys.argv[2]).read()
found = [{"ruleId": "all", "message": "always here", "location": [{"pointer": "#/info"}]}]
if "getDepots" in text:
    found.append({"ruleId": "name", "message": "bad name getDepots", "location": [{"pointer": "#/paths"}]})
print(json.dumps({"problems": found}))
"""
