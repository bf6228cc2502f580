"""How many connections does the server have, and how long may a client take to send a request?

One task looks at all connections every few seconds. A timer for each request would cost each request.
"""

import asyncio
import sys
from collections.abc import Iterable
from typing import Any

from mock_server.errors import Refusal
from mock_server.server.bounded import BoundedProtocol

MOST_CONNECTIONS = 10_000
"""Connections of one process. Fewer, if the process may open fewer files."""
SPARE_FILES = 100
"""Files that the process may open beside its connections."""
LOOK_SECONDS = 5.0
LOOKS = 6
"""A request that is incomplete at this number of looks in a row is refused: after 30 seconds."""


def most_connections() -> int:
    """The limit of connections of this process, which may then open as many files as the system allows."""
    if sys.platform == "win32":
        return MOST_CONNECTIONS
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        return max(soft - SPARE_FILES, 1)
    return MOST_CONNECTIONS


async def refuse_slow_requests(connections: Iterable[Any]) -> None:
    """Refuse requests that their clients do not complete. Runs until cancelled."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        look(connections)


def look(connections: Iterable[Any]) -> None:
    """Look once at all connections."""
    for connection in list(connections):
        if not isinstance(connection, BoundedProtocol):
            continue
        if not connection.is_incomplete or connection.cycle is not connection.looked_at:
            connection.looks, connection.looked_at = 0, connection.cycle
        elif (looks := connection.looks + 1) < LOOKS:
            connection.looks = looks
        else:
            connection.refuse(_too_slow())


def _too_slow() -> Refusal:
    seconds = LOOKS * LOOK_SECONDS
    return Refusal("unavailable", f"the request was not complete after {seconds:g} seconds", status=408)
