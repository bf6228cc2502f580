"""Which words do several forms share: where a change is, who meets it, what proves it?"""

from spec_review.catalogue import RULES
from spec_review.change import Change

HEADINGS = {"error": "Breaking", "warning": "Worth knowing", "info": "Other changes"}


def where(change: Change) -> str:
    """The places on both sides; one name where both are the same file."""
    if change.base is None or change.revision is None:
        at = change.revision or change.base
        return str(at) if at else ""
    return f"{change.base} → {change.revision}"


def who(change: Change, most: int = 3) -> str:
    """The operations that meet the change, the uses counted."""
    names = list(dict.fromkeys(use.operation for use in change.uses))
    if not names:
        return ""
    if len(names) == 1:
        return names[0]
    told = ", ".join(names[:most])
    return f"{told}{f' and {len(names) - most} more' if len(names) > most else ''} ({len(change.uses)} uses)"


def proof_heading(change: Change) -> str:
    """What the proof shows, in one line."""
    if change.proof is None:
        return ""
    what = "This request" if change.direction == "request" else "This answer"
    taker, refuser = ("base", "revision") if change.proof.accepted_by == "base" else ("revision", "base")
    return f"{what} fits the {taker}; the {refuser} refuses it: {change.proof.refusal}"


def reason(change: Change) -> str:
    """Why an error without a proof is one: the search found nothing, or the rule itself says so."""
    if change.proof is not None or change.level != "error":
        return ""
    return change.note or f"by rule: {RULES[change.id].meaning}"


def graded(change: Change) -> str:
    """The grade, where it is not the usual one."""
    return "" if change.grade == "documented" else change.grade
