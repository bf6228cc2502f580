"""What does each operation do? There is one short function for each operation id."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from starlette.types import Send

from mock_server.api import runs, threads
from mock_server.errors import Refusal, invalid, quoted, unknown
from mock_server.faults.calls import delayed, meet
from mock_server.http.request import REQUEST, Request, send_json
from mock_server.simulation import views
from mock_server.simulation.content import parts
from mock_server.simulation.lifecycle import REQUIRES_ACTION
from mock_server.simulation.records import MessageRecord, RunRecord
from mock_server.simulation.snapshot import snapshot
from mock_server.storage.linked_list import LinkedList, UnknownCursorError
from mock_server.storage.pagination import as_list

Handler = Callable[[Request, Send], Awaitable[None]]


async def create_thread(request: Request, send: Send) -> None:
    """`createThread`"""
    await _send(request, send, views.thread(await threads.create(request, request.body)))


async def list_threads(request: Request, send: Send) -> None:
    """`listThreads`"""
    page = await request.sandbox.store.threads(threads.window(request), request.query["datasetId"] or "")
    await _send(request, send, as_list([views.thread(record) for record in page.entries], page.more))


async def get_thread(request: Request, send: Send) -> None:
    """`getThread`"""
    await _send(request, send, views.thread(await threads.existing(request)))


async def modify_thread(request: Request, send: Send) -> None:
    """`modifyThread`"""
    given = {name: request.body[name] for name in ("title", "metadata") if name in request.body}
    while True:
        old = await threads.existing(request)
        new = replace(old, **given, version=old.version + 1)
        if await request.sandbox.store.replace_thread(old, new):
            break
    await _send(request, send, views.thread(new))


async def create_message(request: Request, send: Send) -> None:
    """`createMessage`"""
    thread = await threads.existing_or_new(request, request.path["threadId"])
    if last := await request.sandbox.store.last_run(thread.id):
        runs.refuse_if_active(request, last, "create messages")
    await _send(request, send, views.message(await threads.add_message(request, thread.id, request.body)))


async def list_messages(request: Request, send: Send) -> None:
    """`listMessages`"""
    await _send(request, send, await threads.message_page(request))


async def get_message(request: Request, send: Send) -> None:
    """`getMessage`"""
    await _send(request, send, await threads.message(request))


async def create_thread_and_run(request: Request, send: Send) -> None:
    """`createThreadAndRun`"""
    asked = request.body.get("thread", {})
    chosen = runs.choose(request, _last_words(asked))
    thread = await threads.create(request, asked)
    record = await runs.add_to_new_thread(request, thread.id, chosen)
    await runs.answer_started(request, delayed(request, send), record)


async def create_run(request: Request, send: Send) -> None:
    """`createRun`"""
    thread_id = request.path["threadId"]
    record = await runs.add(request, thread_id, partial(runs.choose, request))
    if record is None:
        # A thread that does not exist has no messages. Choosing first: a refused run creates no thread.
        chosen = runs.choose(request, words="")
        record = await runs.add_to_new_thread(request, thread_id, chosen)
    await runs.answer_started(request, delayed(request, send), record)


async def list_runs(request: Request, send: Send) -> None:
    """`listRuns`"""
    thread = await threads.existing(request)
    page = await request.sandbox.store.runs(thread.id, threads.window(request))
    shown = [snapshot(record, request.sandbox.seen_at(record)).run for record in page.entries]
    await _send(request, send, as_list(shown, page.more))


async def get_run(request: Request, send: Send) -> None:
    """`getRun`"""
    record = await runs.existing(request)
    await runs.answer(request, send, record, request.sandbox.seen_at(record))


async def modify_run(request: Request, send: Send) -> None:
    """`modifyRun`"""

    def with_metadata(record: RunRecord) -> RunRecord:
        return replace(record, metadata=request.body["metadata"]) if "metadata" in request.body else record

    record = await runs.changed(request, with_metadata)
    await runs.answer(request, send, record, request.sandbox.seen_at(record))


async def cancel_run(request: Request, send: Send) -> None:
    """`cancelRun`. A second request while the run is being cancelled changes nothing."""

    def cancelled(record: RunRecord) -> RunRecord:
        now = request.sandbox.now_of(record)
        status, facts = snapshot(record, now).status, record.scenario.lifecycles.run
        if status in facts.terminal:
            raise Refusal("failed_precondition", f"run {record.id} is {status} and cannot be cancelled")
        asked = any(given.kind == "cancel" for given in record.inputs)
        return record if asked else runs.with_input(record, now, "cancel")

    record = await runs.changed(request, cancelled)
    await runs.answer(request, send, record, request.sandbox.now_of(record))


async def submit_tool_outputs(request: Request, send: Send) -> None:
    """`submitToolOutputs`"""
    outputs = _outputs(request.body["toolOutputs"])

    def answered(record: RunRecord) -> RunRecord:
        now = request.sandbox.now_of(record)
        _check_outputs(snapshot(record, now).run, outputs)
        return runs.with_input(record, now, "outputs", outputs)

    record = await runs.changed(request, answered)
    await runs.answer_started(request, send, record)


async def list_run_steps(request: Request, send: Send) -> None:
    """`listRunSteps`"""
    record = await runs.existing(request)
    steps = snapshot(record, request.sandbox.seen_at(record)).steps
    links = LinkedList()
    for number, step in enumerate(steps):
        links.append(step["id"], number)
    ids, more = links.page(threads.window(request))
    by_id = {step["id"]: step for step in steps}
    await _send(request, send, as_list([by_id[step_id] for step_id in ids], more))


async def get_run_step(request: Request, send: Send) -> None:
    """`getRunStep`"""
    record = await runs.existing(request)
    for step in snapshot(record, request.sandbox.seen_at(record)).steps:
        if step["id"] == request.path["stepId"]:
            await _send(request, send, step)
            return
    raise unknown("run step", request.path["stepId"], f" in run {record.id}")


HANDLERS: Mapping[str, Handler] = {
    "createThread": create_thread,
    "listThreads": list_threads,
    "getThread": get_thread,
    "modifyThread": modify_thread,
    "createMessage": create_message,
    "listMessages": list_messages,
    "getMessage": get_message,
    "createThreadAndRun": create_thread_and_run,
    "createRun": create_run,
    "listRuns": list_runs,
    "getRun": get_run,
    "modifyRun": modify_run,
    "cancelRun": cancel_run,
    "submitToolOutputs": submit_tool_outputs,
    "listRunSteps": list_run_steps,
    "getRunStep": get_run_step,
}


def handler(operation_id: str) -> Handler:
    """The handler of an operation. For an operation that the mock does not support, it answers 501."""
    return HANDLERS.get(operation_id, _unsupported)


async def dispatch(scope: Any, receive: Any, send: Send) -> None:
    """The ASGI application that connexion wraps: passes a valid request to its operation's handler."""
    # Removed from the scope, which the request refers to: memory without cycles needs no garbage collection.
    request: Request = scope.pop(REQUEST)
    if request.sandbox.conditioned or request.prefer:
        await meet(request)
    try:
        await handler(request.operation_id)(request, delayed(request, send))
    except UnknownCursorError as error:
        raise threads.unknown_cursor(error.parameter, error.cursor) from None


