"""What does `tune-check` show while it runs, and with which exit code does it end?"""

import signal
import sys
import threading

import pytest

from contract_tests.report import Progress, Report, Terminal, console
from contract_tests.report.annotations import annotations
from contract_tests.report.model import INTERNAL_ERROR, NOT_CHECKED, USAGE_ERROR
from contract_tests.session.plugin import ResultsPlugin


class ProgressPlugin:
    """A pytest plugin that replaces the terminal reporter: a line of progress, then the report."""

    def __init__(self, junitxml: str, started: float) -> None:
        self.started, self._junitxml = started, junitxml
        self._console = console(sys.stdout)
        self._progress = Progress(console(sys.stderr), self._costs)
        self._results: ResultsPlugin | None = None
        self._total = self._done = 0
        self._report: Report | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Start the line of progress."""
        results = session.config.pluginmanager.get_plugin(ResultsPlugin.NAME)
        self._results = results if isinstance(results, ResultsPlugin) else None
        self._progress.start()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Take the number of tests."""
        self._total = len(session.items)
        self._progress.say("sending requests")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count the tests that have ended."""
        self._done += report.when == "teardown"
        self._progress.say(f"{self._done} of {self._total} checked")

    def _costs(self) -> str:
        """What has been spent so far."""
        if self._results is None:
            return ""
        spent = self._results.budget.spent
        return f"{spent.runs} runs, {spent.requests} requests, {spent.seconds:.0f} s"

    def pytest_unconfigure(self) -> None:
        """Show the report, when all processes have ended. Another interruption does not stop it."""
        self._progress.stop()
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)
        results = self._results
        if results is not None and (
            results.exercised or results.problem or results.stopped or results.crashes
        ):
            self._report, messages = results.write(self._junitxml)
            Terminal(self._console, results.secrets).show(self._report)
            for line in messages:
                self._console.print(f"tune-check: {line}")

    @property
    def annotations(self) -> list[str]:
        """What a GitHub job shows beside its log."""
        if self._report is None or self._results is None:
            return []
        return list(annotations(self._report, self._results.secrets))

    def exit_code(self, code: int | pytest.ExitCode) -> int:
        """The exit code of `tune-check`. `code` is that of pytest."""
        if self._report is not None:
            return self._report.exit_code
        if code == pytest.ExitCode.NO_TESTS_COLLECTED:
            print("tune-check: -k matches no check; --list-checks lists them", file=sys.stderr)
            return USAGE_ERROR
        others = {pytest.ExitCode.USAGE_ERROR: USAGE_ERROR, pytest.ExitCode.INTERNAL_ERROR: INTERNAL_ERROR}
        return others.get(pytest.ExitCode(code), NOT_CHECKED)
