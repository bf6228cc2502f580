"""What does a command say when it fails itself?"""

import platform
import sys
import tempfile
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from contract_tests.plain_text import log_lines, one_line
from contract_tests.redaction import Secrets

_PACKAGE = "contract_tests"
_MOST_PARTS = 3


def described(error: BaseException) -> str:
    """An error and the line of ours in which it was raised, in one line."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if _PACKAGE in frame.filename] or frames
    place = f" at {Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else ""
    return one_line(f"{type(error).__name__}: {error}{place}")


@dataclass(frozen=True)
class InternalError:
    """An error of our own: its details, which end with a summary, and the part that failed."""

    details: str
    part: str = ""


def details_of(error: BaseException) -> str:
    """The traceback of an error, which ends with a summary."""
    return f"{''.join(traceback.format_exception(error))}\n{described(error)}"


def paragraph(errors: Sequence[InternalError], secrets: Secrets) -> str:
    """The paragraph about errors of our own. Their details are written to a file."""
    path = _written("\n\n".join(f"{one.part}\n{one.details}" for one in errors), secrets)
    attach = f"report it with the file {path}" if path else "report it with this line"
    first = one_line(secrets.redact(errors[0].details.strip().splitlines()[-1]))
    where = f" in the {errors[0].part}" if errors[0].part else ""
    return f"internal error of tune-check, not of the service{where}: {first}{_others(errors)}; {attach}"


def _others(errors: Sequence[InternalError]) -> str:
    """The other parts that failed, probably because the first did."""
    parts = [one.part for one in errors[1:] if one.part]
    more = f" and {len(parts) - _MOST_PARTS} more" if len(parts) > _MOST_PARTS else ""
    return f"; then in the {', the '.join(parts[:_MOST_PARTS])}{more}" if parts else ""


def _written(details: str, secrets: Secrets) -> str:
    """The path of a new file with the details, empty if none can be written."""
    head = f"tune-check {version('tune-contract')}, Python {platform.python_version()}, {sys.platform}\n\n"
    try:
        with tempfile.NamedTemporaryFile(
            "w",
            prefix="tune-check-error-",
            suffix=".txt",
            dir=Path.cwd(),
            delete=False,
            encoding="utf-8",
            errors="backslashreplace",
        ) as file:
            file.write(head + log_lines(secrets.redact(details)) + "\n")
    except OSError:
        return ""
    return file.name
