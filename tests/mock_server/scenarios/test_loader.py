"""Does the error for a scenario file name the file, the line, the key and what is allowed?"""

from pathlib import Path
from textwrap import dedent

import pytest

import openapi
from mock_server.scenarios.library import BUILT_IN, Library
from mock_server.scenarios.loader import facts, load
from mock_server.scenarios.yaml_fields import ScenarioError

FACTS = facts(openapi.load())
HEAD = "summary: s\nreveals: r\ntimeline:\n  - {at: 0, status: queued}\n"


def mistake(directory: Path, text: str, name: str = "x.yaml") -> str:
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
        (HEAD.replace("summary: s", "summary: 3"), "scenarios/x.yaml:1: summary: must be a string, not 3"),
        (HEAD + "sumary: s\n", "scenarios/x.yaml:5: sumary: is not a key here (allowed: summary, reveals"),
        (HEAD + "summary: s\n", "scenarios/x.yaml:5: summary: is a duplicate key"),
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
        (HEAD + "  - {at: 1, status: failed, error: {code: server_error}}\n", "must have the strings code"),
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
        (
            HEAD + "wire: cut=0\n",
            "scenarios/x.yaml:5: wire: network condition 'cut=0': '0' is not a whole number",
        ),
        (HEAD + "wire: split+spilt\n", "x.yaml:5: wire: no network condition 'spilt'; there are: split, "),
        (HEAD + "wire: status=429;on=pools\n", "'pools' is not create, polls, any or an operationId"),
        (HEAD + "  - at: 1\n    event: {name: a, data: {}}\n", "timeline[1].event: needs the key breaks"),
        (HEAD + "  - {at: 1, status: failed, fields: {a: 1}}\n", "fields: needs the key breaks"),
        (HEAD + "  - {at: 1, event: 3}\nbreaks: b\n", "timeline[1].event: must be a mapping"),
        (HEAD + "  - at: 1\n    event: {name: a}\nbreaks: b\n", "timeline[1].event.data: is missing"),
        (HEAD + "  - at: 1\n    event: {nam: a}\nbreaks: b\n", "nam: is not a key here (allowed: name"),
        (HEAD + "  - {at: 1, message: x}\n" * 40, " messages and tool calls; at most 32"),
    ],
)
def test_an_error_is_one_line_that_names_the_place_and_the_rule(
    tmp_path: Path, text: str, message: str
) -> None:
    assert message in mistake(tmp_path, text)


def test_a_name_consists_of_letters_digits_and_hyphens(tmp_path: Path) -> None:
    assert "letters, digits and '-'" in mistake(tmp_path, HEAD, "a+b.yaml")


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ScenarioError, match="not YAML"):
        load(tmp_path / "x.yaml", FACTS)


def test_a_scenario_that_breaks_the_lifecycle_has_to_say_so(tmp_path: Path) -> None:
    broken = HEAD + "  - {at: 1, status: completed}\n"
    assert "cannot follow" in mistake(tmp_path, broken)
    (tmp_path / "x.yaml").write_text(broken + "breaks: completed without in_progress\n")
    assert load(tmp_path / "x.yaml", FACTS).breaks == "completed without in_progress"
