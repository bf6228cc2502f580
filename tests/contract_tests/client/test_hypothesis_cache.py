"""Does hypothesis use the prepared values, and would it compute the same?"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import configuration
from hypothesis.internal.charmap import charmap_file, intervals_from_codec

import contract_tests
from contract_tests.client.hypothesis_cache import write_charmap


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Path]:
    """A new storage directory of hypothesis."""
    before = configuration.storage_directory()
    before = getattr(before, "path", before)
    configuration.set_hypothesis_home_dir(tmp_path)
    yield tmp_path
    configuration.set_hypothesis_home_dir(before)


def test_the_character_table_is_the_one_that_hypothesis_computes(storage: Path) -> None:
    found = intervals_from_codec.__wrapped__("utf-8")
    tried = charmap_file("codec-v2-utf-8")
    if not tried.is_file():
        pytest.skip("this version of hypothesis keeps the table elsewhere, and computes it")
    tried.unlink()
    tried.parent.rmdir()
    write_charmap(storage)
    assert tried.is_file()
    assert intervals_from_codec.__wrapped__("utf-8") == found


def test_no_other_module_knows_anything_private_of_the_libraries() -> None:
    private = re.compile(r"(schemathesis\.(core|engine|specs|transport|generation)|hypothesis\.internal)\b")
    sources = sorted(Path(contract_tests.__file__).parent.rglob("*.py"))
    assert [path.name for path in sources if private.search(path.read_text(encoding="utf-8"))] == []
