"""Where does a service under test put its feet: what does it offer, and how does one make it work?"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from random import Random
from typing import Any, Unpack
from urllib.parse import quote

from contract_tests.client.client import Client, RequestOptions
from contract_tests.client.samples import QUESTION, example, valid_body
from contract_tests.document import Operation, Role, document
from contract_tests.observations.exchange import Exchange, Intent
from contract_tests.observations.lifecycle import lifecycles

_NOT_OFFERED = (404, 405, 501)
_PUZZLED = 5


class Inconclusive(Exception):
    """A fact could not be tried; the text says why, `exchange` is the answer that prevented it."""

    def __init__(self, reason: str, exchange: Exchange | None = None) -> None:
        super().__init__(reason)
        self.exchange = exchange


class NotOffered(Inconclusive):
    """The service does not offer what the fact is about."""


class CannotJudge(Exception):
    """Nothing can be judged at all; the text says why and what to do."""


class Service:
    """The service under test, as one user of it."""

    def __init__(self, client: Client) -> None:
        self.client, self.settings = client, client.settings
        self.model = client.settings.model or str(example("CreateRunMinimal")["model"])
        self.limits = client.settings.limits
        self.stuck = False
        self._not_offered: dict[str, str] = {}
        self._shared: dict[str, tuple[threading.Lock, list[Any]]] = {}
        self._lock = threading.Lock()
        self._turn = threading.RLock()

    def random(self, purpose: str) -> Random:
        """A source of chance of its own for each purpose: the same seed gives the same requests."""
        return Random(f"{self.settings.seed}:{purpose}")

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` gives, made once and shared by everybody who asks under this name."""
        with self._lock:
            lock, made = self._shared.setdefault(name, (threading.Lock(), []))
        with lock:
            if not made:
                made.append(_outcome(make))
        value, failure = made[0]
        if failure is not None:
            raise failure
        return value

    def call(
        self, operation: str, *, path: Mapping[str, str] | None = None, **options: Unpack[RequestOptions]
    ) -> Exchange:
        """Send a request to an operation of the document; `path` gives its path parameters."""
        found = document().operations[operation]
        address = found.path.format(**{name: quote(text, safe="") for name, text in (path or {}).items()})
        return self.client.send(found.method, address, **options)

    def require(
        self, operation: str, *, path: Mapping[str, str] | None = None, **options: Unpack[RequestOptions]
    ) -> Exchange:
        """As `call`, for a request that others depend on: raises `Inconclusive` where it is refused."""
        if operation in self._not_offered:
            raise NotOffered(self._not_offered[operation])
        exchange = self.call(operation, path=path, **options)
        if exchange.ok:
            return exchange
        reason = f"{operation} answered {exchange.status or exchange.error}"
        if exchange.status in _NOT_OFFERED:
            self._not_offered[operation] = reason
            raise NotOffered(reason, exchange)
        raise Inconclusive(reason, exchange)

    def greet(self) -> None:
        """Find the base URL and see that the key is taken. Raises `CannotJudge` where that fails."""
        first = self.find_base()
        if first.status in (401, 403) and all(map(self._is_shut, self._free_operations())):
            hint = "another key" if self.settings.key else "a key"
            raise CannotJudge(
                f"{self.client.base} refuses the key ({first.status}); give {hint} with --key or TUNE_API_KEY"
            )

    def find_base(self) -> Exchange:
        """Find out whether the paths begin with /v1; what the first request was answered with."""
        first = self._greeting()
        if first.status == 404 and self.client.base.endswith("/v1"):
            self._look_without_version()
        return first

    def _greeting(self) -> Exchange:
        first = self.call("listThreads", params={"limit": 1}, intents=[Intent.CONNECT])
        if not first.status:
            self.client.wait(0.5)
            first = self.call("listThreads", params={"limit": 1}, intents=[Intent.CONNECT])
        if not first.status:
            raise CannotJudge(f"{self.client.base} cannot be reached: {first.error}; look at the URL")
        return first

    def _look_without_version(self) -> None:
        versioned, self.client.base = self.client.base, self.client.base.removesuffix("/v1")
        if self._greeting().status == 404:
            self.client.base = versioned

    def _free_operations(self) -> list[Operation]:
        """The operations that need no run, and that change nothing but the number of threads."""
        found = document().documented_operations(Role.LIST, Role.CREATE)
        return [
            one
            for one in found
            if one.creates("thread") or (one.role is Role.LIST and len(one.parameters) < 2)
        ]

    def _is_shut(self, operation: Operation) -> bool:
        """Whether an operation rejects the key as well."""
        path = {"threadId": self.settings.thread or "thread_unknown"}
        exchange = self.call(operation.id, path=path, body=valid_body(operation), intents=[Intent.CONNECT])
        return exchange.status in (401, 403)

    def thread(self, **fields: Any) -> str:
        """The id of a thread nobody else uses; the given one where none can be created."""
        try:
            return self.fresh_thread(**fields)
        except Inconclusive as reason:
            if self.settings.thread:
                return self.settings.thread
            raise Inconclusive(f"no thread: {reason}; give one with --thread", reason.exchange) from None

    def fresh_thread(self, **fields: Any) -> str:
        """The id of a thread nobody else uses. Raises `Inconclusive` where none can be created."""
        return self.created("createThread", body=fields)

    def turn(self) -> AbstractContextManager[Any]:
        """Held by those who change a thread: where all must use the same one, they take turns."""

        def alone() -> bool:
            try:
                self.fresh_thread()
            except Inconclusive:
                return True
            return False

        return self._turn if self.once("one thread for all", alone) else nullcontext()

    def shared_thread(self) -> str:
        """The id of a thread with a message, shared by those who only look."""

        def make() -> str:
            thread = self.thread()
            self.message(thread)
            return thread

        return str(self.once("thread", make))

    def message(self, thread: str, text: str = QUESTION) -> str:
        """The id of a new message of the user in a thread."""
        return self.created(
            "createMessage", path={"threadId": thread}, body={"role": "user", "content": text}
        )

    def created(self, operation: str, **options: Any) -> str:
        """The id of what an operation created."""
        exchange = self.require(operation, **options)
        name = exchange.json.get("id") if isinstance(exchange.json, dict) else None
        if not isinstance(name, str) or not name:
            raise Inconclusive(f"{operation} answered without an id")
        return name

    def start(self, thread: str, operation: str = "createRun", /, **fields: Any) -> Exchange:
        """Create a run (streamed with `stream=True`); a service that refuses the token limit goes without."""
        path = {"threadId": thread} if operation == "createRun" else {}
        body = {"model": self.model, **fields}
        exchange = self.call(operation, path=path, body=body)
        if exchange.refused and self.client.capped and exchange.status not in (401, 403, 404, 429):
            again = self.call(operation, path=path, body=body, intents=[Intent.NO_TOKEN_LIMIT])
            if again.ok:
                self.client.capped = False
                return again
        return exchange

    def run(self, thread: str, **fields: Any) -> dict[str, Any]:
        """A new run of a thread, as its creation answered it."""
        exchange = self.start(thread, **fields)
        if exchange.ok and isinstance(exchange.json, dict) and isinstance(exchange.json.get("id"), str):
            return exchange.json
        raise Inconclusive(f"no run: createRun answered {exchange.status or exchange.error}", exchange)

    def finished_run(self) -> tuple[str, str]:
        """The ids of a thread and a run in it that is over, shared by those who only look."""

        def make() -> tuple[str, str]:
            thread = self.thread()
            self.message(thread)
            run = str(self.run(thread)["id"])
            self.watch(thread, run)
            return thread, run

        found: tuple[str, str] = self.once("finished run", make)
        return found

    def ids(self, names: Iterable[str]) -> dict[str, str]:
        """Ids of existing resources for path parameters: a shared thread, and a run in it that has ended.

        Raises `Inconclusive` where there is none.
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

    def watch(self, thread: str, run: str) -> dict[str, Any]:
        """Look at a run until it is over, waits for the client, or `--max-wait` has passed."""
        path = {"threadId": thread, "runId": run}
        for number, (interval, late) in enumerate(self._looks()):
            last = self.call("getRun", path=path, intents=[Intent.LAST_POLL] if late else [])
            body = last.json if last.ok and isinstance(last.json, dict) else {}
            rests = _rests(body.get("status"), number)
            if not last.ok or late or rests:
                self.stuck = self.stuck or (late and last.ok and not rests)
                return body
            if number % 2 == 0:
                self.call("listRuns", path={"threadId": thread})
                self.call("listRunSteps", path=path)
            self.client.wait(interval)
        return {}

    def _looks(self) -> Iterator[tuple[float, bool]]:
        """Pauses between looks, and whether this look is the last that is waited for."""
        patience = 5.0 if self.stuck else self.settings.max_wait
        end, interval = time.monotonic() + patience, 0.1
        while time.monotonic() < end:
            yield interval, False
            interval = min(1.0, interval * 1.25)
        yield 0.0, True


def _outcome(make: Callable[[], Any]) -> tuple[Any, Exception | None]:
    """What was made, or why it could not be."""
    try:
        return make(), None
    except Exception as failure:
        return None, failure


def _rests(status: object, looks: int) -> bool:
    """Whether nothing is to be waited for: the run is over, waits for the client, or has no known status."""
    table = lifecycles()["run"]
    if not table.knows(status):
        return looks >= _PUZZLED
    return status == "requires_action" or status in table.terminal
