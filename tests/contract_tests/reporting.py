"""How do tests build findings and reports?"""

from contract_tests.findings import Finding, Outcome
from contract_tests.report import Cost, Report, timelines
from openapi import Grade
from tests.contract_tests.building import COMPLETED, event, history, polls, run_event, stream

KEY = "sk-tune-4f9Lq81aZpW3"


def finding(slug: str = "terminal-status-final", **changes: object) -> Finding:
    """A finding of a check that exists."""
    fields: dict[str, object] = {
        "slug": slug,
        "fact": "A run in a terminal status stays in it.",
        "source": "the reference page",
        "grade": Grade.DOCUMENTED,
        "advice": "let nothing write it",
        "seen": "completed, then failed",
        "expected": "completed",
        "place": "run: completed to failed",
        "curl": 'curl -i -H "X-Tune-Key: $TUNE_API_KEY" http://service.test/v1/threads/thread_1/runs/run_1',
    }
    return Finding(**{**fields, **changes})  # type: ignore[arg-type]


FINDINGS = (
    finding("error-body", grade=Grade.OBSERVED, seen="<b>oops</b> | `tick` *star*", place="getRun"),
    finding(
        "first-status", grade=Grade.ASSUMED, suggests="x-lifecycle:\n  initial: in_progress", place="run"
    ),
    finding(),
    finding(place="run: completed to queued", count=3),
    finding("run-pages-complete", outcome=Outcome.UNTRIED, seen="no thread has three runs", curl=""),
    finding("operation-offered", outcome=Outcome.NOT_OFFERED, seen="status 404", place="createThread"),
)
EVENTS = [run_event("queued"), run_event("in_progress"), run_event("completed"), event("[DONE]")]
RUNS = [stream(*EVENTS), *polls(COMPLETED, COMPLETED, first=1.3)]


def report(*findings: Finding, **changes: object) -> Report:
    """A report about one run that was streamed and polled."""
    fields: dict[str, object] = {
        "target": "http://service.test/v1",
        "details": {"profile": "smoke", "seed": "1"},
        "plan": ("at most 5 runs",),
        "findings": findings,
        "timelines": timelines(history(RUNS)),
        "costs": (Cost("runs", 1, 5), Cost("seconds", 4.25, 20)),
        "tried": tuple(f"check-{number}" for number in range(90)),
    }
    return Report(**{**fields, **changes})  # type: ignore[arg-type]
