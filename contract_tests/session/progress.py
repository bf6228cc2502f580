"""What does one call of `tune-check` show, and with which code does it end?"""

import sys

import pytest

from contract_tests.report import Progress, Report, Terminal, console
from contract_tests.report.model import UNJUDGED, WRONG_USE
from contract_tests.session.plugin import Verdict


class Session:
    """A plugin of pytest in the place of its terminal reporter: a line of progress, then the report."""

    def __init__(self) -> None:
        self._console = console(sys.stdout)
        self._progress = Progress(console(sys.stderr), self._costs)
        self._verdict: Verdict | None = None
        self._total = self._done = 0
        self._report: Report | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Begin to show what is being done."""
        verdict = session.config.pluginmanager.get_plugin("tune-check-verdict")
        self._verdict = verdict if isinstance(verdict, Verdict) else None
        self._progress.start()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Know how much there is to do."""
        self._total = len(session.items)
        self._progress.say("using the service in every planned way")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Say how far it is."""
        self._done += report.when == "teardown"
        self._progress.say(f"{self._done} of {self._total} checked")

    def _costs(self) -> str:
        """What has been spent so far."""
        if self._verdict is None:
            return ""
        spent = self._verdict.budget.spent
        return f"{spent.runs} runs, {spent.requests} requests, {spent.seconds:.0f} s"

    def pytest_unconfigure(self) -> None:
        """Show the report, once every process has said what it knows."""
        self._progress.stop()
        verdict = self._verdict
        if verdict is not None and (verdict.exercised or verdict.problem or verdict.stopped):
            self._report, said = verdict.write()
            Terminal(self._console, verdict.secrets).show(self._report)
            for line in said:
                self._console.print(f"tune-check: {line}")

    def exit_code(self, code: int | pytest.ExitCode) -> int:
        """The exit code of `tune-check` for the one that pytest ended with."""
        if self._report is not None:
            return self._report.exit_code
        if code == pytest.ExitCode.NO_TESTS_COLLECTED:
            print("tune-check: -k matches no check; --list-checks names them", file=sys.stderr)
            return WRONG_USE
        return WRONG_USE if code == pytest.ExitCode.USAGE_ERROR else UNJUDGED
