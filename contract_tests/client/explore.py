"""In which ways is the service used, so that there are exchanges to check?

Each exploration is one function that sends requests. The checks evaluate the responses later. Explorations
run concurrently, each with threads of its own.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from contract_tests.client.concurrency import at_once, beside
from contract_tests.client.samples import QUESTION
from contract_tests.client.service import Inconclusive, NotOffered, Service
from contract_tests.document import EVENT_STREAM, Operation, Role, document
from contract_tests.observations.exchange import Exchange, Intent
from contract_tests.observations.traces import Stream

WEATHER: Mapping[str, Any] = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
# Every documented optional field of a run, with an ordinary value.
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
# What clients are observed to send as well: the id of the path, empty strings, undocumented fields.
OBSERVED_FIELDS: Mapping[str, Any] = {
    "assistantId": "",
    "threadId": "",
    "fileIds": [],
    "unknownField": {"a": [1]},
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
    """One way to use the service. It starts `runs` runs. The smoke profile has it if `smoke` is true."""

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
    """Create a message and a run, poll the run to its end, and read everything."""
    thread, run = service.finished_run()
    read_all(service, thread, run)


@exploration("a run that is polled while it is created", 1)
def run_polled_during_creation(service: Service) -> None:
    """If creating a run blocks, only the list of runs shows its earlier statuses."""
    thread = service.thread()
    service.message(thread)
    with beside(partial(service.start, thread)) as creating:
        while not creating.done():
            service.client.wait(0.15)
            listed = service.request("listRuns", path={"threadId": thread})
            for name in _ids(listed)[:2]:
                path = {"threadId": thread, "runId": name}
                service.request("getRun", path=path)
                service.request("listRunSteps", path=path)
    complete(service, creating.result())


@exploration("a streamed run", 1, smoke=True)
def streamed_run(service: Service) -> None:
    """Stream a run, then read everything."""
    thread = service.thread()
    service.message(thread)
    complete(service, service.start(thread, stream=True))


@exploration("a streamed run that is polled at the same time", 1)
def polled_stream(service: Service) -> None:
    """Stream a run and read it at the same time."""
    thread = service.thread()
    service.message(thread)
    with beside(partial(service.start, thread, stream=True)) as streaming:
        while not streaming.done():
            service.client.wait(0.1)
            for name in _ids(service.request("listRuns", path={"threadId": thread}))[:1]:
                path = {"threadId": thread, "runId": name}
                service.request("getRun", path=path)
                service.request("cancelRun", path=path, body={}, key=None, intents=[Intent.UNAUTHENTICATED])
    complete(service, streaming.result())


@exploration("a thread and a run in one request", 1, smoke=True)
def thread_and_run(service: Service) -> None:
    """Use createThreadAndRun with a thread that has every field."""
    complete(service, service.start("", "createThreadAndRun", thread=dict(THREAD_FIELDS)))


@exploration("a thread and a streamed run in one request", 1)
def thread_and_streamed_run(service: Service) -> None:
    """Use createThreadAndRun with a stream."""
    thread = {"messages": THREAD_FIELDS["messages"]}
    complete(service, service.start("", "createThreadAndRun", thread=thread, stream=True))


@exploration("a run with every documented field", 1, smoke=True)
def run_with_every_field(service: Service) -> None:
    """Send all optional fields together, in a thread that was created with every field."""
    thread = service.thread(**THREAD_FIELDS)
    created = service.start(thread, **FIELDS)
    complete(service, created)
    service.once("run with every field", lambda: (thread, str(_created_run(created)["id"])))


@exploration("three runs of one thread", 3)
def three_runs(service: Service) -> None:
    """Create several runs and messages in one thread, for the checks of paging."""
    thread = service.fresh_thread()
    for turn in ("One.", "Two.", "Three."):
        service.message(thread, f"{turn} {QUESTION}")
        run = service.run(thread, metadata={"turn": turn})
        body = service.poll(thread, str(run["id"]))
        if body.get("status") == "requires_action":
            answer_tools(service, thread, body)
    service.once("conversation", lambda: thread)
    read_all(service, thread, str(run["id"]))


@exploration("several messages and threads at once", 0)
def at_the_same_time(service: Service) -> None:
    """Create messages and threads at the same time. None may be lost, and none may have another's values."""
    path = {"threadId": service.fresh_thread()}
    create = partial(service.request, "createMessage", path=path)
    texts = [f"Message {number} of several at once." for number in range(8)]
    bodies = [{"role": "user", "content": text, "metadata": {"text": text}} for text in texts]
    titles = [{"title": f"Thread {number} of several at once"} for number in range(4)]
    at_once(
        [
            *(partial(create, body=body) for body in bodies),
            *(partial(service.request, "createThread", body=body) for body in titles),
        ]
    )
    service.request("listMessages", path=path, params={"limit": 100})


@exploration("a run that may call a tool", 2)
def tool_run(service: Service) -> None:
    """Ask a question for a tool, and submit the output if the run requires it. Then do so with a stream."""
    thread = service.thread()
    for stream in (False, True):
        service.message(thread, "What is the weather in Lisbon? Use the tool.")
        run = service.run(thread, tools=[WEATHER], metadata=FIELDS["metadata"])
        path = {"threadId": thread, "runId": str(run["id"])}
        body = service.poll(thread, path["runId"])
        service.once("run with a tool", partial(dict, path))
        if body.get("status") != "requires_action":
            return
        read_all(service, thread, str(run["id"]))
        answer_tools(service, thread, body, stream=stream)


