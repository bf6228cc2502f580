"""Do the pytest fixtures work in a user's test suite?"""

import pytest

from mock_server.scenarios.library import BUILT_IN
from mock_server.testing import ControlError, TuneMock

pytest_plugins = ["pytester"]
MANUAL_CLOCK = {"Prefer": "respond-async, clock=manual"}

SUITE = """
import pytest

SEEN = []

def create_run(tune_mock):
    SEEN.append(tune_mock.origin)
    with tune_mock.client() as client:
        return client.post("/threads/t/runs", json={"model": "m"}, headers={"Prefer": "respond-async"}).json()

def test_time_stands_still_until_it_is_moved(tune_mock):
    assert create_run(tune_mock)["status"] == "queued"
    tune_mock.advance(1)
    assert [run["status"] for run in tune_mock.runs()] == ["in_progress"]
    assert [request["operation"] for request in tune_mock.journal()] == ["createRun"]

def test_the_next_test_starts_without_runs(tune_mock):
    assert tune_mock.runs() == []
    create_run(tune_mock)

def test_the_server_lives_as_long_as_its_scope(tune_mock):
    create_run(tune_mock)
    assert len(set(SEEN)) == SERVERS

def test_every_scenario(tune_mock, tune_scenario):
    create_run(tune_mock)
    assert tune_mock.state()["runs"][0]["scenario"].startswith(tune_scenario)

@pytest.mark.tune_scenarios("fails-early", "fails-late")
def test_some_scenarios(tune_mock, tune_scenario):
    create_run(tune_mock)
    tune_mock.jump("failed")
    assert tune_mock.runs()[0]["lastError"]
"""


@pytest.mark.parametrize(("scope", "servers"), [("session", 1), ("function", 3)])
def test_the_fixtures_work_with_each_scope(pytester: pytest.Pytester, scope: str, servers: int) -> None:
    (pytester.mkdir("own_scenarios") / "mine.yaml").write_text((BUILT_IN / "empty.yaml").read_text())
    pytester.makeini(f"[pytest]\ntune_mock_scope = {scope}\ntune_mock_scenarios = own_scenarios\n")
    pytester.makepyfile(SUITE.replace("SERVERS", str(servers)))
    chosen = "not every_scenario" if scope == "function" else "not some_scenarios"
    scenarios = len(list(BUILT_IN.glob("*.yaml"))) + 1
    more, deselected = (2, scenarios) if scope == "function" else (scenarios, 2)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-W", "error", "-k", chosen)
    result.assert_outcomes(passed=3 + more, deselected=deselected)


def test_an_unknown_scope_is_rejected_with_the_allowed_ones(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\ntune_mock_scope = class\n")
    pytester.makepyfile("def test_it(tune_mock): pass")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.stdout.fnmatch_lines(["*tune_mock_scope: 'class' is not one of function, session*"])


def test_the_plugin_does_not_import_slow_modules(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("import sys\ndef test_it(): assert not {'connexion', 'uvicorn'} & sys.modules.keys()")
    result = pytester.runpytest_subprocess("-p", "no:schemathesis", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1)


def test_every_method_of_the_python_client_works(tune_mock: TuneMock) -> None:
    mine = tune_mock.for_test("mine")
    mine.use_scenario("tool-call")
    mine.assign("empty", 1)
    assert mine.overview()["assignments"] == [{"scenario": "empty", "runs": 1}]
    mine.unassign()
    with mine.client() as client:
        run = client.post("/threads/t/runs", json={"model": "m"}, headers=MANUAL_CLOCK)
    name = run.json()["id"]
    assert mine.jump("requires_action", run=name)["now"] == "2025-01-01T00:00:02.000Z"
    assert mine.clock()["now"] == mine.freeze()["now"] == "2025-01-01T00:00:00.000Z"
    assert mine.scale(2, run=name)["speed"] == 2
    assert mine.advance(1)["now"] == "2025-01-01T00:00:01.000Z"
    assert mine.jump("2025-01-01T00:00:03Z")["now"] == "2025-01-01T00:00:03.000Z"
    assert [entry["operation"] for entry in mine.journal(operation="createRun", after=0)] == ["createRun"]
    assert tune_mock.runs() == []
    with pytest.raises(ControlError, match="no scenario"):
        mine.use_scenario("nope")
    mine.reset()
    assert mine.runs() == []
