"""How does a network condition change the bytes of a stream?

Each condition is an asynchronous generator around another one. It receives one item for each event or
comment, and yields one item for each chunk. The run does not notice it and continues.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable

from mock_server.http.abort import CutError
from mock_server.http.sse import DONE
from mock_server.simulation.conditions import Condition

Chunks = AsyncGenerator[bytes, None]
End = Callable[[], Awaitable[None]]

GAP = 0.002
"""Seconds between the chunks of one event. Without a gap, a client receives them as one."""


def conditioned(chunks: Chunks, conditions: tuple[Condition, ...], seed: str, gone: End) -> Chunks:
    """The stream under all its conditions. `split` is applied last, since its chunks are not events.

    `gone` returns when the client has disconnected; a stalled stream waits for that.
    """
    ends: dict[str, End] = {"cut": _cut, "ends-early": _end, "stall": gone}
    for condition in sorted(conditions, key=lambda condition: condition.name == "split"):
        match condition.name:
            case "split":
                chunks = _split(chunks, seed)
            case "cut" | "ends-early" | "stall":
                chunks = _stopped(chunks, condition.value, ends[condition.name])
            case "burst":
                chunks = _burst(chunks)
            case "duplicate":
                chunks = _duplicate(chunks, condition.value)
    return chunks


def _is_event(chunk: bytes) -> bool:
    return not chunk.startswith(b":")


async def _cut() -> None:
    raise CutError("the network condition cut resets the connection here")


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
    # How events are batched depends on how often the clock is moved. How they are spelled must not.
    spelling, count = random.Random(f"spelling {seed}"), 0
    async for batch in _batches(chunks):
        rng = random.Random(f"split {seed} {count}")
        count += sum(map(_is_event, batch))
        text = b"".join(_respelled(chunk, spelling) if _is_event(chunk) else chunk for chunk in batch)
        borders = sorted({*_inside_characters(text, rng), *(rng.randrange(1, len(text)) for _ in range(2))})
        for start, end in zip([0, *borders], [*borders, len(text)], strict=True):
            yield text[start:end]
            await asyncio.sleep(GAP)


async def _batches(chunks: Chunks) -> AsyncGenerator[list[bytes], None]:
    """Chunks that are due at the same time, together."""
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
            # Its error refers to this frame: without this line the garbage collector would have to come.
            del following
    if batch:
        yield batch


def _respelled(chunk: bytes, rng: random.Random) -> bytes:
    """The same event in another conforming spelling: with CRLF, a comment, or its data in two lines."""
    comment = b": a comment, data: not data\n" if rng.random() < 0.3 else b""
    space = b" " if rng.random() < 0.7 else b""
    lines = chunk.replace(b"data: {", b"data: {\ndata:" + space, 1) if rng.random() < 0.5 else chunk
    return (comment + lines).replace(b"\n", rng.choice((b"\r\n", b"\r\n", b"\n")))


def _inside_characters(text: bytes, rng: random.Random) -> list[int]:
    """At most three positions inside characters of more than one byte."""
    inside = [position for position, byte in enumerate(text) if byte & 0xC0 == 0x80]
    return rng.sample(inside, min(3, len(inside)))
