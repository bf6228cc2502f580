"""Can other programs read the reports: JSON with a schema, SARIF, GitLab, and a baseline?"""

import json
import re
from datetime import date
from pathlib import Path

import jsonschema
import pytest

from contract_tests import previous
from contract_tests.baseline import Known
from contract_tests.redaction import Secrets
from contract_tests.report import code_quality, sarif
from contract_tests.report import json as json_report
from contract_tests.report.places import line_of
from contract_tests.settings import UsageError
from tests.contract_tests.reporting import FINDINGS, finding, report
from tests.repository.sources import ROOT

SCHEMA = json.loads((ROOT / "contract_tests/report/report.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("problem", ["", "unreachable"])
def test_the_json_report_fits_its_schema(problem: str) -> None:
    found = report(*FINDINGS, problem=problem, accepted=((finding(), "agreed"),))
    plain = json.loads(json_report.render(found, Secrets()))
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(plain, SCHEMA)


def test_no_key_of_the_json_report_has_a_space() -> None:
    text = json_report.render(
        report(*FINDINGS, details={"known differences": "x", "tune-check": "1"}), Secrets()
    )
    assert not re.search(r'"[^"]*\s[^"]*":', re.sub(r'": ".*', '": ', text))


def test_code_scanning_gets_each_broken_fact_at_its_operation() -> None:
    plain = json.loads(sarif.render(report(*FINDINGS), Secrets()))
    (run,) = plain["runs"]
    assert {one["ruleId"] for one in run["results"]} == {
        "error-body",
        "first-status",
        "terminal-status-final",
    }
    assert {one["level"] for one in run["results"]} == {"error", "warning", "note"}
    lines = (ROOT / "openapi/openapi.yaml").read_text(encoding="utf-8").splitlines()
    assert "operationId: getRun" in lines[line_of("getRun: status") - 1]
    assert len({one["partialFingerprints"]["tuneCheck/v1"] for one in run["results"]}) == 4


def test_a_missing_verdict_is_said_to_programs() -> None:
    found = report(problem="unreachable")
    (run,) = json.loads(sarif.render(found, Secrets()))["runs"]
    assert run["invocations"][0]["executionSuccessful"] is False
    (issue,) = json.loads(code_quality.render(found, Secrets()))
    assert (issue["severity"], issue["description"]) == ("blocker", "unreachable")


def test_gitlab_gets_each_broken_fact() -> None:
    issues = json.loads(code_quality.render(report(*FINDINGS), Secrets()))
    assert {one["severity"] for one in issues} == {"major", "minor", "info"}
    assert all(
        {"description", "check_name", "fingerprint", "severity", "location"} == set(one) for one in issues
    )


def test_with_a_baseline_only_new_findings_are_left(tmp_path: Path) -> None:
    path = tmp_path / "previous.json"
    old, new = finding(place="a"), finding(place="b")
    path.write_text(json_report.render(report(old, accepted=((finding(place="c"), "agreed"),)), Secrets()))
    baseline = previous.load(str(path))
    applied = Known().accept([old, new, finding(place="c")], date.today()).without(baseline)
    assert applied.left == (new,)
    assert [one.place for one, _ in applied.accepted] == ["a", "c"]
    assert applied.accepted[0][1].startswith("in the baseline of 20")


@pytest.mark.parametrize("text", ["[]", "{}", '{"findings": [null], "accepted": []}', "[" * 10_000])
def test_a_baseline_that_is_no_report_is_a_usage_error(text: str, tmp_path: Path) -> None:
    path = tmp_path / "previous.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"--baseline: .* is no JSON report of tune-check"):
        previous.load(str(path))
