"""Is the lifecycle that the README draws the one the document states?"""

import re
from pathlib import Path

import openapi
from tests.repository import diagrams
from tests.repository.sources import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_draws_the_lifecycle_of_a_run() -> None:
    assert "RunStatus" in diagrams.schemas(README)


def test_every_diagram_is_current() -> None:
    assert diagrams.redrawn(README) == README, "run make diagrams"


def test_the_diagram_has_an_arrow_for_every_transition_and_no_other() -> None:
    statuses = openapi.load()["components"]["schemas"]["RunStatus"]["x-lifecycle"]["statuses"]
    expected = {(status, after) for status, facts in statuses.items() for after in facts["next"]}
    drawn = set(re.findall(r"(\w+) --> (\w+)", openapi.lifecycle_diagram(openapi.load(), "RunStatus")))
    assert {arrow for arrow in drawn if set(arrow) <= set(statuses)} == expected


def test_an_old_diagram_is_replaced_and_the_rest_of_the_file_kept(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    old = "# Title\n\n<!-- lifecycle:RunStatus -->\n```mermaid\nold\n```\n<!-- /lifecycle -->\n\nText.\n"
    readme.write_text(old, encoding="utf-8")
    assert diagrams.main(readme) == 0
    new = readme.read_text(encoding="utf-8")
    assert "old" not in new
    assert new.startswith("# Title\n\n<!-- lifecycle:RunStatus -->\n```mermaid\nstateDiagram")
    assert new.endswith("```\n<!-- /lifecycle -->\n\nText.\n")
