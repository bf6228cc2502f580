"""In which ways is the service used, so that there are exchanges to check?

Each exploration is one function that sends requests. The checks evaluate the responses later. Explorations
run concurrently, each with threads of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from contract_tests.client.concurrency import at_once, beside
from contract_tests.client.samples import QUESTION
from contract_tests.client.service import Service
from contract_tests.client.usage import answer_tools, complete, created_run, ids_in, read_all
from contract_tests.observations.exchange import Intent

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
            for name in ids_in(listed)[:2]:
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
            for name in ids_in(service.request("listRuns", path={"threadId": thread}))[:1]:
                path = {"threadId": thread, "runId": name}
                service.request("getRun", path=path)
                service.request("cancelRun", path=path, body={}, key=None, intents=[Intent.UNAUTHENTICATED])
    complete(service, streaming.result())


@exploration("a thread and a run in one request", 1, smoke=True)
def thread_and_run(service: Service) -> None:
    """Use createThreadAndRun with every field but tools, which a run may wait for."""
    fields = {name: value for name, value in FIELDS.items() if name != "tools"}
    complete(service, service.start("", "createThreadAndRun", thread=dict(THREAD_FIELDS), **fields))


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
    service.once("run with every field", lambda: (thread, str(created_run(created)["id"])))


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
            for name in [] if cancelled else ids_in(service.request("listRuns", path={"threadId": thread})):
                service.request("cancelRun", path={"threadId": thread, "runId": name}, body={})
                cancelled = True
    complete(service, streaming.result())
