"""How is the service under test used, and what does it offer?"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from random import Random
from typing import Any, Unpack

from httpx import InvalidURL

from contract_tests.client.client import Client, RequestOptions
from contract_tests.client.connection import Connection
from contract_tests.client.samples import QUESTION, example
from contract_tests.document import document
from contract_tests.observations.exchange import Exchange, Intent
from contract_tests.observations.lifecycle import lifecycles

_NOT_OFFERED = (404, 405, 501)
# How often a run with an unknown status is polled.
_UNKNOWN_POLLS = 5


class Inconclusive(Exception):
    """A fact could not be tried. The text says why, `exchange` has the response that prevented it."""

    def __init__(self, reason: str, exchange: Exchange | None = None) -> None:
        super().__init__(reason)
        self.exchange = exchange


class NotOffered(Inconclusive):
    """The service does not offer what the fact is about."""


class Service:
    """The service under test, used as one client. Threads may share it."""

    def __init__(self, client: Client) -> None:
        self.client, self.settings = client, client.settings
        self.model = client.settings.model or str(example("CreateRunMinimal")["model"])
        self.limits = client.settings.limits
        self.connection = Connection(client)
        self.stuck = False
        self._not_offered: dict[str, str] = {}
        self._shared: dict[str, tuple[threading.Lock, list[Any]]] = {}
        self._lock = threading.Lock()
        self._thread_lock = threading.RLock()

    def random(self, purpose: str) -> Random:
        """A random source for one purpose. The same seed gives the same requests."""
        return Random(f"{self.settings.seed}:{purpose}")

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """The result of `make`, which is called once for each name. Callers share the result or the error."""
        with self._lock:
            lock, made = self._shared.setdefault(name, (threading.Lock(), []))
        with lock:
            if not made:
                made.append(_result(make))
        value, failure = made[0]
        if failure is not None:
            raise failure
        return value

    def request(
        self, operation: str, *, path: Mapping[str, str] | None = None, **options: Unpack[RequestOptions]
    ) -> Exchange:
        """Send a request to an operation of the document. `path` has its path parameters."""
        found = document().operations[operation]
        try:
            return self.client.send(found.method, found.address(path or {}), **options)
        except InvalidURL as error:
            raise Inconclusive(f"an id of the service fits into no URL: {error}") from None

    def require(
        self, operation: str, *, path: Mapping[str, str] | None = None, **options: Unpack[RequestOptions]
    ) -> Exchange:
        """Like `request`, but the request must succeed. Raises `Inconclusive` if it does not."""
        if operation in self._not_offered:
            raise NotOffered(self._not_offered[operation])
        exchange = self.request(operation, path=path, **options)
        if exchange.ok:
            return exchange
        reason = f"{operation}: {exchange.result}"
        if exchange.status in _NOT_OFFERED:
            self._not_offered[operation] = reason
            raise NotOffered(reason, exchange)
        raise Inconclusive(reason, exchange)

    def connect(self) -> None:
        """Find the base URL and test the key. Raises `CannotCheck`."""
        self.connection.connect()

    def find_base(self) -> Exchange:
        """Find out whether paths begin with /v1. Returns the first exchange."""
        return self.connection.find_base()

    def accepts_key_elsewhere(self) -> bool:
        """Whether the service accepts the key in the query, a cookie or another header."""
        return self.connection.accepts_key_elsewhere()

    def thread(self, **fields: Any) -> str:
        """The id of a new thread, or of the thread of `--thread` if none can be created."""
        try:
            return self.fresh_thread(**fields)
        except Inconclusive as reason:
            if self.settings.thread:
                return self.settings.thread
            raise Inconclusive(f"no thread: {reason}; give one with --thread", reason.exchange) from None

    def fresh_thread(self, **fields: Any) -> str:
        """The id of a new thread. Raises `Inconclusive` if none can be created."""
        return self.created("createThread", body=fields)

    def thread_lock(self) -> AbstractContextManager[Any]:
        """A lock for those who change a thread. It does nothing if each can create a thread of its own."""

        def one_for_all() -> bool:
            try:
                self.fresh_thread()
            except Inconclusive:
                return True
            return False

        return self._thread_lock if self.once("one thread for all", one_for_all) else nullcontext()

    def shared_thread(self) -> str:
        """The id of a thread with a message. Those who share it must not change it."""

        def make() -> str:
            thread = self.thread()
            self.message(thread)
            return thread

        return str(self.once("thread", make))

    def message(self, thread: str, text: str = QUESTION) -> str:
        """The id of a new user message in a thread."""
        return self.created(
            "createMessage", path={"threadId": thread}, body={"role": "user", "content": text}
        )

    def created(
        self, operation: str, *, path: Mapping[str, str] | None = None, **options: Unpack[RequestOptions]
    ) -> str:
        """The id of the resource that an operation created."""
        exchange = self.require(operation, path=path, **options)
        name = exchange.json.get("id") if isinstance(exchange.json, dict) else None
        if not isinstance(name, str) or not name:
            raise Inconclusive(f"{operation}: the response has no id")
        return name

    def start(self, thread: str, operation: str = "createRun", /, **fields: Any) -> Exchange:
        """Create a run, streamed if `stream` is true. Retries without the token limit if that is rejected."""
        path = {"threadId": thread} if operation == "createRun" else {}
        body = {"model": self.model, **fields}
        exchange = self.request(operation, path=path, body=body)
        if exchange.refused and self.client.capped and exchange.status not in (401, 403, 404, 429):
            again = self.request(operation, path=path, body=body, intents=[Intent.NO_TOKEN_LIMIT])
            if again.ok:
                self.client.capped = False
                return again
        return exchange

    def run(self, thread: str, **fields: Any) -> dict[str, Any]:
        """A new run of a thread, as in the response that created it. Raises `Inconclusive`."""
        exchange = self.start(thread, **fields)
        if exchange.ok and isinstance(exchange.json, dict) and isinstance(exchange.json.get("id"), str):
            return exchange.json
        raise Inconclusive(f"no run: createRun: {exchange.result}", exchange)

    def finished_run(self) -> tuple[str, str]:
        """The ids of a thread and of an ended run in it. Those who share them must not change them."""

        def make() -> tuple[str, str]:
            thread = self.thread()
            self.message(thread)
            run = str(self.run(thread)["id"])
            self.poll(thread, run)
            return thread, run

        found: tuple[str, str] = self.once("finished run", make)
        return found

    def own_run(self) -> dict[str, str]:
        """The path of an ended run that only the caller changes, or of the shared one if there is none."""
        thread, run = self.once("run with every field", self.finished_run)
        return {"threadId": thread, "runId": run}

    def ids(self, names: Iterable[str]) -> dict[str, str]:
        """Ids of existing resources for path parameters: a shared thread, and a run in it that has ended.

        Raises `Inconclusive` if there is none.
        """
        wanted = set(names)
        if "runId" in wanted:
            thread, run = self.finished_run()
            known = {"threadId": thread, "runId": run}
        else:
            known = {"threadId": self.shared_thread()} if wanted else {}
        if unknown := wanted - known.keys():
            raise Inconclusive(f"no id is known for {', '.join(sorted(unknown))}")
        return {name: known[name] for name in wanted}

    def poll(self, thread: str, run: str) -> dict[str, Any]:
        """Read a run until it is terminal or `requires_action`, or until `--max-wait`. Returns the run."""
        path = {"threadId": thread, "runId": run}
        for number, (interval, late) in enumerate(self._polls()):
            last = self.request("getRun", path=path, intents=[Intent.LAST_POLL] if late else [])
            body = last.json if last.ok and isinstance(last.json, dict) else {}
            settled = _is_settled(body.get("status"), number)
            if not last.ok or late or settled:
                self.stuck = self.stuck or (late and last.ok and not settled)
                return body
            if number % 2 == 0:
                self.request("listRuns", path={"threadId": thread})
                self.request("listRunSteps", path=path)
            self.client.wait(interval)
        return {}

    def _polls(self) -> Iterator[tuple[float, bool]]:
        """For each poll the pause after it in seconds, and whether it is the last."""
        patience = 5.0 if self.stuck else self.settings.max_wait
        end, interval = time.monotonic() + patience, 0.1
        while time.monotonic() < end:
            yield interval, False
            interval = min(1.0, interval * 1.25)
        yield 0.0, True


def _result(make: Callable[[], Any]) -> tuple[Any, Exception | None]:
    """The result of a call, or the error that it raised."""
    try:
        return make(), None
    except Exception as failure:
        return None, failure


def _is_settled(status: object, polls: int) -> bool:
    """Whether further polls would see no change. A status that is not in the document settles after some."""
    table = lifecycles()["run"]
    if not table.knows(status):
        return polls >= _UNKNOWN_POLLS
    return status == "requires_action" or status in table.terminal
