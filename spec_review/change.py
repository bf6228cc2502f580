"""What is one finding: which rule, how bad, where on both sides, and what proves it?"""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Literal

from spec_review.loading import Cursor

Level = Literal["error", "warning", "info", "off"]
Direction = Literal["request", "response", "both", "none"]
LEVELS: tuple[Level, ...] = ("error", "warning", "info", "off")


@dataclass(frozen=True)
class Position:
    """A place in a file."""

    file: str
    line: int
    pointer: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Proof:
    """A message that one version accepts and the other refuses, in a form to paste."""

    kind: Literal["curl", "json"]
    text: str
    value: Any
    accepted_by: Literal["base", "revision"]
    refusal: str


@dataclass(frozen=True)
class Use:
    """One place where an operation meets the change: its operation, and what of it.

    `carrier` says how the part travels: `body <media type>`, `parameter <place> <key>` or `header <name>`.
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
    """One finding."""

    id: str
    level: Level
    direction: Direction
    message: str
    subject: str
    base: Position | None = None
    revision: Position | None = None
    old: Any = None
    new: Any = None
    grade: str = "documented"
    uses: tuple[Use, ...] = ()
    proof: Proof | None = None
    searched: bool = False
    accepted: Accepted | None = None
    evidence: Any = field(default=None, compare=False, repr=False)

    @property
    def fingerprint(self) -> str:
        """A name that survives unrelated edits: rule, what it is about, and what changed, but no line."""
        essence = json.dumps([self.id, self.subject, self.old, self.new], sort_keys=True, default=str)
        return hashlib.sha256(essence.encode()).hexdigest()[:16]

    @property
    def note(self) -> str:
        """What is known about a proof where none is shown."""
        return "no counterexample found" if self.searched and self.proof is None else ""


def position(cursor: Cursor | None) -> Position | None:
    """Where a cursor points."""
    return None if cursor is None else Position(cursor.document.name, cursor.line, cursor.pointer)
