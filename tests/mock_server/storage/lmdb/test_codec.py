"""What does a store write for each record, and does it reject everything else?"""

import json
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.scenarios.library import Library
from mock_server.simulation.records import Input, MessageRecord, RunRecord, ThreadRecord
from mock_server.simulation.scenario import Event, Message, Scenario, Status, ToolCall, ToolCalls
from mock_server.storage.lmdb import codec
from mock_server.storage.lmdb.plain import PlainError
from tests.mock_server.conftest import document
from tests.mock_server.storage.lmdb.files import hostile

SCENARIOS = Library(document()).scenarios()
RUN_ID = "run_00000000-0000-4000-8000-000000000001"
THREAD = ThreadRecord("t", 5, "A title", {"a": [1]}, {"code": {}}, "d", 3)
MESSAGE = MessageRecord("msg_1", "t", 6, "user", ({"type": "text"},), ({"fileId": "f"},), RUN_ID, {"b": 2})
RUN = RunRecord(
    RUN_ID,
    "t",
    7,
    SCENARIOS["cancel"],
    "prefer",
    "org/name",
    prompt="Hi\u2028",
    assistant_id="a",
    instructions="i",
    tools=({"type": "function"},),
    metadata={"c": None},
    conditions=("cut=3",),
    seed="s",
    pace=0.0,
    inputs=(Input(9, "cancel"),),
    version=2,
)


def small(name: str = "small", **changes: Any) -> Scenario:
    """A scenario with one moment of each kind."""
    scenario = Scenario(
        name=name,
        summary="s",
        reveals="r",
        timeline=(
            Status(0, "queued", fields={"x": None}),
            Status(0.5, "in_progress", {"code": "c", "message": "m"}, deltas=-1),
            Message(1, 2.5, "Hi {{user}}", deltas=2, finished=False),
            ToolCalls(3, 4, (ToolCall("f", "{}"),)),
            Event(4, "odd", {"n": 1}),
            Status(5, "completed"),
        ),
        after_cancel=(Status(0, "cancelled"),),
        after_outputs=((Status(0, "in_progress"),), (Status(0, "completed"),)),
        expires=600.0,
        lifecycles=SCENARIOS["hello"].lifecycles,
        breaks="b",
        conditions=("split",),
    )
    return replace(scenario, **changes)


def test_each_record_is_written_as_format_2_says() -> None:
    """If this test must change, files of format 2 become unreadable: increase the format number."""
    assert codec.thread_bytes(THREAD).decode() == '["t",5,"A title",{"a":[1]},{"code":{}},"d",3]'
    assert codec.message_bytes(MESSAGE).decode() == (
        f'["msg_1","t",6,"user",[{{"type":"text"}}],[{{"fileId":"f"}}],"{RUN_ID}",{{"b":2}}]'
    )
    assert codec.run_bytes(RUN).decode() == (
        f'["{RUN_ID}","t",7,"prefer","org/name","Hi\u2028","a","i",[{{"type":"function"}}],{{"c":null}},'
        '["cut=3"],"s",0.0,[{"at":9,"kind":"cancel","outputs":{}}],2]'
    )
    written = json.loads(codec.scenario_bytes(small()))
    lifecycles = written.pop("lifecycles")
    assert written == {
        "name": "small",
        "summary": "s",
        "reveals": "r",
        "timeline": [
            {"at": 0, "status": "queued", "error": None, "deltas": 0, "fields": {"x": None}},
            {
                "at": 0.5,
                "status": "in_progress",
                "error": {"code": "c", "message": "m"},
                "deltas": -1,
                "fields": {},
            },
            {"at": 1, "until": 2.5, "text": "Hi {{user}}", "deltas": 2, "finished": False},
            {"at": 3, "until": 4, "calls": [{"name": "f", "arguments": "{}"}], "deltas": None},
            {"at": 4, "name": "odd", "data": {"n": 1}},
            {"at": 5, "status": "completed", "error": None, "deltas": 0, "fields": {}},
        ],
        "after_cancel": [{"at": 0, "status": "cancelled", "error": None, "deltas": 0, "fields": {}}],
        "after_outputs": [
            [{"at": 0, "status": "in_progress", "error": None, "deltas": 0, "fields": {}}],
            [{"at": 0, "status": "completed", "error": None, "deltas": 0, "fields": {}}],
        ],
        "expires": 600.0,
        "breaks": "b",
        "conditions": ["split"],
    }
    assert lifecycles["run"]["next"]["queued"] == list(SCENARIOS["hello"].lifecycles.run.next["queued"])
    for lifecycle in lifecycles.values():
        assert set(lifecycle) == {"initial", "next", "timestamps", "terminal"}
        assert lifecycle["terminal"] == sorted(lifecycle["terminal"])


@pytest.mark.parametrize("scenario", [*SCENARIOS.values(), small()], ids=lambda scenario: scenario.name)
def test_a_scenario_is_read_as_it_was_written(scenario: Scenario) -> None:
    read = codec.scenario(codec.scenario_bytes(scenario))
    for field in fields(Scenario):
        assert getattr(read, field.name) == getattr(scenario, field.name), field.name


