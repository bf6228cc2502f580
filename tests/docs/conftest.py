"""A clone of the repository and a mock, once for each worker."""

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.docs.pages import SHOWN_FILES
from tests.docs.recording import har
from tests.docs.workshop import KEY, Workshop
from tests.serving import mock


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a mock that accepts one key."""
    with mock(tmp_path_factory.mktemp("mock") / "log", "--key", KEY) as url:
        yield url


@pytest.fixture(scope="session")
def workshop(base: str, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """The place in which pages are followed."""
    files = {**SHOWN_FILES, "page.har": har(base)}
    return Workshop(tmp_path_factory.mktemp("workshop") / "clone", base, files)


@pytest.fixture(scope="session")
def node() -> str:
    """Node.js; without it the test is skipped, and fails in CI."""
    found = shutil.which("node")
    if found is None:
        assert not os.environ.get("CI"), "node is missing"
        pytest.skip("node is not installed")
    return found
