"""Which scenario does a new run play, and what selected it?

In this order: a control call, `Prefer: scenario=NAME`, `metadata.scenario`, the model `mock/NAME`, the last
user message `/mock NAME`, the server's default. So an app can select a scenario without being changed.
Network conditions follow the name after a `+`, or come from `Prefer: wire=...`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mock_server.errors import invalid, quoted
from mock_server.faults.calls import read_conditions
from mock_server.scenarios.library import Library
from mock_server.simulation.conditions import parse
from mock_server.simulation.scenario import Scenario

_IN_MESSAGE = re.compile(r"\s*/mock\s+(\S+)")


@dataclass(frozen=True, slots=True)
class Choice:
    """A scenario, its network conditions as they were written, and what selected them."""

    scenario: Scenario
    conditions: tuple[str, ...]
    by: str


def described(name: str, conditions: tuple[str, ...], by: str) -> str:
    """The value of the header `X-Mock-Scenario`, such as `hello; by=prefer`."""
    return f"{'+'.join((name, *conditions))}; by={by}"


def choose(
    library: Library,
    *,
    control: str | None,
    prefer: Mapping[str, str],
    body: Mapping[str, Any],
    words: str,
    default: str,
) -> Choice:
    """The first selection in the order above. Raises `Refusal` if it names no scenario or condition."""
    by, wish = _wish(control, prefer, body, words) or ("server", default)
    if "wire" in prefer and by != "control":
        read_conditions(prefer["wire"], "prefer", library.operations)
        wish = f"{wish}+{prefer['wire']}"
    return named(library, wish, by)


def named(library: Library, wish: str, by: str) -> Choice:
    """The scenario and conditions in a text such as `hello+split`. Raises `Refusal` if one does not exist."""
    scenarios = library.scenarios()
    head, _, tail = wish.partition("+")
    name, _, options = head.partition(";")
    if name not in scenarios:
        known = ", ".join(sorted(scenarios))
        raise invalid(f"no scenario {quoted(name)} (chosen by {by}); there are: {known}")
    if options:
        raise invalid(
            f"scenario {quoted(head)} (chosen by {by}): a scenario has no options;"
            f" add network conditions with +, as in {name}+split, or send Prefer: wire=split"
        )
    scenario = scenarios[name]
    if not tail and not scenario.conditions:
        return Choice(scenario, (), by)
    conditions = read_conditions(tail, by, library.operations)
    # What the request writes replaces what the scenario's file writes.
    written = {condition.name for condition in conditions}
    kept = (parse(text) for text in scenario.conditions)
    conditions = (*(one for one in kept if one.name not in written), *conditions)
    return Choice(scenario, tuple(condition.written for condition in conditions), by)


def _wish(
    control: str | None, prefer: Mapping[str, str], body: Mapping[str, Any], words: str
) -> tuple[str, str] | None:
    """The first selection: what made it, and its text."""
    if control is not None:
        return "control", control
    if "scenario" in prefer:
        return "prefer", prefer["scenario"]
    metadata = body.get("metadata") or {}
    if "scenario" in metadata:
        wish = metadata["scenario"]
        if not isinstance(wish, str):
            raise invalid(f"metadata.scenario: must be the name of a scenario, got {quoted(wish)}")
        return "metadata", wish
    if body["model"].startswith("mock/"):
        return "model", body["model"].removeprefix("mock/")
    if words and (found := _IN_MESSAGE.match(words)):
        return "message", found[1]
    return None
