"""Does each stream tell of its run, as it happens, to its end?"""

from contract_tests.checks import Check
from contract_tests.conftest import Tell
from contract_tests.judgement import Judgement
from contract_tests.traces import Stream

SUBJECT = Stream


def test_every_stream_keeps(check: Check, judgement: Judgement, tell: Tell) -> None:
    """Checks that look at what the others provoked."""
    tell(check, judgement.look(check))
