"""Which faults can a stream have: its frames, its events, its timing, its end?"""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from openapi import Grade
from tests.together.generated.document import operations
from tests.together.generated.mutation.field_faults import parsed
from tests.together.generated.mutation.flows import (
    DONE,
    Flow,
    HeadFault,
    StreamFault,
    cut,
    data,
    doubled,
    each,
    held,
    held_whole,
    last_first,
    mixed,
    named,
    never_closed,
    renamed,
    replayed,
    stuck,
    swapped,
    whole,
    without,
)
from tests.together.generated.mutation.grading import worse
from tests.together.generated.mutation.mutant import Answer, Mutant

_LONG = (("run_seconds", 1.0),)
_ASSUMED = "no page names the events of a stream, so it need not be there"


FLOWS: dict[str, tuple[str, Flow, Grade, str, tuple[tuple[str, Any], ...]]] = {
    "held back to the end": ("delay", held, Grade.DOCUMENTED, "", _LONG),
    "in one piece at the end": ("delay", held_whole, Grade.DOCUMENTED, "", _LONG),
    "never closed": ("end", never_closed, Grade.DOCUMENTED, "", ()),
    "stuck": ("end", stuck, Grade.DOCUMENTED, "", ()),
    "cut": ("end", cut, Grade.DOCUMENTED, "", ()),
    "without [DONE]": ("end", without(lambda frame: frame == DONE), Grade.DOCUMENTED, "", ()),
    "[DONE] twice": ("end", doubled(lambda frame: frame == DONE), Grade.DOCUMENTED, "", ()),
    "[DONE] first": ("end", whole(lambda frames: [frames[-1], *frames[:-1]]), Grade.DOCUMENTED, "", ()),
    "[DONE] in the middle": (
        "end",
        whole(lambda frames: [*frames[:3], DONE, *frames[3:]]),
        Grade.DOCUMENTED,
        "",
        (),
    ),
    "an event behind [DONE]": ("end", whole(lambda frames: [*frames, frames[0]]), Grade.DOCUMENTED, "", ()),
    "[done]": ("end", renamed(b"[done]"), Grade.DOCUMENTED, "", ()),
    "DONE": ("end", renamed(b"DONE"), Grade.DOCUMENTED, "", ()),
    '"[DONE]"': ("end", renamed(b'"[DONE]"'), Grade.DOCUMENTED, "", ()),
    '{"done": true}': ("end", renamed(b'{"done": true}'), Grade.DOCUMENTED, "", ()),
    "only [DONE]": ("omit", without(lambda frame: frame != DONE), Grade.DOCUMENTED, "", ()),
    "of another run": ("mix streams", mixed, Grade.DOCUMENTED, "", ()),
    "the first stream again": ("mix streams", replayed, Grade.DOCUMENTED, "", ()),
    "the end first": ("reorder events", whole(last_first), Grade.DOCUMENTED, "", ()),
    "no blank lines": ("framing of events", each(lambda frame: frame[:-1]), Grade.DOCUMENTED, "", ()),
    "without data:": (
        "framing of events",
        each(lambda frame: frame.replace(b"data: ", b"")),
        Grade.DOCUMENTED,
        "",
        (),
    ),
    "no last blank line": (
        "framing of events",
        each(lambda frame: frame[:-1] if frame == DONE else frame),
        Grade.DOCUMENTED,
        "",
        (),
    ),
    "lines of JSON": (
        "framing of events",
        each(lambda frame: frame.partition(b"data: ")[2][:-1]),
        Grade.DOCUMENTED,
        "",
        (),
    ),
    "Data:": (
        "framing of events",
        each(lambda frame: frame.replace(b"data: ", b"Data: ")),
        Grade.DOCUMENTED,
        "",
        (),
    ),
    "Latin-1": (
        "framing of events",
        each(lambda frame: frame.decode().encode("latin-1", "replace")),
        Grade.DOCUMENTED,
        "",
        (),
    ),
    "lines of JSON indented": (
        "framing of events",
        each(
            lambda frame: (
                frame
                if frame == DONE
                else b"data: " + json.dumps(parsed(frame)[1], indent=1).encode() + b"\n\n"
            )
        ),
        Grade.DOCUMENTED,
        "",
        (),
    ),
    "cut JSON": (
        "event data",
        each(lambda frame: frame if frame == DONE else frame[:-4] + b"\n\n"),
        Grade.ASSUMED,
        "",
        (),
    ),
    "a list": ("event data", data(lambda name, data: [data]), Grade.ASSUMED, "", ()),
    "a text": ("event data", data(lambda name, data: json.dumps(data)), Grade.ASSUMED, "", ()),
    "under a name": (
        "event data",
        data(lambda name, data: {"event": name, "data": data}),
        Grade.ASSUMED,
        "",
        (),
    ),
    "other names": (
        "event names",
        each(lambda frame: frame.replace(b"event: thread.", b"event: ")),
        Grade.ASSUMED,
        "",
        (),
    ),
    "no names": ("event names", each(lambda frame: frame[frame.index(b"data:") :]), Grade.ASSUMED, "", ()),
    "a named end": (
        "event names",
        each(lambda frame: b"event: done\n" + frame if frame == DONE else frame),
        Grade.ASSUMED,
        "",
        (),
    ),
    "deltas doubled": ("duplicate events", doubled(named("thread.message.delta")), Grade.ASSUMED, "", ()),
    "deltas swapped": ("reorder events", swapped(named("thread.message.delta")), Grade.ASSUMED, "", ()),
}

HEADS: dict[str, Callable[[Answer], Answer]] = {
    "application/json": lambda answer: answer.with_header("content-type", "application/json"),
    "text/plain": lambda answer: answer.with_header("content-type", "text/plain"),
    "no type": lambda answer: answer.with_header("content-type", None),
    "201": lambda answer: Answer(201, answer.headers, answer.body),
    "500": lambda answer: Answer.refusal(500, "internal"),
    "400": lambda answer: Answer.refusal(400, "invalid_argument"),
    "JSON": lambda answer: Answer.of(200, {"id": "run_1", "object": "run", "status": "queued"}),
}


def stream_mutants() -> Iterator[Mutant]:
    """Every change of every stream."""
    for operation in operations().values():
        if not operation.streams:
            continue
        name = operation.id
        for detail, (operator, flow, grade, why, base) in FLOWS.items():
            make = partial(StreamFault, name, flow)
            yield Mutant(
                operator,
                name,
                "stream",
                worse(grade, operation.grade),
                make,
                detail,
                equivalent=why,
                base=base,
            )
        for detail, rewrite in HEADS.items():
            make = partial(HeadFault, name, rewrite)
            yield Mutant("head of a stream", name, "stream", operation.grade, make, detail)
        for event, _ in operation.events():
            yield from _of_event(name, event, operation.grade)


def _of_event(operation: str, event: str, grade: Grade) -> Iterator[Mutant]:
    """An event that is missing or comes twice; only the end of a run is asked for."""
    base = (("ending", "failed"),) if event.endswith("failed") else ()
    final = event in ("thread.run.completed", "thread.run.failed")
    why = "" if final else _ASSUMED
    for operator, flow in (
        ("omit events", without(named(event))),
        ("duplicate events", doubled(named(event))),
    ):
        make = partial(StreamFault, operation, flow)
        yield Mutant(operator, operation, event, worse(grade, Grade.ASSUMED), make, equivalent=why, base=base)
