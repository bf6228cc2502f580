"""Does an error in a scenario file name the file, the line, the key and the allowed values?"""

from pathlib import Path
from textwrap import dedent

import pytest

import openapi
from mock_server.scenarios.library import BUILT_IN, Library
from mock_server.scenarios.loader import facts, load
from mock_server.scenarios.yaml_fields import ScenarioError

FACTS = facts(openapi.load())
HEAD = "summary: s\nreveals: r\ntimeline:\n  - {at: 0, status: queued}\n"


def error_in(directory: Path, text: str, name: str = "x.yaml") -> str:
    file = directory / name
    file.write_text(dedent(text), encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load(file, FACTS, Path("scenarios") / name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_built_in_scenarios_load() -> None:
    scenarios = Library(openapi.load()).scenarios()
    assert scenarios.keys() == {path.stem for path in BUILT_IN.glob("*.yaml")}
    assert all(scenario.summary and scenario.reveals for scenario in scenarios.values())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "scenarios/x.yaml:1: the file is empty"),
        ("- a", "scenarios/x.yaml:1: the file: must be a mapping"),
        ("a: [", "scenarios/x.yaml:"),
        (HEAD.replace("summary: s\n", ""), "scenarios/x.yaml:1: summary: is missing"),
        (HEAD.replace("summary: s", "summary: 3"), "scenarios/x.yaml:1: summary: must be a text, not 3"),
        (HEAD + "sumary: s\n", "scenarios/x.yaml:5: sumary: is not a key here (allowed: summary, reveals"),
        (HEAD + "summary: s\n", "scenarios/x.yaml:5: summary: stands twice"),
        (
            HEAD + "  - {at: 1, status: done}\n",
            "scenarios/x.yaml:5: timeline[1].status: 'done' is not a status (queued, in_progress, requires_",
        ),
        (
            HEAD + "  - {at: soon, status: failed}\n",
            "timeline[1].at: must be a number of seconds, not 'soon'",
        ),
        (
            HEAD + "  - {at: -1, status: failed}\n",
            "timeline[1].at: must be from 0 to 10000000 seconds, not -1",
        ),
        (HEAD + "  - {at: .nan, status: failed}\n", "timeline[1].at: must be from 0 to 10000000 seconds"),
        (HEAD + "  - {at: true, status: failed}\n", "timeline[1].at: must be a number of seconds, not True"),
        (
            HEAD + "  - {at: 2, status: in_progress}\n  - {at: 1, status: failed}\n",
            "scenarios/x.yaml:6: timeline[2].at: 1 is before the moment above it (2)",
        ),
        (HEAD + "  - {at: 1}\n", "timeline[1]: a moment has one of status, message, tool_calls"),
        (HEAD + "  - {at: 1, status: failed, message: x}\n", "here: status and message"),
        (HEAD + "  - {at: 1, message: x, until: 0.5}\n", "timeline[1].until: 0.5 is before at (1)"),
        (HEAD + "  - {at: 1, message: x, deltas: 0}\n", "timeline[1].deltas: must be at least 1, not 0"),
        (HEAD + "  - {at: 1, message: '{{you}}'}\n", "'{{you' is not a placeholder ({{said}}, {{user}}"),
        (HEAD + "  - {at: 1, message: '{{user'}\n", "is not a placeholder"),
        (
            HEAD + "  - {at: 1, status: failed, error: {code: oops, message: m}}\n",
            "timeline[1].error: 'oops' is not a code of lastError (server_error, rate_limit_exceeded",
        ),
        (HEAD + "  - {at: 1, status: failed, error: {code: server_error}}\n", "must have the texts code and"),
        (
            HEAD + "  - {at: 1, status: completed}\n",
            "timeline: 'completed' cannot follow 'queued' (allowed: in_",
        ),
        (
            HEAD + "  - {at: 1, status: failed}\n  - {at: 2, message: x}\n",
            "timeline: nothing can follow 'failed', which is terminal",
        ),
        (
            HEAD + "  - {at: 1, status: in_progress}\n  - {at: 2, status: requires_action}\n",
            "timeline: 'requires_action' needs tool_calls before it",
        ),
        (HEAD + "after_cancel:\n  - {at: 0, status: completed}\n", "after_cancel: 'completed' cannot follow"),
        (
            HEAD + "after_outputs:\n  - - {at: 0, status: completed}\n",
            "after_outputs: 'completed' cannot follow",
        ),
        (HEAD + "after_outputs: []\n", "after_outputs: must be a list with at least one entry"),
        (HEAD.replace("at: 0", "at: 1"), "timeline: must begin with {at: 0, status: queued}"),
        (HEAD + "  - {at: 1, tool_calls: []}\n", "timeline[1].tool_calls: must be a list with at least one"),
        (HEAD + "  - {at: 1, tool_calls: [{arguments: {}}]}\n", "timeline[1].tool_calls[0].name: is missing"),
        (HEAD + "  - {at: 1, message: x}\n" * 40, " messages and tool calls; at most 32"),
    ],
)
def test_a_mistake_is_a_one_line_error_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    assert message in error_in(tmp_path, text)


