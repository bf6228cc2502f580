"""Do the observations of each run, thread, message and step fit together?"""

from contract_tests.checks import Check
from contract_tests.conftest import Reporter
from contract_tests.observations.traces import Trace
from contract_tests.session.scheduler import Scheduler

SUBJECT = Trace


def test_trace(check: Check, scheduler: Scheduler, report: Reporter) -> None:
    """Checks of each observed resource."""
    report(check, scheduler.evaluate(check))
