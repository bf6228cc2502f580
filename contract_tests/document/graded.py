"""Which operation does a request mean, and what does the document say of it at each grade?"""

from functools import cache
from urllib.parse import unquote

from contract_tests.document.operations import Operation, Resource, Role, operations_of, resources_of
from contract_tests.document.view import View
from openapi import GRADES, Grade


class Document:
    """The document at every grade. `resources` are its kinds of resources, by kind."""

    def __init__(self) -> None:
        self.views: dict[Grade, View] = {grade: View(grade) for grade in GRADES}
        self.documented = self.views[Grade.DOCUMENTED]
        self.assumed = self.views[Grade.ASSUMED]
        resources = resources_of(self.assumed)
        self.resources: dict[str, Resource] = {one.kind: one for one in resources.values()}
        found = operations_of(self.assumed, self._grades(), resources)
        self.operations = {operation.id: operation for operation in found}
        self._by_length = sorted(self.operations.values(), key=lambda found: len(found.parameters))

    def match(self, method: str, path: str) -> tuple[Operation | None, dict[str, str]]:
        """The operation of a method and a path below the base URL, and its path parameters."""
        for operation in self._by_length:
            found = operation.pattern.fullmatch(path)
            if found and operation.method == method.upper():
                return operation, {name: unquote(text) for name, text in found.groupdict().items()}
        return None, {}

    def methods(self, path: str) -> set[str]:
        """The documented methods of a path below the base URL."""
        found = next((one.path for one in self._by_length if one.pattern.fullmatch(path)), "")
        return {one.method for one in self.documented_operations() if one.path == found}

    def knows_path(self, path: str) -> bool:
        """Whether any operation has this path."""
        return any(operation.pattern.fullmatch(path) for operation in self._by_length)

    def documented_operations(self, *roles: Role) -> list[Operation]:
        """The operations that the vendor documents, those with one of these roles if any is given."""
        return [
            one for one in self.operations.values() if one.is_documented and (not roles or one.role in roles)
        ]

    def operation(self, role: Role, kind: str) -> Operation:
        """The first operation with this role for this kind of resource. Raises `LookupError`."""
        for one in self.operations.values():
            if one.role is role and one.kind == kind:
                return one
        raise LookupError(f"the document has no operation to {role} a {kind}")

    def _grades(self) -> dict[str, Grade]:
        """The grade of each operation: that of the first view that has it."""
        names = self.assumed.operations
        return {
            name: next(grade for grade in GRADES if name in self.views[grade].operations) for name in names
        }


@cache
def document() -> Document:
    """The one document. Reading it takes a moment, so it is read once."""
    return Document()
