"""What does each control call do? One short function for each operationId of `control.yaml`."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from starlette.types import Receive, Scope, Send

from mock_server.api.scenario_selection import named
from mock_server.control import clock, state
from mock_server.errors import Refusal
from mock_server.http.request import CALL, Call, send_json
from mock_server.sandboxes.registry import Worlds
from mock_server.sandboxes.sandbox import Assignment, World
from mock_server.simulation.conditions import KINDS

Json = dict[str, Any]


@dataclass(frozen=True)
class Control:
    """One control call, and the mocks that it may steer."""

    worlds: Worlds
    call: Call

    @property
    def world(self) -> World:
        """The mock that the call speaks of."""
        return self.call.world


async def get_overview(control: Control) -> Json:
    """`getOverview`"""
    return await _overview(control.worlds, control.world)


async def get_state(control: Control) -> Json:
    """`getState`"""
    return await state.state(control.world)


async def list_requests(control: Control) -> Json:
    """`listRequests`"""
    query = control.call.query
    entries = control.world.journal.entries(query["after"], query["operation"])
    return {"requests": [entry.shown() for entry in entries]}


async def reset_mock(control: Control) -> Json:
    """`resetMock`"""
    return await _overview(control.worlds, await control.worlds.reset(control.world.test))


async def list_scenarios(control: Control) -> Json:
    """`listScenarios`"""
    scenarios = sorted(control.world.library.scenarios().items())
    return {
        "scenarios": [
            {
                "name": name,
                "summary": scenario.summary,
                "reveals": scenario.reveals,
                **({"breaks": scenario.breaks} if scenario.breaks else {}),
            }
            for name, scenario in scenarios
        ],
        "wires": [{"name": name, "form": kind.form, "summary": kind.summary} for name, kind in KINDS.items()],
    }


async def modify_default_scenario(control: Control) -> Json:
    """`modifyDefaultScenario`"""
    world, wish = control.world, control.call.body["scenario"]
    chosen = named(world.library.scenarios(), wish, "control")
    world.scenario = wish
    world.conditioned = world.conditioned or bool(chosen.wires)
    return {"scenario": wish}


async def list_assignments(control: Control) -> Json:
    """`listAssignments`"""
    return {"assignments": _assignments(control.world)}


async def create_assignment(control: Control) -> Json:
    """`createAssignment`"""
    world, body = control.world, control.call.body
    named(world.library.scenarios(), body["scenario"], "control")
    world.assignments.append(Assignment(body["scenario"], body.get("runs")))
    return {"assignments": _assignments(world)}


async def delete_assignments(control: Control) -> Json:
    """`deleteAssignments`"""
    control.world.assignments.clear()
    return {"assignments": []}


async def get_clock(control: Control) -> Json:
    """`getClock`"""
    run = await clock.run_named(control.world, control.call.query["run"])
    return await clock.shown(control.world, run)


async def modify_clock(control: Control) -> Json:
    """`modifyClock`"""
    world, body = control.world, control.call.body
    run = await clock.run_named(world, body.get("run"))
    clock.clock_for(world, run).scale(body["speed"])
    return await clock.shown(world, run)


async def advance_clock(control: Control) -> Json:
    """`advanceClock`"""
    world, body = control.world, control.call.body
    run = await clock.run_named(world, body.get("run"))
    await clock.advance(world, run, body.get("by"), body.get("to"))
    return await clock.shown(world, run)


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
    """The handler of a control call."""
    return HANDLERS[operation_id]


async def dispatch(worlds: Worlds, scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application that connexion wraps: hands the valid call to its handler."""
    call: Call = scope.pop(CALL)
    if worlds.shared.settings.workers > 1:
        raise Refusal("unimplemented", "control calls need a single process; start without --workers")
    await send_json(send, await handler(call.operation_id)(Control(worlds, call)), call.answer_headers)


async def _overview(worlds: Worlds, world: World) -> Json:
    threads, runs = await state.counts(world)
    return {
        "version": version("tune-contract"),
        "seed": world.settings.seed or worlds.shared.seed,
        "test": world.test,
        "scenario": world.scenario,
        "assignments": _assignments(world),
        "clock": await clock.shown(world, None),
        "threads": threads,
        "runs": runs,
        "requests": world.journal.count,
        "waiting": world.waiting,
        "tests": worlds.tests(),
    }


def _assignments(world: World) -> list[Json]:
    return [
        {"scenario": one.scenario} if one.runs is None else {"scenario": one.scenario, "runs": one.runs}
        for one in world.assignments
    ]
