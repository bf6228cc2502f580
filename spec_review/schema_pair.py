"""Which two schemas are compared, and where are their values sent?"""

from dataclasses import dataclass
from typing import Any

from openapi import Grade
from spec_review.change import Use
from spec_review.loading import Cursor
from spec_review.values.schema import Direction, Schema


@dataclass(frozen=True)
class SchemaPair:
    """The schemas of the same body, parameter or header in both documents.

    `location` is the first part of the rule ids (`catalogue.LOCATIONS`). With `as_text`, values are sent as
    text and not as JSON. With `optional`, the whole value may be omitted.
    """

    direction: Direction
    location: str
    use: Use
    base: Cursor | None
    revision: Cursor | None
    grade: Grade = Grade.DOCUMENTED
    as_text: bool = False
    optional: bool = True

    @property
    def inner_location(self) -> str:
        """The location of what is inside the schemas: a property, for bodies."""
        inner = {"request-body": "request-property", "response-body": "response-property"}
        return inner.get(self.location, self.location)


@dataclass(frozen=True)
class Evidence:
    """A value that one schema accepts and the other rejects, as the input for a proof."""

    schemas: SchemaPair
    value: Any
    accepting: Schema
    rejecting: Schema
    path: tuple[str, ...] = ()
    keyword: str = ""
    name: str = ""
