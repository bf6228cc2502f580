"""How does a wire condition change the bytes of a stream?

Each condition is an asynchronous generator round another one. What goes in is one item per event or comment,
what comes out one item per chunk. The run knows nothing of it and goes on.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable

from mock_server.http.abort import CutError
from mock_server.http.sse import DONE
from mock_server.simulation.conditions import Wire

Chunks = AsyncGenerator[bytes, None]
End = Callable[[], Awaitable[None]]

GAP = 0.002
"""Seconds between the chunks that one event is split into: without it a reader gets them in one piece."""


def conditioned(chunks: Chunks, wires: tuple[Wire, ...], seed: str, gone: End) -> Chunks:
    """The stream under all its conditions; `split`, which makes chunks of events, comes last.

    `gone` returns when the client has gone away: so long a stalled stream lasts.
    """
    ends: dict[str, End] = {"cut": _cut, "ends-early": _end, "stall": gone}
    for wire in sorted(wires, key=lambda wire: wire.name == "split"):
        match wire.name:
            case "split":
                chunks = _split(chunks, seed)
            case "cut" | "ends-early" | "stall":
                chunks = _stopped(chunks, wire.value, ends[wire.name])
            case "burst":
                chunks = _burst(chunks)
            case "duplicate":
                chunks = _duplicate(chunks, wire.value)
    return chunks


def _is_event(chunk: bytes) -> bool:
    return not chunk.startswith(b":")


async def _cut() -> None:
    raise CutError("the wire condition cut resets the connection here")


async def _end() -> None:
    pass


async def _stopped(chunks: Chunks, events: int, end: End) -> Chunks:
    async for chunk in chunks:
        yield chunk
        events -= _is_event(chunk)
        if not events:
            await chunks.aclose()
            await end()
            return


async def _burst(chunks: Chunks) -> Chunks:
    yield b"".join([chunk async for chunk in chunks])


async def _duplicate(chunks: Chunks, every: int) -> Chunks:
    number = 0
    async for chunk in chunks:
        yield chunk
        number += _is_event(chunk)
        if _is_event(chunk) and chunk != DONE and number % every == 0:
            yield chunk


async def _split(chunks: Chunks, seed: str) -> Chunks:
    # How often the clock is moved decides what comes together; the same seed must spell it the same.
    spelling, told = random.Random(f"spelling {seed}"), 0
    async for together in _batches(chunks):
        dice = random.Random(f"split {seed} {told}")
        told += sum(map(_is_event, together))
        text = b"".join(_respelt(chunk, spelling) if _is_event(chunk) else chunk for chunk in together)
        borders = sorted({*_characters(text, dice), *(dice.randrange(1, len(text)) for _ in range(2))})
        for start, end in zip([0, *borders], [*borders, len(text)], strict=True):
            yield text[start:end]
            await asyncio.sleep(GAP)


async def _batches(chunks: Chunks) -> AsyncGenerator[list[bytes], None]:
    """What is due at the same moment, together."""
    batch: list[bytes] = []
    while True:
        following = asyncio.ensure_future(anext(chunks))
        try:
            if batch:
                await asyncio.sleep(0)
                if not following.done():
                    yield batch
                    batch = []
            batch.append(await following)
        except StopAsyncIteration:
            break
        finally:
            following.cancel()
    if batch:
        yield batch


def _respelt(chunk: bytes, dice: random.Random) -> bytes:
    """The same event, spelt in another lawful way: CRLF, a comment above it, its data in two lines."""
    comment = b": a comment, data: not data\n" if dice.random() < 0.3 else b""
    space = b" " if dice.random() < 0.7 else b""
    lines = chunk.replace(b"data: {", b"data: {\ndata:" + space, 1) if dice.random() < 0.5 else chunk
    return (comment + lines).replace(b"\n", dice.choice((b"\r\n", b"\r\n", b"\n")))


def _characters(text: bytes, dice: random.Random) -> list[int]:
    """Places inside characters of more than one byte, if there are any: at most three of them."""
    inside = [place for place, byte in enumerate(text) if byte & 0xC0 == 0x80]
    return dice.sample(inside, min(3, len(inside)))
