"""Which fixtures do all tests of the mock share?"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

import openapi
from mock_server import Clock, Settings, create_app
from mock_server.http.connexion_api import Specification
from mock_server.response_check import SelfCheck
from tests.mock_server.driver import Driver


@cache
def document() -> dict[str, Any]:
    """The document with all grades, loaded once; do not change it."""
    return openapi.load()


@pytest.fixture(scope="session", autouse=True)
def _trust_the_document() -> Iterator[None]:
    """Skip connexion's slow validation of the document; other tests validate the document."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Specification, "_validate_spec", classmethod(lambda cls, spec: None))
        yield


class _Strict(SelfCheck):
    """Response validation that fails the test instead of changing the response."""

    def __init__(self, app: Any, served: dict[str, Any]) -> None:
        super().__init__(app, served, _departs_from_document)
        self.mismatches: list[str] = []

    def _mismatch(self, *arguments: Any) -> str | None:
        if wrong := super()._mismatch(*arguments):
            self.mismatches.append(wrong)
        return None


@pytest.fixture
def make_mock() -> Iterator[Callable[..., Driver]]:
    """Create mocks whose responses are all validated and whose clock moves only when the test moves it."""
    made: list[Driver] = []

    def make(*, served: dict[str, Any] | None = None, **settings: Any) -> Driver:
        clock = Clock(0)
        settings = {"seed": "1", "quiet": True, **settings}
        app = create_app(Settings(**settings), clock=clock, document=served)
        strict = _Strict(app, served or document())
        made.append(Driver(strict, clock, strict.mismatches))
        return made[-1]

    yield make
    for mock in made:
        mock.close()


@pytest.fixture
def mock(make_mock: Callable[..., Driver]) -> Driver:
    """A mock with default settings and a stopped clock."""
    return make_mock()


def _departs_from_document(choice: str) -> bool:
    """Whether a scenario departs from the document on purpose."""
    return choice.startswith("from-the-future") or "+split" in choice
