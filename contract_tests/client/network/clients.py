"""Which connection does a request use? One that no other thread uses meanwhile.

A connection pool of the HTTP library that threads share may close a connection that another thread has just
taken: it looks idle, or closed by the service, until the request is sent. So each thread borrows a client
with one connection.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from contract_tests.client.network.metering import MeteringBackend, install

ONE_CONNECTION = httpx.Limits(max_connections=1, max_keepalive_connections=1)
_MOST_IDLE = 16


class Clients:
    """Lends HTTP clients, each to one thread at a time."""

    def __init__(self, make: Callable[[], httpx.Client]) -> None:
        self._make, self._network = make, MeteringBackend()
        self._idle = [self._new()]
        self._is_closed = False
        self._lock = threading.Lock()
        self.request = self._idle[0].build_request

    @contextmanager
    def one(self) -> Iterator[httpx.Client]:
        """A client for the duration of the block."""
        with self._lock:
            client = self._idle.pop() if self._idle else None
        client = client or self._new()
        try:
            yield client
        finally:
            with self._lock:
                kept = not self._is_closed and len(self._idle) < _MOST_IDLE
                if kept:
                    self._idle.append(client)
            if not kept:
                client.close()

    def close(self) -> None:
        """Close the connections. Threads that wait for a response wait no longer."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        self._network.shut()
        for client in idle:
            client.close()

    def _new(self) -> httpx.Client:
        client = self._make()
        install(client, self._network)
        return client
