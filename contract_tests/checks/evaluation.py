"""What do the checks find in recorded exchanges?"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from contract_tests.checks import REGISTRY, Check
from contract_tests.findings import Deviation, Finding, Outcome, merge
from contract_tests.observations.assembly import History
from contract_tests.observations.exchange import Exchange, Intent
from contract_tests.observations.traces import Stream, Trace

SUBJECTS: dict[type, Callable[[History], Sequence[Any]]] = {
    Exchange: lambda history: [one for one in history.exchanges if Intent.BROKEN_OFF not in one.intents],
    Trace: lambda history: history.traces,
    Stream: lambda history: history.streams,
    History: lambda history: [history],
}
"""The subjects that recorded exchanges hold. Checks of a `Service` send requests of their own instead."""
UNEXPECTED_SHAPE = (TypeError, AttributeError, ValueError, LookupError, ArithmeticError, RecursionError)
"""What a check raises on a response of a shape it does not expect. Other checks report the shape itself."""


def evaluate(history: History, checks: Iterable[Check] | None = None) -> list[Finding]:
    """The merged findings of these checks, or of all checks that send no requests."""
    chosen = [check for check in REGISTRY.values() if check.subject in SUBJECTS] if checks is None else checks
    return merge(
        finding
        for check in chosen
        for subject in SUBJECTS[check.subject](history)
        for finding in findings_of(check, subject)
    )


def findings_of(check: Check, subject: Any) -> list[Finding]:
    """The findings of one check about one subject."""
    try:
        return list(check.findings(subject))
    except UNEXPECTED_SHAPE as error:
        return [could_not_try(check, unexpected_shape(error))]


def could_not_try(check: Check, reason: str, outcome: Outcome = Outcome.UNTRIED) -> Finding:
    """The finding that a check could not be made."""
    return check.finding(Deviation(reason, "a conclusive response", outcome=outcome))


def unexpected_shape(error: Exception) -> str:
    """The reason to give for an error of `UNEXPECTED_SHAPE`."""
    return f"a response of an unexpected shape ({type(error).__name__}: {error})"
