"""`tune-review BASE HEAD`: which changes to an OpenAPI document break clients?"""

import gc
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import click

from spec_review.catalogue import RULES
from spec_review.loading import DocumentError, latest_tag
from spec_review.render import FORMATS
from spec_review.render.escape import one_line
from spec_review.report import Report
from spec_review.reviewing import SCENARIOS, Options, reviewed
from spec_review.settings import SettingsError, accepted_entries, levels_of

NO_FINDINGS, FINDINGS, USAGE_ERROR, NOT_LOADED, INTERNAL_ERROR = range(5)


def _list_rules(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        width = max(map(len, RULES))
        for rule in sorted(RULES.values(), key=lambda rule: rule.id):
            click.echo(f"{rule.id:{width}}  {rule.level:7}  {rule.direction:8}  {rule.meaning}")
        context.exit(NO_FINDINGS)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.argument("documents", nargs=-1, metavar="[BASE] HEAD")
@click.option(
    "--base-from-tag",
    metavar="PATTERN",
    help="Compare HEAD with its path at the newest git tag that matches the pattern, for example 'v*'.",
)
@click.option(
    "--format",
    "formats",
    multiple=True,
    metavar="FORMAT[=FILE]",
    help=f"Output format: {', '.join(FORMATS)}. With =FILE, write to the file. Repeatable. [default: text]",
)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "none"]),
    default="error",
    show_default=True,
    help="Exit with 1 if a change has this level or a more severe one.",
)
@click.option(
    "--level",
    "levels",
    multiple=True,
    metavar="ID=LEVEL",
    help="Set the level of a rule: error, warning, info or off. Repeatable.",
)
@click.option(
    "--accepted",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="YAML file of accepted changes, each with fingerprint, reason and date.",
)
@click.option(
    "--scenarios",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help=f"Scenarios to check against both lifecycles. [default: {SCENARIOS}, if it exists]",
)
@click.option(
    "--effort",
    type=click.FloatRange(0.1, 100),
    default=1.0,
    show_default=True,
    help="Multiply the limits of the search in large schemas.",
)
@click.option("--lint", is_flag=True, help="Also report Redocly problems that only HEAD has.")
@click.version_option(package_name="tune-contract", prog_name="tune-review")
@click.option(
    "--rules",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_rules,
    help="List all rules with level, direction and meaning, and exit.",
)
def command(
    documents: tuple[str, ...],
    base_from_tag: str | None,
    formats: tuple[str, ...],
    fail_on: str,
    levels: tuple[str, ...],
    accepted: Path | None,
    scenarios: Path | None,
    effort: float,
    lint: bool,
) -> int:
    """Report the changes from BASE to HEAD and which of them break clients.

    Each breaking change comes with a request or response that proves it, if one was found. BASE and HEAD are
    paths, REV:path (a git revision) or - (standard input). Two directories are compared document by document.
    No data leaves this machine.

    Exit codes: 0 no change at the level of --fail-on, 1 such changes, 2 wrong usage, 3 a document cannot be
    loaded, 4 internal error.
    """
    base, revision = _arguments(documents, base_from_tag)
    outputs = [_output(text) for text in formats or ("text",)]
    entries = accepted_entries(accepted) if accepted else []
    report = reviewed(base, revision, Options(levels_of(levels), entries, scenarios, lint, effort))
    for format_, file in outputs:
        _write(report, format_, file)
    return FINDINGS if report.fails(fail_on) else NO_FINDINGS


def _arguments(documents: tuple[str, ...], pattern: str | None) -> tuple[str, str]:
    """BASE and HEAD; with `--base-from-tag`, BASE is HEAD's path at a tag."""
    if pattern is not None:
        if len(documents) != 1 or documents[0] == "-":
            raise SettingsError("--base-from-tag: give the path of HEAD only")
        return f"{latest_tag(pattern)}:{documents[0]}", documents[0]
    if len(documents) != 2:
        raise SettingsError("give BASE and HEAD; --help shows how")
    if documents == ("-", "-"):
        raise SettingsError("only one of BASE and HEAD can be -")
    return documents[0], documents[1]


def _output(text: str) -> tuple[str, Path | None]:
    name, _, file = text.partition("=")
    if name not in FORMATS:
        raise SettingsError(f"--format {text}: '{name}' is not a format; use one of {', '.join(FORMATS)}")
    return name, Path(file) if file else None


def _write(report: Report, format_: str, file: Path | None) -> None:
    if file is not None:
        try:
            file.write_text(FORMATS[format_](report), encoding="utf-8")
        except OSError as error:
            raise SettingsError(f"--format {format_}={file}: cannot be written: {error.strerror}") from None
    elif format_ == "text" and sys.stdout.isatty():
        from rich.console import Console  # only a terminal has colours and a width

        from spec_review.render.text import write

        write(report, Console(highlight=False))
    else:
        _print(FORMATS[format_](report))


def _print(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader closed the pipe, as `head` does; the exit code still counts
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _internal_error(error: Exception) -> str:
    """One line for a bug report: what failed, and where."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    detail = " ".join(f"{type(error).__name__}: {error}".split())
    return f"internal error{place}: {detail}; please report it with this line and both documents"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code. Errors are one line on standard error."""
    gc.set_threshold(200_000, 20, 20)  # documents are large and have no cycles: collecting finds nothing
    try:
        return int(command.main(argv, prog_name="tune-review", standalone_mode=False) or NO_FINDINGS)
    except DocumentError as problem:
        code, line = NOT_LOADED, str(problem)
    except SettingsError as problem:
        code, line = USAGE_ERROR, str(problem)
    except click.ClickException as problem:
        problem.show()
        return USAGE_ERROR
    except (click.Abort, KeyboardInterrupt):
        return USAGE_ERROR
    except Exception as error:
        code, line = INTERNAL_ERROR, _internal_error(error)
    click.echo(one_line(f"tune-review: {line}"), err=True)
    return code
