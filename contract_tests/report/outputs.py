"""Where do the reports that are files go, and can they be written?"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from contract_tests.redaction import Secrets
from contract_tests.report import html, json, markdown
from contract_tests.report.model import Report
from contract_tests.settings import UsageError

SUMMARY = "GITHUB_STEP_SUMMARY"
_FORMS: dict[str, Callable[[Report, Secrets], str]] = {
    "markdown": markdown.render,
    "json": json.render,
    "html": html.render,
}


@dataclass(frozen=True)
class Outputs:
    """The paths of the reports that were asked for, empty where one was not; `summary` is appended to.

    The JUnit report is pytest's to write; here it is only asked whether it can be.
    """

    markdown: str = ""
    json: str = ""
    html: str = ""
    junitxml: str = ""
    summary: str = ""

    @classmethod
    def of(cls, markdown: str = "", json: str = "", html: str = "") -> "Outputs":
        """The reports of options; in a GitHub job the Markdown also goes to the job's summary."""
        summary = os.environ.get(SUMMARY, "")
        return cls(markdown, json, html, summary="" if summary == markdown else summary)

    def check(self) -> None:
        """Raise `UsageError`, before anything is sent, where a report could not be written."""
        for form, path in (*self._wanted(), *([("junitxml", self.junitxml)] if self.junitxml else [])):
            _check(f"--{form}", Path(path))

    def write(self, report: Report, secrets: Secrets) -> list[str]:
        """Write every report; the complaints about those that could not be written, one line each."""
        complaints = []
        for form, path in self._wanted():
            complaints += _attempt(
                f"--{form}", path, _FORMS[form](report, secrets), append=path == self._appended()
            )
        if self.summary:
            text = markdown.render(report, secrets)
            complaints += _attempt(f"${SUMMARY}", self.summary, text, append=True)
        return complaints

    def _wanted(self) -> Iterator[tuple[str, str]]:
        for form in _FORMS:
            if path := getattr(self, form):
                yield form, path

    def _appended(self) -> str:
        """The path to which other steps of a job write as well."""
        return os.environ.get(SUMMARY, "")


def _check(option: str, path: Path) -> None:
    if path.is_dir():
        raise UsageError(f"{option}: {path} is a directory; give the path of a file")
    if not path.parent.is_dir():
        raise UsageError(f"{option}: there is no directory {path.parent}; create it first")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UsageError(f"{option}: {path} cannot be written; give a path that can")


def _attempt(option: str, path: str, text: str, *, append: bool) -> list[str]:
    try:
        with Path(path).open("a" if append else "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        return [f"{option}: {path} could not be written: {error.strerror or error}"]
    return []
