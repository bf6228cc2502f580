"""What did all tests find, in every process, and what is the result of the session?"""

import json
import shlex
import traceback
from collections.abc import Generator
from datetime import date
from importlib.metadata import version
from typing import Any

import pytest

from contract_tests.baseline import EXPIRED, Applied, Entry, Known, update
from contract_tests.checks import REGISTRY
from contract_tests.client.budget import Budget
from contract_tests.document import document
from contract_tests.findings import Finding, Outcome, Severity, merge
from contract_tests.internal_error import InternalError, described, details_of, paragraph
from contract_tests.observations.exchange import Exchange
from contract_tests.plain_text import log_lines, one_line
from contract_tests.previous import load
from contract_tests.redaction import Secrets, is_secret
from contract_tests.report import Cost, Outputs, Report, RunTimeline, Terminal, console
from contract_tests.session.plan import Plan
from contract_tests.settings import Settings

FINDINGS, ACCEPTED, SLUG = "findings", "accepted", "slug"
_ERROR = "error"
_OURS = frozenset({FINDINGS, ACCEPTED, SLUG})
_LONG_TRACEBACK = 60
_PHASES = {"setup": "set-up", "teardown": "tear-down"}
GENERATED_TESTS = {f"generated {operation.id}" for operation in document().documented_operations()}
_CAN_CREATE_RUN = "run-can-be-created"


