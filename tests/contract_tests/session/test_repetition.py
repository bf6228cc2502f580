"""Does a finding say how often it is seen, and whether it is intermittent?"""

import time
from pathlib import Path

import pytest

from contract_tests.checks import REGISTRY
from contract_tests.client.budget import Budget
from contract_tests.client.client import Client, Record
from contract_tests.findings import Deviation, Finding, Outcome
from contract_tests.session.repetition import AGAIN, Repetition, counted
from contract_tests.settings import Settings
from tests.contract_tests.small_server import Answer, Handler, serving

SERVER_ERROR = REGISTRY["no-server-error"]


def _failing(*numbers: int) -> Answer:
    """Responses of which those with these numbers have the status 500, from 0 on."""
    calls = iter(range(1000))

    def answer(handler: Handler) -> None:
        handler.reply(500 if next(calls) in numbers else 200, b"{}")

    return answer


def _found(answer: Answer, folder: Path, requests: int) -> tuple[Finding, Record]:
    """The finding about N requests after it was tried again, and what was recorded."""
    with serving(answer) as url:
        budget = Budget(folder, runs=0, tokens=0, requests=99, seconds=30, started=time.time())
        client = Client(Settings(url, timeout=5), budget, Record())
        try:
            for number in range(requests):
                client.send("GET", "/threads" if number else "/threads/t")
            findings = counted(SERVER_ERROR, client.record.exchanges)
            (found,) = Repetition(client).of_requests(SERVER_ERROR, findings)
        finally:
            client.close()
    return found, client.record


def test_a_finding_that_is_not_seen_again_is_intermittent_with_counts(tmp_path: Path) -> None:
    found, record = _found(_failing(2, 4, 7), tmp_path, 6)
    assert found.intermittent
    again = f"intermittent: 1 of {AGAIN} times when the same request was sent again"
    assert found.often == f"{again}; 2 of 5 responses of listThreads; none of getThread"
    assert len(record.exchanges) == 6
    assert len(record.again) == AGAIN


def test_a_finding_that_is_seen_each_time_is_not_intermittent(tmp_path: Path) -> None:
    found, record = _found(_failing(*range(1, 99)), tmp_path, 6)
    assert not found.intermittent
    assert found.often == "all 5 responses of listThreads"
    assert not record.again


def test_a_request_that_starts_a_run_is_not_sent_again(tmp_path: Path) -> None:
    with serving(_failing(*range(99))) as url:
        budget = Budget(tmp_path, runs=1, tokens=9, requests=99, seconds=30, started=time.time())
        client = Client(Settings(url, timeout=5), budget, Record())
        client.send("POST", "/threads/t/runs", body={"model": "m"})
        findings = counted(SERVER_ERROR, client.record.exchanges)
        assert Repetition(client).of_requests(SERVER_ERROR, findings) == findings
        client.close()


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [(Outcome.BROKEN, "intermittent: 0 of 2 times when the check was made again"), (Outcome.UNTRIED, "")],
)
def test_a_check_is_made_again_if_it_found_something(outcome: Outcome, expected: str) -> None:
    first = SERVER_ERROR.finding(Deviation("500", "200", place="here", outcome=outcome))
    (found,) = Repetition(None).of_probe([first], list)  # type: ignore[arg-type]
    assert found.often == expected
    assert found.intermittent is bool(expected)


def test_a_check_that_cannot_be_made_again_says_nothing() -> None:
    broken = SERVER_ERROR.finding(Deviation("500", "200", place="here"))
    untried = SERVER_ERROR.finding(Deviation("no run", "a run", outcome=Outcome.UNTRIED))
    (found,) = Repetition(None).of_probe([broken], lambda: [untried])  # type: ignore[arg-type]
    assert found == broken


def test_a_large_response_is_not_asked_for_again(tmp_path: Path) -> None:
    large = b'"' + b"x" * 2**17 + b'"'
    calls = iter(range(1000))
    with serving(lambda handler: handler.reply(200 if next(calls) else 500, large)) as url:
        budget = Budget(tmp_path, runs=0, tokens=0, requests=9, seconds=30, started=time.time())
        client = Client(Settings(url, timeout=5), budget, Record())
        client.send("GET", "/threads")
        client.send("GET", "/threads")
        findings = counted(SERVER_ERROR, client.record.exchanges)
        assert findings[0].often == "1 of 2 responses of listThreads"
        assert Repetition(client).of_requests(SERVER_ERROR, findings) == findings
        client.close()
