"""Which bodies use everything that the document describes, and which values has each place of them?"""

import json
from collections.abc import Iterator
from typing import Any

from tests.together.generated.document import ITEM, Operation, Place
from tests.together.generated.mutation.field_faults import visit

TEXT = "Ünï 漢 😀 <b> & \n \ttwo lines "
TOOL = {
    "type": "function",
    "function": {"name": "weather", "description": TEXT, "parameters": {"type": "object", "properties": {}}},
}
METADATA = {"Case Nr": TEXT, "n": 1, "x": {"y": None}, "e": "", "l": [], "ñ": "b"}
_WRONG: tuple[Any, ...] = (17, "text", 1.5, True, ["a"], {"a": 1}, "sideways", None)
_EDGES: tuple[Any, ...] = (0, 1, 2, 0.5, -1, 3, 1 << 40, "", TEXT, "x" * 5000, [], {}, False, True)
_EDGES += ({"a": {"b": 1}}, {f"k{at}": "v" for at in range(20)})
Call = tuple[str, str, Any]


def full_thread() -> Any:
    """A new thread with every field."""
    part = {"type": "text", "text": TEXT}
    image = {"type": "image_file", "imageFile": {"fileId": "f"}, "imageUrl": {"url": "u"}}
    attachment = {"fileId": "f", "tools": [TOOL]}
    roles = ("user", "assistant", "system", "function_call", "function_resp")
    messages = [
        {"role": role, "content": [part, image], "attachments": [attachment], "metadata": METADATA}
        for role in roles
    ]
    resources = {"codeInterpreter": {"fileIds": ["a", "b"]}, "fileSearch": {"vectorStoreIds": ["a", "b"]}}
    return {
        "title": TEXT,
        "messages": messages,
        "metadata": METADATA,
        "datasetId": "d1",
        "toolResources": resources,
    }


def full_run(**more: Any) -> Any:
    """A run with every field but `tools` and `stream`."""
    return {
        "model": "a/b",
        "instructions": TEXT,
        "additionaInstructions": TEXT,
        "metadata": METADATA,
        "temperature": 0.5,
        "topP": 1,
        "maxPromptTokens": 100,
        "maxCompletionTokens": 100,
        "truncationStrategy": {"type": "auto", "lastMessages": 1},
        **more,
    }


def full_body(operation: Operation) -> Any:
    """A valid body with everything in it, None where the operation takes none."""
    if not operation.body():
        return None
    full = {
        "createThread": full_thread(),
        "createThreadAndRun": full_run(thread=full_thread()),
        "createRun": full_run(tools=[]),
    }
    message = {**full_thread()["messages"][0], "runId": ""}
    full |= {"createMessage": message, "modifyThread": {"title": "N", "metadata": METADATA}}
    outputs = {"toolOutputs": [{"toolCallId": "c", "output": "o"}], "stream": False}
    full |= {"modifyRun": {"metadata": METADATA}, "submitToolOutputs": outputs}
    return json.loads(json.dumps(full[operation.id]))


def variants(operation: Operation, place: str, ids: dict[str, str]) -> Iterator[Call]:
    """The operation's body with each kind of value at a place, and without it."""
    names = tuple(place.split("."))
    path = operation.path.format(**ids)
    yield operation.method, path, full_body(operation)
    plain = full_body(operation)
    plain.pop("messages", None)
    yield operation.method, path, plain
    for value in (*_WRONG, *_EDGES, *_of_place(operation, names)):
        body = full_body(operation)
        visit(body, names, lambda holder, key, value=value: holder.__setitem__(key, value))
        if names[0] not in body and len(names) == 1:
            body[names[0]] = value
        yield operation.method, path, body
    body = full_body(operation)
    if names[-1] != ITEM:
        visit(body, names, lambda holder, key: holder.pop(key))
        yield operation.method, path, body


def _of_place(operation: Operation, names: tuple[str, ...]) -> Iterator[Any]:
    """Values that only this place takes: its enum, longer lists of its own items."""
    found: dict[tuple[str, ...], Place] = {one.names: one for one in operation.body()}
    place = found.get(names)
    yield from place.enum if place else ()
    held: list[Any] = []
    visit(full_body(operation), names, lambda holder, key: held.append(holder[key]))
    for value in held[:1]:
        if isinstance(value, list):
            yield from (value * 2, value * 17)
