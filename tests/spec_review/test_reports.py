"""Is every form of a report what it promises to be?"""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from spec_review import compare
from spec_review.change import Accepted
from spec_review.render import FORMS
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
    """What is said of the patched base document."""
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
def test_json_keeps_the_published_schema(made: Report) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(json.loads(FORMS["json"](made)))


@pytest.mark.parametrize("made", [report(), report({}), accepted()], ids=["full", "empty", "accepted"])
def test_sarif_is_valid_by_its_schema(made: Report) -> None:
    jsonschema.Draft4Validator(SARIF).validate(json.loads(FORMS["sarif"](made)))


def test_sarif_names_the_file_of_the_working_tree_and_suppresses_what_was_accepted() -> None:
    run = json.loads(FORMS["sarif"](accepted()))["runs"][0]
    locations = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    assert {location["artifactLocation"]["uri"] for location in locations} == {"api.yaml"}
    assert [bool(result.get("suppressions")) for result in run["results"]].count(True) == 1
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"])


def test_a_comment_begins_with_its_mark_shows_every_proof_and_folds_the_rest() -> None:
    text = FORMS["markdown"](report())
    assert text.startswith("<!-- tune-review -->\n### ❌")
    errors = [change for change in report().changes if change.level == "error"]
    assert len(errors) == 5
    for change in errors:
        assert f"#### {change.message}" in text
        assert change.fingerprint in text
        if change.proof is not None:
            assert change.proof.text in text
    assert text.count("<details>") == text.count("</details>") == 3
    assert "| `code` in the default response | documented | assumed |" in text
    assert text.count("```") % 2 == 0


def test_a_comment_is_empty_where_nothing_changed() -> None:
    assert FORMS["markdown"](report({})) == ""


def test_a_comment_stays_within_what_a_comment_holds() -> None:
    found = report()
    text = FORMS["markdown"](Report("a", "b", list(found.changes) * 400))
    assert len(text) < 65_000
    assert text.count("```") % 2 == 0
    assert text.count("<details>") == text.count("</details>")
    assert text.endswith("see all of it.*\n")


def test_annotations_stand_on_one_line_each_and_escape_what_github_reads() -> None:
    lines = FORMS["github"](report()).splitlines()
    changes = report().changes
    assert len(lines) == len(changes)
    pattern = re.compile(r"^::(error|warning|notice) file=api\.yaml,line=\d+,title=[a-z-]+::\S.*$")
    assert all(pattern.match(line) for line in lines)
    assert sum(line.startswith("::error") for line in lines) == 5
    assert "%0A" in lines[0]
    assert len(FORMS["github"](accepted()).splitlines()) == len(changes) - 1


def test_a_changelog_entry_says_first_what_breaks() -> None:
    lines = FORMS["changelog"](report()).splitlines()
    assert lines[0] == "### Contract"
    assert lines[2].startswith("- **Breaking:** ")
    assert all(line.startswith("- ") and line.endswith(".") for line in lines[2:])
    assert FORMS["changelog"](report({})) == ""


def test_text_says_rule_place_uses_proof_and_fingerprint() -> None:
    text = FORMS["text"](report())
    assert "main:api.yaml → api.yaml" in text
    assert "5 breaking changes" in text
    assert "`status` in the 201 response may now be `returned`." in text
    assert "listParcels, createParcel, getParcel (3 uses)" in text
    assert "curl 'https://parcels.example/v1/parcels?limit=100&depot=a'" in text
    assert "by rule" not in text.split("limit")[0].split("X-Key")[0]


def test_every_change_of_every_labelled_pair_can_be_shown_in_every_form() -> None:
    schema = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    for pair in list(labelled())[::9]:
        made = Report("base.yaml", "head.yaml", compare(*pair.documents()))
        schema.validate(json.loads(FORMS["json"](made)))
        for form in FORMS.values():
            assert form(made) or not made.changes or form in (FORMS["changelog"],)


def test_a_fingerprint_survives_edits_elsewhere() -> None:
    edited = {
        **EVERYTHING,
        "/info/description": "Much more text.",
        "/paths/~1first": {"get": {"responses": {}}},
        "$Problem/another": {"type": "string"},
    }
    first = {change.fingerprint for change in report().changes if change.level == "error"}
    second = {change.fingerprint for change in report(edited).changes if change.level == "error"}
    assert first == second


def test_every_position_points_at_what_it_names() -> None:
    for pair in list(labelled())[::7]:
        one, other = pair.documents()
        for change in compare(one, other):
            for position, file in ((change.base, one), (change.revision, other)):
                if position is not None:
                    steps = position.pointer.split("/")[1:]
                    path = tuple(step.replace("~1", "/").replace("~0", "~") for step in steps)
                    assert position.line == file.parsed.line(path)
                    assert 1 <= position.line <= file.source.text.count("\n") + 1
