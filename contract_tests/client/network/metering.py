"""How long, and how much, may a service send in one response?

Every read from the network passes through here. A response that exceeds a ceiling ends with `TooLarge`, one
that takes too long with a timeout of the HTTP library.
"""

import threading
import time
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx

HEAD_LIMIT = 128 * 1024
"""How many bytes may come before a response's body: interim responses, status line and headers."""
HEADERS_LIMIT = 256
"""How many headers a response may have."""
BODY_LIMIT = 4 * 2**20
"""How many bytes a body may have, as sent and as decoded."""
_SLICE = 65536
_current = threading.local()


class TooLarge(Exception):
    """The service sent more than is read. The text says more of what."""


@dataclass
class Meter:
    """The ceilings of one response. `deadline` is in seconds of a monotonic clock."""

    deadline: float
    head: int = HEAD_LIMIT
    body: int = BODY_LIMIT
    in_body: bool = False
    reads: int = 0

    @property
    def left(self) -> float:
        """The seconds that are left. Raises a timeout if there are none."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("timed out")
        return left

    def take(self, octets: int) -> None:
        """Count bytes that arrived. Raises `TooLarge`."""
        self.reads += 1
        if self.in_body:
            self.body -= octets
        else:
            self.head -= octets
        if self.head < 0:
            raise TooLarge(f"more than {HEAD_LIMIT // 1024} KiB before the body; reading stopped")
        if self.body < 0:
            raise TooLarge(f"more than {BODY_LIMIT // 2**20} MiB of body; reading stopped")


@contextmanager
def metered(meter: Meter) -> Iterator[None]:
    """Apply a meter to what this thread reads and writes."""
    _current.meter = meter
    try:
        yield
    finally:
        _current.meter = None


class MeteringBackend(httpcore.NetworkBackend):
    """The network of the HTTP library, with the meter of the current thread applied to it."""

    def __init__(self) -> None:
        self._backend = httpcore.SyncBackend()
        self._streams: weakref.WeakSet[_Stream] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._is_shut = False

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect within the time of the meter."""
        within = _within(timeout)
        return self._keep(self._backend.connect_tcp(host, port, within, local_address, socket_options))

    def shut(self) -> None:
        """End every connection, so that no thread waits for it any more. No other one can begin."""
        with self._lock:
            self._is_shut = True
            streams = list(self._streams)
        for stream in streams:
            stream.shut()

    def _keep(self, inner: httpcore.NetworkStream) -> "_Stream":
        stream = _Stream(inner, self._keep)
        with self._lock:
            if not self._is_shut:
                self._streams.add(stream)
                return stream
        # The pool closed the connections that it had then. It would never close this one.
        stream.close()
        raise httpcore.ConnectError("the client has been closed")


class _Stream(httpcore.NetworkStream):
    """One connection."""

    def __init__(self, inner: httpcore.NetworkStream, keep: Any) -> None:
        self._inner, self._keep = inner, keep

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what has arrived, and count it."""
        data = self._inner.read(max_bytes, _within(timeout))
        if meter := _meter():
            meter.take(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write in slices, so that a service that reads slowly cannot hold us."""
        for start in range(0, len(buffer), _SLICE):
            self._inner.write(buffer[start : start + _SLICE], _within(timeout))

    def close(self) -> None:
        """Close the connection."""
        self._inner.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Continue with TLS."""
        secured: httpcore.NetworkStream = self._keep(
            self._inner.start_tls(ssl_context, server_hostname, _within(timeout))
        )
        return secured

    def get_extra_info(self, info: str) -> Any:
        """What the connection knows of itself."""
        return self._inner.get_extra_info(info)

    def shut(self) -> None:
        """End the connection while another thread may be reading from it."""
        with suppress(OSError, AttributeError):
            self._inner.get_extra_info("socket").shutdown(2)


def _meter() -> Meter | None:
    return getattr(_current, "meter", None)


def _within(timeout: float | None) -> float | None:
    meter = _meter()
    if meter is None:
        return timeout
    return meter.left if timeout is None else min(timeout, meter.left)


def install(http: httpx.Client, backend: MeteringBackend) -> None:
    """Make a client read from the network through a meter."""
    # The HTTP library passes no network on to its connection pools.
    for transport in [http._transport, *http._mounts.values()]:
        if isinstance(transport, httpx.HTTPTransport):
            assert hasattr(transport._pool, "_network_backend"), "this version of httpcore cannot be metered"
            transport._pool._network_backend = backend
