"""How does the server let the application reset a connection?"""

import socket
import struct
from typing import Any

from mock_server.http.abort import RESET
from mock_server.server.bounded import BoundedProtocol

_NO_LINGER = struct.pack("ii", 1, 0)
"""`SO_LINGER` with a timeout of 0: closing the socket then sends a reset."""


class ResettableProtocol(BoundedProtocol):
    """The bounded protocol with the ASGI extension `tune_mock.reset`."""

    def on_message_begin(self) -> None:
        """Create the scope as uvicorn does and add the extension to it."""
        super().on_message_begin()
        extensions: dict[str, Any] = {RESET: self._reset}
        self.scope["extensions"] = extensions

    def _reset(self) -> None:
        connection = self.transport.get_extra_info("socket")
        # A client that has left already has no socket any more.
        if connection is not None and not self.transport.is_closing():
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.transport.abort()
