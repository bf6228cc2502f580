"""How is a record written as bytes, and read again?

A record is a JSON list of its fields; scenarios, which runs share, are written apart, and read back without
letting the bytes name anything but a scenario's own parts.
"""

import io
import pickle
from dataclasses import fields
from operator import attrgetter
from typing import Any, cast

import orjson

from mock_server.simulation.records import Input, MessageRecord, RunRecord, ThreadRecord
from mock_server.simulation.scenario import Scenario

_RUN = tuple(field.name for field in fields(RunRecord))
_of_thread = attrgetter(*(field.name for field in fields(ThreadRecord)))
_of_message = attrgetter(*(field.name for field in fields(MessageRecord)))
_of_run = attrgetter(*(name for name in _RUN if name != "scenario"))
_SCENARIO = _RUN.index("scenario")
_INPUTS = _RUN.index("inputs")
_CONDITIONS = _RUN.index("conditions")
_PARTS = frozenset({"mock_server.simulation.scenario", "mock_server.simulation.lifecycle"})


def thread_bytes(record: ThreadRecord) -> bytes:
    """A thread, written."""
    return orjson.dumps(_of_thread(record))


def thread(data: bytes) -> ThreadRecord:
    """A thread, read."""
    return ThreadRecord(*orjson.loads(data))


def message_bytes(record: MessageRecord) -> bytes:
    """A message, written."""
    return orjson.dumps(_of_message(record))


def message(data: bytes) -> MessageRecord:
    """A message, read."""
    return MessageRecord(*orjson.loads(data))


def run_bytes(record: RunRecord) -> bytes:
    """A run, written without its scenario."""
    return orjson.dumps(_of_run(record))


def run(data: bytes, scenario: Scenario) -> RunRecord:
    """A run, read."""
    values = orjson.loads(data)
    values.insert(_SCENARIO, scenario)
    values[_INPUTS] = tuple(Input(**given) for given in values[_INPUTS])
    values[_CONDITIONS] = tuple(values[_CONDITIONS])
    return RunRecord(*values)


def scenario_bytes(scenario: Scenario) -> bytes:
    """A scenario, written."""
    return pickle.dumps(scenario)


def scenario(data: bytes) -> Scenario:
    """A scenario, read; raises `pickle.UnpicklingError` for anything else."""
    return cast(Scenario, _Reader(io.BytesIO(data)).load())


class _Reader(pickle.Unpickler):
    """Reads what a scenario is made of, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        """A class that the bytes name."""
        if module in _PARTS or (module, name) == ("builtins", "frozenset"):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"a scenario has no {module}.{name} in it")
