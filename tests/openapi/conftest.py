"""What do the tests of the document share? The document as written, and its view at each grade."""

from typing import Any

import pytest
import yaml

import openapi

View = dict[str, Any]


@pytest.fixture(scope="session")
def written() -> View:
    """The document as written in the file, with all marks."""
    document: View = yaml.safe_load(openapi.DOCUMENT.read_text(encoding="utf-8"))
    return document


@pytest.fixture(scope="session")
def fullest() -> View:
    """The document with all facts, including the assumed ones."""
    return openapi.load("assumed")


@pytest.fixture(scope="session", params=openapi.GRADES)
def view(request: pytest.FixtureRequest) -> View:
    """The document at each grade, one after the other."""
    return openapi.load(request.param)
