"""Does a report have the right result, and the most severe findings first?"""

from pkgutil import iter_modules

import pytest

from contract_tests import checks
from contract_tests.findings import Finding, Severity
from contract_tests.report import RunTimeline
from contract_tests.report.model import CONFORMS, NOT_CHECKED, VIOLATIONS, topics
from contract_tests.report.timelines import timelines
from openapi import Grade
from tests.contract_tests.building import exchange, history
from tests.contract_tests.reporting import FINDINGS, finding, report


def test_groups_are_ordered_by_severity_and_each_fact_appears_once() -> None:
    groups = report(*FINDINGS).groups
    assert [group.title for group in groups] == [
        "Failures",
        "Warnings",
        "Notes",
        "Could not try",
        "Not offered",
    ]
    (failure,) = groups[0].entries
    assert (failure.count, len(failure.others)) == (4, 1)


@pytest.mark.parametrize(
    ("findings", "threshold", "code"),
    [
        ((), Grade.DOCUMENTED, CONFORMS),
        ((FINDINGS[0],), Grade.DOCUMENTED, CONFORMS),
        ((FINDINGS[0],), Grade.OBSERVED, VIOLATIONS),
        ((FINDINGS[1],), Grade.OBSERVED, CONFORMS),
        ((FINDINGS[1],), Grade.ASSUMED, VIOLATIONS),
        ((FINDINGS[2],), Grade.DOCUMENTED, VIOLATIONS),
        ((FINDINGS[4], FINDINGS[5]), Grade.ASSUMED, CONFORMS),
    ],
)
def test_the_exit_code_is_1_when_a_fact_up_to_the_threshold_is_broken(
    findings: tuple[Finding, ...], threshold: Grade, code: int
) -> None:
    assert report(*findings, threshold=threshold).exit_code == code


def test_the_exit_code_is_3_when_nothing_could_be_checked() -> None:
    shown = report(finding(), problem="the key is rejected")
    assert (shown.exit_code, shown.verdict, shown.reason) == (
        NOT_CHECKED,
        "Not checked",
        "the key is rejected",
    )


def test_the_reason_counts_facts() -> None:
    assert report(*FINDINGS).reason == (
        "1 documented fact broken; 1 warning and 1 note; 1 check could not be tried"
    )
    assert report().reason == "no documented fact broken in 90 checks; 0 warnings and 0 notes"


def test_every_module_of_checks_is_a_topic() -> None:
    modules = {module.name for module in iter_modules(checks.__path__)}
    assert set(topics()) == modules - {"evaluation", "page_walks", "values"}


def test_findings_are_ordered_by_layer_and_topic() -> None:
    slugs = ["error-body", "terminal-status-final", "response-schema", "no-key-refused", "run-can-be-created"]
    (group,) = report(*map(finding, slugs)).groups
    assert [entry.first.slug for entry in group.entries] == slugs[::-1]


def test_a_timeline_has_statuses_events_and_requests() -> None:
    (timeline,) = report().timelines
    assert [span.label for span in timeline.statuses] == ["queued", "in_progress", "completed"]
    assert [mark.label for mark in timeline.events][-2:] == ["thread.run.completed", "[DONE]"]
    assert [span.label for span in timeline.requests] == ["createRun", "getRun", "getRun"]
    assert timeline.seconds == pytest.approx(2.4)
    assert RunTimeline.from_json(timeline.as_json()) == timeline


def test_findings_about_a_run_are_found_by_its_id() -> None:
    shown = report(finding(), finding("error-body", curl=""))
    assert shown.about(shown.timelines[0]) == ("terminal-status-final",)


def test_each_severity_counts_facts() -> None:
    assert [report(*FINDINGS).number(severity) for severity in Severity] == [1, 1, 1]


def test_a_run_without_a_status_has_a_timeline() -> None:
    (timeline,) = timelines(history([exchange("GET", "/threads/thread_1/runs/run_1", {"id": "run_1"})]))
    assert timeline.statuses == ()
