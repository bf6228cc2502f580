"""Are two directories compared document by document, and is a base found by its tag?"""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from spec_review.cli import main
from spec_review.render import FORMATS
from spec_review.reviewing import Options, reviewed
from spec_review.settings import SettingsError

PART = "type: string\nenum: [a, b]\n"


def document(values: list[str], operation: str = "get") -> dict[str, Any]:
    """A document with one operation that returns one of these values."""
    schema = {"type": "string", "enum": values}
    return {
        "openapi": "3.0.3",
        "info": {"title": "T", "version": "1.0.0"},
        "paths": {
            "/a": {
                "get": {
                    "operationId": operation,
                    "responses": {
                        "200": {"description": "D.", "content": {"application/json": {"schema": schema}}}
                    },
                }
            }
        },
    }


def write(folder: Path, files: dict[str, Any]) -> str:
    """Write the files as JSON; returns the folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(content, indent=1), encoding="utf-8")
    return str(folder)


def git(folder: Path, *arguments: str) -> None:
    """Run git in a folder."""
    who = ["-c", "user.name=T", "-c", "user.email=t@example.com"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def test_documents_with_the_same_path_are_compared(tmp_path: Path) -> None:
    old = write(
        tmp_path / "old", {"one.json": document(["a"]), "deep/two.json": document(["a"]), "x.json": {}}
    )
    new = write(tmp_path / "new", {"one.json": document(["a", "b"]), "deep/two.json": document(["a"])})
    report = reviewed(old, new, Options())
    assert [change.id for change in report.of("error")] == ["response-body-enum-value-added"]
    assert report.changes[0].revision is not None
    assert report.changes[0].revision.file == f"{new}/one.json"


def test_a_document_that_only_one_directory_has_is_reported(tmp_path: Path) -> None:
    old = write(tmp_path / "old", {"gone.json": document(["a"])})
    new = write(tmp_path / "new", {"new.json": document(["a"])})
    found = {change.id: change.level for change in reviewed(old, new, Options()).changes}
    assert found == {"document-removed": "error", "document-added": "info"}
    for format_ in FORMATS.values():
        assert format_(reviewed(old, new, Options()))


def test_a_directory_and_a_document_cannot_be_compared(tmp_path: Path) -> None:
    folder = write(tmp_path / "old", {"a.json": document(["a"])})
    with pytest.raises(SettingsError, match="both be directories"):
        reviewed(folder, f"{folder}/a.json", Options())


def test_a_directory_without_documents_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert main([str(tmp_path / "empty"), str(tmp_path / "empty")]) == 3
    assert "has no OpenAPI document" in capsys.readouterr().err


def test_a_directory_at_a_revision_is_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tmp_path, "init", "-q")
    write(tmp_path / "apis", {"one.json": document(["a"])})
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "first")
    git(tmp_path, "tag", "v1.0.0")
    write(tmp_path / "apis", {"one.json": document(["a", "b"])})
    monkeypatch.chdir(tmp_path)
    assert main(["HEAD:apis", "apis"]) == 1
    assert main(["--base-from-tag", "v*", "apis"]) == 1
    assert main(["--base-from-tag", "v*", "apis/one.json"]) == 1


def test_a_missing_tag_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    git(tmp_path, "init", "-q")
    monkeypatch.chdir(tmp_path)
    assert main(["--base-from-tag", "v*", "a.json"]) == 3
    assert "no tag matches 'v*' before HEAD; fetch the tags first" in capsys.readouterr().err
    assert main(["--base-from-tag", "v*", "a.json", "b.json"]) == 2
