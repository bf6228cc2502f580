"""What is reported about two arguments of the command: two documents, or two directories of documents?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from spec_review.change import Change, Level, Position
from spec_review.comparison import make_change
from spec_review.extras.lint import LintUnavailable, new_problems
from spec_review.extras.scenarios import scenario_changes
from spec_review.loading import Document, DocumentError, documents_in, is_folder, load, open_source
from spec_review.remainder import remaining, sentence
from spec_review.report import Report
from spec_review.review import all_changes
from spec_review.settings import Entry, SettingsError, apply_accepted, apply_levels

SCENARIOS = Path("mock_server/scenarios")


@dataclass(frozen=True)
class Options:
    """What a user asked for besides the two documents."""

    levels: dict[str, Level] = field(default_factory=dict)
    entries: Sequence[Entry] = ()
    scenarios: Path | None = None
    lint: bool = False
    effort: float = 1.0


def reviewed(base: str, revision: str, options: Options) -> Report:
    """The report about two paths, `REV:path` or directories. Raises `DocumentError` or `SettingsError`."""
    if options.scenarios is not None and not options.scenarios.is_dir():
        raise SettingsError(f"--scenarios {options.scenarios}: no such directory")
    if is_folder(base) != is_folder(revision):
        raise SettingsError("BASE and HEAD must both be documents or both be directories")
    if not is_folder(base):
        report = _compared(*_loaded(base, revision, options), options)
    else:
        report = _joined(base, revision, list(_all_compared(base, revision, options)))
    marked, stale = apply_accepted(apply_levels(report.changes, options.levels), options.entries)
    return replace(report, changes=marked, stale=stale)


def _loaded(base: str, revision: str, options: Options) -> tuple[Document, Document]:
    return load(open_source(base), options.effort), load(open_source(revision), options.effort)


def _compared(base: Document, revision: Document, options: Options) -> Report:
    changes = all_changes(base, revision)
    places = remaining(base, revision, changes)
    notes = [sentence(places)] if places else []
    notes += [warning for document in (base, revision) for warning in document.warnings]
    directory = options.scenarios or SCENARIOS
    if directory.is_dir():
        changes += scenario_changes(base, revision, directory)
    if options.lint:
        try:
            changes += new_problems(base, revision)
        except LintUnavailable as problem:
            notes.append(str(problem))
    files = [base, revision, *base.others.values(), *revision.others.values()]
    sources = {document.name: document.source for document in files}
    return Report(base.name, revision.name, changes, (), notes, len(places), sources)


def _all_compared(base: str, revision: str, options: Options) -> Iterator[Report]:
    """One report for each document; documents with the same path belong together."""
    old, new = documents_in(base), documents_in(revision)
    if not old and not new:
        raise DocumentError(f"{base}: has no OpenAPI document; name a file or another directory")
    for name in sorted({*old, *new}):
        if name in old and name in new:
            yield _compared(*_loaded(old[name], new[name], options), options)
        else:
            yield Report(base, revision, [_only_one(name, old, new)])


def _only_one(name: str, old: dict[str, str], new: dict[str, str]) -> Change:
    at = Position(old.get(name) or new[name], 1, "")
    if name in old:
        message = f"The document `{name}` was removed; every request to its operations fails."
        return replace(make_change("document-removed", message, None, None, subject=name, old=name), base=at)
    message = f"The document `{name}` was added."
    return replace(make_change("document-added", message, None, None, subject=name, new=name), revision=at)


def _joined(base: str, revision: str, reports: Sequence[Report]) -> Report:
    return Report(
        base,
        revision,
        [change for report in reports for change in report.changes],
        (),
        [note for report in reports for note in report.notes],
        sum(report.unexplained for report in reports),
        {name: source for report in reports for name, source in report.sources.items()},
    )
