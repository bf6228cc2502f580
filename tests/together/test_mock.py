"""Does the judge find the mock in order in every scenario that keeps the contract?"""

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
# A stream that the wire cuts off breaks the contract too, though its scenario does not.
LAWFUL = [
    name
    for name, one in SCENARIOS.items()
    if not one.get("breaks") and "ends-early" not in one.get("wire", "")
]


# Where time passes thirty times as fast, what took seconds by the run's own account arrives within a moment.
PACED = "stream-incremental"


@pytest.mark.parametrize("name", LAWFUL)
def test_a_scenario_that_keeps_the_contract_is_judged_clean(name: str, tmp_path: Path) -> None:
    with mock(tmp_path / "log", "--scenario", name, "--key", KEY, "--speed", "30") as url:
        found = found_by(Settings(url=url, key=KEY, profile="smoke", max_wait=10), set(REGISTRY) - {PACED})
    assert failures(found) == []


def test_at_its_own_pace_a_scenario_is_seen_to_arrive_in_pieces(tmp_path: Path) -> None:
    with mock(tmp_path / "log", "--scenario", "hello", "--key", KEY) as url:
        found = found_by(Settings(url=url, key=KEY, profile="smoke", max_wait=10), [PACED])
    assert failures(found) == []
