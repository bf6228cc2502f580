"""Is the traffic of the checker saved without secrets, in a form that can be read again?"""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from contract_tests.recordings.har import read
from contract_tests.recordings.har_file import save
from contract_tests.redaction import Secrets
from tests.contract_tests.building import COMPLETED, polls

KEY = "sk-tune-4f9Lq81aZpW3"


def test_saved_traffic_can_be_checked_again(tmp_path: Path) -> None:
    path = tmp_path / "traffic.har"
    exchanges = polls(COMPLETED, COMPLETED)
    save(str(path), exchanges, Secrets(KEY))
    found = read(str(path))
    assert [one.json for one in found.exchanges] == [one.json for one in exchanges]
    assert [one.url for one in found.exchanges] == [one.url for one in exchanges]


def test_no_secret_is_saved(tmp_path: Path) -> None:
    path = tmp_path / "traffic.har"
    (one,) = polls(COMPLETED)
    chunk = replace(one.chunks[0], data=f'{{"id": "{KEY}\\u001b\\ud800"}}'.encode() + b"\xff")
    save(str(path), [replace(one, chunks=(chunk,), request_headers=(("X-Tune-Key", KEY),))], Secrets(KEY))
    assert KEY not in path.read_text(encoding="ascii")
    (entry,) = json.loads(path.read_text())["log"]["entries"]
    assert entry["response"]["content"]["text"].endswith("\\xff")


@pytest.mark.parametrize("number", [0, 1, 3])
def test_entries_are_written_one_by_one_as_if_together(tmp_path: Path, number: int) -> None:
    path = tmp_path / "traffic.har"
    save(str(path), polls(*[COMPLETED] * number), Secrets(KEY))
    text = path.read_text(encoding="ascii")
    assert len(json.loads(text)["log"]["entries"]) == number
    assert text == json.dumps(json.loads(text), indent=1) + "\n"
