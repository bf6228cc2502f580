"""Does the service do what it is asked for, and refuse what it must?"""

from contract_tests.checks import Check
from contract_tests.client.service import Service
from contract_tests.conftest import Reporter
from contract_tests.session.scheduler import Scheduler

SUBJECT = Service


def test_service(check: Check, scheduler: Scheduler, report: Reporter) -> None:
    """Checks that send requests of their own."""
    report(check, scheduler.probe(check))
