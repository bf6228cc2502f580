"""Does hypothesis use the prepared values, and would it compute the same?"""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import configuration
from hypothesis.internal import lambda_sources
from hypothesis.internal.charmap import charmap_file, intervals_from_codec

from contract_tests.client.hypothesis_cache import share_lambda_caches, write_charmap


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Path]:
    """A new storage directory of hypothesis."""
    before = configuration.storage_directory().path
    configuration.set_hypothesis_home_dir(tmp_path)
    yield tmp_path
    configuration.set_hypothesis_home_dir(before)


def test_the_character_table_is_the_one_that_hypothesis_computes(storage: Path) -> None:
    found = intervals_from_codec.__wrapped__("utf-8")
    tried = charmap_file("codec-v2-utf-8")
    assert tried.is_file()
    tried.unlink()
    tried.parent.rmdir()
    write_charmap(storage)
    assert tried.is_file()
    assert intervals_from_codec.__wrapped__("utf-8") == found


def test_all_threads_share_one_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("LAMBDA_DIGEST_DESCRIPTION_CACHE", "AST_LAMBDAS_CACHE")
    for name in names:
        monkeypatch.setattr(lambda_sources, name, object())
    share_lambda_caches()
    shared = [getattr(lambda_sources, name) for name in names]
    assert shared == [{}, {}]
    assert lambda_sources.lambda_description(lambda number: number + 1) == "lambda number: number + 1"
    share_lambda_caches()
    assert all(getattr(lambda_sources, name) is one for name, one in zip(names, shared, strict=True))


def test_a_hypothesis_without_this_cache_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hypothesis.internal.lambda_sources", None)
    share_lambda_caches()