@exploration("a run that is cancelled", 1)
def cancelled_run(service: Service) -> None:
    """Cancel a streamed run, if the service offers that."""
    thread = service.thread()
    service.message(thread, "Count slowly from one to two hundred, in words.")
    start = partial(service.start, thread, stream=True, metadata=FIELDS["metadata"])
    with beside(start) as streaming:
        cancelled = False
        while not streaming.done():
            service.client.wait(0.1 if cancelled else 0.03)
            for name in [] if cancelled else _ids(service.request("listRuns", path={"threadId": thread})):
                service.request("cancelRun", path={"threadId": thread, "runId": name}, body={})
                cancelled = True
    complete(service, streaming.result())


def answer_tools(service: Service, thread: str, body: Mapping[str, Any], *, stream: bool = False) -> None:
    """Submit the tool outputs that a run requires, if the service offers that, and poll it to its end."""
    action = body.get("requiredAction") or {}
    wanted = action.get("submitToolOutputs") if isinstance(action, Mapping) else None
    calls = wanted.get("toolCalls") if isinstance(wanted, Mapping) else None
    ids = [call.get("id") for call in calls or [] if isinstance(call, Mapping)]
    outputs = [{"toolCallId": name, "output": "Sunny, 24 degrees."} for name in ids if name]
    path = {"threadId": thread, "runId": str(body["id"])}
    answer = {"toolOutputs": outputs, **({"stream": True} if stream else {})}
    submit = partial(service.request, "submitToolOutputs", path=path)
    submit(body=answer, key=None, intents=[Intent.UNAUTHENTICATED])
    for wrong in _wrong_answers(answer) if stream else ():
        if submit(body=wrong, intents=[Intent.INVALID]).ok:
            return
    exchange = submit(body=answer)
    if exchange.ok or not exchange.status:
        service.poll(thread, str(body["id"]))
        service.request("listRunSteps", path=path, params={"limit": 1})
        read_all(service, thread, str(body["id"]))


def _wrong_answers(answer: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Outputs of tools that violate the document."""
    yield {}
    yield {**answer, "toolOutputs": "text"}
    for name in ("toolCallId", "output"):
        for wrong in (7, {"a": 1}):
            yield {**answer, "toolOutputs": [{**one, name: wrong} for one in answer["toolOutputs"]]}
        yield {
            **answer,
            "toolOutputs": [{key: one[key] for key in one if key != name} for one in answer["toolOutputs"]],
        }


def read_all(service: Service, thread: str, run: str) -> None:
    """Read a run, its thread and everything in them, by every documented operation that only reads."""
    path = {"threadId": thread, "runId": run}
    read_lists(service, path)
    service.request("getThread", path=path)
    service.client.wait(0.3)
    service.request("getRun", path=path)


def read_lists(service: Service, path: Mapping[str, str]) -> None:
    """Read each list that is below a path, in each way, and what is in it."""
    lists = [one for one in document().documented_operations(Role.LIST) if one.parameters]
    at_once(partial(_read_list, service, one, path) for one in lists if path.keys() >= set(one.parameters))


def _read_list(service: Service, operation: Operation, path: Mapping[str, str]) -> None:
    """List resources, then read the newest three of them and small pages of the list."""
    view = document().assumed
    if view.parameter(operation.id, "limit") is None:
        service.request(operation.id, path=path)
        return
    listed = service.request(operation.id, path=path, params={"limit": 100})
    ascends = (view.parameter(operation.id, "order") or {}).get("default") == "asc"
    newest = _ids(listed)[::-1] if ascends else _ids(listed)
    queries: list[Mapping[str, Any]] = [{"limit": 2, "order": order} for order in ("asc", "desc")]
    queries += [{"limit": 1, side: name} for name in _ids(listed)[:1] for side in ("after", "before")]
    work = [partial(service.request, operation.id, path=path, params=query) for query in queries]
    for reading in document().documented_operations(Role.READ):
        if reading.kind == operation.kind and path.keys() >= set(reading.parameters[:-1]):
            own = reading.parameters[-1]
            work += [partial(service.request, reading.id, path={**path, own: name}) for name in newest[:3]]
    at_once(work)


def complete(service: Service, created: Exchange) -> None:
    """Poll a created run to its end and read everything."""
    run = _created_run(created)
    thread = created.path_parameters.get("threadId") or str(run.get("threadId", ""))
    if not thread:
        raise Inconclusive("the created run has no threadId")
    service.poll(thread, str(run["id"]))
    read_all(service, thread, str(run["id"]))


def _created_run(created: Exchange) -> Mapping[str, Any]:
    """The run in a response that created it, in JSON or as a stream."""
    if created.ok and created.media_type == EVENT_STREAM:
        runs = Stream.of(created).runs
        if not runs:
            raise Inconclusive("the stream has no run")
        found: Mapping[str, Any] = runs[-1].data
        return found
    body = created.json
    if created.ok and isinstance(body, dict) and isinstance(body.get("id"), str):
        return body
    reason = f"{created.label}: {created.result}"
    raise NotOffered(reason) if created.status in (405, 501) else Inconclusive(reason)


def _ids(listed: Exchange) -> list[str]:
    """The ids in a page."""
    items = listed.json.get("data") if listed.ok and isinstance(listed.json, dict) else None
    found = [item.get("id") for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return [name for name in found if isinstance(name, str) and name]
