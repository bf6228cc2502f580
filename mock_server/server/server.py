"""How does one process serve the application on a port?"""

import asyncio
import gc
import socket
import sys
from functools import partial

import uvicorn
from starlette.types import ASGIApp

from mock_server.sandboxes.registry import Sandboxes
from mock_server.server.connections import most_connections, refuse_slow_requests
from mock_server.server.write_batching import Protocol, WriteBatch


class PortError(OSError):
    """The server cannot listen on the address; the message is one line."""


def listen(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A listening socket; `shared` lets other processes listen on the same port. Raises `PortError`."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        found = socket.socket(family, kind, protocol)
        try:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if shared:
                found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            found.bind(address)
            found.listen(2048)
        except OSError:
            found.close()
            raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise PortError(
            f"cannot listen on {host} port {port}: {reason}; choose another with --port"
        ) from None
    return found


def listen_together(host: str, port: int, count: int) -> list[socket.socket]:
    """One listening socket for each of `count` processes. Raises `PortError`."""
    first = listen(host, port)
    if count == 1 or sys.platform != "linux":
        return [first] * count
    # With SO_REUSEPORT, binding succeeds even if another mock uses the port. So first check that it is free.
    port = first.getsockname()[1]
    first.close()
    return [listen(host, port, shared=True) for _ in range(count)]


class _Server(uvicorn.Server):
    """A server that ends open streams when it shuts down."""

    def __init__(self, config: uvicorn.Config, sandboxes: Sandboxes) -> None:
        super().__init__(config)
        self._sandboxes = sandboxes

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start. With several workers, also follow the changes that other workers make."""
        settings = self._sandboxes.shared.settings
        if settings.store:
            # Before the first response shows a time.
            self._sandboxes.shared.keep_time()
            self._keeping = asyncio.create_task(self._sandboxes.keep_time())
        self._looking = asyncio.create_task(refuse_slow_requests(self.server_state.connections))
        await super().startup(sockets)
        if settings.workers > 1:
            self._following = asyncio.create_task(self._sandboxes.follow())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop: end the waiting requests first, then shut down as uvicorn does."""
        self._sandboxes.close()
        await super().shutdown(sockets)


def _collect_garbage_rarely() -> None:
    """Run the garbage collector rarely: requests and stored objects form no cycles, and each run is a pause.

    Full collections remain, so that cycles of a library do not fill the memory.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 10)


def server(app: ASGIApp, sandboxes: Sandboxes) -> uvicorn.Server:
    """A server for the application; it is not running yet."""
    config = uvicorn.Config(
        app,
        http=partial(Protocol, batch=WriteBatch(), most=most_connections()),  # type: ignore[arg-type]
        proxy_headers=False,
        access_log=False,
        log_level="warning",
        ws="none",
        lifespan="on",
        server_header=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=75,
    )
    return _Server(config, sandboxes)


def serve(app: ASGIApp, sandboxes: Sandboxes, listening: socket.socket) -> int:
    """Serve until a signal stops the server; returns the exit code."""
    serving = server(app, sandboxes)
    _collect_garbage_rarely()
    try:
        serving.run(sockets=[listening])
    except KeyboardInterrupt:
        return 130
    finally:
        sandboxes.end()
    return 0 if serving.started else 1
