"""How is a connection reset in the middle of an answer?

ASGI defines no such message. Our server offers a reset as an extension of the scope (see
`server.protocol`). Under any other server the answer just stops, and the client sees a connection that was
closed too early.
"""

import asyncio

from starlette.types import Scope

RESET = "tune_mock.reset"
"""The name of the ASGI extension; its value is a function that resets the connection."""


class CutError(ConnectionError):
    """Raised to reset the connection of the current request."""


async def reset(scope: Scope) -> None:
    """Reset the connection of a request, if the server offers the extension."""
    if offered := scope.get("extensions", {}).get(RESET):
        offered()
        # uvicorn notices the lost connection in the next iteration of the event loop. If the application
        # returned before that, uvicorn would log an incomplete answer.
        await asyncio.sleep(0)
