"""Which scenario does a new run play, and who chose it?

In this order: a control call, `Prefer: scenario=NAME`, `metadata.scenario`, the model `mock/NAME`, the last user
message `/mock NAME`, the server's default. Nothing in the app has to change for any of them.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mock_server.errors import Refusal, invalid, quoted
from mock_server.scenario import Scenario

_IN_MESSAGE = re.compile(r"\s*/mock\s+(\S+)")

WIRES: Collection[str] = ()
"""The wire conditions this server knows."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A scenario, the wire conditions it meets, and the way it was chosen."""

    scenario: Scenario
    wires: tuple[str, ...]
    by: str

    def header(self) -> str:
        """The value of `X-Mock-Scenario`."""
        return described(self.scenario.name, self.wires, self.by)


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
    by, wish = next(_wishes(control, prefer, body, words, default))
    name, *wires = wish.split("+")
    if "wire" in prefer:
        wires += prefer["wire"].split("+")
    if name not in scenarios:
        raise _no_such(by, "scenario", name, scenarios)
    for wire in wires:
        if wire not in WIRES:
            raise _no_such(by, "wire condition", wire, WIRES)
    return Choice(scenarios[name], tuple(wires), by)


def _wishes(
    control: str | None, prefer: Mapping[str, str], body: Mapping[str, Any], words: str, default: str
) -> Iterator[tuple[str, str]]:
    if control is not None:
        yield "control", control
    if "scenario" in prefer:
        yield "prefer", prefer["scenario"]
    metadata = body.get("metadata") or {}
    if "scenario" in metadata:
        named = metadata["scenario"]
        if not isinstance(named, str):
            raise invalid(f"metadata.scenario: the name of a scenario is a string, not {quoted(named)}")
        yield "metadata", named
    if body["model"].startswith("mock/"):
        yield "model", body["model"].removeprefix("mock/")
    if found := _IN_MESSAGE.match(words):
        yield "message", found[1]
    yield "server", default


def _no_such(by: str, kind: str, name: str, known: Collection[str]) -> Refusal:
    there = ", ".join(sorted(known)) or "none"
    return invalid(f"no {kind} {quoted(name)} (chosen by {by}); there are: {there}")
