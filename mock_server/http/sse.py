"""How is an event encoded as a server-sent event?"""

from typing import Any

import orjson

DONE = b"data: [DONE]\n\n"
KEEP_ALIVE = b": keep-alive\n\n"


def encode(name: str, data: Any) -> bytes:
    """An event: its name, its data as one line of JSON, and a blank line."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), orjson.dumps(data))
