"""What did all tests find, in whichever process they ran, and how does the judgement end?"""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from contract_tests.budget import Spent
from contract_tests.findings import Finding, Severity, merge
from contract_tests.settings import Settings

FINDINGS = "findings"
SLUG = "slug"


class Verdict:
    """Gathers findings from the reports of tests; one object in each process."""

    def __init__(self, settings: Settings, plan: Sequence[str]) -> None:
        self.settings, self.plan = settings, tuple(plan)
        self._findings: list[Finding] = []
        self.exercised: set[str] = set()
        self.pictures: list[dict[str, Any]] = []
        self.stopped = ""

    @property
    def findings(self) -> list[Finding]:
        """Each piece of news once, the gravest first."""
        rank = list(Severity)
        told = merge(self._findings)
        return sorted(told, key=lambda one: (rank.index(one.severity(self.settings.grade)), one.slug, one.place))

    @property
    def failed(self) -> bool:
        """Whether a fact is broken that must be kept."""
        return any(one.severity(self.settings.grade) is Severity.FAILURE for one in self.findings)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the findings of one test."""
        if report.when != "call":
            return
        for name, value in report.user_properties:
            if name == FINDINGS:
                self._findings += [Finding.from_json(plain) for plain in json.loads(str(value))]
            elif name == SLUG:
                self.exercised.add(str(value))

    def take(self, output: dict[str, Any]) -> None:
        """Take what a process says of itself at its end."""
        self.pictures += output.get("pictures", [])
        self.stopped = self.stopped or output.get("stopped", "")

    def finish(self, spent: Spent) -> str:
        """The verdict as text."""
        lines = []
        for one in self.findings:
            severity = one.severity(self.settings.grade)
            lines.append(f"{severity.upper()} {one.slug} [{one.grade}, {one.outcome}] {one.place} x{one.count}")
            lines.append(f"    seen: {one.seen}")
            lines.append(f"    expected: {one.expected}")
            lines.append(f"    fact: {one.fact} ({one.source})")
            lines += [f"    again: {one.curl[:300]}"] if one.curl else []
        lines.append(
            f"spent: {spent.runs} runs, {spent.tokens} tokens, {spent.requests} requests, {spent.seconds:.1f} s"
        )
        return "\n".join(lines)
