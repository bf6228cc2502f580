"""Does what was seen of each run, thread, message and step make one possible life?"""

from contract_tests.checks import Check
from contract_tests.conftest import Tell
from contract_tests.observations.traces import Trace
from contract_tests.session.scheduler import Scheduler

SUBJECT = Trace


def test_every_life_keeps(check: Check, scheduler: Scheduler, tell: Tell) -> None:
    """Checks that look at what the others provoked."""
    tell(check, scheduler.evaluate(check))
