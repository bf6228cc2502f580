"""How do the frames of a stream flow otherwise than they should?"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from tests.together.generated.mutation.field_faults import framed, parsed
from tests.together.generated.mutation.mutant import Answer, Asked, Fault, Frames

DONE = b"data: [DONE]\n\n"
FOREVER = 3600.0
Rewritten = Callable[[list[bytes]], list[bytes]]
Flow = Callable[["StreamFault", Frames], AsyncIterator[bytes]]


class StreamFault(Fault):
    """Lets the frames of an operation's streams flow otherwise."""

    def __init__(self, operation: str, flow: Flow) -> None:
        super().__init__()
        self._operation, self._flow = operation, flow
        self.memory: list[bytes] = []

    async def stream(self, asked: Asked, frames: Frames) -> Frames:
        """The frames as they flow now."""
        if asked.operation is None or asked.operation.id != self._operation:
            async for frame in frames:
                yield frame
            return
        async for frame in self._flow(self, frames):
            yield frame


class HeadFault(Fault):
    """Changes how a stream begins."""

    def __init__(self, operation: str, rewrite: Callable[[Answer], Answer]) -> None:
        super().__init__()
        self._operation, self._rewrite = operation, rewrite

    async def answer(self, asked: Asked, answer: Answer) -> Answer:
        """The head, changed."""
        named = asked.operation is not None and asked.operation.id == self._operation
        if not named or answer.status != 200 or answer.body:
            return answer
        self.fired += 1
        return self._rewrite(answer)


def each(change: Callable[[bytes], bytes]) -> Flow:
    """Rewrites every frame that it can."""

    async def flow(fault: StreamFault, frames: Frames) -> Frames:
        async for frame in frames:
            changed = change(frame)
            fault.fired += changed != frame
            yield changed

    return flow


def whole(change: Rewritten) -> Flow:
    """Rewrites the list of frames; what is not changed flows as it comes."""

    async def flow(fault: StreamFault, frames: Frames) -> Frames:
        known: list[bytes] = []
        sent = 0
        async for frame in frames:
            known.append(frame)
            if frame != DONE:
                continue
        for frame in change(known):
            sent += 1
            yield frame
        fault.fired += sent != len(known) or change(known) != known

    return flow


async def held(fault: StreamFault, frames: Frames) -> Frames:
    """All frames when the run has ended."""
    known = [frame async for frame in frames]
    fault.fired += 1
    for frame in known:
        yield frame


async def held_whole(fault: StreamFault, frames: Frames) -> Frames:
    """All frames in one piece when the run has ended."""
    fault.fired += 1
    yield b"".join([frame async for frame in frames])


async def never_closed(fault: StreamFault, frames: Frames) -> Frames:
    """A stream that does not end."""
    async for frame in frames:
        yield frame
    fault.fired += 1
    await asyncio.sleep(FOREVER)


async def stuck(fault: StreamFault, frames: Frames) -> Frames:
    """A stream that stops in the middle."""
    async for frame in frames:
        if b"delta" in frame:
            fault.fired += 1
            await asyncio.sleep(FOREVER)
        yield frame


async def cut(fault: StreamFault, frames: Frames) -> Frames:
    """A stream that ends in the middle."""
    async for frame in frames:
        if b"delta" in frame:
            fault.fired += 1
            return
        yield frame


async def mixed(fault: StreamFault, frames: Frames) -> Frames:
    """Events of an earlier stream stand between."""
    own: list[bytes] = []
    async for frame in frames:
        if fault.memory and frame != DONE and len(own) == 2:
            fault.fired += 1
            yield fault.memory[0]
        own.append(frame)
        yield frame
    fault.memory = own


async def replayed(fault: StreamFault, frames: Frames) -> Frames:
    """A later stream is the first one again."""
    own = [frame async for frame in frames]
    fault.fired += bool(fault.memory)
    fault.memory = fault.memory or own
    for frame in fault.memory:
        yield frame


def renamed(word: bytes) -> Flow:
    """Another word in place of [DONE]."""
    return each(lambda frame: b"data: " + word + b"\n\n" if frame == DONE else frame)


def data(change: Callable[[str, Any], Any]) -> Flow:
    """Other data in each event."""

    def rewrite(frame: bytes) -> bytes:
        name, data = parsed(frame)
        return frame if data == "[DONE]" else framed(name, change(name, data))

    return each(rewrite)


def named(event: str) -> Callable[[bytes], bool]:
    """Means the frames of an event."""
    return lambda frame: frame.startswith(f"event: {event}\n".encode())


def without(test: Callable[[bytes], bool]) -> Flow:
    """All frames but some."""

    async def flow(fault: StreamFault, frames: Frames) -> Frames:
        async for frame in frames:
            if test(frame):
                fault.fired += 1
            else:
                yield frame

    return flow


def doubled(test: Callable[[bytes], bool]) -> Flow:
    """Some frames twice."""
    return each(lambda frame: frame * 2 if test(frame) else frame)


def swapped(first: Callable[[bytes], bool]) -> Flow:
    """A frame changes places with the one behind it."""

    async def flow(fault: StreamFault, frames: Frames) -> Frames:
        kept: bytes | None = None
        async for frame in frames:
            if kept is None and first(frame):
                kept = frame
                continue
            yield frame
            if kept is not None:
                fault.fired += 1
                yield kept
                kept = None

    return flow


def last_first(frames: list[bytes]) -> list[bytes]:
    """The run's end before everything else."""
    ends = [
        frame for frame in frames if b'"status":"completed"' in frame and named("thread.run.completed")(frame)
    ]
    return [*ends, *(frame for frame in frames if frame not in ends)]