def test_records_are_read_as_they_were_written() -> None:
    for record, read in (
        (THREAD, codec.thread(codec.thread_bytes(THREAD))),
        (MESSAGE, codec.message(codec.message_bytes(MESSAGE))),
        (RUN, codec.run(codec.run_bytes(RUN), RUN.scenario)),
    ):
        for field in fields(record):
            mine, theirs = getattr(record, field.name), getattr(read, field.name)
            assert mine == theirs or list(mine) == list(theirs), field.name


def test_default_values_are_read_as_they_were_written() -> None:
    thread = ThreadRecord("t", 0)
    assert codec.thread(codec.thread_bytes(thread)).tool_resources is None
    run = codec.run(codec.run_bytes(RunRecord(RUN_ID, "t", 0, RUN.scenario, "server", "m")), RUN.scenario)
    assert (run.conditions, run.inputs, run.pace) == ((), (), 1.0)


READERS = {
    "thread": (codec.thread, codec.thread_bytes(THREAD)),
    "message": (codec.message, codec.message_bytes(MESSAGE)),
    "run": (lambda data: codec.run(data, RUN.scenario), codec.run_bytes(RUN)),
    "scenario": (codec.scenario, codec.scenario_bytes(small())),
}


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("other", [b"", b"null", b"{}", b"[]", b"[1]", b"\xff", b"[" * 500 + b"]" * 500])
def test_other_bytes_are_rejected(kind: str, other: bytes) -> None:
    with pytest.raises(PlainError):
        READERS[kind][0](other)


@pytest.mark.parametrize("kind", READERS)
def test_a_pickle_is_rejected_and_not_loaded(kind: str, tmp_path: Path) -> None:
    data = hostile(tmp_path / "executed")
    with pytest.raises(PlainError, match="is not JSON"):
        READERS[kind][0](data)
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    ("position", "value", "problem"),
    [
        (0, "run_1", "id: is not the id of a run"),
        (2, "yesterday", 'created_at: must be an integer, not "yesterday"'),
        (2, True, "created_at: must be an integer, not true"),
        (2, -1, "is out of range"),
        (2, 10**18, "is out of range"),
        (3, "a\nb", "chosen_by: is not a word"),
        (8, ["tool"], 'tools: must be an object, not "tool"'),
        (9, [], "metadata: must be an object, not []"),
        (10, ["spilt"], "conditions: no network condition 'spilt'"),
        (10, [" split"], "conditions: is not written as the mock writes it"),
        (12, 1e9, "pace or version: is out of range"),
        (13, [{"at": 0, "kind": "eval", "outputs": {}}], 'kind: must be one of cancel, outputs, not "eval"'),
        (13, [{"at": 0}], "inputs: must be an object with the fields (at, kind, outputs)"),
        (14, 1 << 40, "pace or version: is out of range"),
    ],
)
def test_a_wrong_field_of_a_run_is_rejected_with_its_name(position: int, value: Any, problem: str) -> None:
    values = json.loads(codec.run_bytes(replace(RUN, inputs=(), scenario=SCENARIOS["tool-call"])))
    values[position] = value
    data = json.dumps(values).encode()
    with pytest.raises(PlainError) as caught:
        codec.run(data, SCENARIOS["tool-call"])
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "a b"},
        {"conditions": ("spilt",)},
        {"expires": 1e9},
        {"timeline": ()},
        {"timeline": (Status(1e9, "queued"),)},
        {"timeline": (Status(0, "queued"), Message(2, 1, "x"))},
        {"timeline": (Status(0, "queued"), Message(0, 1, "{{secret}}"))},
        {"timeline": (Status(0, "queued"), ToolCalls(0, 1, ()))},
        {"timeline": (Status(0, "queued", fields={"status": None}), Status(1, "completed"))},
        {
            "lifecycles": replace(
                SCENARIOS["hello"].lifecycles,
                run=replace(SCENARIOS["hello"].lifecycles.run, terminal=frozenset()),
            )
        },
    ],
)
def test_an_unplayable_scenario_is_rejected(changes: dict[str, Any]) -> None:
    with pytest.raises(PlainError):
        codec.scenario(codec.scenario_bytes(small(**changes)))


def test_a_scenario_that_json_cannot_hold_is_not_written() -> None:
    with pytest.raises(TypeError):
        codec.scenario_bytes(small(timeline=(Event(0, "odd", {"set": {1}}),)))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(kind=st.sampled_from(sorted(READERS)), value=json_values, data=st.data())
def test_a_record_with_any_value_anywhere_is_read_or_rejected(
    kind: str, value: Any, data: st.DataObject
) -> None:
    read, written = READERS[kind]
    document = json.loads(written)
    place, parent = document, None
    key: Any = None
    while isinstance(place, list | dict) and place and (parent is None or data.draw(st.booleans())):
        parent = place
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        place = place[key]
    assert parent is not None
    parent[key] = value
    with suppress(PlainError):
        read(json.dumps(document).encode())
