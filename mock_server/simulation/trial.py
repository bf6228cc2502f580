"""Can a run be played to its end, whatever its client does?

For scenarios and runs from files: fields that each have the right type may still contradict each other.
Standard library only.
"""

from collections.abc import Iterator

from mock_server.simulation.lifecycle import REQUIRES_ACTION
from mock_server.simulation.records import Input, RunRecord
from mock_server.simulation.scenario import Scenario
from mock_server.simulation.snapshot import ends_when_played, snapshot
from mock_server.simulation.timeline import compute

_ID = "run_00000000-0000-4000-8000-000000000000"
_MOST_CANCELS = 6
"""Times at which a trial run is cancelled."""
_Inputs = tuple[Input, ...]


def problem_of(run: RunRecord) -> str:
    """Why a run cannot be played; empty if it can."""
    try:
        ended = ends_when_played(run)
    except Exception as error:
        return f"cannot be played: {type(error).__name__}: {error}"
    return "" if ended else "cannot be played: it never ends"


def problem_of_scenario(scenario: Scenario) -> str:
    """Why a run of a scenario cannot be played; empty if it can, at both paces."""
    runs = (RunRecord(_ID, "", 0, scenario, "trial", "", pace=pace) for pace in (1.0, 0.0))
    return next(filter(None, map(problem_of, runs)), "")


def problem_with_client(scenario: Scenario) -> str:
    """As `problem_of_scenario`, and also if the client cancels the run or submits outputs."""
    if problem := problem_of_scenario(scenario):
        return problem
    try:
        for inputs in _all_inputs(scenario):
            if problem := problem_of(_run(scenario, inputs)):
                return f"{inputs[-1].kind} at {inputs[-1].at / 1000:g} s: {problem}"
    except Exception as error:
        return f"cannot be played: {type(error).__name__}: {error}"
    return ""


def _run(scenario: Scenario, inputs: _Inputs = ()) -> RunRecord:
    return RunRecord(_ID, "", 0, scenario, "trial", "", inputs=inputs)


def _all_inputs(scenario: Scenario) -> Iterator[_Inputs]:
    """What a client may do: cancel at some times; answer all calls, and cancel after that."""
    timeline = compute(_run(scenario))
    for change in timeline.of_run[:-1][:_MOST_CANCELS]:
        yield (Input(change.at, "cancel"),)
    inputs: _Inputs = ()
    for _ in range(len(scenario.after_outputs) + 1):
        run = _run(scenario, inputs)
        timeline = compute(run)
        at = timeline.changes[timeline.stop_after(timeline.starts[-1])].at
        seen = snapshot(run, at).run
        if seen["status"] != REQUIRES_ACTION:
            return
        calls = seen["requiredAction"]["submitToolOutputs"]["toolCalls"]
        inputs += (Input(at, "outputs", {call["id"]: "" for call in calls}),)
        yield inputs
        yield (*inputs, Input(at, "cancel"))
