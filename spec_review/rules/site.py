"""Where do two schemas meet, and what value was found there?"""

from dataclasses import dataclass
from typing import Any

from spec_review.change import Use
from spec_review.loading import Cursor
from spec_review.values.schema import Direction as Way
from spec_review.values.schema import Schema


@dataclass(frozen=True)
class Site:
    """Where two schemas meet: which message, which part of it, and how its values travel."""

    way: Way
    place: str
    use: Use
    base: Cursor | None
    head: Cursor | None
    grade: str = "documented"
    wire: bool = False
    optional: bool = True

    @property
    def inner(self) -> str:
        """The place of what lies inside."""
        return {"request-body": "request-property", "response-body": "response-property"}.get(
            self.place, self.place
        )


@dataclass(frozen=True)
class Evidence:
    """A value found at a site, for a proof to be built from."""

    site: Site
    value: Any
    accepting: Schema
    refusing: Schema
