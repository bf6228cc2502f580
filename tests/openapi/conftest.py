"""What the tests of the document share: the document as written, and its view at each grade."""

from typing import Any

import pytest
import yaml

import openapi

View = dict[str, Any]


@pytest.fixture(scope="session")
def written() -> View:
    """The document as it stands in the file."""
    document: View = yaml.safe_load(openapi.DOCUMENT.read_text(encoding="utf-8"))
    return document


@pytest.fixture(scope="session")
def fullest() -> View:
    """The document with everything, assumed facts included."""
    return openapi.load("assumed")


@pytest.fixture(scope="session", params=openapi.GRADES)
def view(request: pytest.FixtureRequest) -> View:
    """The document at each grade in turn."""
    return openapi.load(request.param)
