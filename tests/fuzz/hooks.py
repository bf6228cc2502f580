"""How does schemathesis parse the event streams of this API?"""

import json
from typing import Any

import schemathesis

from contract_tests.observations.sse import parse


@schemathesis.deserializer("text/event-stream")
def events(_: schemathesis.DeserializationContext, response: schemathesis.Response) -> list[dict[str, Any]]:
    """The events of a stream as objects with `data` and, for named events, `event`."""
    return [
        {"data": _decoded(event.data), **({"event": event.event} if event.event else {})}
        for event in parse([response.content])
    ]


def _decoded(data: str) -> Any:
    return data if data == "[DONE]" else json.loads(data)
