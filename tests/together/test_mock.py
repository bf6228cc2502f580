"""Does the judge find the mock in order in every scenario that keeps the contract?"""

from pathlib import Path

import pytest
import yaml

import mock_server
from contract_tests.checks import REGISTRY
from contract_tests.settings import Settings
from tests.serving import mock
from tests.together.judging import failures, found_by

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


@pytest.mark.parametrize("name", LAWFUL)
def test_a_scenario_that_keeps_the_contract_is_judged_clean(name: str, tmp_path: Path) -> None:
    with mock(tmp_path / "log", "--scenario", name, "--key", KEY, "--speed", "30") as url:
        found = found_by(Settings(url=url, key=KEY, profile="smoke", max_wait=10), REGISTRY)
    assert failures(found) == []
