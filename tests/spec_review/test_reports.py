"""Is each report format valid and complete?"""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from openapi import GRADES
from spec_review import compare
from spec_review.change import LEVELS, Accepted
from spec_review.render import FORMATS
from spec_review.render.json_report import SCHEMA
from spec_review.report import Report
from spec_review.settings import Entry
from tests.spec_review.labelled import base, document, labelled, patch

SARIF = json.loads(Path(__file__).with_name("sarif-2.1.0.schema.json").read_text(encoding="utf-8"))
EVERYTHING = {
    "/components/parameters/Limit/schema/maximum": 99,
    "/components/schemas/Status/enum": ["waiting", "moving", "delivered", "lost", "returned"],
    "/components/securitySchemes/key/name": "X-Other",
    "$NewParcel/note/maxLength": 150,
    "$Problem/code/x-grade": "assumed",
    "/paths/~1depots/get/operationId": "getDepots",
    "/paths/~1parcels/get/description": "All | of <them>, 100 %.",
}


def report(changes: dict[str, Any] = EVERYTHING, **more: Any) -> Report:
    """The report for the patched base document."""
    head = base()
    patch(head, changes)
    found = compare(document(base(), "main:api.yaml"), document(head, "api.yaml"))
    return Report("main:api.yaml", "api.yaml", found, **more)


def accepted() -> Report:
    """A report with an accepted change and a stale entry."""
    from dataclasses import replace

    first, *rest = report().changes
    known = Accepted("agreed", "2026-01-31")
    return Report(
        "main:api.yaml",
        "api.yaml",
        [replace(first, accepted=known), *rest],
        [Entry("0" * 16, known, 3)],
        ["A note."],
    )


@pytest.mark.parametrize("made", [report(), report({}), accepted()], ids=["full", "empty", "accepted"])
def test_json_matches_the_published_schema(made: Report) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(json.loads(FORMATS["json"](made)))


@pytest.mark.parametrize("made", [report(), report({}), accepted()], ids=["full", "empty", "accepted"])
def test_sarif_matches_its_schema(made: Report) -> None:
    jsonschema.Draft4Validator(SARIF).validate(json.loads(FORMATS["sarif"](made)))


def test_the_published_schema_lists_the_grades_and_levels() -> None:
    change = json.loads(SCHEMA.read_text(encoding="utf-8"))["$defs"]["change"]["properties"]
    assert change["grade"]["enum"] == list(GRADES)
    assert [*change["level"]["enum"], "off"] == list(LEVELS)


def test_sarif_names_the_file_of_the_working_tree_and_suppresses_accepted_changes() -> None:
    run = json.loads(FORMATS["sarif"](accepted()))["runs"][0]
    locations = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    assert {location["artifactLocation"]["uri"] for location in locations} == {"api.yaml"}
    assert [bool(result.get("suppressions")) for result in run["results"]].count(True) == 1
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"])


def test_a_comment_starts_with_its_marker_shows_all_proofs_and_collapses_the_rest() -> None:
    text = FORMATS["markdown"](report())
    assert text.startswith("<!-- tune-review -->\n### ❌")
    errors = [change for change in report().changes if change.level == "error"]
    assert len(errors) == 5
    for change in errors:
        assert f"#### {change.message}" in text
        assert change.fingerprint in text
        if change.proof is not None:
            assert change.proof.text in text
    assert text.count("<details>") == text.count("</details>") == 3 + 5
    assert text.index("| level | what | where | uses |") < text.index("#### ")
    assert "| `code` in the default response | documented | assumed |" in text
    assert text.count("```") % 2 == 0


def test_a_comment_is_empty_when_nothing_changed() -> None:
    assert FORMATS["markdown"](report({})) == ""


def test_a_comment_stays_below_the_size_limit() -> None:
    found = report()
    text = FORMATS["markdown"](Report("a", "b", list(found.changes) * 400))
    assert len(text) < 65_000
    assert text.count("```") % 2 == 0
    assert text.count("<details>") == text.count("</details>")
    counted = re.findall(r"too short for (\d+) more", text)
    assert len(counted) >= 3


def test_each_annotation_is_one_line_with_special_characters_escaped() -> None:
    lines = FORMATS["github"](report()).splitlines()
    changes = report().changes
    assert len(lines) == len(changes)
    pattern = re.compile(r"^::(error|warning|notice) file=api\.yaml,line=\d+,title=[a-z-]+::\S.*$")
    assert all(pattern.match(line) for line in lines)
    assert sum(line.startswith("::error") for line in lines) == 5
    assert "%0A" in lines[0]
    shorter = FORMATS["github"](accepted()).splitlines()
    assert len(shorter) == len(changes) - 1 + 1
    assert shorter[-1] == "::warning title=tune-review::A note."


def test_a_changelog_entry_lists_breaking_changes_first() -> None:
    lines = FORMATS["changelog"](report()).splitlines()
    assert lines[0] == "### Contract"
    assert lines[2] == "**Several operations**"
    assert lines[4].startswith("- **Breaking:** ")
    assert all(line == "" or line.startswith("**") or line.endswith(".") for line in lines[2:])
    assert "**createParcel**" in lines
    assert FORMATS["changelog"](report({})) == ""


def test_text_contains_rule_position_uses_proof_and_fingerprint() -> None:
    text = FORMATS["text"](report())
    assert "main:api.yaml → api.yaml" in text
    assert "5 breaking changes" in text
    assert "`status` in the 201 response may now be `returned`." in text
    assert "listParcels, createParcel, getParcel (3 uses)" in text
    assert "curl 'https://parcels.example/v1/parcels?limit=100&depot=a'" in text
    assert "by rule" not in text.split("limit")[0].split("X-Key")[0]


def test_the_changes_of_labelled_pairs_can_be_written_in_each_format() -> None:
    schema = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    for pair in list(labelled())[::9]:
        made = Report("base.yaml", "head.yaml", compare(*pair.documents()))
        schema.validate(json.loads(FORMATS["json"](made)))
        for write in FORMATS.values():
            assert write(made) or not made.changes or write is FORMATS["changelog"]


def test_a_fingerprint_does_not_depend_on_unrelated_edits() -> None:
    edited = {
        **EVERYTHING,
        "/info/description": "Much more text.",
        "/paths/~1first": {"get": {"responses": {}}},
        "$Problem/another": {"type": "string"},
    }
    first = {change.fingerprint for change in report().changes if change.level == "error"}
    second = {change.fingerprint for change in report(edited).changes if change.level == "error"}
    assert first == second


def test_every_position_has_the_line_of_its_pointer() -> None:
    for pair in list(labelled())[::7]:
        one, other = pair.documents()
        for change in compare(one, other):
            for position, file in ((change.base, one), (change.revision, other)):
                if position is not None:
                    steps = position.pointer.split("/")[1:]
                    path = tuple(step.replace("~1", "/").replace("~0", "~") for step in steps)
                    assert position.line == file.parsed.line(path)
                    assert 1 <= position.line <= file.source.text.count("\n") + 1
