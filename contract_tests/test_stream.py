"""Does every stream report its run, as it happens, to its end?"""

from contract_tests.checks import Check
from contract_tests.conftest import Reporter
from contract_tests.observations.traces import Stream
from contract_tests.session.scheduler import Scheduler

SUBJECT = Stream


def test_stream(check: Check, scheduler: Scheduler, report: Reporter) -> None:
    """Checks of each recorded stream."""
    report(check, scheduler.evaluate(check))
