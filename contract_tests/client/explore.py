"""Which ways of using the service are tried, so that there is something to look at?

Each exploration is one function that makes the service work; what is thought of the answers is the checks'
business. Explorations run beside one another, each in threads of its own.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from contract_tests.client.samples import QUESTION
from contract_tests.client.service import Inconclusive, NotOffered, Service
from contract_tests.document import EVENT_STREAM, Operation, Role, document
from contract_tests.observations.exchange import Exchange, Intent
from contract_tests.observations.traces import Stream

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
# Every documented optional field of a run with an ordinary value.
FIELDS: Mapping[str, Any] = {
    "instructions": "Answer briefly.",
    "additionaInstructions": "Be kind.",
    "tools": [WEATHER],
    "metadata": {"suite": "tune-check", "Case Nr": "Ünï 1"},
    "temperature": 0.5,
    "topP": 0.9,
    "stream": False,
    "maxPromptTokens": 4000,
    "maxCompletionTokens": 64,
    "truncationStrategy": {"type": "auto"},
}
# What real clients are seen to send beside: the path's own id, empty texts, fields nobody documents.
OBSERVED_FIELDS: Mapping[str, Any] = {
    "assistantId": "",
    "threadId": "",
    "fileIds": [],
    "nobodyKnows": {"a": [1]},
}
THREAD_FIELDS: Mapping[str, Any] = {
    "title": "Contract check",
    "metadata": {"suite": "tune-check", "Case Nr": "Ünï 1"},
    "messages": [
        {"role": role, "content": [{"type": "text", "text": text}]}
        for role, text in (("user", "I am Ada."), ("assistant", "Hello, Ada."), ("user", QUESTION))
    ],
    "toolResources": {},
}


@dataclass(frozen=True)
class Exploration:
    """One way of using the service, and how many runs it starts."""

    name: str
    runs: int
    explore: Callable[[Service], None]
    smoke: bool = False


EXPLORATIONS: list[Exploration] = []


def exploration(
    name: str, runs: int, *, smoke: bool = False
) -> Callable[[Callable[[Service], None]], Callable[[Service], None]]:
    """Register a function as an exploration."""

    def register(function: Callable[[Service], None]) -> Callable[[Service], None]:
        EXPLORATIONS.append(Exploration(name, runs, function, smoke))
        return function

    return register


@exploration("a run", 1, smoke=True)
def plain_run(service: Service) -> None:
    """A message, a run, its end; looked at in every way meanwhile and afterwards."""
    thread, run = service.finished_run()
    look_around(service, thread, run)


@exploration("a run that is watched while it is created", 1)
def watched_run(service: Service) -> None:
    """A create that blocks hides the run's life: the thread's list of runs shows it meanwhile."""
    thread = service.thread()
    service.message(thread)
    with ThreadPoolExecutor(1) as pool:
        creating = pool.submit(service.start, thread)
        while not creating.done():
            service.client.wait(0.15)
            listed = service.call("listRuns", path={"threadId": thread})
            for name in _ids(listed)[:2]:
                path = {"threadId": thread, "runId": name}
                service.call("getRun", path=path)
                service.call("listRunSteps", path=path)
    _follow(service, creating.result())


@exploration("a streamed run", 1, smoke=True)
def streamed_run(service: Service) -> None:
    """A streamed run, looked at afterwards; then another turn of the same thread."""
    thread = service.thread()
    service.message(thread)
    _follow(service, service.start(thread, stream=True))


@exploration("a streamed run that is polled meanwhile", 1)
def polled_stream(service: Service) -> None:
    """What the stream says and what retrieve says at the same time belong to one run."""
    thread = service.thread()
    service.message(thread)
    with ThreadPoolExecutor(1) as pool:
        streaming = pool.submit(service.start, thread, stream=True)
        while not streaming.done():
            service.client.wait(0.1)
            for name in _ids(service.call("listRuns", path={"threadId": thread}))[:1]:
                service.call("getRun", path={"threadId": thread, "runId": name})
    _follow(service, streaming.result())


@exploration("a thread and a run in one call", 1, smoke=True)
def thread_and_run(service: Service) -> None:
    """createThreadAndRun, with a thread that has everything."""
    _follow(service, service.start("", "createThreadAndRun", thread=dict(THREAD_FIELDS)))


@exploration("a thread and a streamed run in one call", 1)
def thread_and_streamed_run(service: Service) -> None:
    """createThreadAndRun with a stream."""
    thread = {"messages": THREAD_FIELDS["messages"]}
    _follow(service, service.start("", "createThreadAndRun", thread=thread, stream=True))


@exploration("a run with every documented field", 1, smoke=True)
def run_with_every_field(service: Service) -> None:
    """All optional fields together, in a thread that was created with all of its own."""
    thread = service.thread(**THREAD_FIELDS)
    _follow(service, service.start(thread, **FIELDS))


@exploration("three turns of one thread", 3)
def three_turns(service: Service) -> None:
    """A conversation: paging over runs and messages needs more than one."""
    thread = service.fresh_thread()
    for turn in ("One.", "Two.", "Three."):
        service.message(thread, f"{turn} {QUESTION}")
        run = service.run(thread, metadata={"turn": turn})
        body = service.watch(thread, str(run["id"]))
        if body.get("status") == "requires_action":
            answer_tools(service, thread, body)
    service.once("conversation", lambda: thread)
    look_around(service, thread, str(run["id"]))


@exploration("a run that may call a tool", 1)
def tool_run(service: Service) -> None:
    """A question for a tool; where the run asks for its output, it is given."""
    thread = service.thread()
    service.message(thread, "What is the weather in Lisbon? Use the tool.")
    run = service.run(thread, tools=[WEATHER])
    body = service.watch(thread, str(run["id"]))
    if body.get("status") == "requires_action":
        look_around(service, thread, str(run["id"]))
        answer_tools(service, thread, body)


@exploration("a run that is cancelled", 1)
def cancelled_run(service: Service) -> None:
    """A streamed run that is told to stop, where the service offers that."""
    thread = service.thread()
    service.message(thread, "Count slowly from one to two hundred, in words.")
    with ThreadPoolExecutor(1) as pool:
        streaming = pool.submit(service.start, thread, stream=True)
        cancelled = False
        while not streaming.done():
            service.client.wait(0.1)
            for name in [] if cancelled else _ids(service.call("listRuns", path={"threadId": thread})):
                path = {"threadId": thread, "runId": name}
                service.call("cancelRun", path=path, body={}, key=None, intents=[Intent.UNAUTHENTICATED])
                service.call("cancelRun", path=path, body={})
                cancelled = True
    _follow(service, streaming.result())


def answer_tools(service: Service, thread: str, body: Mapping[str, Any]) -> None:
    """Give a run the outputs it waits for, where the service offers that, and see it through."""
    action = body.get("requiredAction") or {}
    wanted = action.get("submitToolOutputs") if isinstance(action, Mapping) else None
    calls = wanted.get("toolCalls") if isinstance(wanted, Mapping) else None
    ids = [call.get("id") for call in calls or [] if isinstance(call, Mapping)]
    outputs = [{"toolCallId": name, "output": "Sunny, 24 degrees."} for name in ids if name]
    path = {"threadId": thread, "runId": str(body["id"])}
    answer = {"toolOutputs": outputs}
    service.call("submitToolOutputs", path=path, body=answer, key=None, intents=[Intent.UNAUTHENTICATED])
    exchange = service.call("submitToolOutputs", path=path, body=answer)
    if exchange.ok or not exchange.status:
        service.watch(thread, str(body["id"]))
        service.call("listRunSteps", path=path, params={"limit": 1})
        look_around(service, thread, str(body["id"]))


def look_around(service: Service, thread: str, run: str) -> None:
    """Read a run, its thread and everything in them, by every documented operation that only reads."""
    path = {"threadId": thread, "runId": run}
    for operation in document().documented_operations(Role.LIST):
        if operation.parameters and path.keys() >= set(operation.parameters):
            _read_list(service, operation, path)
    service.call("getThread", path=path)
    service.client.wait(0.3)
    service.call("getRun", path=path)


def _read_list(service: Service, operation: Operation, path: Mapping[str, str]) -> None:
    """List resources, then read the newest three of them."""
    view = document().assumed
    takes_limit = view.parameter(operation.id, "limit") is not None
    listed = service.call(operation.id, path=path, params={"limit": 100} if takes_limit else None)
    ascends = (view.parameter(operation.id, "order") or {}).get("default") == "asc"
    newest = _ids(listed)[::-1] if ascends else _ids(listed)
    for reading in document().documented_operations(Role.READ):
        if reading.kind == operation.kind and path.keys() >= set(reading.parameters[:-1]):
            for name in newest[:3]:
                service.call(reading.id, path={**path, reading.parameters[-1]: name})


def _follow(service: Service, created: Exchange) -> None:
    """See a run through from its creation on."""
    run = _created_run(created)
    thread = created.path_parameters.get("threadId") or str(run.get("threadId", ""))
    if not thread:
        raise Inconclusive("the run's creation does not say which thread it is in")
    service.watch(thread, str(run["id"]))
    look_around(service, thread, str(run["id"]))


def _created_run(created: Exchange) -> Mapping[str, Any]:
    """The run that a creation answered, in JSON or as a stream."""
    if created.ok and created.media_type == EVENT_STREAM:
        runs = Stream.of(created).runs
        if not runs:
            raise Inconclusive("the stream never shows its run")
        found: Mapping[str, Any] = runs[-1].data
        return found
    body = created.json
    if created.ok and isinstance(body, dict) and isinstance(body.get("id"), str):
        return body
    reason = f"{created.label} answered {created.status or created.error}"
    raise NotOffered(reason) if created.status in (405, 501) else Inconclusive(reason)


def _ids(listed: Exchange) -> list[str]:
    """The ids in a list's answer."""
    items = listed.json.get("data") if listed.ok and isinstance(listed.json, dict) else None
    found = [item.get("id") for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return [name for name in found if isinstance(name, str) and name]
