"""Is each single answer what the document describes?"""

from contract_tests.checks import Check
from contract_tests.conftest import Tell
from contract_tests.observations.exchange import Exchange
from contract_tests.session.scheduler import Scheduler

SUBJECT = Exchange


def test_every_exchange_keeps(check: Check, scheduler: Scheduler, tell: Tell) -> None:
    """Checks that look at what the others provoked."""
    tell(check, scheduler.evaluate(check))
