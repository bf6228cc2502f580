"""Does every single response match the document?"""

from contract_tests.checks import Check
from contract_tests.conftest import Reporter
from contract_tests.observations.exchange import Exchange
from contract_tests.session.scheduler import Scheduler

SUBJECT = Exchange


def test_exchange(check: Check, scheduler: Scheduler, report: Reporter) -> None:
    """Checks of each recorded exchange."""
    report(check, scheduler.evaluate(check))
