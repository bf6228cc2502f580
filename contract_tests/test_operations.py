"""Does every operation stand requests that nobody thought of?"""

import pytest

from contract_tests.conftest import Tell
from contract_tests.document import document
from contract_tests.session.scheduler import Scheduler

OPERATIONS = [operation.id for operation in document().documented_operations()]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_generated_requests(operation: str, scheduler: Scheduler, tell: Tell) -> None:
    """Examples, boundaries and chance, valid and invalid, by schemathesis."""
    tell(f"generated {operation}", scheduler.generated(operation))


def test_linked_requests(scheduler: Scheduler, tell: Tell) -> None:
    """Requests that follow the document's links from one operation to the next, by schemathesis."""
    tell("generated links", scheduler.generated(""))
