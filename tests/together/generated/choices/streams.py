"""How may a stream be written?"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response, StreamingResponse

from openapi import Grade
from tests.together.deployment import Deployment
from tests.together.generated.choices.choosing import choice
from tests.together.service import TERMINAL, Json, Run

_HEARTBEATS = {
    "comment": b": keep-alive\n\n",
    "event": b'event: ping\ndata: {"type": "ping"}\n\n',
    "empty": b"event: ping\n\n",
}


@dataclass(frozen=True)
class StreamOptions:
    """Free choices of how a stream is written."""

    event_names: str = choice(
        "as assumed",
        "without thread",
        "message",
        "none",
        why="no page names the events of a stream",
        breaks={"without thread": Grade.ASSUMED, "message": Grade.ASSUMED},
    )
    content: str = choice(
        "everything",
        "without deltas",
        "runs only",
        "words only",
        "without the run's end",
        "without the queue",
        why='"events that happen during the Run": no page says which',
    )
    more_events: str = choice(
        "none",
        "ping",
        "thinking",
        why="no page lists the events, so there may be others",
        breaks={"ping": Grade.ASSUMED, "thinking": Grade.ASSUMED},
    )
    deltas: str = choice(
        "pieces",
        "all so far",
        "plain text",
        why="no page says what an event holds: a piece of text, all of it so far, or no JSON",
        breaks={"plain text": Grade.ASSUMED},
    )
    last_events: str = choice(
        "none",
        "tokens",
        "an empty object",
        why="the stream ends once the run has: an event that is no part of the run may stand before [DONE]",
        breaks={"tokens": Grade.ASSUMED, "an empty object": Grade.ASSUMED},
    )
    heartbeat: str = choice(
        "none", "comment", "event", "empty", why="HTML 9.2.7: comments, or events, keep a connection open"
    )
    line_end: str = choice("\n", "\r\n", "\r", why="HTML 9.2.5: a line ends with LF, CRLF or CR")
    mark: bool = choice(False, True, why="HTML 9.2.5: a stream may begin with a byte order mark")
    fields: str = choice(
        "plain", "ids", "unknown", "data first", why="HTML 9.2.6: id, retry; unknown fields are ignored"
    )
    spaces: bool = choice(True, False, why="HTML 9.2.6: the space behind the colon may be left out")
    data_lines: str = choice("one", "several", why="HTML 9.2.6: data may stand on several lines")
    pieces: str = choice("events", "small", why="HTTP knows no borders of events")
    stream_type: str = choice(
        "text/event-stream",
        "text/event-stream; charset=utf-8",
        "Text/Event-Stream;Charset=UTF-8",
        why="RFC 9110 8.3.1: a media type has parameters and no case",
    )
    done_name: str = choice(
        "none", "done", why="that the last event has no name is assumed", breaks={"done": Grade.ASSUMED}
    )
    closing: float = choice(0.0, 0.4, why="no page says how soon the response ends behind [DONE]")
    stream_waits: bool = choice(
        False, False, True, why='"terminating when the Run enters a terminal state": requires_action is none'
    )


class Streams(Deployment):
    """The part of a deployment that decides how a stream is written."""

    options: Any

    def stream(self, run: Run, reported: int = 0) -> Response:
        """What happens during a run, as it happens."""
        headers = {"content-type": self.options.stream_type, "x-accel-buffering": "no"}
        return StreamingResponse(self._pieces(run, reported), headers=headers)

    async def _pieces(self, run: Run, reported: int) -> AsyncIterator[bytes]:
        if self.options.mark:
            yield b"\xef\xbb\xbf"
        async for frame in self.frames(run, reported):
            size = 211 if self.options.pieces == "small" else len(frame)
            for at in range(0, len(frame), size):
                yield frame[at : at + size]
                await asyncio.sleep(0)
        await asyncio.sleep(self.options.closing)

    async def frames(self, run: Run, reported: int) -> AsyncIterator[bytes]:
        """The bytes of a stream, with a heartbeat where no event is due."""
        source = super().frames(run, reported)
        heartbeat = _HEARTBEATS.get(self.options.heartbeat)
        waiting: asyncio.Future[bytes] | None = None
        while True:
            waiting = waiting or asyncio.ensure_future(anext(source))
            done, _ = await asyncio.wait([waiting], timeout=0.4 if heartbeat else None)
            if not done and heartbeat:
                yield self._ended(heartbeat)
                continue
            try:
                yield waiting.result()
            except StopAsyncIteration:
                return
            waiting = None

    async def events(self, run: Run, reported: int) -> AsyncIterator[tuple[str, Json]]:
        """The events of a stream that are shown."""
        if self.options.more_events == "ping":
            yield "ping", {"type": "ping"}
        written: dict[str, str] = {}
        async for event, data in self._all_events(run, reported):
            if self._is_shown(data):
                yield event, self._delta(event, data, written)
            if event == "thread.message.created" and self.options.more_events == "thinking":
                yield "thinking", {"text": "Let me see ...", "id": "thought_1"}

        last = {"tokens": {"tokens": 17}, "an empty object": {}}.get(self.options.last_events)
        if last is not None:
            yield "tokens" if last else "end", last

    def _delta(self, event: str, data: Json, written: dict[str, str]) -> Json:
        """A delta in the chosen form. `written` has the text of each message so far."""
        if event != "thread.message.delta" or self.options.deltas != "all so far":
            return data
        (piece,) = data["delta"]["content"]
        text = written[data["id"]] = written.get(data["id"], "") + piece["text"]["value"]
        return {**data, "delta": {"content": [{**piece, "text": {"value": text}}]}}

    async def _all_events(self, run: Run, reported: int) -> AsyncIterator[tuple[str, Json]]:
        while True:
            async for event, data in super().events(run, reported):
                reported += 1
                yield event, data
            if run.status in TERMINAL or not self.options.stream_waits:
                return
            await run.changed.wait()

    def _is_shown(self, data: Json) -> bool:
        kind, status = data.get("object"), data.get("status")
        over = kind == "run" and status in TERMINAL
        match self.options.content:
            case "without deltas":
                return kind != "thread.message.delta"
            case "runs only":
                return kind == "run"
            case "words only":
                stops = kind == "run" and status in (*TERMINAL, "requires_action")
                return kind == "thread.message.delta" or (stops and status != "completed")
            case "without the run's end":
                return not over
            case "without the queue":
                return status != "queued"
        return True

    def frame(self, event: str, data: Json) -> bytes:
        """One event."""
        shaped = self.shape(data)
        text = self.dump(shaped).decode().strip()
        if event == "thread.message.delta" and self.options.deltas == "plain text":
            text = str(data["delta"]["content"][0]["text"]["value"]).strip() or "..."
        elif self.options.data_lines == "several" or "\n" in text:
            text = json.dumps(shaped, indent=1, ensure_ascii=False)
        lines = [f"data: {line}" for line in text.split("\n")]
        if name := self._name(event):
            lines.insert(len(lines) if self.options.fields == "data first" else 0, f"event: {name}")
        extra = {"ids": ["id: 7", "retry: 3000"], "unknown": ["trace: 4f1c2f6e", "flag"]}
        return self._framed([*extra.get(self.options.fields, []), *lines])

    def _name(self, event: str) -> str:
        names = {"without thread": event.removeprefix("thread."), "message": "message", "none": ""}
        return names.get(self.options.event_names, event)

    def _framed(self, lines: list[str]) -> bytes:
        if not self.options.spaces:
            lines = [line.replace(": ", ":", 1) for line in lines]
        return self._ended("".join(f"{line}\n" for line in [*lines, ""]).encode())

    def _ended(self, frame: bytes) -> bytes:
        return frame.replace(b"\n", self.options.line_end.encode())

    def done(self) -> bytes:
        """The last event."""
        name = ["event: done"] if self.options.done_name == "done" else []
        return self._framed([*name, "data: [DONE]"])
