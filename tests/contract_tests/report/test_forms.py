"""Is each form of a report complete, and is everything from the service escaped?"""

import io
import json
import os
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

from contract_tests.redaction import Secrets
from contract_tests.report import Outputs, Progress, Terminal, console, html, markdown
from contract_tests.report import json as json_form
from contract_tests.report.model import Report
from contract_tests.report.svg import draw
from contract_tests.settings import UsageError
from tests.contract_tests.reporting import FINDINGS, KEY, finding, report

HOSTILE = finding(
    seen='</title><script>alert(1)</script> "]] \x1b[31m', expected="| a ``` b", place="<img src=x>"
)
LEAKY = finding(seen=f"the key {KEY}", curl=f"curl -H 'X-Tune-Key: {KEY}' http://u:{KEY}@h/", place=KEY)


def terminal(shown: Report, **options: object) -> str:
    """The report as text, for a terminal or a pipe."""
    out = io.StringIO()
    Terminal(Console(file=out, soft_wrap=True, **options), Secrets(KEY)).show(shown)  # type: ignore[arg-type]
    return out.getvalue()


FORMS = {
    "terminal": terminal,
    "markdown": lambda shown: markdown.render(shown, Secrets(KEY)),
    "json": lambda shown: json_form.render(shown, Secrets(KEY)),
    "html": lambda shown: html.render(shown, Secrets(KEY)),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_result_findings_costs_and_differences(form: str) -> None:
    text = FORMS[form](report(*FINDINGS, accepted=((finding("no-redirect"), "moves in May"),), stopped="-x"))
    for word in (
        "Violates the contract",
        "terminal-status-final",
        "error-body",
        "first-status",
        "no thread has three runs",
        "et nothing write it",
        "curl -i",
        "no-redirect",
        "moves in May",
    ):
        assert word in text, word


@pytest.mark.parametrize("form", FORMS)
def test_no_form_contains_the_key(form: str) -> None:
    text = FORMS[form](report(LEAKY, problem=f"refused {KEY}", target=f"http://{KEY}@h", plan=(KEY,)))
    assert KEY not in text
    assert "TUNE_API_KEY" in text


def test_the_terminal_shows_the_most_severe_first_and_the_result_last() -> None:
    lines = terminal(report(*FINDINGS)).splitlines()
    heads = [line.split(":")[0] for line in lines if re.match(r"[A-Z]", line)]
    assert heads == [
        "Failures",
        "Warnings",
        "Notes",
        "Could not try",
        "Not offered",
        "Spent",
        "Violates the contract",
    ]
    assert lines[-2] == "Spent: 1 of 5 runs, 4.2 of 20 s"
    assert "(exit 1)" in lines[-1]


def test_a_pipe_gets_no_colours_and_no_wrapping() -> None:
    long = finding(seen="x" * 500, curl="curl " + "y" * 500)
    text = terminal(report(long))
    assert "\x1b" not in text
    assert "x" * 500 in text
    assert "y" * 500 in text


def test_a_terminal_wraps_text_but_not_commands() -> None:
    text = terminal(
        report(finding(seen="word " * 60, curl="curl " + "y" * 200)), force_terminal=True, width=80
    )
    assert "\x1b[" in text
    assert "y" * 200 in text
    assert max(len(re.sub(r"\x1b\[[\d;]*m", "", line)) for line in text.splitlines() if "word" in line) <= 80


def test_control_characters_are_escaped() -> None:
    assert "\x1b" not in terminal(report(HOSTILE))
    assert "\\x1b[31m" in terminal(report(HOSTILE))


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    text = terminal(report(*FINDINGS), force_terminal=True)
    assert "\x1b[31m" not in text
    assert "31m" not in re.sub(r"\\x1b", "", text)


def test_progress_is_silent_in_a_pipe_and_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    for lively in (False, True):
        out = io.StringIO()
        progress = Progress(Console(file=out, force_terminal=lively))
        progress.start()
        progress.say("1/2 something")
        progress.stop()
        assert out.getvalue() == ""


def test_progress_is_shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    out = io.StringIO()
    progress = Progress(Console(file=out, force_terminal=True))
    progress.start()
    progress.say("1/2 something")
    progress.stop()
    assert "1/2 something" in out.getvalue()


def test_the_console_interprets_no_markup() -> None:
    out = io.StringIO()
    console(out).print("[bold]not markup[/bold] :smile:")
    assert out.getvalue() == "[bold]not markup[/bold] :smile:\n"


def test_the_json_report_has_its_keys() -> None:
    plain = json.loads(FORMS["json"](report(*FINDINGS)))
    assert (plain["version"], plain["exitCode"], plain["verdict"]) == (1, 1, "Violates the contract")
    first = plain["findings"][0]
    assert (first["slug"], first["severity"], first["outcome"]) == (
        "terminal-status-final",
        "failure",
        "broken",
    )
    assert [place["count"] for place in first["places"]] == [1, 3]
    assert plain["runs"][0]["statuses"][0]["label"] == "queued"
    assert plain["costs"][0] == {"name": "runs", "used": 1, "ceiling": 5}


def test_markdown_in_findings_is_escaped() -> None:
    text = markdown.render(report(HOSTILE, FINDINGS[0]), Secrets())
    table = [line for line in text.splitlines() if re.match(r"\| `(<img|getRun)", line)]
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 5 for line in table), table
    assert markdown.plain("a *b* [c](d) <e> _f_ x_y") == r"a \*b\* \[c\](d) \<e\> \_f\_ x_y"
    assert markdown.code("two `ticks` | here") == "`` two `ticks` \\| here ``"
    assert next(iter(markdown.fenced("```", "yaml"))) == "````yaml"