async def _unsupported(request: Request, send: Send) -> None:
    raise Refusal("unimplemented", f"the mock does not support {request.operation_id}")


async def _send(request: Request, send: Send, body: dict[str, Any]) -> None:
    await send_json(send, body, request.answer_headers)


def _last_words(thread: Mapping[str, Any]) -> str:
    """The last user message of a thread that is about to be created."""
    sent = [message for message in thread.get("messages", ()) if message["role"] == "user"]
    if not sent:
        return ""
    return MessageRecord("", "", 0, "user", parts(sent[-1]["content"])).words()


def _outputs(given: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The outputs by call id. Raises `Refusal` if a call is answered twice."""
    outputs: dict[str, str] = {}
    for number, answer in enumerate(given):
        call_id = answer["toolCallId"]
        if call_id in outputs:
            raise invalid(
                f"toolOutputs[{number}].toolCallId: {quoted(call_id)} is answered twice; answer it once"
            )
        outputs[call_id] = answer["output"]
    return outputs


def _check_outputs(run: Mapping[str, Any], outputs: Mapping[str, str]) -> None:
    """Raise `Refusal` unless the run waits for the outputs of exactly these calls."""
    if run["status"] != REQUIRES_ACTION:
        raise Refusal(
            "failed_precondition", f"run {run['id']} is {run['status']} and waits for no tool outputs"
        )
    wanted = {call["id"] for call in run["requiredAction"]["submitToolOutputs"]["toolCalls"]}
    for call_id in outputs:
        if call_id not in wanted:
            raise invalid(
                f"toolOutputs: run {run['id']} made no call {quoted(call_id)}; it waits for {_listed(wanted)}"
            )
    if missing := wanted - outputs.keys():
        raise invalid(f"toolOutputs: must answer all calls in one request; missing: {_listed(missing)}")


def _listed(ids: set[str]) -> str:
    return ", ".join(sorted(ids))
