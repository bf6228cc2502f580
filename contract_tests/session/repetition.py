"""How often is a finding seen, and is it seen again when the same request is sent again?"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from contract_tests.checks import Check
from contract_tests.checks.evaluation import findings_of
from contract_tests.client.budget import BudgetExceeded
from contract_tests.client.client import Client
from contract_tests.findings import Finding, Outcome, merge
from contract_tests.observations.exchange import KEY_HEADER, Exchange, Intent
from contract_tests.observations.traces import Stream, Trace

AGAIN = 5
"""How often a request is sent again."""
TRIES = 2
"""How often a check that sends requests of its own is made again."""
# How many findings are tried again, how many operations are named, and what always happens.
_MOST_FINDINGS, _MOST_NAMES, _ENOUGH = 20, 5, 3
_LARGE = 2**16
_OF_THE_CONNECTION = frozenset({"host", "content-length", "connection", KEY_HEADER.lower()})


def counted(check: Check, subjects: Sequence[Any]) -> list[Finding]:
    """The findings of a check about these subjects. Each says in how many comparable ones it is seen."""
    numbers = Counter(kind for one in subjects for kind in {_kind(one), _every(one)})
    seen: dict[Any, set[int]] = defaultdict(set)
    found: list[Finding] = []
    for number, subject in enumerate(subjects):
        for finding in findings_of(check, subject):
            seen[finding.key].add(number)
            found.append(finding)
    kinds = {key: _kind(subjects[min(those)]) for key, those in seen.items()}
    broken = {_last(kind) for kind in kinds.values()}
    clean = [name for name in dict.fromkeys(map(_last, numbers)) if name not in broken]
    return [_rated(one, len(seen[one.key]), kinds[one.key], numbers, clean) for one in merge(found)]


def _kind(subject: Any) -> str:
    """Which subjects are comparable, as text. Empty if there is only one."""
    if isinstance(subject, Exchange):
        results = "successful responses of" if subject.ok else "responses of"
        return f"{'rejections by' if subject.refused else results} {subject.label}"
    if isinstance(subject, Stream):
        return "streams"
    return f"{subject.kind}s" if isinstance(subject, Trace) else ""


def _every(subject: Any) -> str:
    """What a failure is compared with: all responses of the operation."""
    return f"responses of {subject.label}" if isinstance(subject, Exchange) else _kind(subject)


def _last(kind: str) -> str:
    return kind.rpartition(" ")[2]


def _rated(finding: Finding, seen: int, kind: str, numbers: Counter[str], clean: Sequence[str]) -> Finding:
    every = numbers[kind]
    if finding.outcome is not Outcome.BROKEN or not kind:
        return finding
    if seen == every:
        return replace(finding, often=f"all {every} {kind}" if every > 1 else "")
    more = f" and {len(clean) - _MOST_NAMES} more" if len(clean) > _MOST_NAMES else ""
    others = f"; none of {', '.join(clean[:_MOST_NAMES])}{more}" if clean else ""
    return replace(finding, often=f"{seen} of {every} {kind}{others}")


class Repetition:
    """Sends requests again whose responses broke a fact, and makes checks again that found something."""

    def __init__(self, client: Client) -> None:
        self._client, self._left = client, _MOST_FINDINGS

    def of_requests(self, check: Check, findings: Sequence[Finding]) -> list[Finding]:
        """The findings. Those that are not seen each time their request is sent again are intermittent."""
        chosen = [one for one in findings if _may_be_intermittent(one)][: self._left]
        self._left -= len(chosen)
        again = {one.key: self._again(check, one) for one in chosen}
        return [again.get(one.key, one) for one in findings]

    def of_probe(self, findings: Sequence[Finding], probe: Callable[[], Sequence[Finding]]) -> list[Finding]:
        """The findings of a check that sends requests of its own, compared with what it finds again."""
        if not any(one.outcome is Outcome.BROKEN for one in findings):
            return list(findings)
        tries = [found for found in (probe() for _ in range(TRIES)) if _is_conclusive(found)]
        keys = Counter(key for found in tries for key in {one.key for one in found})
        return [_compared(one, keys[one.key], len(tries), "the check was made again") for one in findings]

    def _again(self, check: Check, finding: Finding) -> Finding:
        assert finding.exchange is not None
        try:
            responses = [self._sent_again(finding.exchange) for _ in range(AGAIN)]
        except BudgetExceeded:
            return finding
        shown = sum(any(one.key == finding.key for one in findings_of(check, each)) for each in responses)
        return _compared(finding, shown, AGAIN, "the same request was sent again")

    def _sent_again(self, exchange: Exchange) -> Exchange:
        headers = {
            name: text for name, text in exchange.request_headers if name.lower() not in _OF_THE_CONNECTION
        }
        path = exchange.url.removeprefix(self._client.base)
        key = exchange.request_header(KEY_HEADER) or None
        marks = {*exchange.intents, Intent.AGAIN}
        content = exchange.request_body or None
        return self._client.send(
            exchange.method, path, content=content, headers=headers, key=key, intents=marks, patient=False
        )


def _may_be_intermittent(finding: Finding) -> bool:
    """Whether it is unknown that a finding is always seen, and its request may be sent again."""
    exchange = finding.exchange
    if finding.outcome is not Outcome.BROKEN or exchange is None:
        return False
    always = finding.often.startswith("all ") and finding.count >= _ENOUGH
    starts_run = exchange.operation is not None and exchange.operation.starts_run
    return not always and not starts_run and len(exchange.body) <= _LARGE


def _is_conclusive(findings: Sequence[Finding]) -> bool:
    return all(one.outcome is Outcome.BROKEN for one in findings)


def _compared(finding: Finding, shown: int, tries: int, how: str) -> Finding:
    if finding.outcome is not Outcome.BROKEN or shown == tries:
        return finding
    again = f"intermittent: {shown} of {tries} times when {how}"
    return replace(finding, often="; ".join(filter(None, (again, finding.often))), intermittent=True)
