"""Does the service do what it is asked for, and refuse what it must?"""

from contract_tests.checks import Check
from contract_tests.client.service import Service
from contract_tests.conftest import Tell
from contract_tests.session.scheduler import Scheduler

SUBJECT = Service


def test_the_service_keeps(check: Check, scheduler: Scheduler, tell: Tell) -> None:
    """Checks that send requests of their own."""
    tell(check, scheduler.probe(check))
