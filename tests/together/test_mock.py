"""Does the mock conform in every scenario that keeps the contract?"""

from pathlib import Path

import pytest
import yaml

import mock_server
from contract_tests.checks import REGISTRY
from contract_tests.settings import Settings
from tests.serving import mock
from tests.together.checking import failures, found_by

KEY = "sk-tune-mock4711"
SCENARIOS = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted(Path(mock_server.__file__).parent.glob("scenarios/**/*.yaml"))
}
# A network condition that breaks off streams violates the contract, although the scenario does not.
CONFORMING = [
    name
    for name, one in SCENARIOS.items()
    if not one.get("breaks") and "ends-early" not in one.get("wire", "")
]


# At thirty times the speed, events that span seconds by their timestamps arrive almost at once.
PACED = "stream-incremental"


@pytest.mark.parametrize("name", CONFORMING)
def test_a_conforming_scenario_has_no_failures(name: str, tmp_path: Path) -> None:
    with mock(tmp_path / "log", "--scenario", name, "--key", KEY, "--speed", "30") as url:
        found = found_by(Settings(url=url, key=KEY, profile="smoke", max_wait=10), set(REGISTRY) - {PACED})
    assert failures(found) == []


def test_at_normal_speed_events_arrive_during_the_run(tmp_path: Path) -> None:
    with mock(tmp_path / "log", "--scenario", "hello", "--key", KEY) as url:
        found = found_by(Settings(url=url, key=KEY, profile="smoke", max_wait=10), [PACED])
    assert failures(found) == []
