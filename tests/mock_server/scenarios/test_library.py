"""Are the scenarios of a user's directory loaded, reloaded and kept?"""

from pathlib import Path

import pytest

import openapi
from mock_server.scenarios.library import Library
from mock_server.scenarios.yaml_fields import ScenarioError

SCENARIO = "summary: %s\nreveals: r\ntimeline:\n  - {at: 0, status: queued}\n"


def write(directory: Path, name: str, summary: str) -> None:
    (directory / f"{name}.yaml").write_text(SCENARIO % summary)


def test_own_scenarios_are_added_and_reloaded(tmp_path: Path) -> None:
    log: list[str] = []
    write(tmp_path, "mine", "first")
    library = Library(openapi.load(), tmp_path, log.append)
    assert library.scenarios()["mine"].summary == "first"
    assert "hello" in library.scenarios()
    write(tmp_path, "mine", "second version")
    write(tmp_path, "more", "new")
    assert library.scenarios()["mine"].summary == "second version"
    assert library.scenarios()["more"].summary == "new"
    (tmp_path / "more.yaml").unlink()
    assert "more" not in library.scenarios()
    assert log == []


def test_a_broken_file_keeps_its_last_good_version_and_warns_once(tmp_path: Path) -> None:
    log: list[str] = []
    write(tmp_path, "mine", "good")
    library = Library(openapi.load(), tmp_path, log.append)
    (tmp_path / "mine.yaml").write_text("summary: [")
    assert library.scenarios()["mine"].summary == "good"
    assert library.scenarios()["mine"].summary == "good"
    [warning] = log
    assert "mine.yaml:2: not YAML" in warning
    assert "the last good version is kept" in warning


def test_an_own_scenario_replaces_a_built_in_one_until_it_is_deleted(tmp_path: Path) -> None:
    write(tmp_path, "hello", "mine")
    library = Library(openapi.load(), tmp_path)
    assert library.scenarios()["hello"].summary == "mine"
    (tmp_path / "hello.yaml").unlink()
    assert library.scenarios()["hello"].summary != "mine"


def test_a_broken_file_at_the_start_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("summary: [")
    with pytest.raises(ScenarioError, match=r"mine\.yaml:2"):
        Library(openapi.load(), tmp_path)


def test_the_scenarios_of_a_deleted_directory_are_kept(tmp_path: Path) -> None:
    log: list[str] = []
    directory = tmp_path / "own"
    directory.mkdir()
    write(directory, "mine", "good")
    library = Library(openapi.load(), directory, log.append)
    (directory / "mine.yaml").unlink()
    directory.rmdir()
    assert "mine" in library.scenarios()
    assert "mine" in library.scenarios()
    [warning] = log
    assert "cannot be read" in warning
    directory.mkdir()
    write(directory, "other", "back")
    assert "other" in library.scenarios()
    assert len(log) == 1


def test_a_broken_link_warns_and_the_other_files_are_loaded(tmp_path: Path) -> None:
    log: list[str] = []
    library = Library(openapi.load(), tmp_path, log.append)
    (tmp_path / "broken.yaml").symlink_to(tmp_path / "nowhere")
    write(tmp_path, "mine", "good")
    assert "mine" in library.scenarios()
    assert "mine" in library.scenarios()
    [warning] = log
    assert warning.endswith("broken.yaml: cannot be read: No such file or directory")
    with pytest.raises(ScenarioError, match=r"broken\.yaml: cannot be read"):
        Library(openapi.load(), tmp_path)
