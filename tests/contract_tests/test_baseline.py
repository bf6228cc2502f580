"""Are known differences read strictly, accepted until they expire, and reported when they are gone?"""

import re
from datetime import date
from pathlib import Path

import pytest

from contract_tests.baseline import EXPIRED, GONE, Known, load, update
from contract_tests.findings import Outcome
from contract_tests.settings import UsageError
from tests.contract_tests.reporting import finding

SLUGS = ["terminal-status-final", "error-body", "response-schema"]
TODAY = date(2026, 11, 23)
TEXT = """\
# what we live with

# the gateway (OPS-12)
- slug: error-body
  place: getRun            # nginx answers
  reason: "the gateway's own page: 502"
  expires: 2026-12-31
- slug: response-schema
  reason: >
    mended by the next release
  expires: "2026-11-01"

# the end
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of known differences."""
    path = tmp_path / "known.yaml"
    path.write_text(TEXT)
    return path


def test_entries_are_read_with_their_lines(file: Path) -> None:
    first, second = load(str(file), SLUGS).entries
    assert (first.slug, first.place, first.reason) == ("error-body", "getRun", "the gateway's own page: 502")
    assert (first.expires, first.line, first.end) == (date(2026, 12, 31), 4, 7)
    assert (second.place, second.reason, second.line, second.end) == ("", "mended by the next release", 8, 11)


@pytest.mark.parametrize(
    "text",
    ["", "# nothing\n", "[]\n", "\ufeff- slug: error-body\r\n  reason: x\r\n  expires: 2027-01-01\r\n"],
)
def test_an_empty_file_a_byte_order_mark_and_windows_line_ends_are_accepted(
    text: str, tmp_path: Path
) -> None:
    path = tmp_path / "known.yaml"
    path.write_bytes(text.encode())
    assert len(load(str(path), SLUGS).entries) == ("slug" in text)


ENTRY = "- slug: error-body\n  reason: why\n  expires: 2027-01-31\n"
WRONG = {
    "a: b\n": r":1: not a list",
    "- [\n": r":2: not YAML",
    "- error-body\n": r":1: \[0\] is not a mapping",
    ENTRY.replace("reason", "raison"): r":2: \[0\]\.raison is not one of slug, place, reason, expires",
    ENTRY.replace("  reason: why\n", ""): r":1: \[0\]\.reason is missing",
    ENTRY.replace("why", '" "'): r":2: \[0\]\.reason is empty",
    ENTRY.replace("why", "[why]"): r":2: \[0\]\.reason is empty or not a text",
    ENTRY.replace(
        "2027-01-31", "2027-13-01"
    ): r":1: \[0\]\.expires: '2027-13-01' is not a date; write it like",
    ENTRY.replace(
        "error-body", "error-bodies"
    ): r":1: \[0\]\.slug: .*'error-bodies'; did you mean error-body\?",
    ENTRY.replace("error-body", "zzz"): r":1: \[0\]\.slug: .*'zzz'; tune-check --list-checks lists them",
    "# c\n" + ENTRY + ENTRY: r":5: \[1\]: error-body is on line 2 too",
}


