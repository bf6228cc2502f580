"""Is a service found, waited for, and missed when it goes away?"""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from contract_tests.client import connection
from contract_tests.client.budget import Budget, BudgetExceeded
from contract_tests.client.client import Client, Record
from contract_tests.client.connection import CannotCheck, Connection
from contract_tests.client.network import outage
from contract_tests.settings import Settings
from tests.contract_tests.small_server import Handler, serving


@contextmanager
def client_of(url: str, folder: Path, wait: float = 0) -> Iterator[Client]:
    """A client with enough budget."""
    budget = Budget(folder, runs=2, tokens=200, requests=100, seconds=30, started=time.time())
    client = Client(Settings(url, "sk-tune-secret", timeout=2, wait=wait), budget, Record())
    try:
        yield client
    finally:
        client.close()


def repeat(client: Client, times: int) -> None:
    """Send the same request several times."""
    for _ in range(times):
        client.send("GET", "/threads")


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_PAUSE", 0.05)
    monkeypatch.setattr(outage, "CONFIRMED_AFTER", 0.2)


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_service_that_is_starting_is_waited_for(status: int, tmp_path: Path) -> None:
    calls: list[str] = []

    def answer(handler: Handler) -> None:
        calls.append(handler.path)
        handler.reply(status if len(calls) < 4 else 200, b'{"data": []}', Retry_After="60")

    with serving(answer) as url, client_of(url, tmp_path, wait=5) as client:
        found = Connection(client)
        found.connect()
    assert len(calls) == 4
    assert found.waited > 0
    assert client.budget.spent.seconds < found.waited + 1


def test_a_service_that_does_not_listen_yet_is_waited_for(tmp_path: Path) -> None:
    port, go = free_port(), threading.Event()

    def serve() -> None:
        with socket.create_server(("127.0.0.1", port)) as listener:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            go.wait(5)

    with client_of(f"http://127.0.0.1:{port}/v1", tmp_path, wait=10) as client:
        threading.Timer(0.3, serve).start()
        Connection(client).connect()
    go.set()


def test_a_service_that_stays_down_costs_a_dozen_requests(tmp_path: Path) -> None:
    def answer(handler: Handler) -> None:
        handler.reply(503, b"{}")

    with serving(answer) as url, client_of(url, tmp_path, wait=0.6) as client:
        with pytest.raises(CannotCheck, match=r"is unavailable \(503\); waited 1 s for it"):
            Connection(client).connect()
        assert client.budget.spent.requests < 20


def test_without_wait_the_error_names_the_option(tmp_path: Path) -> None:
    with client_of(f"http://127.0.0.1:{free_port()}/v1", tmp_path) as client:
        with pytest.raises(CannotCheck, match=r"cannot be reached: .*check the URL, or give --wait SECONDS"):
            Connection(client).connect()
        assert client.budget.spent.requests == 2


def test_a_service_that_goes_away_ends_the_session(tmp_path: Path) -> None:
    with serving(lambda handler: handler.reply(200, b"{}")) as url, client_of(url, tmp_path) as client:
        client.send("GET", "/threads")
        client.base = f"http://127.0.0.1:{free_port()}/v1"
        with pytest.raises(BudgetExceeded, match=r"is gone since second \d+\.\d, after GET listThreads"):
            repeat(client, 50)
        assert [one.status for one in client.record.exchanges] == [200]
        assert client.budget.spent.requests == 7


def test_connections_that_break_are_no_outage(tmp_path: Path) -> None:
    calls: list[str] = []

    def answer(handler: Handler) -> None:
        calls.append(handler.path)
        if len(calls) > 2:
            handler.close_connection = True
        else:
            handler.reply(200, b"{}")

    with serving(answer) as url, client_of(url, tmp_path) as client:
        for _ in range(20):
            client.send("GET", "/threads")
        assert len(client.record.exchanges) == 20


def test_a_gateway_without_a_service_is_an_outage(tmp_path: Path) -> None:
    calls: list[str] = []

    def answer(handler: Handler) -> None:
        calls.append(handler.path)
        handler.reply(200 if len(calls) < 3 else 502, b"{}")

    with serving(answer) as url, client_of(url, tmp_path) as client:
        with pytest.raises(BudgetExceeded, match="the service is gone"):
            repeat(client, 60)
        assert {one.status for one in client.record.exchanges} == {200}


def test_a_slow_start_does_not_cost_time(tmp_path: Path) -> None:
    with client_of("http://127.0.0.1:9/v1", tmp_path) as client:
        before = client.budget.left
        client.budget.extend(10)
        assert client.budget.left > before + 9
        assert replace(client.settings, wait=1).wait == 1