def test_a_name_has_only_letters_digits_and_hyphens(tmp_path: Path) -> None:
    assert "letters, digits and '-'" in error_in(tmp_path, HEAD, "a+b.yaml")


def test_a_file_that_is_not_text_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ScenarioError, match="not YAML"):
        load(tmp_path / "x.yaml", FACTS)


def test_a_scenario_with_breaks_may_leave_the_lifecycle(tmp_path: Path) -> None:
    broken = HEAD + "  - {at: 1, status: completed}\n"
    assert "cannot follow" in error_in(tmp_path, broken)
    (tmp_path / "x.yaml").write_text(broken + "breaks: completed without in_progress\n")
    assert load(tmp_path / "x.yaml", FACTS).breaks == "completed without in_progress"


def own(directory: Path, name: str, summary: str) -> None:
    (directory / f"{name}.yaml").write_text(HEAD.replace("summary: s", f"summary: {summary}"))


def test_own_scenarios_are_added_to_the_built_in_ones_and_reloaded(tmp_path: Path) -> None:
    reports: list[str] = []
    own(tmp_path, "mine", "first")
    library = Library(openapi.load(), tmp_path, reports.append)
    assert library.scenarios()["mine"].summary == "first"
    assert "hello" in library.scenarios()
    own(tmp_path, "mine", "second version")
    own(tmp_path, "more", "new")
    assert library.scenarios()["mine"].summary == "second version"
    assert library.scenarios()["more"].summary == "new"
    (tmp_path / "more.yaml").unlink()
    assert "more" not in library.scenarios()
    assert reports == []


def test_an_invalid_edit_keeps_the_last_good_version_and_is_reported_once(tmp_path: Path) -> None:
    reports: list[str] = []
    own(tmp_path, "mine", "good")
    library = Library(openapi.load(), tmp_path, reports.append)
    (tmp_path / "mine.yaml").write_text("summary: [")
    assert library.scenarios()["mine"].summary == "good"
    assert library.scenarios()["mine"].summary == "good"
    [report] = reports
    assert "mine.yaml:2: not YAML" in report
    assert "the last good version stays" in report


def test_an_own_scenario_replaces_a_built_in_one_until_it_is_deleted(tmp_path: Path) -> None:
    own(tmp_path, "hello", "mine")
    library = Library(openapi.load(), tmp_path)
    assert library.scenarios()["hello"].summary == "mine"
    (tmp_path / "hello.yaml").unlink()
    assert library.scenarios()["hello"].summary != "mine"


def test_an_invalid_file_at_startup_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("summary: [")
    with pytest.raises(ScenarioError, match=r"mine\.yaml:2"):
        Library(openapi.load(), tmp_path)


def test_a_deleted_directory_keeps_the_loaded_scenarios(tmp_path: Path) -> None:
    reports: list[str] = []
    directory = tmp_path / "own"
    directory.mkdir()
    own(directory, "mine", "good")
    library = Library(openapi.load(), directory, reports.append)
    (directory / "mine.yaml").unlink()
    directory.rmdir()
    assert "mine" in library.scenarios()
    assert "mine" in library.scenarios()
    [report] = reports
    assert "cannot be read" in report
    directory.mkdir()
    own(directory, "other", "back")
    assert "other" in library.scenarios()
    assert len(reports) == 1


def test_a_broken_link_is_reported_and_other_files_still_load(tmp_path: Path) -> None:
    reports: list[str] = []
    library = Library(openapi.load(), tmp_path, reports.append)
    (tmp_path / "broken.yaml").symlink_to(tmp_path / "nowhere")
    own(tmp_path, "mine", "good")
    assert "mine" in library.scenarios()
    assert "mine" in library.scenarios()
    [report] = reports
    assert report.endswith("broken.yaml: cannot be read: No such file or directory")
    with pytest.raises(ScenarioError, match=r"broken\.yaml: cannot be read"):
        Library(openapi.load(), tmp_path)
