"""Are the generated documents as large and as different as the benchmark says, and is every pair measured?"""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import documents, review
from spec_review import compare, load
from spec_review.loading import Source


@pytest.mark.parametrize("make", [documents.hub, documents.payments])
def test_a_generated_document_is_openapi_and_a_copy_has_changes(make: Any) -> None:
    base = make(20)
    assert base == make(20), "the seed decides everything"
    head = documents.changed(base, 0.03)
    both = [load(Source(f"{at}.json", json.dumps(one).encode())) for at, one in enumerate((base, head))]
    assert all(not document.warnings for document in both)
    assert not compare(both[0], both[0])
    assert compare(*both)


def test_every_pair_has_a_row_and_is_compared_with_reading(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("base", "head"):
        (tmp_path / f"{name}.json").write_text('{"openapi": "3.0.0", "info": {}, "paths": {}}')
    monkeypatch.setattr(review, "generated", lambda *_: [])
    paths = [str(tmp_path / f"{name}.json") for name in ("base", "head")]
    assert review.main([*paths, "--quick", "--against", "true"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" | ")[2] for line in lines[2:]] == ["tune-review", "true"]


def test_a_command_that_fails_is_named() -> None:
    with pytest.raises(RuntimeError, match="sh -c 'exit 3': ended with exit code 3"):
        review.cost(["sh", "-c", "exit 3"])
