"""Which scenario does a new run play, and who chose it?

In this order: a control call, `Prefer: scenario=NAME`, `metadata.scenario`, the model `mock/NAME`, the last
user message `/mock NAME`, the server's default. Nothing in the app has to change for any of them. Wire
conditions stand behind the name, joined by `+`, or in `Prefer: wire=...`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mock_server.errors import invalid, quoted
from mock_server.faults.calls import wires_of
from mock_server.simulation.scenario import Scenario

_IN_MESSAGE = re.compile(r"\s*/mock\s+(\S+)")


@dataclass(frozen=True, slots=True)
class Choice:
    """A scenario, the wire conditions it meets, and the way it was chosen."""

    scenario: Scenario
    wires: tuple[str, ...]
    by: str


def described(name: str, wires: tuple[str, ...], by: str) -> str:
    """A choice in one header value, such as `hello; by=prefer`."""
    return f"{'+'.join((name, *wires))}; by={by}"


def choose(
    scenarios: Mapping[str, Scenario],
    *,
    control: str | None,
    prefer: Mapping[str, str],
    body: Mapping[str, Any],
    words: str,
    default: str,
) -> Choice:
    """The choice of the first who makes one; raises `Refusal` for a name that does not exist."""
    by, wish = _wish(control, prefer, body, words) or ("server", default)
    if "wire" in prefer and by != "control":
        wires_of(prefer["wire"], "prefer")
        wish = f"{wish}+{prefer['wire']}"
    return named(scenarios, wish, by)


def named(scenarios: Mapping[str, Scenario], wish: str, by: str) -> Choice:
    """The scenario and the conditions of `hello+split`; raises `Refusal` for a name that does not exist."""
    head, _, tail = wish.partition("+")
    name, _, options = head.partition(";")
    if name not in scenarios:
        known = ", ".join(sorted(scenarios))
        raise invalid(f"no scenario {quoted(name)} (chosen by {by}); there are: {known}")
    if options:
        raise invalid(
            f"scenario {quoted(head)} (chosen by {by}): a scenario takes no options;"
            f" wire conditions follow a +, as in {name}+split, or stand in Prefer: wire=split"
        )
    scenario = scenarios[name]
    if not tail and not scenario.wires:
        return Choice(scenario, (), by)
    wires = wires_of("+".join((*scenario.wires, *filter(None, [tail]))), by)
    return Choice(scenario, tuple(wire.written for wire in wires), by)


def _wish(
    control: str | None, prefer: Mapping[str, str], body: Mapping[str, Any], words: str
) -> tuple[str, str] | None:
    """Who wishes first, and what."""
    if control is not None:
        return "control", control
    if "scenario" in prefer:
        return "prefer", prefer["scenario"]
    metadata = body.get("metadata") or {}
    if "scenario" in metadata:
        wish = metadata["scenario"]
        if not isinstance(wish, str):
            raise invalid(f"metadata.scenario: the name of a scenario is a string, not {quoted(wish)}")
        return "metadata", wish
    if body["model"].startswith("mock/"):
        return "model", body["model"].removeprefix("mock/")
    if words and (found := _IN_MESSAGE.match(words)):
        return "message", found[1]
    return None
