"""Which problems does Redocly report for the revision and not for the base?"""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spec_review.change import Change, Position
from spec_review.comparison import make_change
from spec_review.loading import Document


class LintUnavailable(Exception):
    """Redocly is not installed or fails; the message says what to do."""


def new_problems(base: Document, revision: Document, config: Path | None = None) -> Iterator[Change]:
    """One change per problem that only the revision has. Raises `LintUnavailable`."""
    command = _command()
    known = {_key(problem) for problem in _lint(command, base, config)}
    for problem in _lint(command, revision, config):
        if _key(problem) not in known:
            place = (problem.get("location") or [{}])[0]
            pointer = str(place.get("pointer", "")).removeprefix("#")
            path = tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
            message = f"Redocly, {problem.get('ruleId')}: {problem.get('message')}"
            change = make_change(
                "lint-finding-new", message, None, revision.root, subject=f"{problem.get('ruleId')} {pointer}"
            )
            at = Position(revision.name, revision.parsed.line(path), pointer)
            yield Change(**{**vars(change), "revision": at})


def _command() -> list[str]:
    local = Path("node_modules/.bin/redocly")
    result = str(local.resolve()) if local.exists() else shutil.which("redocly")
    if result is None:
        raise LintUnavailable("redocly is not installed; run npm install or omit --lint")
    return [result]


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
            raise LintUnavailable("redocly failed; run `npx redocly lint` to see why") from None
    return [problem for problem in problems if isinstance(problem, dict)]


def _key(problem: dict[str, Any]) -> tuple[str, str, str]:
    """A problem without its line, which unrelated edits change."""
    place = (problem.get("location") or [{}])[0]
    return str(problem.get("ruleId")), str(problem.get("message")), str(place.get("pointer"))
