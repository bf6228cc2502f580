"""How does a pytest test get a mock?

The fixture `tune_mock` is a mock on a free port. Its clock is frozen, and its state is reset for each test.
The fixture `tune_scenario` runs a test once for each scenario. Slow imports wait until a fixture is used.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from mock_server.testing import TuneMock

_SCOPES = ("function", "session")
_BUILT_IN = Path(__file__).with_name("scenarios")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the plugin's settings in pytest's configuration file."""
    parser.addini(
        "tune_mock_scope", "lifetime of the server of tune_mock: session or function", default="session"
    )
    parser.addini("tune_mock_seed", "seed of tune_mock: of ids, delta sizes and delta times", default="1")
    parser.addini("tune_mock_scenarios", "directory with your own scenarios for tune_mock", type="paths")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line(
        "markers", "tune_scenarios(*names): the scenarios for which tune_scenario runs a test"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that uses `tune_scenario` once for each scenario, or for those of its marker."""
    if "tune_scenario" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("tune_scenarios")
        names = list(marker.args) if marker and marker.args else _names(metafunc.config)
        metafunc.parametrize("tune_scenario", names, indirect=True)


def _scope(fixture_name: str, config: pytest.Config) -> Literal["function", "session"]:
    asked = config.getini("tune_mock_scope")
    if asked not in _SCOPES:
        raise pytest.UsageError(f"tune_mock_scope: {asked!r} is not one of {', '.join(_SCOPES)}")
    return "session" if asked == "session" else "function"


def _own(config: pytest.Config) -> Path | None:
    paths: list[Path] = config.getini("tune_mock_scenarios")
    if len(paths) > 1:
        raise pytest.UsageError("tune_mock_scenarios: must be a single directory")
    return paths[0] if paths else None


def _names(config: pytest.Config) -> list[str]:
    own = _own(config)
    return sorted(
        {path.stem for directory in (_BUILT_IN, own) if directory for path in directory.glob("*.yaml")}
    )


@pytest.fixture(scope=_scope)
def tune_mock_server(request: pytest.FixtureRequest) -> Iterator["TuneMock"]:
    """The server of `tune_mock`. The setting `tune_mock_scope` is its scope."""
    from mock_server.settings import Settings
    from mock_server.testing import running

    config: Any = request.config
    settings = Settings(
        port=0, clock="manual", seed=config.getini("tune_mock_seed"), scenarios=_own(config), quiet=True
    )
    with running(settings) as mock:
        yield mock


@pytest.fixture
def tune_mock(tune_mock_server: "TuneMock") -> "TuneMock":
    """A mock of the run API, with its state reset. Its clock is frozen until the test moves it."""
    tune_mock_server.reset()
    return tune_mock_server


@pytest.fixture
def tune_scenario(request: pytest.FixtureRequest, tune_mock: "TuneMock") -> str:
    """The default scenario of this test, which runs once for each scenario."""
    tune_mock.use_scenario(request.param)
    return str(request.param)
