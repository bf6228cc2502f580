"""What did all tests find, in whichever process they ran, and how does the judgement end?"""

import json
from collections.abc import Generator
from datetime import date
from importlib.metadata import version
from typing import Any

import pytest

from contract_tests.baseline import EXPIRED, GONE, Applied, Known, update
from contract_tests.checks import REGISTRY
from contract_tests.client.budget import Budget
from contract_tests.document import document
from contract_tests.findings import Finding, Outcome, Severity, merge
from contract_tests.observations.exchange import Exchange
from contract_tests.redaction import Secrets, is_secret
from contract_tests.report import Cost, Outputs, Picture, Report, Terminal, console
from contract_tests.session.plan import Plan
from contract_tests.settings import Settings

FINDINGS, ACCEPTED, SLUG = "findings", "accepted", "slug"
_OURS = frozenset({FINDINGS, ACCEPTED, SLUG})
GENERATED_TESTS = {f"generated {operation.id}" for operation in document().documented_operations()}
_NO_RUN = "run-can-be-created"


class Verdict:
    """A plugin of pytest: gathers what tests tell, in each process; reports it in the controlling one."""

    def __init__(self, settings: Settings, plan: Plan, budget: Budget, known: Known) -> None:
        self.settings, self.plan, self.budget, self.known = settings, plan, budget, known
        values = [value for name, value in settings.headers if is_secret(name)]
        self.secrets = Secrets(settings.key, *values)
        self.findings: list[Finding] = []
        self.accepted: list[tuple[Finding, str]] = []
        self.exercised: set[str] = set()
        self.pictures: list[Picture] = []
        self.crashes: list[str] = []
        self.base, self.stopped, self.problem = settings.url, "", ""

    def accept(self, findings: list[Finding]) -> Applied:
        """What is left of findings when known differences are set aside, and those with their reasons."""
        return self.known.accept(map(self._redacted, findings), date.today())

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, Any, Any]:
        """Keep the key out of tracebacks and so of JUnit reports; carry findings beside the properties."""
        report = yield
        if report.longrepr is not None and not isinstance(report.longrepr, tuple):
            report.longrepr = self.secrets.redact(str(report.longrepr))
        report.sections = [(name, self.secrets.redact(text)) for name, text in report.sections]
        report.told = {name: value for name, value in report.user_properties if name in _OURS}
        report.user_properties = [pair for pair in report.user_properties if pair[0] not in _OURS]
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the findings of one test."""
        told: dict[str, str] = getattr(report, "told", {})
        if report.failed and SLUG not in told:
            self.crashes.append(f"{report.nodeid.rpartition('::')[2]}: {report.longreprtext.strip()[-2000:]}")
        if report.when == "call" and SLUG in told:
            self.exercised.add(told[SLUG])
            self.findings += [Finding.from_json(plain) for plain in json.loads(told[FINDINGS])]
            self.accepted += [(Finding.from_json(plain), why) for plain, why in json.loads(told[ACCEPTED])]

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Take the reason why a session ends before its time."""
        if isinstance(excinfo.value, KeyboardInterrupt):
            self.stopped = "interrupted"
        else:
            self.problem = str(getattr(excinfo.value, "msg", excinfo.value))

    def take(self, output: dict[str, Any]) -> None:
        """Take what a process says of itself at its end."""
        self.pictures += [Picture.from_json(plain) for plain in output.get("pictures", [])]
        self.stopped = self.stopped or output.get("stopped", "")
        self.problem = self.problem or output.get("problem", "")
        self.base = output.get("base", self.base)

    def report(self) -> Report:
        """Everything there is to say."""
        limits, spent = self.settings.limits, self.budget.spent
        return Report(
            target=self.base,
            details=self._details(),
            plan=tuple(self.plan.lines()),
            findings=tuple(merge(self.findings)),
            pictures=tuple(self.pictures),
            costs=(
                Cost("runs", spent.runs, limits.runs),
                Cost("tokens", spent.tokens, limits.tokens),
                Cost("requests", spent.requests, limits.requests),
                Cost("seconds", spent.seconds, limits.seconds),
            ),
            bar=self.settings.grade,
            accepted=tuple(self.accepted),
            checks=len(self.exercised & REGISTRY.keys()),
            problem=self.secrets.redact(self._problem()),
            stopped=self.secrets.redact(self.stopped),
        )

    def write(self) -> tuple[Report, list[str]]:
        """Write the reports that are files; the report and what there is to say about the files."""
        self.findings += self.known.complaints(self._met(), self._tried(), date.today())
        said = self._update_known() if self.settings.update_known else []
        report = self.report()
        outputs = Outputs.of(self.settings.markdown, self.settings.json, self.settings.html)
        return report, [*said, *outputs.write(report, self.secrets)]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Let a difference that is gone fail where no test of its own could."""
        gone = any(True for _ in self.known.complaints(self._met(), self._tried(), date.today()))
        if gone and session.exitstatus == pytest.ExitCode.OK and not self.settings.update_known:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say the verdict below pytest's own words."""
        if not self.exercised and not self.problem:
            return
        report, said = self.write()
        Terminal(console(terminalreporter._tw._file), self.secrets).show(report)
        for line in said:
            terminalreporter.write_line(line)

    def _met(self) -> list[Finding]:
        return [*self.findings, *(one for one, _ in self.accepted)]

    def _tried(self) -> set[str]:
        """The checks that looked at all they ever look at; a smoke run looks at less."""
        if self.settings.profile == "smoke" or self.stopped or self.problem:
            return set()
        untried = {one.slug for one in self.findings if one.outcome is not Outcome.BROKEN}
        generated = self.exercised >= GENERATED_TESTS
        return {
            slug
            for slug in self.exercised - untried
            if slug in REGISTRY and (generated or REGISTRY[slug].subject is not Exchange)
        }

    def _problem(self) -> str:
        """Why nothing could be judged, empty if it could."""
        failed = any(one.severity(self.settings.grade) is Severity.FAILURE for one in self.findings)
        if self.problem or failed:
            return self.problem
        if self.crashes:
            return f"the judge itself failed: {self.crashes[0]}"
        if self.stopped == "interrupted":
            return "interrupted before everything was looked at"
        if _NO_RUN in self.exercised and not self.pictures:
            reasons = [one.seen for one in self.findings if one.slug == _NO_RUN]
            return f"no run could be started: {reasons[0] if reasons else self.stopped or 'none was seen'}"
        return ""

    def _details(self) -> dict[str, str]:
        given = self.settings
        return {
            "profile": given.profile,
            "fails on": f"broken {given.grade} facts",
            "seed": str(given.seed),
            "model": given.model,
            "thread": given.thread,
            "organization": given.organization,
            "known differences": self.known.path,
            "tune-check": version("tune-contract"),
        }

    def _update_known(self) -> list[str]:
        """Write the file of known differences; the failures in it count as known from now on."""
        path, bar = self.settings.known, self.settings.grade
        grave = [one for one in merge(self.findings) if one.severity(bar) is Severity.FAILURE]
        fresh = [one for one in grave if one.slug in REGISTRY and not self.known.names(one)]
        gone = [int(one.place.rpartition(":")[2]) for one in grave if one.slug == GONE]
        try:
            added, removed = update(self.known, path, fresh, gone, date.today())
        except OSError as error:
            return [f"--known: {path} could not be written: {error.strerror or error}"]
        self.accepted += [(one, "new in the file of known differences") for one in fresh]
        keys = {one.key for one in fresh}
        self.findings = [one for one in self.findings if one.key not in keys and one.slug != GONE]
        expired = sum(one.slug == EXPIRED for one in self.findings)
        more = f"; {expired} expired, renew by hand what shall stay" if expired else ""
        return [f"{path}: {added} added, {removed} removed{more}"]

    def _redacted(self, finding: Finding) -> Finding:
        plain = self.secrets.redact(json.dumps(finding.as_json(), ensure_ascii=False))
        return Finding.from_json(json.loads(plain))
