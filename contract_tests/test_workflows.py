"""Does everything that was seen fit together?"""

from contract_tests.checks import Check
from contract_tests.conftest import Tell
from contract_tests.observations.assembly import Story
from contract_tests.session.scheduler import Scheduler

SUBJECT = Story


def test_every_whole_keeps(check: Check, scheduler: Scheduler, tell: Tell) -> None:
    """Checks that look at what the others provoked."""
    tell(check, scheduler.evaluate(check))
