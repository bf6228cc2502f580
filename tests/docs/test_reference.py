"""Are the generated tables and pictures of the documentation as the code has them now?"""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

import openapi
from contract_tests.checks import REGISTRY
from mock_server.control.app import DOCUMENT
from mock_server.scenarios.library import BUILT_IN
from mock_server.simulation.conditions import KINDS
from spec_review.catalogue import LOCATIONS, RULES
from tests.docs import lifecycle_picture, options, reference, run_picture
from tests.docs.pages import PAGES, named
from tests.docs.recorded_run import Recorded, record
from tests.repository.sources import ROOT

GENERATED = [path for path in PAGES if reference.names(path.read_text(encoding="utf-8"))]


def page(name: str) -> str:
    """The text of a page of the reference."""
    return (ROOT / f"docs/reference/{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", GENERATED, ids=named)
def test_the_generated_parts_of_a_page_are_current(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert reference.written(text) == text, reference.COMMAND


@pytest.mark.parametrize("name", reference.PICTURES)
def test_a_picture_is_what_its_script_draws(name: str) -> None:
    assert reference.PICTURES[name]() == (ROOT / name).read_text(encoding="utf-8"), reference.COMMAND


def test_every_part_that_can_be_generated_has_a_page() -> None:
    used = {
        name.partition(" ")[0]
        for path in GENERATED
        for name in reference.names(path.read_text(encoding="utf-8"))
    }
    assert used == set(reference.PARTS)


def test_an_old_part_is_replaced_and_the_rest_of_the_page_kept() -> None:
    old = "# Title\n\n<!-- generated:options tune-mock -->\nold\n<!-- /generated -->\n\nText.\n"
    new = reference.written(old)
    assert "old\n" not in new
    assert new.startswith("# Title\n\n<!-- generated:options tune-mock -->\n| option | default |")
    assert new.endswith("|\n<!-- /generated -->\n\nText.\n")


def test_every_scenario_condition_check_and_control_call_is_listed() -> None:
    calls = openapi.parse(DOCUMENT.read_text(encoding="utf-8"))["paths"]
    assert [name.stem for name in BUILT_IN.glob("*.yaml") if f"`{name.stem}`" not in page("scenarios")] == []
    assert [kind.form for kind in KINDS.values() if f"`{kind.form}`" not in page("network-conditions")] == []
    assert [slug for slug in REGISTRY if f"`{slug}`" not in page("checks")] == []
    assert [path for path in calls if f" {path}`" not in page("control-api")] == []


def test_every_review_rule_is_listed_by_itself_or_for_all_places() -> None:
    text = page("review-rules")
    places = "|".join(LOCATIONS)
    lost = [
        one
        for one in RULES
        if f"`{one}`" not in text and f"`{re.sub(f'^({places})-', 'PLACE-', one)}`" not in text
    ]
    assert lost == []


@pytest.mark.parametrize("command", options.COMMANDS)
def test_every_option_is_listed(command: str) -> None:
    flags = [flag for one in options.COMMANDS[command].params for flag in one.opts if flag.startswith("-")]
    assert [flag for flag in flags if not re.search(rf"`{flag}[ `]", page(command))] == []


@pytest.fixture(scope="module")
def run() -> Recorded:
    """The run that the picture of the README shows."""
    return record()


def test_the_recorded_run_is_the_same_in_both_views(run: Recorded) -> None:
    for poll in run.polls:
        past = [event for event in run.events if event.at <= poll.at]
        assert poll.status == [event.status for event in past if event.status][-1]
        assert poll.reply == "".join(event.piece for event in past)


def test_the_recorded_run_is_seen_whole(run: Recorded) -> None:
    assert [poll.status for poll in run.polls] == ["queued", *["in_progress"] * 4, "completed"]
    assert [event.status for event in run.events if event.status][-1] == "completed"
    assert len([event for event in run.events if event.piece]) > 5


def test_the_lifecycle_picture_has_an_arrow_or_a_word_for_every_transition() -> None:
    statuses = openapi.load()["components"]["schemas"]["RunStatus"]["x-lifecycle"]["statuses"]
    drawn = lifecycle_picture.drawn()
    active = [status for status, facts in statuses.items() if not facts.get("terminal")]
    arrows = sum(follower in active for status in active for follower in statuses[status]["next"])
    ends = sum(follower not in active for status in active for follower in statuses[status]["next"])
    assert drawn.count("marker-end") == arrows
    assert sum(drawn.count(f">{status}<") for status in set(statuses) - set(active)) == ends


@pytest.mark.parametrize("draw", [lifecycle_picture.drawn, run_picture.drawn])
def test_a_picture_is_well_formed_loads_nothing_and_is_drawn_for_light_and_dark(draw: object) -> None:
    assert callable(draw)
    drawn = draw()
    root = ElementTree.fromstring(drawn)
    assert root[0].text, "it has no title to be read aloud"
    assert "prefers-color-scheme:dark" in drawn
    assert re.findall(r"(?:href|src|url)\W+https?:", drawn) == []
