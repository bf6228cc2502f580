"""Does a store with wrong values give clear errors, and run nothing?

Requests fill a store. Then one key gets another value, and every kind of request is made. A request that
needs the damaged key is rejected with an error that names it. No request fails in any other way.
"""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mock_server.app as app
from mock_server import Clock, Settings
from mock_server.sandboxes.registry import Sandboxes
from mock_server.storage.lmdb.keys import FORMAT_KEY, SCENARIOS, Keys
from mock_server.storage.lmdb.store import LmdbStore
from mock_server.storage.protocol import RetentionPolicy
from tests.mock_server.conftest import document
from tests.mock_server.driver import Answer, Driver
from tests.mock_server.storage.lmdb.files import contents, edit, hostile

ASYNC = {"Prefer": "respond-async"}
KEEP_ALL = RetentionPolicy(100, lambda run: True, lambda run_id: None)
KEEP_FEW = RetentionPolicy(3, lambda run: True, lambda run_id: None)


class Server:
    """A server whose store can be replaced."""

    def __init__(self, directory: Path) -> None:
        self.path, self.clock = directory / "store", Clock(0)
        store = LmdbStore(self.path, KEEP_ALL)
        served = Settings(seed="1", quiet=True, store=self.path)
        self.sandboxes: Sandboxes = app.create_sandboxes(served, self.clock, store, document())
        self.driver = Driver(app.application(self.sandboxes, document()), self.clock, [])
        self.fill()
        store.close()
        self.whole, self.values = self.path.read_bytes(), contents(self.path)

    def fill(self) -> None:
        """Create records of every kind."""
        driver = self.driver
        body = {"title": "T", "datasetId": "d", "messages": [{"role": "user", "content": "Hi"}]}
        self.thread = driver.post("/threads", body).json()["id"]
        self.runs = [driver.run("cancel", thread=self.thread, metadata={"a": "b"})["id"]]
        driver.advance(2)
        driver.post(f"/threads/{self.thread}/runs/{self.runs[0]}/cancel")
        driver.advance(60)
        self.runs.append(driver.run("tool-call+late-poll", thread=self.thread)["id"])
        driver.advance(5)
        run = driver.get(f"/threads/{self.thread}/runs/{self.runs[1]}").json()
        calls = run["requiredAction"]["submitToolOutputs"]["toolCalls"]
        outputs = {"toolOutputs": [{"toolCallId": call["id"], "output": "4"} for call in calls]}
        path = f"/threads/{self.thread}/runs/{self.runs[1]}/submit_tool_outputs"
        assert driver.post(path, outputs, headers=ASYNC).status == 200
        driver.advance(60)
        self.runs.append(driver.run("slow-queue", thread="other")["id"])
        page = driver.get(f"/threads/{self.thread}/messages").json()["data"]
        self.messages = [message["id"] for message in page]

    def reopen(self, key: bytes, value: bytes | None) -> None:
        """Serve the original store with another value for one key."""
        self.sandboxes.shared.store.close()
        self.path.write_bytes(self.whole)
        edit(self.path, {key: value})
        self.sandboxes.shared.store = LmdbStore(self.path, KEEP_FEW)

    def answers(self) -> Iterator[Answer]:
        """The responses to requests of every kind."""
        get, driver = self.driver.get, self.driver
        yield get("/threads")
        yield get("/threads?datasetId=d")
        yield driver.call("GET", "/_mock")
        yield driver.call("GET", "/_mock/state")
        for thread, runs in ((self.thread, self.runs[:2]), ("other", self.runs[2:])):
            yield get(f"/threads/{thread}")
            for kind in ("messages", "runs"):
                for order in ("asc", "desc"):
                    yield get(f"/threads/{thread}/{kind}?order={order}&limit=2")
            yield driver.post(f"/threads/{thread}", {"metadata": {"x": "y"}})
            for run in runs:
                path = f"/threads/{thread}/runs/{run}"
                yield get(path)
                yield get(f"{path}/steps")
                yield driver.post(path, {"metadata": {"x": "y"}})
                yield driver.post(f"{path}/cancel")
            for message in self.messages:
                yield get(f"/threads/{thread}/messages/{message}")
                yield get(f"/threads/{thread}/messages?after={message}")
            yield driver.post(f"/threads/{thread}/messages", {"role": "user", "content": "And?"})
            for _ in range(2):
                yield driver.post(f"/threads/{thread}/runs", {"model": "mock/instant"}, headers=ASYNC)
            stream = driver.open("POST", f"/threads/{thread}/runs", {"model": "m", "stream": True})
            stream.go_away()
            yield stream.answer

    def damage(self) -> set[str]:
        """The damage that responses report. Checks that there is no other failure."""
        reported = set()
        for answer in self.answers():
            if answer.status >= 500:
                error = answer.json()
                assert (answer.status, error["code"]) == (500, "internal"), error
                start, _, rest = error["message"].partition(": ")
                assert start == "the store is damaged", error
                assert rest.endswith("; start with another --store, or delete this file"), error
                reported.add(rest.rpartition("; ")[0])
        list(self.sandboxes.shared.store.changes())
        return reported


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server and its store."""
    found = Server(tmp_path_factory.mktemp("damaged"))
    yield found
    found.sandboxes.shared.store.close()
    found.driver.close()


def test_an_undamaged_store_gives_no_error(server: Server) -> None:
    server.reopen(FORMAT_KEY, b"2")
    assert server.damage() == set()
    kinds = {key[8:9] for key in server.values if key.startswith(Keys("").sandbox)}
    assert kinds == {b"n", b"N", b"t", b"T", b"d", b"e", b"l", b"o"}


@pytest.mark.parametrize("value", ["pickle", "nothing", "missing", "text", "json"])
def test_a_wrong_value_does_no_harm(server: Server, value: str, tmp_path: Path) -> None:
    values = {
        "pickle": hostile(tmp_path / "executed"),
        "nothing": b"",
        "missing": None,
        "text": b"\xffmeaningless bytes",
        "json": b'[1, {"a": null}]',
    }
    reported = set[str]()
    for key in server.values:
        server.reopen(key, values[value])
        reported |= server.damage()
    assert len(reported) > 5
    assert not (tmp_path / "executed").exists()


def test_the_error_names_the_record_and_the_problem(server: Server) -> None:
    key = next(key for key in server.values if key[8:9] == b"l" and key[17:18] == b"r")
    value = server.values[key]
    fields = json.loads(value[20:])
    fields[2] = "yesterday"
    server.reopen(key, value[:20] + json.dumps(fields).encode())
    assert server.damage() == {'run 2 of thread 0: created_at: must be an integer, not "yesterday"'}
    scenario = next(key for key in server.values if key.startswith(SCENARIOS))
    server.reopen(scenario, b"{}")
    [found] = server.damage()
    assert found.startswith(
        f"scenario {scenario[8:].hex()}: must be an object with the fields (after_cancel, "
    )


def test_undamaged_records_are_served(server: Server) -> None:
    place = next(key for key in server.values if key[8:9] == b"l")
    server.reopen(place, b"")
    assert server.driver.get(f"/threads/{server.thread}/messages").status == 500
    for path in ("", "/messages", "/runs", f"/runs/{server.runs[2]}"):
        assert server.driver.get(f"/threads/other{path}").status == 200
    assert server.driver.get("/threads").status == 200


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def replaced(document: Any, value: Any, data: st.DataObject) -> Any:
    """A JSON document with one value replaced."""
    if not isinstance(document, dict | list) or not document or data.draw(st.integers(0, 3)) == 0:
        return value
    if isinstance(document, dict):
        name = data.draw(st.sampled_from(sorted(document)))
        return {**document, name: replaced(document[name], value, data)}
    at = data.draw(st.integers(0, len(document) - 1))
    return [*document[:at], replaced(document[at], value, data), *document[at + 1 :]]


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_a_generated_value_does_no_harm(server: Server, data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(server.values)), label="key")
    value = server.values[key]
    start = max(value.find(b"["), 0) if not key.startswith(SCENARIOS) else 0
    if value[start : start + 1] in (b"[", b"{") and data.draw(st.booleans()):
        document = replaced(json.loads(value[start:]), data.draw(json_values), data)
        other = value[:start] + json.dumps(document).encode()
    else:
        other = data.draw(st.binary(max_size=40) | st.binary(min_size=len(value), max_size=len(value)))
    server.reopen(key, other)
    server.damage()


def test_a_run_keeps_its_scenario_when_scenario_files_change(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    file = tmp_path / "own" / "mine.yaml"
    text = "summary: s\nreveals: r\ntimeline:\n- {at: 0, status: queued}\n- {at: 5, status: in_progress}\n"
    file.write_text(f"{text}- {{at: 9, status: completed}}\n")
    served = Settings(seed="1", quiet=True, store=tmp_path / "store", scenarios=tmp_path / "own")
    seen = []
    for start in range(3):
        clock = Clock(0)
        sandboxes = app.create_sandboxes(served, clock, None, document())
        driver = Driver(app.application(sandboxes, document()), clock, [])
        if not seen:
            run = driver.run("mine", thread="t")
        for _ in range(3):
            seen.append(driver.get(f"/threads/t/runs/{run['id']}").json()["status"])
            driver.advance(5)
        driver.close()
        sandboxes.end()
        file.unlink(missing_ok=True)
        if start == 0:
            file.write_text(f"{text}- {{at: 6, status: failed}}\n")
    assert seen == ["queued", "in_progress", "completed"] * 3


def test_a_damaged_store_can_be_closed(tmp_path: Path) -> None:
    store = LmdbStore(tmp_path / "store", KEEP_FEW)
    store.check()
    edit(tmp_path / "store", {Keys("").counts: b"many"})
    store = LmdbStore(tmp_path / "store", KEEP_FEW)
    assert asyncio.run(store.thread("t")) is None
    store.close()
