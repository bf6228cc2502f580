"""What do a thread and a posted message look like in JSON?"""

from typing import Any

from mock_server.simulation.records import MessageRecord, ThreadRecord
from mock_server.simulation.timestamps import rfc3339


def thread(record: ThreadRecord) -> dict[str, Any]:
    """A thread. `toolResources` is left out unless a client set it; the vendor's client cannot read it."""
    shown: dict[str, Any] = {
        "id": record.id,
        "object": "thread",
        "createdAt": rfc3339(record.created_at),
        "title": record.title,
        "metadata": record.metadata,
    }
    if record.tool_resources is not None:
        shown["toolResources"] = record.tool_resources
    return shown


def message(record: MessageRecord) -> dict[str, Any]:
    """A message that a client posted."""
    return {
        "id": record.id,
        "object": "thread.message",
        "createdAt": rfc3339(record.created_at),
        "threadId": record.thread_id,
        "role": record.role,
        "content": record.content,
        "attachments": record.attachments,
        "assistantId": "",
        "runId": record.run_id,
        "metadata": record.metadata,
    }
