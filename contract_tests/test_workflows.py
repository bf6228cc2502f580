"""Do all observations together fit the document?"""

from contract_tests.checks import Check
from contract_tests.conftest import Reporter
from contract_tests.observations.assembly import History
from contract_tests.session.scheduler import Scheduler

SUBJECT = History


def test_history(check: Check, scheduler: Scheduler, report: Reporter) -> None:
    """Checks of the whole history."""
    report(check, scheduler.evaluate(check))
