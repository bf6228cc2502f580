"""What does each control call do? `HANDLERS` has one function for each operation of `control.yaml`."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version
from typing import Any

from starlette.types import Receive, Scope, Send

from mock_server.api.scenario_selection import named
from mock_server.control import clock, state
from mock_server.errors import Refusal
from mock_server.http.request import REQUEST, Request, send_json
from mock_server.sandboxes.registry import Sandboxes
from mock_server.sandboxes.sandbox import Assignment, Sandbox
from mock_server.simulation.conditions import KINDS
from mock_server.simulation.scenario import Scenario

Json = dict[str, Any]
_version = cache(partial(version, "tune-contract"))
"""The version of the package. It is searched for once, and not when the server starts."""


@dataclass(frozen=True)
class Control:
    """One control call, and the sandboxes that it may change."""

    sandboxes: Sandboxes
    request: Request

    @property
    def sandbox(self) -> Sandbox:
        """The sandbox that the call is for."""
        return self.request.sandbox


async def get_overview(control: Control) -> Json:
    """The default scenario, the assignments, the clock and the counts."""
    return await _overview(control.sandboxes, control.sandbox)


async def get_state(control: Control) -> Json:
    """Everything that was created."""
    query = control.request.query
    return await state.state(control.sandbox, query["limit"], query["after"] or "")


async def list_requests(control: Control) -> Json:
    """The journal."""
    query = control.request.query
    entries = control.sandbox.journal.entries(query["after"], query["operation"])
    return {"requests": [entry.as_json() for entry in entries]}


async def reset_mock(control: Control) -> Json:
    """Reset the sandbox; the overview afterwards."""
    return await _overview(control.sandboxes, await control.sandboxes.reset(control.sandbox.test))


async def list_scenarios(control: Control) -> Json:
    """All scenarios and network conditions."""
    scenarios = sorted(control.sandbox.library.scenarios().items())
    return {
        "scenarios": [_scenario(scenario) for _, scenario in scenarios],
        "wires": [{"name": name, "form": kind.form, "summary": kind.summary} for name, kind in KINDS.items()],
    }


async def modify_default_scenario(control: Control) -> Json:
    """Set the default scenario."""
    sandbox, scenario = control.sandbox, control.request.body["scenario"]
    choice = named(sandbox.library, scenario, "control")
    sandbox.scenario = scenario
    sandbox.conditioned = sandbox.conditioned or bool(choice.conditions)
    return {"scenario": scenario}


async def list_assignments(control: Control) -> Json:
    """The assignments that are left."""
    return {"assignments": _assignments(control.sandbox)}


async def create_assignment(control: Control) -> Json:
    """Assign a scenario to the next runs."""
    sandbox, body = control.sandbox, control.request.body
    named(sandbox.library, body["scenario"], "control")  # rejects an unknown name now
    sandbox.assignments.append(Assignment(body["scenario"], body.get("runs")))
    return {"assignments": _assignments(sandbox)}


async def delete_assignments(control: Control) -> Json:
    """Delete all assignments."""
    control.sandbox.assignments.clear()
    return {"assignments": []}


async def get_clock(control: Control) -> Json:
    """The time, the speed and the next change."""
    run = await clock.find_run(control.sandbox, control.request.query["run"])
    return await clock.as_json(control.sandbox, run)


async def modify_clock(control: Control) -> Json:
    """Set the speed of a clock."""
    sandbox, body = control.sandbox, control.request.body
    run = await clock.find_run(sandbox, body.get("run"))
    clock.clock_for(sandbox, run).scale(body["speed"])
    sandbox.keep_time()
    return await clock.as_json(sandbox, run)


async def advance_clock(control: Control) -> Json:
    """Move a clock forward."""
    sandbox, body = control.sandbox, control.request.body
    run = await clock.find_run(sandbox, body.get("run"))
    await clock.advance(sandbox, run, body.get("by"), body.get("to"))
    return await clock.as_json(sandbox, run)


HANDLERS: Mapping[str, Callable[[Control], Awaitable[Json]]] = {
    "getOverview": get_overview,
    "getState": get_state,
    "listRequests": list_requests,
    "resetMock": reset_mock,
    "listScenarios": list_scenarios,
    "modifyDefaultScenario": modify_default_scenario,
    "listAssignments": list_assignments,
    "createAssignment": create_assignment,
    "deleteAssignments": delete_assignments,
    "getClock": get_clock,
    "modifyClock": modify_clock,
    "advanceClock": advance_clock,
}


def handler(operation_id: str) -> Callable[[Control], Awaitable[Json]]:
    """The handler of an operation."""
    return HANDLERS[operation_id]


async def dispatch(sandboxes: Sandboxes, scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application inside connexion: pass a valid request to its handler, and send the result."""
    request: Request = scope.pop(REQUEST)
    if sandboxes.shared.settings.workers > 1:
        raise Refusal("unimplemented", "control calls need a single process; start without --workers")
    result = await handler(request.operation_id)(Control(sandboxes, request))
    await send_json(send, result, request.answer_headers)


async def _overview(sandboxes: Sandboxes, sandbox: Sandbox) -> Json:
    threads, runs = await sandbox.store.counts()
    return {
        "version": _version(),
        "seed": sandbox.settings.seed or sandboxes.shared.seed,
        "test": sandbox.test,
        "scenario": sandbox.scenario,
        "assignments": _assignments(sandbox),
        "clock": await clock.as_json(sandbox, None),
        "threads": threads,
        "runs": runs,
        "requests": sandbox.journal.count,
        "waiting": sandbox.waiting,
        "tests": sandboxes.tests(),
    }


def _assignments(sandbox: Sandbox) -> list[Json]:
    return [
        {"scenario": one.scenario} if one.runs is None else {"scenario": one.scenario, "runs": one.runs}
        for one in sandbox.assignments
    ]


def _scenario(scenario: Scenario) -> Json:
    shown = {"name": scenario.name, "summary": scenario.summary, "reveals": scenario.reveals}
    return {**shown, "breaks": scenario.breaks} if scenario.breaks else shown
