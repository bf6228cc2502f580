"""What can a run do, and what can happen to its answers? Read from the mock and the document."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import openapi
from mock_server import pytest_plugin
from mock_server.scenarios.library import BUILT_IN, Library
from mock_server.simulation.conditions import CODES, KINDS
from mock_server.simulation.operations import operations
from mock_server.testing import TuneMock
from tests.docs.markdown import code, codes, sentence, table
from tests.repository.sources import ROOT

Json = dict[str, object]


def scenarios() -> str:
    """The table of the built-in scenarios."""
    folder = BUILT_IN.relative_to(ROOT).as_posix()
    rows = [
        (f"[`{one.name}`](../../{folder}/{one.name}.yaml)", sentence(one.summary), one.reveals)
        for one in Library(openapi.load()).scenarios().values()
    ]
    return table(["scenario", "what the run does", "what it reveals"], rows)


def conditions() -> str:
    """The table of the network conditions."""
    rows = [(code(kind.form), sentence(kind.summary)) for kind in KINDS.values()]
    return table(["condition", "what the network does"], rows)


def status_codes() -> str:
    """The codes that the condition `status` can answer with."""
    return f"`status` answers with one of these codes: {codes(map(str, CODES))}."


def requests() -> str:
    """The table of the words that say which requests a condition concerns."""
    document = openapi.load()
    groups = operations(document)
    concerned = {
        word: [name for name in _in_order(document) if name in group]
        for word, group in (("create", groups.create), ("polls", groups.polls))
    }
    rows = [(code(word), codes(found)) for word, found in concerned.items()]
    return table(["word", "requests"], [*rows, (code("any"), "every request")])


def _in_order(document: Mapping[str, Any]) -> list[str]:
    """The operation ids of a document in its order."""
    return [
        operation["operationId"]
        for path in document["paths"].values()
        for operation in path.values()
        if isinstance(operation, dict) and "operationId" in operation
    ]


def lifecycle(schema: str) -> str:
    """The table of the statuses of a schema with an `x-lifecycle`."""
    facts = openapi.load()["components"]["schemas"][schema]["x-lifecycle"]
    rows = [
        (code(status), codes(one["next"]) or "nothing: it is terminal", code(one.get("timestamp", "")))
        for status, one in facts["statuses"].items()
    ]
    first = f"The first status is `{facts['initial']}`; `{facts['deadline']}` says when it expires."
    return f"{first}\n\n{table(['status', 'may be followed by', 'sets'], rows)}"


def pytest_settings() -> str:
    """The table of the settings that the pytest plugin adds."""
    rows: list[tuple[str, str, str]] = []

    class Recorder:
        def addini(self, name: str, help: str, type: str = "", default: str = "") -> None:
            rows.append((code(name), code(default), sentence(help)))

    pytest_plugin.pytest_addoption(Recorder())  # type: ignore[arg-type]
    return table(["setting", "default", "what it is"], rows)


def pytest_mock() -> str:
    """The table of what `tune_mock` offers."""
    fields = [
        ("`url`", "The base URL of the API."),
        ("`origin`", "The address without a path."),
        ("`key`", "A key that is accepted."),
    ]
    return table(["member", "what it does"], [*fields, *map(_member, _members(TuneMock))])


def _members(owner: type) -> list[tuple[str, object]]:
    return [(name, member) for name, member in vars(owner).items() if not name.startswith("_")]


def _member(named: tuple[str, object]) -> tuple[str, str]:
    name, member = named
    if isinstance(member, property):
        return code(name), (member.__doc__ or "").partition("\n")[0]
    function: Callable[..., object] = member  # type: ignore[assignment]
    parameters = [one for one in inspect.signature(function).parameters.values() if one.name != "self"]
    shown = ", ".join(_parameter(one) for one in parameters)
    return code(f"{name}({shown})"), (function.__doc__ or "").partition("\n")[0]


def _parameter(one: inspect.Parameter) -> str:
    return one.name if one.default is one.empty else f"{one.name}={one.default!r}"