class ResultsPlugin:
    """A pytest plugin that collects findings in each process and reports them in the controlling one."""

    NAME = "tune-check-results"

    def __init__(self, settings: Settings, plan: Plan, budget: Budget, known: Known) -> None:
        self.settings, self.plan, self.budget, self.known = settings, plan, budget, known
        values = [value for name, value in settings.headers if is_secret(name)]
        self.secrets = Secrets(settings.key, *values)
        self.findings: list[Finding] = []
        self.accepted: list[tuple[Finding, str]] = []
        self.exercised: set[str] = set()
        self.timelines: list[RunTimeline] = []
        self.crashes: list[InternalError] = []
        self._internal = ""
        self.messages: list[str] = []
        self._removed: tuple[Entry, ...] = ()
        self._late = False
        self.previous = load(settings.baseline)
        self.base, self.stopped, self.problem, self.waited = settings.url, "", "", 0.0

    def accept(self, findings: list[Finding]) -> Applied:
        """The findings, with known differences set aside."""
        redacted = (one.redacted(self.secrets) for one in findings)
        return self.known.accept(redacted, date.today()).without(self.previous)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
        """Keep the key out of tracebacks and JUnit reports, and findings out of the JUnit properties."""
        if call.excinfo is not None:
            call.excinfo = _without_recursion(call.excinfo)
        report = yield
        if report.longrepr is not None and not isinstance(report.longrepr, tuple):
            report.longrepr = self._shown(str(report.longrepr))
        report.sections = [(name, self._shown(text)) for name, text in report.sections]
        report.tune_check = {name: value for name, value in report.user_properties if name in _OURS}
        if call.excinfo is not None:
            report.tune_check[_ERROR] = self._shown(described(call.excinfo.value))
        report.user_properties = [pair for pair in report.user_properties if pair[0] not in _OURS]
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the findings of one test."""
        reported: dict[str, str] = getattr(report, "tune_check", {})
        if report.failed and (report.when != "call" or SLUG not in reported):
            what = f"{_PHASES.get(report.when or '', 'call')} of {report.nodeid.rpartition('::')[2]}"
            details = f"{report.longreprtext.strip()[-20_000:]}\n{reported.get(_ERROR, '')}"
            self.crashes.append(InternalError(details, what))
        if report.when == "call" and SLUG in reported:
            self.exercised.add(reported[SLUG])
            self.findings += [Finding.from_json(plain) for plain in json.loads(reported[FINDINGS])]
            accepted = json.loads(reported[ACCEPTED])
            self.accepted += [(Finding.from_json(plain), why) for plain, why in accepted]

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Take the reason why a session ends early."""
        if isinstance(excinfo.value, KeyboardInterrupt):
            self.stopped = "interrupted"
        else:
            self.problem = str(getattr(excinfo.value, "msg", excinfo.value))

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
        """Keep an error of pytest or of a plugin, which pytest would print."""
        self.crashes.append(InternalError(self._shown(details_of(excinfo.value))))
        return True

    def take(self, output: dict[str, Any]) -> None:
        """Take the output of a process at its end."""
        self.crashes += [InternalError(self._shown(text), part) for part, text in output.get("errors", [])]
        self.timelines += [RunTimeline.from_json(plain) for plain in output.get("timelines", [])]
        self.stopped = self.stopped or output.get("stopped", "")
        self.problem = self.problem or output.get("problem", "")
        self.base = output.get("base", self.base)
        self._late = self._late or output.get("late", False)
        self.waited = output.get("waited", 0.0) or self.waited

    def report(self) -> Report:
        """The report of the session."""
        limits, spent = self.settings.limits, self.budget.spent
        return Report(
            target=self.base,
            details=self._details(),
            plan=tuple(self.plan.lines()),
            findings=tuple(merge(self.findings)),
            timelines=tuple(self.timelines),
            costs=(
                Cost("runs", spent.runs, limits.runs),
                Cost("tokens", spent.tokens, limits.tokens),
                Cost("requests", spent.requests, limits.requests),
                Cost("seconds", spent.seconds, limits.seconds),
            ),
            threshold=self.settings.grade,
            accepted=tuple(self.accepted),
            gone=tuple(f"{one} ({self.known.path}:{one.line})" for one in self._gone()),
            removal=self._removal(),
            tried=tuple(slug for slug in REGISTRY if slug in self.exercised),
            internal=self._internal,
            problem=one_line(self.secrets.redact(self._problem())),
            stopped=one_line(self.secrets.redact(self.stopped)),
        )

    def write(self, junitxml: str = "") -> tuple[Report, list[str]]:
        """Write the report files. Returns the report, and messages about the files."""
        self._internal = paragraph(self.crashes, self.secrets) if self.crashes else ""
        self.findings += self.known.expired(self._met(), date.today())
        updates = self.settings.update_known or self.settings.prune_known
        messages = self._update_known() if updates else []
        self.findings += map(self.known.complaint, self._gone() if self.settings.known_strict else ())
        report = self.report()
        outputs = Outputs.of({**vars(self.settings), "junitxml": junitxml})
        return report, [*self.messages, *messages, *outputs.write(report, self.secrets)]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail the session if `--known-strict` is given and a known difference is gone."""
        gone = self.settings.known_strict and self._gone()
        if gone and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Show the report below the output of pytest."""
        if not (self.exercised or self.problem or self.crashes):
            return
        report, messages = self.write()
        Terminal(console(terminalreporter._tw._file), self.secrets).show(report)
        for line in messages:
            terminalreporter.write_line(line)

    def _met(self) -> list[Finding]:
        """All findings, with the accepted ones."""
        return [*self.findings, *(one for one, _ in self.accepted)]

    def _gone(self) -> tuple[Entry, ...]:
        """The known differences that are gone and still in the file."""
        gone = self.known.gone(self._met(), self._tried())
        return tuple(one for one in gone if one not in self._removed)

    def _tried(self) -> set[str]:
        """The checks that saw all they could see. A smoke run sees less."""
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
        """Why nothing could be checked, empty if something was."""
        failed = any(one.severity(self.settings.grade) is Severity.FAILURE for one in self.findings)
        if self.problem or failed:
            return self.problem
        if self.stopped == "interrupted":
            return "interrupted before all checks ended"
        if _CAN_CREATE_RUN in self.exercised and not self.timelines and not self._late:
            reasons = [one.seen for one in self.findings if one.slug == _CAN_CREATE_RUN]
            return f"no run could be started: {reasons[0] if reasons else self.stopped or 'none was seen'}"
        return self._too_little()

    def _too_little(self) -> str:
        """Why too little was tried for a verdict, empty if it was enough."""
        reasons = {one.slug: one.seen for one in self._met() if one.outcome is not Outcome.BROKEN}
        missed = {slug: reasons.get(slug, "it was not selected") for slug in self.settings.require}
        for slug, why in missed.items():
            if slug in reasons or slug not in self.exercised:
                return f"{slug} could not be tried, and --require names it: {why}"
        untried = {one.slug for one in self.findings if one.outcome is Outcome.UNTRIED}
        made, most = self.exercised & REGISTRY.keys(), self.settings.max_untried
        if most is not None and len(untried) > most:
            return f"{len(untried)} checks could not be tried, and --max-untried allows {most}"
        if most is None and len(made) > 1 and 2 * len(untried & made) > len(made):
            why = self.stopped or "the report says why"
            return f"only {len(made - untried)} of {len(made)} checks could be tried: {why}"
        return ""

    def _removal(self) -> str:
        """The command that removes known differences that are gone."""
        words = ["tune-check", self.base, "--profile", self.settings.profile, "--known", self.known.path]
        return shlex.join([*words, "--prune-known"])

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
            "waited for the service": f"{self.waited:.0f} s" if self.waited else "",
            "tune-check": version("tune-contract"),
        }

    def _update_known(self) -> list[str]:
        """Write the file of known differences. Its new entries count as known at once."""
        path, threshold, today = self.settings.known, self.settings.grade, date.today()
        severe = [one for one in merge(self.findings) if one.severity(threshold) is Severity.FAILURE]
        fresh = [one for one in severe if one.slug in REGISTRY and not self.known.names(one)]
        fresh = fresh if self.settings.update_known else []
        gone = self._gone()
        try:
            added, removed = update(self.known, path, fresh, [one.line for one in gone], today)
        except OSError as error:
            return [f"--known: {path} could not be written: {error.strerror or error}"]
        self.accepted += [(one, "new in the file of known differences") for one in fresh]
        keys = {one.key for one in fresh}
        self.findings = [one for one in self.findings if one.key not in keys]
        self._removed = gone
        expired = sum(one.slug == EXPIRED for one in self.findings)
        more = f"; {expired} expired, renew the dates of those to keep by hand" if expired else ""
        return [f"{path}: {added} added, {removed} removed{more}"]

    def _shown(self, text: str) -> str:
        """A text of several lines that is in the output of pytest."""
        return log_lines(self.secrets.redact(text))


def _without_recursion(error: pytest.ExceptionInfo[BaseException]) -> pytest.ExceptionInfo[BaseException]:
    """The error as plain text if its traceback is long: pytest takes seconds to show each frame."""
    if len(error.traceback) < _LONG_TRACEBACK:
        return error
    text = "".join(traceback.format_exception(error.value, limit=-_LONG_TRACEBACK))
    plain = pytest.fail.Exception(text, pytrace=False)
    return pytest.ExceptionInfo.from_exc_info((type(plain), plain, error.tb))