def test_markdown_stays_below_the_limit_of_github() -> None:
    many = [finding(place=f"place {number}", seen="x" * 5000) for number in range(400)]
    slugs = [finding("error-body", place="p", seen="y" * 5000, curl="z" * 5000) for _ in range(10)]
    text = markdown.render(report(*many, *slugs), Secrets())
    assert len(text.encode()) < 2**20
    assert "and 92 more places" in text
    huge = [finding(f"slug-{number}", curl="z" * 2000) for number in range(400)]
    assert "Truncated" in markdown.render(report(*huge), Secrets())


class Tags(HTMLParser):
    """Collects the tags of a page and what they load."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect a tag and its references."""
        self.tags.append(tag)
        self.loads += [str(value) for name, value in attrs if name in ("src", "href", "xlink:href")]


def test_the_page_loads_no_resources_and_runs_no_scripts() -> None:
    page = html.render(report(HOSTILE, *FINDINGS), Secrets())
    tags = Tags()
    tags.feed(page)
    assert not tags.loads
    assert not {"script", "img", "link", "iframe"} & set(tags.tags)
    assert "url(" not in page
    assert "prefers-color-scheme: dark" in page


def test_the_page_draws_every_run() -> None:
    page = html.render(report(*FINDINGS), Secrets())
    assert page.count("<svg") == 1
    for kind in ("queued", "in_progress", "completed", "event", "ok"):
        assert f'<rect class="{kind}"' in page
    assert "run_1" in page


def test_shapes_are_in_order_and_inside_the_drawing() -> None:
    drawing = draw(report().timelines[0])
    statuses = drawing.lanes[0].shapes
    assert [shape.label for shape in statuses] == ["queued", "in_progress", "completed"]
    assert [shape.x for shape in statuses] == sorted(shape.x for shape in statuses)
    everything = [shape for lane in drawing.lanes for shape in lane.shapes]
    assert all(drawing.left <= shape.x and shape.x + shape.width <= drawing.width for shape in everything)
    assert all(0 <= shape.y < drawing.height for shape in everything)


def test_a_long_idle_time_is_shortened_and_marked() -> None:
    drawing = draw(report().timelines[0])
    assert len(drawing.idle) == 1
    starts = [shape.x for lane in drawing.lanes if lane.name == "getRun" for shape in lane.shapes]
    assert starts[-1] - starts[-2] < 0.2 * drawing.width


def test_every_requested_file_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    paths = {name: tmp_path / f"report.{name}" for name in ("markdown", "json", "html")}
    outputs = Outputs.of({name: str(path) for name, path in paths.items()})
    outputs.check()
    assert outputs.write(report(*FINDINGS), Secrets()) == []
    assert all(path.stat().st_size for path in paths.values())
    assert b"\r" not in paths["markdown"].read_bytes()
    assert summary.read_text().startswith("before\n## ")


def test_the_summary_is_not_written_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    assert Outputs.of({"markdown": str(summary)}).write(report(), Secrets()) == []
    assert summary.read_text().count("## ") == 1
    assert summary.read_text().startswith("before\n")


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        (".", "is a directory"),
        ("missing/report.html", "there is no directory"),
        ("locked", "cannot be written"),
    ],
)
def test_an_unwritable_path_is_a_usage_error(
    path: str, complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "locked").write_text("")
    monkeypatch.setattr(os, "access", lambda where, mode: Path(where).name != "locked")
    with pytest.raises(UsageError, match=f"--html: .*{complaint}"):
        Outputs(html=str(tmp_path / path)).check()


def test_a_path_that_becomes_unwritable_is_one_line(tmp_path: Path) -> None:
    (said,) = Outputs(html=str(tmp_path / "gone" / "report.html")).write(report(), Secrets())
    assert said.startswith("--html: ")
    assert "could not be written" in said


def test_a_report_that_cannot_be_written_is_named_by_its_option(tmp_path: Path) -> None:
    (said,) = Outputs(code_quality=str(tmp_path / "gone" / "issues.json")).write(report(), Secrets())
    assert said.startswith("--code-quality: ")


def test_the_page_closes_every_tag(tmp_path: Path) -> None:
    page = html.render(report(HOSTILE, *FINDINGS), Secrets())
    void = {"meta", "line", "rect", "br"}
    problems: list[str] = []

    class Balance(Tags):
        """Collects tags that are not closed."""

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            """Open a tag."""
            if tag not in void:
                self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            """Close the tag that was opened last."""
            if tag not in void and (not self.open or self.open.pop() != tag):
                problems.append(tag)

    balance = Balance()
    balance.feed(page)
    assert problems == []
    assert balance.open == []


def test_nothing_is_written_to_the_error_stream(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal(console(sys.stdout), Secrets()).show(report(*FINDINGS))
    assert capsys.readouterr().err == ""
