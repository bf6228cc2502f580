"""How does a pytest test get its own mock?

`tune_mock` is a mock on a free port with a stopped clock; each test gets it reset. `tune_scenario` runs a
test once for each scenario. The plugin imports the mock only when a test asks for it.
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
    """Declare the plugin's settings for pytest's configuration file."""
    parser.addini(
        "tune_mock_scope", "lifetime of the tune_mock server: session or function", default="session"
    )
    parser.addini("tune_mock_seed", "seed for the ids, timing and chunks of tune_mock", default="1")
    parser.addini("tune_mock_scenarios", "a directory with your own scenarios for tune_mock", type="paths")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line(
        "markers", "tune_scenarios(*names): run the test once for each of these scenarios"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that uses `tune_scenario` once for each scenario, or for those in its marker."""
    if "tune_scenario" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("tune_scenarios")
        names = list(marker.args) if marker and marker.args else _scenario_names(metafunc.config)
        metafunc.parametrize("tune_scenario", names, indirect=True)


def _scope(fixture_name: str, config: pytest.Config) -> Literal["function", "session"]:
    asked = config.getini("tune_mock_scope")
    if asked not in _SCOPES:
        raise pytest.UsageError(f"tune_mock_scope: {asked!r} is not one of {', '.join(_SCOPES)}")
    return "session" if asked == "session" else "function"


def _own_scenarios(config: pytest.Config) -> Path | None:
    paths: list[Path] = config.getini("tune_mock_scenarios")
    if len(paths) > 1:
        raise pytest.UsageError("tune_mock_scenarios: expected one directory, got several")
    return paths[0] if paths else None


def _scenario_names(config: pytest.Config) -> list[str]:
    own = _own_scenarios(config)
    return sorted(
        {path.stem for directory in (_BUILT_IN, own) if directory for path in directory.glob("*.yaml")}
    )


@pytest.fixture(scope=_scope)
def tune_mock_server(request: pytest.FixtureRequest) -> Iterator["TuneMock"]:
    """The server behind `tune_mock`; `tune_mock_scope` sets its lifetime."""
    from mock_server.settings import Settings
    from mock_server.testing import running

    config: Any = request.config
    settings = Settings(
        port=0,
        clock="manual",
        seed=config.getini("tune_mock_seed"),
        scenarios=_own_scenarios(config),
        quiet=True,
    )
    with running(settings) as mock:
        yield mock


@pytest.fixture
def tune_mock(tune_mock_server: "TuneMock") -> "TuneMock":
    """A freshly reset mock of the run API on a free port; its clock moves only when the test moves it."""
    tune_mock_server.reset()
    return tune_mock_server


@pytest.fixture
def tune_scenario(request: pytest.FixtureRequest, tune_mock: "TuneMock") -> str:
    """The name of the scenario that all runs of this test play; the test runs once for each scenario."""
    tune_mock.use_scenario(request.param)
    return str(request.param)
