"""Does every operation handle generated requests?"""

import pytest

from contract_tests.conftest import Reporter
from contract_tests.document import document
from contract_tests.session.scheduler import Scheduler

OPERATIONS = [operation.id for operation in document().documented_operations()]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_generated_requests(operation: str, scheduler: Scheduler, report: Reporter) -> None:
    """Examples, boundary values and random requests, valid and invalid, by schemathesis."""
    report(f"generated {operation}", scheduler.generated(operation))


def test_linked_requests(scheduler: Scheduler, report: Reporter) -> None:
    """Requests that follow the links of the document, by schemathesis."""
    report("generated links", scheduler.generated(""))
