"""What does Redocly say of the revision that it did not say of the base?"""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spec_review.change import Change, Position
from spec_review.comparison import found
from spec_review.loading import Document


class LintUnavailable(Exception):
    """Redocly is not installed or does not answer; the message says what to do."""


def new_findings(base: Document, head: Document, config: Path | None = None) -> Iterator[Change]:
    """Lint findings of the revision that the base does not have."""
    command = _command()
    known = {_name(problem) for problem in _lint(command, base, config)}
    for problem in _lint(command, head, config):
        if _name(problem) not in known:
            place = (problem.get("location") or [{}])[0]
            pointer = str(place.get("pointer", "")).removeprefix("#")
            path = tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
            message = f"Redocly, {problem.get('ruleId')}: {problem.get('message')}"
            change = found(
                "lint-finding-new", message, None, head.root, subject=f"{problem.get('ruleId')} {pointer}"
            )
            at = Position(head.name, head.parsed.line(path), pointer)
            yield Change(**{**vars(change), "revision": at})


def _command() -> list[str]:
    local = Path("node_modules/.bin/redocly")
    found_ = str(local.resolve()) if local.exists() else shutil.which("redocly")
    if found_ is None:
        raise LintUnavailable("redocly is not installed; run npm install, or leave out --lint")
    return [found_]


def _lint(command: list[str], document: Document, config: Path | None) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "openapi.yaml"
        file.write_text(document.source.text, encoding="utf-8")
        chosen = config or Path("redocly.yaml")
        words = [*command, "lint", str(file), "--format=json", "--max-problems=1000"]
        words += ["--config", str(chosen.resolve())] if chosen.exists() else []
        try:
            done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
            problems = json.loads(done.stdout)["problems"]
        except (OSError, subprocess.TimeoutExpired, json.JSONDecodeError, KeyError):
            raise LintUnavailable("redocly does not answer; run `npx redocly lint` to see why") from None
    return [problem for problem in problems if isinstance(problem, dict)]


def _name(problem: dict[str, Any]) -> tuple[str, str, str]:
    """A finding without its line: unrelated edits leave it alone."""
    place = (problem.get("location") or [{}])[0]
    return str(problem.get("ruleId")), str(problem.get("message")), str(place.get("pointer"))
