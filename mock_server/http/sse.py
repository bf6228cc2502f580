"""How is one event written as server-sent events?"""

from typing import Any

import orjson

DONE = b"data: [DONE]\n\n"
KEEP_ALIVE = b": keep-alive\n\n"


def encode(name: str, data: Any) -> bytes:
    """One event: its name, its data as one line of JSON, the blank line that sends it."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), orjson.dumps(data))
