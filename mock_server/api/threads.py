"""How are threads and messages created, found and listed?"""

from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple

from mock_server.errors import invalid, quoted, unknown
from mock_server.http.request import Request
from mock_server.sandboxes.sandbox import Sandbox
from mock_server.simulation import views
from mock_server.simulation.content import parts
from mock_server.simulation.ids import makers
from mock_server.simulation.records import MessageRecord, RunRecord, ThreadRecord
from mock_server.simulation.snapshot import snapshot
from mock_server.storage.pagination import LARGEST, Filling, Window, as_list
from mock_server.storage.protocol import Entry

Json = dict[str, Any]

_BATCH = 25


def window(request: Request) -> Window:
    """The page that a request asks for. A limit above the largest page size is reduced to it."""
    query = request.query
    return Window(
        limit=min(query["limit"], LARGEST),
        ascending=query["order"] == "asc",
        after=query["after"] or "",
        before=query["before"] or "",
    )


def unknown_cursor(parameter: str, cursor: str) -> Exception:
    """400: a cursor that is not in the list."""
    return invalid(f"{parameter}: must be the id of an entry of this list, got {quoted(cursor)}")


async def existing(request: Request) -> ThreadRecord:
    """The thread that the path names. Raises `Refusal` if it does not exist."""
    thread = await request.sandbox.store.thread(request.path["threadId"])
    if thread is None:
        raise unknown("thread", request.path["threadId"])
    return thread


async def existing_or_new(request: Request, thread_id: str) -> ThreadRecord:
    """The thread of an id. A thread that does not exist is created, or refused with `--strict-threads`."""
    store = request.sandbox.store
    thread = await store.thread(thread_id)
    while thread is None:
        if request.sandbox.settings.strict_threads:
            raise unknown("thread", thread_id, "; with --strict-threads it has to be created first")
        await store.add_thread(ThreadRecord(thread_id, request.sandbox.clock.now()))
        thread = await store.thread(thread_id)
    return thread


async def create(request: Request, body: Mapping[str, Any]) -> ThreadRecord:
    """Create a thread with its first messages."""
    sandbox = request.sandbox
    thread = ThreadRecord(
        id=sandbox.ids.new("thread"),
        created_at=sandbox.clock.now(),
        title=body.get("title", ""),
        metadata=body.get("metadata", {}),
        tool_resources=body.get("toolResources"),
        dataset_id=body.get("datasetId", ""),
    )
    await sandbox.store.add_thread(thread)
    for message in body.get("messages", ()):
        await add_message(request, thread.id, message)
    return thread


async def add_message(request: Request, thread_id: str, body: Mapping[str, Any]) -> MessageRecord:
    """Create a message at the end of a thread."""
    sandbox = request.sandbox
    message = MessageRecord(
        id=sandbox.ids.new("msg"),
        thread_id=thread_id,
        created_at=sandbox.clock.now(),
        role=body["role"],
        content=parts(body["content"]),
        attachments=body.get("attachments", ()),
        run_id=body.get("runId", ""),
        metadata=body.get("metadata", {}),
    )
    while not await sandbox.store.add_message(message):
        await existing_or_new(request, thread_id)
    return message


async def message(request: Request) -> Json:
    """The message that the path names. Raises `Refusal` if it is not in the thread that the path names."""
    thread, message_id = await existing(request), request.path["messageId"]
    for owner in (message_id, *makers(message_id)):
        entry = await _entry(request, owner)
        for shown in _shown(entry, request.sandbox) if entry and entry.thread_id == thread.id else ():
            if shown["id"] == message_id:
                return shown
    raise unknown("message", message_id, f" in thread {thread.id}")


async def message_page(request: Request) -> Json:
    """The page of messages that is asked for: those that clients posted and those that runs have begun."""
    thread, asked = await existing(request), window(request)
    after = await _listed(request, "after", asked.after)
    before = await _listed(request, "before", asked.before)
    filling = Filling(asked, after, before, lambda listed: listed.position)
    async for listed in _messages(request, thread.id, filling.start, filling.ascending):
        if not filling.take(listed):
            break
    page, more = filling.page()
    return as_list([listed.message for listed in page], more)


class _Listed(NamedTuple):
    """A message in the list of a thread.

    Its position is that of its entry (a message or a run) in the thread, and its number within the entry.
    """

    position: tuple[int, int]
    entry_id: str
    message: Json


async def _messages(
    request: Request, thread_id: str, start: _Listed | None, ascending: bool
) -> AsyncIterator[_Listed]:
    """The messages of a thread in one direction, beginning with the entry of `start`."""
    first = start.entry_id if start else ""
    async for position, entry in every_entry(request.sandbox, thread_id, first, ascending):
        found = _listed_in(entry, position, request.sandbox)
        for listed in found if ascending else found[::-1]:
            yield listed


def _listed_in(entry: Entry, position: int, sandbox: Sandbox) -> list[_Listed]:
    shown = enumerate(_shown(entry, sandbox))
    return [_Listed((position, number), entry.id, message) for number, message in shown]


async def every_entry(
    sandbox: Sandbox, thread_id: str, start: str = "", ascending: bool = True
) -> AsyncIterator[tuple[int, Entry]]:
    """The messages and runs of a thread with their positions, fetched in batches."""
    seen = 0
    while True:
        batch = await sandbox.store.entries(thread_id, start, _BATCH, ascending)
        for position, entry in batch[seen:]:
            yield position, entry
        if len(batch) < _BATCH:
            return
        start, seen = batch[-1][1].id, 1


async def _listed(request: Request, parameter: str, message_id: str) -> _Listed | None:
    """The message that a cursor names; None without a cursor. Raises `Refusal` if it is not in the list."""
    if not message_id:
        return None
    thread_id = request.path["threadId"]
    for owner in (message_id, *makers(message_id)):
        position = await request.sandbox.store.position(thread_id, owner)
        entry = await _entry(request, owner) if position is not None else None
        if entry is None or position is None:
            continue
        for listed in _listed_in(entry, position, request.sandbox):
            if listed.message["id"] == message_id:
                return listed
    raise unknown_cursor(parameter, message_id)


async def _entry(request: Request, entry_id: str) -> Entry | None:
    store = request.sandbox.store
    return await store.message(entry_id) or await store.run(entry_id)


def _shown(entry: Entry, sandbox: Sandbox) -> list[Json]:
    """The messages of one entry of a thread: a posted message, or those of a run."""
    if isinstance(entry, RunRecord):
        return snapshot(entry, sandbox.seen_at(entry)).messages
    return [views.message(entry)]
