"""How does one process serve the application on a port?"""

import asyncio
import gc
import socket
import sys
from functools import partial

import uvicorn
from starlette.types import ASGIApp

from mock_server.sandboxes.registry import Sandboxes
from mock_server.server.write_batching import Protocol, WriteBatch


class PortError(OSError):
    """The server cannot listen on the address; the message is one line."""


def listen(host: str, port: int, *, together: bool = False) -> socket.socket:
    """A listening socket. With `together`, other sockets may listen on the same port. Raises `PortError`."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        found = socket.socket(family, kind, protocol)
        try:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if together:
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
    """A listening socket for each of `count` processes. Raises `PortError`."""
    first = listen(host, port)
    if count == 1 or sys.platform != "linux":
        return [first] * count
    # Sockets that share a port succeed even if another mock listens on it, so `first` had to be exclusive.
    port = first.getsockname()[1]
    first.close()
    return [listen(host, port, together=True) for _ in range(count)]


class _Server(uvicorn.Server):
    """A server that ends open streams when it stops."""

    def __init__(self, config: uvicorn.Config, sandboxes: Sandboxes) -> None:
        super().__init__(config)
        self._sandboxes = sandboxes

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start. One of several processes also follows the changes of the others."""
        await super().startup(sockets)
        if self._sandboxes.shared.settings.workers > 1:
            self._following = asyncio.create_task(self._sandboxes.follow())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End all waiting requests, then stop."""
        self._sandboxes.close()
        await super().shutdown(sockets)


def _collect_garbage_rarely() -> None:
    """Run the garbage collector rarely. State has no cycles, and searching all of it pauses the server."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 1_000)


def server(app: ASGIApp, sandboxes: Sandboxes) -> uvicorn.Server:
    """A server for the application, not running yet."""
    config = uvicorn.Config(
        app,
        http=partial(Protocol, batch=WriteBatch()),  # type: ignore[arg-type]
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
    """Serve until the process is asked to stop, and return the exit code."""
    serving = server(app, sandboxes)
    _collect_garbage_rarely()
    try:
        serving.run(sockets=[listening])
    except KeyboardInterrupt:
        return 130
    finally:
        sandboxes.end()
    return 0 if serving.started else 1
