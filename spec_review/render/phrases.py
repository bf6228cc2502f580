"""Which phrases do several formats share: positions, operations, proofs, grades?"""

from openapi import Grade
from spec_review.catalogue import RULES
from spec_review.change import Change

HEADINGS = {"error": "Breaking", "warning": "Warnings", "info": "Other changes"}


def where(change: Change) -> str:
    """The positions in the base and the revision, or the one that exists."""
    if change.base is None or change.revision is None:
        at = change.revision or change.base
        return str(at) if at else ""
    return f"{change.base} → {change.revision}"


def who(change: Change, limit: int = 3) -> str:
    """The first affected operations, and the number of uses."""
    names = list(dict.fromkeys(use.operation for use in change.uses))
    if not names:
        return ""
    if len(names) == 1:
        return names[0]
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return f"{', '.join(names[:limit])}{more} ({len(change.uses)} uses)"


def proof_heading(change: Change) -> str:
    """What the proof shows, in one line; empty without a proof."""
    if change.proof is None:
        return ""
    kind = "request" if change.direction == "request" else "response"
    accepting = change.proof.accepted_by
    rejecting = "revision" if accepting == "base" else "base"
    return f"The {accepting} accepts this {kind}; the {rejecting} rejects it: {change.proof.refusal}"


def reason(change: Change) -> str:
    """Why an error without a proof is an error; empty otherwise."""
    if change.proof is not None or change.level != "error":
        return ""
    return change.note or f"by rule: {RULES[change.id].meaning}"


def graded(change: Change) -> str:
    """The grade, unless it is `documented`."""
    return "" if change.grade == Grade.DOCUMENTED else str(change.grade)
