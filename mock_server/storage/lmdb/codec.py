"""How are records written as JSON, and read again?

A thread, message or run is a list of its fields. A scenario is an object. Reading checks types and ranges,
and that a scenario can be played. Bytes from an untrusted file give a record that is safe to use, or a
`PlainError`. Increase `FORMAT` in `file_format` when a record is written in another way.
"""

import re
from dataclasses import fields
from operator import attrgetter
from typing import Any

import orjson

from mock_server.simulation.conditions import ConditionError, parse_all
from mock_server.simulation.records import MessageRecord, RunRecord, ThreadRecord
from mock_server.simulation.scenario import Moment, Scenario
from mock_server.simulation.timestamps import LATEST
from mock_server.simulation.trial import problem_of, problem_of_scenario
from mock_server.storage.lmdb import plain
from mock_server.storage.lmdb.plain import Columns, PlainError

_LONGEST = 1e7
"""The limit of a scenario's seconds."""
_MAX_VERSION = 1 << 31
_RUN_ID = re.compile(r"run_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_RUN = tuple(field.name for field in fields(RunRecord))
_SCENARIO = _RUN.index("scenario")
_of_thread = attrgetter(*(field.name for field in fields(ThreadRecord)))
_of_message = attrgetter(*(field.name for field in fields(MessageRecord)))
_of_run = attrgetter(*(name for name in _RUN if name != "scenario"))
_thread_columns, _message_columns = Columns(ThreadRecord), Columns(MessageRecord)
_run_columns = Columns(RunRecord, without="scenario")
_read_scenario = plain.reader(Scenario)


def thread_bytes(record: ThreadRecord) -> bytes:
    """The bytes of a thread."""
    return orjson.dumps(_of_thread(record))


def thread(data: bytes) -> ThreadRecord:
    """The thread in the bytes. Raises `PlainError`."""
    record = ThreadRecord(*_thread_columns.read(data))
    _check_created(record.created_at)
    return record


def message_bytes(record: MessageRecord) -> bytes:
    """The bytes of a message."""
    return orjson.dumps(_of_message(record))


def message(data: bytes) -> MessageRecord:
    """The message in the bytes. Raises `PlainError`."""
    record = MessageRecord(*_message_columns.read(data))
    _check_created(record.created_at)
    return record


def run_bytes(record: RunRecord) -> bytes:
    """The bytes of a run without its scenario."""
    return orjson.dumps(_of_run(record))


def run(data: bytes, scenario: Scenario) -> RunRecord:
    """The run in the bytes, with its scenario. Raises `PlainError`."""
    values = _run_columns.read(data)
    values.insert(_SCENARIO, scenario)
    record = RunRecord(*values)
    _check_created(record.created_at)
    if not _RUN_ID.fullmatch(record.id):
        raise PlainError("id: is not the id of a run")
    if not (0 <= record.pace <= _LONGEST and 0 <= record.version < _MAX_VERSION):
        raise PlainError("pace or version: is out of range")
    if not record.chosen_by.isidentifier():
        raise PlainError("chosen_by: is not a word")
    if record.conditions:
        _check_conditions(record.conditions)
    if record.inputs:
        for given in record.inputs:
            _check_created(given.at)
        _check(problem_of(record))
    return record


def scenario_bytes(scenario: Scenario) -> bytes:
    """The bytes of a scenario with its moments and lifecycles."""
    return orjson.dumps(scenario, default=_sorted)


def _sorted(value: Any) -> list[Any]:
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} is not plain data")


def scenario(data: bytes) -> Scenario:
    """The scenario in the bytes. Raises `PlainError`."""
    found: Scenario = _read_scenario(plain.parse(data))
    if not found.name.replace("-", "").isalnum():
        raise PlainError("name: is not the name of a scenario")
    _check_conditions(found.conditions)
    for moments in (found.timeline, found.after_cancel, *found.after_outputs):
        for moment in moments:
            _check_moment(moment)
    if not 0 <= found.expires < _LONGEST:
        raise PlainError("expires: is out of range")
    _check(problem_of_scenario(found))
    return found


def _check_created(instant: int) -> None:
    if not 0 <= instant <= LATEST:
        raise PlainError("created_at or at: is out of range")


def _check_conditions(conditions: tuple[str, ...]) -> None:
    try:
        if tuple(condition.written for condition in parse_all(conditions)) != conditions:
            raise PlainError("conditions: is not written as the mock writes it")
    except ConditionError as error:
        raise PlainError(f"conditions: {error}") from None


def _check_moment(moment: Moment) -> None:
    until = getattr(moment, "until", moment.at)
    if not 0 <= moment.at <= until < _LONGEST:
        raise PlainError("at or until: is out of range")


def _check(problem: str) -> None:
    if problem:
        raise PlainError(problem)
