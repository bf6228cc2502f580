"""What does one change consist of: rule, level, position in both documents, and proof?"""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Literal

from openapi import Grade
from spec_review.loading import Cursor

Level = Literal["error", "warning", "info", "off"]
Direction = Literal["request", "response", "both", "none"]
LEVELS: tuple[Level, ...] = ("error", "warning", "info", "off")
"""From the most severe to the least."""


@dataclass(frozen=True)
class Position:
    """A place in a file; lines count from 1, `pointer` is a JSON pointer."""

    file: str
    line: int
    pointer: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Proof:
    """A request or response that one document accepts and the other rejects, ready to paste."""

    kind: Literal["curl", "json"]
    text: str
    value: Any
    accepted_by: Literal["base", "revision"]
    refusal: str


@dataclass(frozen=True)
class Use:
    """One operation that a change affects, and which part of it: a body, a parameter or a header.

    `carrier` names where the value is sent: `body <media type>`, `parameter <in> <name>` or `header <name>`.
    """

    operation: str
    part: str
    pair: Any = field(default=None, compare=False, repr=False)
    carrier: tuple[str, ...] = field(default=(), compare=False, repr=False)
    status: str = field(default="", compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.operation}, {self.part}" if self.part else self.operation


@dataclass(frozen=True)
class Accepted:
    """Why a change was accepted, and when."""

    reason: str
    date: str


@dataclass(frozen=True)
class Change:
    """One change between the two documents."""

    id: str
    level: Level
    direction: Direction
    message: str
    subject: str
    base: Position | None = None
    revision: Position | None = None
    old: Any = None
    new: Any = None
    grade: Grade = Grade.DOCUMENTED
    uses: tuple[Use, ...] = ()
    proof: Proof | None = None
    searched: bool = False
    accepted: Accepted | None = None
    evidence: Any = field(default=None, compare=False, repr=False)
    also: tuple[Position, ...] = ()
    """The places of the same edit elsewhere, which this change stands for."""

    @property
    def fingerprint(self) -> str:
        """16 hex digits from the rule, the subject and both values; unrelated edits do not change them."""
        identity = json.dumps([self.id, self.subject, self.old, self.new], sort_keys=True, default=str)
        return hashlib.sha256(identity.encode()).hexdigest()[:16]

    @property
    def note(self) -> str:
        """Says that the search for a proof found none; empty otherwise."""
        return "no counterexample found" if self.searched and self.proof is None else ""


def position(cursor: Cursor | None) -> Position | None:
    """The position of a cursor."""
    return None if cursor is None else Position(cursor.document.name, cursor.line, cursor.pointer)


def capped(level: Level, grade: Grade) -> Level:
    """The level of a change at a grade: a change to an assumed fact is at most `info`."""
    return "info" if grade == Grade.ASSUMED and level in ("error", "warning") else level
