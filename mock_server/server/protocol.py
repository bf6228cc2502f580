"""How is a connection reset in the middle of an answer?

ASGI has no word for it. The mock's own server offers it as an extension of the scope; under any other server
an answer that just stops must do, which a client sees as a connection closed too early.
"""

import asyncio
import socket
import struct
from typing import Any

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

RESET = "tune_mock.reset"
"""The name of the extension."""

_NO_LINGERING = struct.pack("ii", 1, 0)


async def reset(scope: Scope) -> None:
    """Reset the connection of a request, if the server can."""
    if offered := scope.get("extensions", {}).get(RESET):
        offered()
        # The connection is lost in the next turn of the loop; an answer that ended before would be complained
        # about.
        await asyncio.sleep(0)


class ResettableProtocol(HttpToolsProtocol):
    """uvicorn's protocol, offering to reset the connection."""

    def on_message_begin(self) -> None:
        """Begin a scope as uvicorn does, and put the offer into it."""
        super().on_message_begin()
        extensions: dict[str, Any] = {RESET: self._reset}
        self.scope["extensions"] = extensions

    def _reset(self) -> None:
        connection = self.transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGERING)
        self.transport.abort()
