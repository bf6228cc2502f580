"""Does each stream tell of its run, as it happens, to its end?"""

from contract_tests.checks import Check
from contract_tests.conftest import Tell
from contract_tests.observations.traces import Stream
from contract_tests.session.scheduler import Scheduler

SUBJECT = Stream


def test_every_stream_keeps(check: Check, scheduler: Scheduler, tell: Tell) -> None:
    """Checks that look at what the others provoked."""
    tell(check, scheduler.evaluate(check))
