"""What does `tune-check` show while it runs, and with which exit code does it end?"""

import sys

import pytest

from contract_tests.report import Progress, Report, Terminal, console
from contract_tests.report.model import NOT_CHECKED, USAGE_ERROR
from contract_tests.session.plugin import ResultsPlugin


class ProgressPlugin:
    """A pytest plugin that replaces the terminal reporter: a line of progress, then the report."""

    def __init__(self) -> None:
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
        """Show the report, when all processes have ended."""
        self._progress.stop()
        results = self._results
        if results is not None and (results.exercised or results.problem or results.stopped):
            self._report, messages = results.write()
            Terminal(self._console, results.secrets).show(self._report)
            for line in messages:
                self._console.print(f"tune-check: {line}")

    def exit_code(self, code: int | pytest.ExitCode) -> int:
        """The exit code of `tune-check`. `code` is that of pytest."""
        if self._report is not None:
            return self._report.exit_code
        if code == pytest.ExitCode.NO_TESTS_COLLECTED:
            print("tune-check: -k matches no check; --list-checks lists them", file=sys.stderr)
            return USAGE_ERROR
        return USAGE_ERROR if code == pytest.ExitCode.USAGE_ERROR else NOT_CHECKED
