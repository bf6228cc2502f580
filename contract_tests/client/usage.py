"""How is a run followed to its end, and how is everything read that belongs to it?"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from contract_tests.client.concurrency import at_once
from contract_tests.client.service import Inconclusive, NotOffered, Service
from contract_tests.document import EVENT_STREAM, Operation, Role, document
from contract_tests.observations.exchange import Exchange, Intent
from contract_tests.observations.traces import Stream


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
    newest = ids_in(listed)[::-1] if ascends else ids_in(listed)
    queries: list[Mapping[str, Any]] = [{"limit": 2, "order": order} for order in ("asc", "desc")]
    queries += [{"limit": 1, side: name} for name in ids_in(listed)[:1] for side in ("after", "before")]
    work = [partial(service.request, operation.id, path=path, params=query) for query in queries]
    for reading in document().documented_operations(Role.READ):
        if reading.kind == operation.kind and path.keys() >= set(reading.parameters[:-1]):
            own = reading.parameters[-1]
            work += [partial(service.request, reading.id, path={**path, own: name}) for name in newest[:3]]
    at_once(work)


def complete(service: Service, created: Exchange) -> None:
    """Poll a created run to its end and read everything."""
    run = created_run(created)
    thread = created.path_parameters.get("threadId") or str(run.get("threadId", ""))
    if not thread:
        raise Inconclusive("the created run has no threadId")
    service.poll(thread, str(run["id"]))
    read_all(service, thread, str(run["id"]))


def created_run(created: Exchange) -> Mapping[str, Any]:
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


def ids_in(listed: Exchange) -> list[str]:
    """The ids in a page."""
    items = listed.json.get("data") if listed.ok and isinstance(listed.json, dict) else None
    found = [item.get("id") for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return [name for name in found if isinstance(name, str) and name]
