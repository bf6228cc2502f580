"""Answers: do answers leave in few pieces, in order, and does nothing stay behind?"""

import asyncio
from typing import Any

import pytest
import uvloop

from mock_server.server.write_batching import BatchedTransport, WriteBatch

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"
STREAM = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


class Wire:
    """A transport that notes what it is told."""

    def __init__(self) -> None:
        self.sent: list[bytes | str] = []

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def close(self) -> None:
        self.sent.append("closed")

    def is_closing(self) -> bool:
        return "closed" in self.sent


@pytest.fixture
def talk() -> Any:
    """Lets a test write to a transport; gives what the wire saw right then, and in the end."""

    def talk(*steps: bytes | str) -> tuple[list[bytes | str], list[bytes | str]]:
        async def run() -> tuple[list[bytes | str], list[bytes | str]]:
            wire = Wire()
            transport = BatchedTransport(wire, WriteBatch())  # type: ignore[arg-type]
            for step in steps:
                if isinstance(step, bytes):
                    transport.write(step)
                elif step == "close":
                    transport.close()
                else:
                    await asyncio.sleep(0)
            at_once = list(wire.sent)
            await asyncio.sleep(0)
            return at_once, wire.sent

        return asyncio.run(run())

    return talk


def test_an_answer_leaves_in_one_piece_when_the_turn_is_over(talk: Any) -> None:
    assert talk(HEAD, b"{}") == ([], [HEAD + b"{}"])


def test_a_head_that_nothing_follows_leaves_too(talk: Any) -> None:
    assert talk(HEAD) == ([], [HEAD])


def test_a_stream_leaves_at_once_with_its_first_piece(talk: Any) -> None:
    assert talk(STREAM, b"one", b"two")[0] == [STREAM + b"one", b"two"]


def test_what_comes_later_leaves_by_itself(talk: Any) -> None:
    assert talk(HEAD, "turn", b"one", b"two")[0] == [HEAD, b"one", b"two"]


def test_a_body_that_looks_like_a_head_is_neither_lost_nor_reordered(talk: Any) -> None:
    assert b"".join(talk(HEAD, b"HTTP/1.1", b" rest", b"HTTP/1.0", b"end")[1]) == (
        HEAD + b"HTTP/1.1 restHTTP/1.0end"
    )


def test_two_answers_keep_their_order(talk: Any) -> None:
    assert b"".join(talk(HEAD, b"1", HEAD, b"2")[1]) == HEAD + b"1" + HEAD + b"2"
    assert b"".join(talk(HEAD, b"1", STREAM, b"2")[1]) == HEAD + b"1" + STREAM + b"2"


def test_closing_sends_what_was_kept_first(talk: Any) -> None:
    assert talk(HEAD, "close") == ([HEAD, "closed"], [HEAD, "closed"])


def test_answers_of_one_turn_leave_together_but_not_too_many() -> None:
    async def run() -> list[int]:
        batch, wires = WriteBatch(), [Wire() for _ in range(20)]
        sent = []
        for wire in wires:
            BatchedTransport(wire, batch).write(HEAD)  # type: ignore[arg-type]
            sent.append(sum(len(one.sent) for one in wires))
        await asyncio.sleep(0)
        return [*sent, sum(len(one.sent) for one in wires)]

    assert asyncio.run(run()) == [0] * 15 + [16] * 5 + [20]


def test_everything_else_is_the_transports_own(talk: Any) -> None:
    async def run() -> None:
        wire = Wire()
        transport = BatchedTransport(wire, WriteBatch())  # type: ignore[arg-type]
        assert not transport.is_closing()
        transport.close()
        assert transport.is_closing()

    asyncio.run(run())


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_client_that_went_away_does_not_keep_others_from_their_answers(loop: Any) -> None:
    async def run() -> bytes:
        made: asyncio.Queue[BatchedTransport] = asyncio.Queue()
        batch = WriteBatch()

        class Speaker(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                made.put_nowait(BatchedTransport(transport, batch))  # type: ignore[arg-type]

        server = await asyncio.get_running_loop().create_server(Speaker, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        _, leaving = await asyncio.open_connection("127.0.0.1", port)
        left = await made.get()
        reader, staying = await asyncio.open_connection("127.0.0.1", port)
        stays = await made.get()
        left.abort()
        left.write(HEAD)
        stays.write(HEAD)
        try:
            return await asyncio.wait_for(reader.read(1000), 10)
        finally:
            for writer in (leaving, staying):
                writer.close()
            server.close()

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(run()) == HEAD
