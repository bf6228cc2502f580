"""What does the service show of threads and runs some time after they were used?

A status may change seconds after the end, a stored resource may be lost, and a list may lag behind.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from contract_tests.client.concurrency import at_once
from contract_tests.client.service import Service
from contract_tests.document import Role, document
from contract_tests.observations.assembly import History
from contract_tests.observations.exchange import Exchange, Intent
from contract_tests.observations.stream_timing import doubtful
from contract_tests.observations.traces import Trace

_PAUSE = 1.5
_REPEATED = 4
# Nothing else is sent at that time.
_AT_ONCE = 32


def look_again(service: Service, history: History) -> None:
    """Read each ended run, the steps of it, and the threads that have runs or messages, once more."""
    at_once(_repeats(service, history))
    runs = [path for path in map(_ended, _own(history, "run")) if path]
    threads = dict.fromkeys(trace.scope for kind in ("run", "message") for trace in _own(history, kind))
    paths = [*runs, *({"threadId": name} for name in threads if name)]
    listed = at_once([partial(_read, service, path) for path in paths], _AT_ONCE)
    late = [path for path, lists in zip(paths, listed, strict=True) if _lags(history, lists)]
    if late:
        service.client.wait(_PAUSE)
        at_once(partial(_read, service, path) for path in late)
    _stream_again(service, history)


def _stream_again(service: Service, history: History) -> None:
    """Repeat a stream of each operation whose events seem to be held back. Now nothing else delays them."""
    for stream in doubtful(history):
        body, operation = stream.exchange.request_json, stream.exchange.operation
        if operation is not None and operation.starts_run and isinstance(body, dict):
            path = stream.exchange.path_parameters
            service.request(operation.id, path=path, body=body, intents=[Intent.ODD])


def request_of(exchange: Exchange) -> tuple[str, str, bytes]:
    """What makes two requests the same."""
    return exchange.method, exchange.url, exchange.request_body


def _repeats(service: Service, history: History) -> Iterator[Callable[[], Exchange]]:
    """Requests that timed out, once more: a busy machine may have held back the response."""
    late = [one for one in history.exchanges if "Timeout" in one.error and one.operation is not None]
    for exchange in [one for one in late if one.operation and not one.operation.waits_for_run][:_REPEATED]:
        headers = {name: text for name, text in exchange.request_headers if name.lower() == "content-type"}
        path = exchange.url.removeprefix(service.client.base)
        content = exchange.request_body or None
        send = partial(service.client.send, exchange.method, path, content=content, headers=headers)
        yield partial(send, intents=exchange.intents)


def _own(history: History, kind: str) -> Iterable[Trace]:
    """The resources of a kind that generated requests did not make."""
    for trace in history.traces:
        if trace.kind == kind and Intent.GENERATED not in trace.observations[0].exchange.intents:
            yield trace


def _ended(trace: Trace) -> dict[str, str] | None:
    """The path parameters of a run, None unless it is terminal."""
    thread, status = trace.last.body.get("threadId"), trace.last.status
    ended = status in trace.lifecycle.terminal and isinstance(thread, str)
    return {"threadId": str(thread), "runId": trace.id} if ended else None


def _read(service: Service, path: Mapping[str, str]) -> list[Exchange]:
    """Read the resource of a path and list what is in it."""
    lists = []
    for operation in document().documented_operations(Role.READ, Role.LIST):
        if operation.parameters == tuple(path):
            params = {"limit": 100} if operation.role is Role.LIST else None
            lists.append(service.request(operation.id, path=path, params=params))
    return lists


def _lags(history: History, lists: Iterable[Exchange]) -> bool:
    """Whether a list lacks something that was created in its thread."""
    for exchange in lists:
        kind = exchange.operation.kind if exchange.operation else ""
        shown = {entry.get("id") for entry in exchange.entries or ()}
        for trace in history.traces if exchange.entries is not None else ():
            here = trace.kind == kind and trace.scope == exchange.path_parameters.get("threadId")
            if here and trace.observations[0].is_creation and trace.id not in shown:
                return True
    return False
