"""Are causes shown first, with what follows from them beneath?"""

from contract_tests.findings import Severity
from openapi import Grade
from tests.contract_tests.reporting import finding, report


def shown(*findings: object) -> list[tuple[str, list[str]]]:
    """The slugs of the failures in their order, each with those beneath it."""
    found = report(*findings)  # type: ignore[arg-type]
    return [
        (entry.first.slug, [one.first.slug for one in entry.consequences])
        for group in found.groups
        for entry in group.entries
    ]


ENDS = finding("run-ends", place="run")
STATUS = finding("response-schema", place="getRun: status")


def test_what_follows_from_an_unknown_status_is_beneath_it() -> None:
    stream = finding("stream-reaches-the-end", place="createRun", grade=Grade.ASSUMED)
    assert shown(ENDS, stream, STATUS) == [("response-schema", ["run-ends", "stream-reaches-the-end"])]


def test_a_broken_response_is_the_cause_of_everything_about_its_kind() -> None:
    whole = finding("answer-whole", place="getRun")
    assert shown(ENDS, STATUS, whole) == [("answer-whole", ["response-schema", "run-ends"])]


def test_another_field_or_another_kind_is_no_cause() -> None:
    usage = finding("response-schema", place="getRun: usage")
    thread = finding("response-schema", place="getThread: id")
    assert shown(ENDS, usage) == [("response-schema", []), ("run-ends", [])]
    assert shown(ENDS, thread) == [("response-schema", []), ("run-ends", [])]


def test_a_failure_does_not_follow_from_a_warning() -> None:
    warning = finding("response-schema", place="getRun: status", grade=Grade.OBSERVED)
    assert shown(ENDS, warning) == [("run-ends", []), ("response-schema", [])]


def test_what_follows_still_counts() -> None:
    found = report(ENDS, STATUS)
    assert found.number(Severity.FAILURE) == 2
    assert found.exit_code == 1
