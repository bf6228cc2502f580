"""Answers: what does every test of the mock have at hand?"""

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
    """The fullest view, loaded once; nobody changes it."""
    return openapi.load()


@pytest.fixture(scope="session", autouse=True)
def _trust_the_document() -> Iterator[None]:
    """connexion validates a document at each start; ours is proved valid elsewhere, and that is slow."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Specification, "_validate_spec", classmethod(lambda cls, spec: None))
        yield


class _Strict(SelfCheck):
    """Response validation for tests: what is wrong with an answer fails the test."""

    def __init__(self, app: Any, served: dict[str, Any]) -> None:
        super().__init__(app, served, _outside)
        self.complaints: list[str] = []

    def _mismatch(self, *arguments: Any) -> str | None:
        if wrong := super()._mismatch(*arguments):
            self.complaints.append(wrong)
        return None


@pytest.fixture
def make_mock() -> Iterator[Callable[..., Driver]]:
    """Makes mocks whose answers are all validated and whose time only the test moves."""
    made: list[Driver] = []

    def make(*, served: dict[str, Any] | None = None, **settings: Any) -> Driver:
        clock = Clock(0)
        settings = {"seed": "1", "quiet": True, **settings}
        app = create_app(Settings(**settings), clock=clock, document=served)
        strict = _Strict(app, served or document())
        made.append(Driver(strict, clock, strict.complaints))
        return made[-1]

    yield make
    for mock in made:
        mock.close()


@pytest.fixture
def mock(make_mock: Callable[..., Driver]) -> Driver:
    """A mock as it is without any option, its clock standing."""
    return make_mock()


def _outside(choice: str) -> bool:
    """Whether a run is meant to leave the document."""
    return choice.startswith("from-the-future") or "+split" in choice
