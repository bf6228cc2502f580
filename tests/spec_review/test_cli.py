"""Do exit codes, levels, accepted changes and output formats work as documented?"""

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
    """Makes two files, the second one patched; returns their paths."""

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
def test_the_exit_code_depends_on_the_level(
    pair: Any, changes: dict[str, Any], fail_on: str, code: int
) -> None:
    assert main([*pair(changes), "--fail-on", fail_on]) == code


def test_comparing_a_document_with_itself_reports_no_change(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(DOCUMENT), str(DOCUMENT)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Nothing changed."


def test_the_level_of_a_rule_can_be_set(pair: Any, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = pair(LOWERED)
    assert main([*arguments, "--level", "request-parameter-maximum-lowered=warning"]) == 0
    assert main([*arguments, "--level", "request-parameter-maximum-lowered=off"]) == 0
    assert "limit" not in capsys.readouterr().out.split("Nothing")[-1].split("version")[-1]
    assert main([*pair(RENAMED), "--level", "operation-id-changed=error"]) == 1


def test_a_renamed_component_is_reported_when_its_level_is_set(
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
    assert "No change to a request or response was found" in capsys.readouterr().out
    assert main([*arguments, "--level", "component-renamed=error"]) == 1
    assert "The schema `Depot` was renamed to `Hub`" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--level", "nothing=error"], "'nothing' is not a rule id"),
        (["--level", "operation-remove=error"], "did you mean operation-removed"),
        (["--level", "operation-removed=bad"], "'bad' is not a level"),
        (["--format", "pdf"], "'pdf' is not a format"),
        (["--format", "json=/nowhere/at/all"], "cannot be written"),
        (["--fail-on", "info"], "fail-on"),
        (["--accepted", "gone.yaml"], "cannot be read"),
        (["--scenarios", "gone"], "no such directory"),
        (["--unknown"], "unknown"),
    ],
)
def test_wrong_usage_exits_with_2_and_names_the_problem(
    pair: Any, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*pair({}), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_missing_arguments_are_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert main(["only-one.yaml"]) == 2
    assert main(["-", "-"]) == 2
    assert "only one of BASE and HEAD can be -" in capsys.readouterr().err


def test_a_document_can_be_read_from_standard_input(pair: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = pair(LOWERED)
    stdin = io.TextIOWrapper(io.BytesIO(Path(other).read_bytes()))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert main([one, "-"]) == 1


ACCEPTED = "accepted:\n  - fingerprint: '%s'\n    reason: agreed with the clients\n    date: 2026-01-31\n"


def test_an_accepted_change_does_not_fail_the_review_and_a_stale_entry_is_reported(
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
    ("text", "message"),
    [
        ("[]", "expected a list under 'accepted'"),
        ("accepted: [1]", "expected an entry with fingerprint"),
        ("accepted: [{fingerprint: a, date: 2026-01-31}]", "'reason' is missing"),
        ("accepted: [{fingerprint: a, reason: b, date: soon}]", "is not a date"),
        ("accepted: [", "not YAML"),
    ],
)
def test_an_invalid_file_of_accepted_changes_is_wrong_usage(
    pair: Any, text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "accepted.yaml"
    file.write_text(text)
    assert main([*pair({}), "--accepted", str(file)]) == 2
    assert message in capsys.readouterr().err


def test_every_rule_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--rules"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} == set(RULES)
    assert all(line.endswith(RULES[line.split()[0]].meaning) for line in lines)


def test_the_module_runs_the_command(pair: Any) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "spec_review", *pair(LOWERED)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "1 breaking change" in done.stdout


def test_a_scenario_that_plays_differently_is_reported_with_the_difference(
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
    assert "`lost` plays differently: the transition from `moving` to `lost` was removed." in output
    assert "`fine`" not in output


def test_a_lint_problem_is_reported_only_when_it_is_new(
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
    assert "Note: redocly failed" in capsys.readouterr().out


LINTER = """#!/usr/bin/env python3
import json, re, sys
text = open(sys.argv[2]).read()
found = [{"ruleId": "all", "message": "always here", "location": [{"pointer": "#/info"}]}]
if "getDepots" in text:
    found.append({"ruleId": "name", "message": "bad name getDepots", "location": [{"pointer": "#/paths"}]})
print(json.dumps({"problems": found}))
"""


def test_an_internal_error_exits_with_4_and_asks_for_a_report_in_one_line(
    pair: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("two\nlines")

    monkeypatch.setattr("spec_review.reviewing.all_changes", fail)
    assert main(pair(LOWERED)) == 4
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("tune-review: internal error at test_cli.py:")
    assert "KeyError" in output.err
    assert "please report it" in output.err
    assert output.err.count("\n") == 1
    assert "Traceback" not in output.err


def test_the_exit_code_is_kept_when_the_reader_closes_the_pipe(pair: Any) -> None:
    command = [sys.executable, "-m", "spec_review", *pair(LOWERED), "--format", "sarif"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        process.stdout.close()
        assert process.stderr
        errors = process.stderr.read()
    assert (process.returncode, errors) == (1, "")
