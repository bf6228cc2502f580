"""Does hypothesis take what it is told beforehand, and would it have found out the same?"""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import configuration
from hypothesis.internal import lambda_sources
from hypothesis.internal.charmap import charmap_file, intervals_from_codec

from contract_tests.client.hypothesis_cache import share_parsed_sources, tell_what_utf_8_encodes


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Path]:
    """A new directory that hypothesis keeps its things in meanwhile."""
    before = configuration.storage_directory().path
    configuration.set_hypothesis_home_dir(tmp_path)
    yield tmp_path
    configuration.set_hypothesis_home_dir(before)


def test_what_utf_8_encodes_is_what_hypothesis_finds_by_trying(storage: Path) -> None:
    found = intervals_from_codec.__wrapped__("utf-8")
    tried = charmap_file("codec-v2-utf-8")
    assert tried.is_file()
    tried.unlink()
    tried.parent.rmdir()
    tell_what_utf_8_encodes(storage)
    assert tried.is_file()
    assert intervals_from_codec.__wrapped__("utf-8") == found


def test_all_threads_share_what_was_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("LAMBDA_DIGEST_DESCRIPTION_CACHE", "AST_LAMBDAS_CACHE")
    for name in names:
        monkeypatch.setattr(lambda_sources, name, object())
    share_parsed_sources()
    shared = [getattr(lambda_sources, name) for name in names]
    assert shared == [{}, {}]
    assert lambda_sources.lambda_description(lambda number: number + 1) == "lambda number: number + 1"
    share_parsed_sources()
    assert all(getattr(lambda_sources, name) is one for name, one in zip(names, shared, strict=True))


def test_a_hypothesis_without_such_a_memory_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hypothesis.internal.lambda_sources", None)
    share_parsed_sources()
