"""What does the OpenAPI document say, at each grade, about operations, bodies and statuses?"""

from contract_tests.document.graded import Document, document
from contract_tests.document.operations import Operation, Resource, Role
from contract_tests.document.view import EVENT_STREAM, JSON, Mismatch, View

__all__ = [
    "EVENT_STREAM",
    "JSON",
    "Document",
    "Mismatch",
    "Operation",
    "Resource",
    "Role",
    "View",
    "document",
]