@pytest.mark.parametrize(("text", "complaint"), WRONG.items(), ids=range(len(WRONG)))
def test_a_mistake_is_named_with_file_line_and_key(text: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "known.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=f"^--known: {re.escape(str(path))}{complaint}") as error:
        load(str(path), SLUGS)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_a_usage_error_unless_it_is_to_be_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        load(str(tmp_path / "none.yaml"), SLUGS)
    assert load(str(tmp_path / "none.yaml"), SLUGS, missing_ok=True).entries == ()
    with pytest.raises(UsageError, match="cannot be read"):
        load(str(tmp_path), SLUGS)


def test_a_known_difference_is_accepted_at_its_place_only(file: Path) -> None:
    known = load(str(file), SLUGS)
    here, there = finding("error-body", place="getRun"), finding("error-body", place="listRuns")
    applied = known.accept([here, there], TODAY)
    assert applied.left == (there,)
    assert applied.accepted == ((here, "the gateway's own page: 502"),)


def test_an_entry_without_a_place_covers_all_places(file: Path) -> None:
    known = load(str(file), SLUGS)
    findings = [finding("response-schema", place=place) for place in ("getRun: id", "getThread: id")]
    assert known.accept(findings, date(2026, 11, 1)).left == ()


def test_an_inconclusive_check_is_not_a_difference(file: Path) -> None:
    untried = finding("error-body", place="getRun", outcome=Outcome.UNTRIED)
    assert load(str(file), SLUGS).accept([untried], TODAY).left == (untried,)


def test_an_expired_entry_accepts_nothing_and_is_reported(file: Path) -> None:
    known = load(str(file), SLUGS)
    found = finding("response-schema", place="getRun: id")
    assert known.accept([found], TODAY).left == (found,)
    (complaint,) = known.expired([found], TODAY)
    assert (complaint.slug, complaint.place) == (EXPIRED, f"{file}:8")
    assert "expired on 2026-11-01" in complaint.seen


def test_a_difference_that_is_gone_is_reported_if_its_check_ran(file: Path) -> None:
    known = load(str(file), SLUGS)
    assert known.gone([], set()) == ()
    gone = known.gone([], {"error-body", "response-schema"})
    assert gone == known.entries
    complaint = known.complaint(gone[0])
    assert (complaint.slug, complaint.place) == (GONE, f"{file}:4")
    assert complaint.seen == "error-body at getRun no longer differs"
    assert known.gone([finding("error-body", place="getRun")], {"error-body"}) == ()


PLACES = [
    "listRuns: desc", "getRun: data[].id", "run: `x` to 'y'", "GET /v1/threads?limit=2#f", "a # b", "a:",
    "- x", "{id}: x", "[1]", "%", "@x", "it's: #1, ü", "'x", '"x"', "> x", "| x", "? x", "null", "3", "yes",
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_a_place_can_be_written_as_a_report_prints_it(place: str, tmp_path: Path) -> None:
    path = tmp_path / "known.yaml"
    path.write_text(f"- slug: error-body\n  place: {place}   # why\n  reason: x\n  expires: 2027-01-01\n")
    if place[0] in "'\"|>":
        update(Known(str(path)), str(path), [finding(place=place)], [], TODAY)
        path.write_text("".join(path.read_text().splitlines(keepends=True)[4:]))
    (entry,) = load(str(path), [*SLUGS, "terminal-status-final"]).entries
    assert entry.place == place


def test_an_update_adds_differences_and_keeps_comments(file: Path) -> None:
    known = load(str(file), SLUGS)
    fresh = [finding(place="run: completed to failed"), finding(place="run: completed to failed")]
    assert update(known, str(file), fresh, [8], TODAY) == (1, 1)
    text = file.read_text()
    for kept in ("# what we live with", "# the gateway (OPS-12)", "# nginx answers", "# the end"):
        assert kept in text
    assert "response-schema" not in text
    again = load(str(file), SLUGS)
    assert [(one.slug, one.place) for one in again.entries] == [
        ("error-body", "getRun"),
        ("terminal-status-final", "run: completed to failed"),
    ]
    assert again.entries[1].expires == date(2026, 12, 23)
    assert again.accept(fresh, TODAY).left == ()


def test_an_update_creates_a_file_with_a_header(tmp_path: Path) -> None:
    path = tmp_path / "known.yaml"
    assert update(Known(str(path)), str(path), [finding(place="it's: #1, ü")], [], TODAY) == (1, 0)
    (entry,) = load(str(path), SLUGS).entries
    assert entry.place == "it's: #1, ü"
    assert path.read_text().startswith("# Known differences")


def test_an_update_keeps_windows_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "known.yaml"
    path.write_bytes(TEXT.replace("\n", "\r\n").encode())
    update(load(str(path), SLUGS), str(path), [finding()], [4, 8], TODAY)
    raw = path.read_bytes()
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert [one.slug for one in load(str(path), SLUGS).entries] == ["terminal-status-final"]


def test_an_entry_is_removed_with_its_dash_on_a_line_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "known.yaml"
    path.write_text(
        "-\n" + ENTRY.replace("- slug", "  slug") + ENTRY.replace("error-body", "response-schema")
    )
    known = load(str(path), SLUGS)
    update(known, str(path), [], [known.entries[0].line], TODAY)
    assert [one.slug for one in load(str(path), SLUGS).entries] == ["response-schema"]


def test_an_update_replaces_an_empty_list(tmp_path: Path) -> None:
    path = tmp_path / "known.yaml"
    path.write_text("[]\n")
    update(load(str(path), SLUGS), str(path), [finding()], [], TODAY)
    assert len(load(str(path), SLUGS).entries) == 1
