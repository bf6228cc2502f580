"""Which report files are written, and can they be?"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract_tests.redaction import Secrets
from contract_tests.report import code_quality, html, json, junit, markdown, sarif
from contract_tests.report.model import Report
from contract_tests.settings import UsageError

SUMMARY = "GITHUB_STEP_SUMMARY"
_FORMS: dict[str, Callable[[Report, Secrets], str]] = {
    "markdown": markdown.render,
    "json": json.render,
    "html": html.render,
    "junitxml": junit.render,
    "sarif": sarif.render,
    "code_quality": code_quality.render,
}


@dataclass(frozen=True)
class Outputs:
    """The paths of the requested reports, empty for the others. The Markdown is appended to `summary`."""

    markdown: str = ""
    json: str = ""
    html: str = ""
    junitxml: str = ""
    sarif: str = ""
    code_quality: str = ""
    summary: str = ""

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Outputs":
        """The reports that options ask for. In a GitHub job, the job summary gets the Markdown too."""
        summary = os.environ.get(SUMMARY, "")
        paths = {form: str(given.get(form) or "") for form in _FORMS}
        return cls(**paths, summary="" if summary == paths["markdown"] else summary)

    def check(self) -> None:
        """Raise `UsageError` if a report cannot be written. Called before anything is sent."""
        for form, path in self._wanted():
            check_path(_option(form), Path(path))

    def write(self, report: Report, secrets: Secrets) -> list[str]:
        """Write every report. Returns one line for each that could not be written."""
        failures = []
        for form, path in self._wanted():
            text = _FORMS[form](report, secrets)
            failures += _attempt(_option(form), path, text, append=path == self._appended())
        if self.summary:
            text = markdown.render(report, secrets)
            failures += _attempt(f"${SUMMARY}", self.summary, text, append=True)
        return failures

    def _wanted(self) -> Iterator[tuple[str, str]]:
        for form in _FORMS:
            if path := getattr(self, form):
                yield form, path

    def _appended(self) -> str:
        """The path that other steps of a job write to as well."""
        return os.environ.get(SUMMARY, "")


def _option(form: str) -> str:
    return f"--{form.replace('_', '-')}"


def check_path(option: str, path: Path) -> None:
    """Raise `UsageError` if a file cannot be written."""
    if path.is_dir():
        raise UsageError(f"{option}: {path} is a directory; give the path of a file")
    if not path.parent.is_dir():
        raise UsageError(f"{option}: there is no directory {path.parent}; create it first")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UsageError(f"{option}: {path} cannot be written; give another path")


def _attempt(option: str, path: str, text: str, *, append: bool) -> list[str]:
    try:
        with Path(path).open(
            "a" if append else "w", encoding="utf-8", errors="backslashreplace", newline="\n"
        ) as file:
            file.write(text)
    except OSError as error:
        return [f"{option}: {path} could not be written: {error.strerror or error}"]
    return []
