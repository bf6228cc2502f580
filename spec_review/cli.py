"""`tune-review BASE HEAD`: what does a change to an OpenAPI document break?"""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from spec_review.catalogue import RULES
from spec_review.change import Level
from spec_review.extras.lint import LintUnavailable, new_findings
from spec_review.extras.scenarios import played_differently
from spec_review.loading import Document, DocumentError, load, open_source
from spec_review.render import FORMS
from spec_review.report import Report
from spec_review.review import all_changes
from spec_review.settings import Entry, SettingsError, accept, accepted_entries, levelled, levels_of

NOTHING, FOUND, WRONG_USE, NOT_LOADED = range(4)
SCENARIOS = Path("mock_server/scenarios")


def _rules(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        width = max(map(len, RULES))
        for rule in sorted(RULES.values(), key=lambda rule: rule.id):
            click.echo(f"{rule.id:{width}}  {rule.level:7}  {rule.direction}")
        context.exit(NOTHING)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.argument("base")
@click.argument("head")
@click.option(
    "--format",
    "forms",
    multiple=True,
    metavar="FORM[=FILE]",
    help=f"How to show the changes: {', '.join(FORMS)}. Repeatable; =FILE writes it there. [default: text]",
)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "none"]),
    default="error",
    show_default=True,
    help="The level at which the exit code is 1.",
)
@click.option(
    "--level",
    "levels",
    multiple=True,
    metavar="ID=LEVEL",
    help="Another level for an id: error, warning, info or off. Repeatable.",
)
@click.option(
    "--accepted",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Changes accepted before: fingerprint, reason and date of each.",
)
@click.option(
    "--scenarios",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help=f"Canned lifecycles to play under both documents. [default: {SCENARIOS}, where it exists]",
)
@click.option("--lint", is_flag=True, help="Add Redocly's findings that are new in HEAD.")
@click.version_option(package_name="tune-contract", prog_name="tune-review")
@click.option(
    "--rules",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_rules,
    help="List every id with its level and direction, and exit.",
)
def command(
    base: str,
    head: str,
    forms: tuple[str, ...],
    fail_on: str,
    levels: tuple[str, ...],
    accepted: Path | None,
    scenarios: Path | None,
    lint: bool,
) -> int:
    """Say what HEAD changes against BASE and what of it breaks clients, with a request or answer as proof.

    BASE and HEAD are paths, REV:path (a git revision) or - (standard input). Nothing leaves this machine.

    Exit codes: 0 nothing at the level of --fail-on, 1 found, 2 wrong use, 3 a document does not load.
    """
    if base == head == "-":
        raise SettingsError("only one of BASE and HEAD can be -")
    wanted = [_form(form) for form in forms or ("text",)]
    asked, entries = levels_of(levels), accepted_entries(accepted) if accepted else []
    documents = load(open_source(base)), load(open_source(head))
    report = _report(documents, levels=asked, entries=entries, scenarios=scenarios, lint=lint)
    for form, file in wanted:
        _show(report, form, file)
    return FOUND if report.fails(fail_on) else NOTHING


def _report(
    documents: tuple[Document, Document],
    levels: dict[str, Level],
    entries: Sequence[Entry],
    scenarios: Path | None,
    lint: bool,
) -> Report:
    changes, notes = all_changes(*documents), []
    if scenarios is not None and not scenarios.is_dir():
        raise SettingsError(f"--scenarios {scenarios}: no such directory")
    directory = scenarios or SCENARIOS
    if directory.is_dir():
        changes += played_differently(*documents, directory)
    if lint:
        try:
            changes += new_findings(*documents)
        except LintUnavailable as problem:
            notes.append(str(problem))
    marked, stale = accept(levelled(changes, levels), entries)
    return Report(documents[0].name, documents[1].name, marked, stale, notes)


def _form(text: str) -> tuple[str, Path | None]:
    name, _, file = text.partition("=")
    if name not in FORMS:
        raise SettingsError(f"--format {text}: '{name}' is no form; take one of {', '.join(FORMS)}")
    return name, Path(file) if file else None


def _show(report: Report, form: str, file: Path | None) -> None:
    if file is not None:
        try:
            file.write_text(FORMS[form](report), encoding="utf-8")
        except OSError as error:
            raise SettingsError(f"--format {form}={file}: cannot be written: {error.strerror}") from None
    elif form == "text" and sys.stdout.isatty():
        from rich.console import Console  # a terminal wants colours and its own width

        from spec_review.render.text import write

        write(report, Console(highlight=False))
    else:
        sys.stdout.write(FORMS[form](report))


def main(argv: Sequence[str] | None = None) -> int:
    """The command; returns the exit code."""
    try:
        return int(command.main(argv, prog_name="tune-review", standalone_mode=False) or NOTHING)
    except DocumentError as problem:
        click.echo(f"tune-review: {problem}", err=True)
        return NOT_LOADED
    except SettingsError as problem:
        click.echo(f"tune-review: {problem}", err=True)
        return WRONG_USE
    except click.ClickException as problem:
        problem.show()
        return WRONG_USE
    except (click.Abort, KeyboardInterrupt):
        return WRONG_USE
