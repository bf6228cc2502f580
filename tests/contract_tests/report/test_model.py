"""Does a report draw the right verdict, and tell the gravest first?"""

import pytest

from contract_tests.findings import Finding, Severity
from contract_tests.report import Picture
from contract_tests.report.model import CONFORMS, UNJUDGED, VIOLATES
from openapi import Grade
from tests.contract_tests.reporting import FINDINGS, finding, report


def test_groups_stand_by_weight_and_one_fact_stands_once() -> None:
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
    ("findings", "bar", "code"),
    [
        ((), Grade.DOCUMENTED, CONFORMS),
        ((FINDINGS[0],), Grade.DOCUMENTED, CONFORMS),
        ((FINDINGS[0],), Grade.OBSERVED, VIOLATES),
        ((FINDINGS[1],), Grade.OBSERVED, CONFORMS),
        ((FINDINGS[1],), Grade.ASSUMED, VIOLATES),
        ((FINDINGS[2],), Grade.DOCUMENTED, VIOLATES),
        ((FINDINGS[4], FINDINGS[5]), Grade.ASSUMED, CONFORMS),
    ],
)
def test_the_exit_code_is_1_when_a_fact_up_to_the_bar_is_broken(
    findings: tuple[Finding, ...], bar: Grade, code: int
) -> None:
    assert report(*findings, bar=bar).exit_code == code


def test_nothing_judged_is_3_whatever_else_was_found() -> None:
    told = report(finding(), problem="the key is refused")
    assert (told.exit_code, told.verdict, told.reason) == (UNJUDGED, "Not judged", "the key is refused")


def test_the_reason_counts_facts_not_sightings() -> None:
    assert report(*FINDINGS).reason == (
        "1 documented fact broken; 1 warning and 1 note; 1 check could not be tried"
    )
    assert report().reason == "no documented fact broken in 90 checks; 0 warnings and 0 notes"


def test_what_a_client_trips_over_first_stands_first() -> None:
    slugs = ["error-body", "response-schema", "terminal-status-final", "no-key-refused", "run-can-be-created"]
    (group,) = report(*map(finding, slugs)).groups
    assert [entry.first.slug for entry in group.entries] == slugs[::-1]


def test_a_picture_tells_statuses_events_and_requests_in_time() -> None:
    (picture,) = report().pictures
    assert [span.label for span in picture.statuses] == ["queued", "in_progress", "completed"]
    assert [mark.label for mark in picture.events][-2:] == ["thread.run.completed", "[DONE]"]
    assert [span.label for span in picture.requests] == ["createRun", "getRun", "getRun"]
    assert picture.seconds == pytest.approx(2.4)
    assert Picture.from_json(picture.as_json()) == picture


def test_a_run_knows_the_findings_that_name_it() -> None:
    told = report(finding(), finding("error-body", curl=""))
    assert told.about(told.pictures[0]) == ("terminal-status-final",)


def test_each_severity_counts_entries() -> None:
    assert [report(*FINDINGS).number(severity) for severity in Severity] == [1, 1, 1]
