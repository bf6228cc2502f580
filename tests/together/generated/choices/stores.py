"""How may a deployment keep, number, order and complete what it is given?"""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request

from openapi import Grade
from tests.together.deployment import Deployment
from tests.together.generated.choices.choosing import choice
from tests.together.service import Json, Run, Thread

_GREETING = {"role": "assistant", "content": "Hello! How can I help?"}


@dataclass(frozen=True)
class StoreOptions:
    """Free choices of how a deployment keeps what it is given."""

    numbering: str = choice(
        "for all", "for each parent", why="a path names the thread and the run: an id is unique within them"
    )
    ties: str = choice(
        "turned", "kept", why="order is by createdAt; no page orders what was created in one moment"
    )
    list_lag: float = choice(
        0.0, 0.0, 0.3, 0.9, why="no page says that a list shows at once what was created"
    )
    titles: str = choice(
        "as given", "by the first message", why="no page says that a thread without a title stays without one"
    )
    greeting: bool = choice(False, True, why="no page says that a new thread has no messages of the service")
    own_metadata: bool = choice(False, True, why="no page says that a service adds nothing to metadata")
    changing_fields: bool = choice(
        False, True, why="further fields are free, so one may be the time of the last change"
    )
    both_names: bool = choice(False, True, why="further fields are free, so a field may have a second name")
    usage_time: str = choice(
        "at the end",
        "later",
        why="no page says when usage is counted; the terminal state is about the status",
    )
    cancelled_at: str = choice(
        "when it is done", "when it is asked", why="no page says which of the two moments cancelledAt is"
    )
    steps_end: str = choice(
        "with the run", "a moment later", why="no page says that a step ends in the same moment as its run"
    )
    dataset: str = choice(
        "kept",
        "ignored",
        why="no page says what a dataset of a thread does",
        breaks={"ignored": Grade.OBSERVED},
    )
    references: str = choice(
        "kept", "dropped", why="no page says how the files exist that attachments and resources name"
    )


class Stores(Deployment):
    """The part of a deployment that decides how things are kept."""

    options: Any

    def __init__(self) -> None:
        self._numbers: Counter[Any] = Counter()
        self._born: dict[Any, float] = {}
        self._changes = 0
        super().__init__()

    def row(self, kind: str, name: str, **fields: Any) -> Json:
        """A new row; runs, messages and steps may be numbered within what they belong to."""
        row = super().row(kind, name, **fields)
        if self.options.numbering == "for each parent" and kind != "thread":
            parent = (kind, fields["threadId"], fields["runId"] if name == "step" else "")
            self._numbers[parent] += 1
            row["id"] = f"{name}_{self._numbers[parent]}"
        self._born[_key(row)] = time.monotonic()
        return row

    def add_thread(self, fields: Json) -> Thread:
        """Create a thread; the service may greet."""
        thread = super().add_thread(fields)
        if self.options.greeting:
            self.add_message(thread, _GREETING)
            thread.messages.insert(0, thread.messages.pop())
            thread.messages[0]["createdAt"] = thread.row["createdAt"]
        if self.options.own_metadata:
            thread.row["metadata"] = {**thread.row["metadata"], "source": "api"}
        if self.options.references == "dropped":
            thread.row.pop("toolResources", None)
        if self.options.titles != "as given" and not fields.get("title"):
            thread.row["title"] = "New thread"
        return thread

    def add_message(self, thread: Thread, fields: Json) -> Json:
        """Append a message; the first of a user may name the thread."""
        message = super().add_message(thread, fields)
        if self.options.references == "dropped":
            message["attachments"] = []
        if thread.row["title"] == "New thread" and fields["role"] == "user":
            thread.row["title"] = f"About {thread.row['createdAt']}"
        return message

    def add_run(self, thread: Thread, fields: Json) -> Run:
        """Create a run, with a mark of the service."""
        if self.options.own_metadata:
            fields = {**fields, "metadata": {**fields.get("metadata", {}), "source": "api"}}
        return super().add_run(thread, fields)

    def move(self, run: Run, status: str, **fields: Any) -> None:
        """Bring a run into a status; usage may be counted later, and a cancelling be dated early."""
        if status == "cancelling" and self.options.cancelled_at != "when it is done":
            fields["cancelledAt"] = self.stamp(self.now())
        if fields.get("usage") and self.options.usage_time == "later":
            usage = fields.pop("usage")
            asyncio.get_running_loop().call_later(0.4, lambda: run.row.update(usage=usage))
        super().move(run, status, **fields)

    def close_steps(self, run: Run, status: str) -> None:
        """End the steps that are in progress, with the run or soon after it."""
        if self.options.steps_end == "with the run":
            super().close_steps(run, status)
        else:
            asyncio.get_running_loop().call_later(0.15, super().close_steps, run, status)

    def page(self, items: list[Json], request: Request, default: str, lenient: bool = False) -> Json:
        """A page of a list, which may lag behind and keep the order of ties."""
        known = time.monotonic() - self.options.list_lag
        items = [item for item in items if self._born[_key(item)] <= known]
        if self.options.ties == "kept" and self.order(request, default) == "desc":
            items = sorted(items, key=lambda item: str(item["createdAt"]), reverse=True)[::-1]
        return super().page(items, request, default, lenient)

    def json(self, value: Any, status: int = 200, headers: Any = None) -> Any:
        """A JSON response, in which each resource may have further fields."""
        return super().json(self.completed(value) if status == 200 else value, status, headers)

    def completed(self, value: Any) -> Any:
        """A resource, or a page of them, with the further fields of the service."""
        if isinstance(value, dict) and isinstance(value.get("data"), list):
            return {**value, "data": [self.completed(item) for item in value["data"]]}
        if not isinstance(value, dict) or "id" not in value:
            return value
        row = dict(value)
        if self.options.changing_fields:
            self._changes += 1
            row |= {"updatedAt": self.stamp(self.now()), "version": self._changes}
        if self.options.both_names:
            row |= {"created_at": row.get("createdAt"), "thread_id": row.get("threadId")}
        return row

    async def list_threads(self, request: Request) -> Any:
        """GET /threads."""
        if self.options.dataset == "ignored":
            query = urlencode([pair for pair in request.query_params.multi_items() if pair[0] != "datasetId"])
            request = Request({**request.scope, "query_string": query.encode()}, request.receive)
        return await super().list_threads(request)


def _key(row: Json) -> Any:
    """What tells a row from all others, however they are numbered."""
    return tuple(row.get(name) for name in ("object", "threadId", "runId", "id"))
