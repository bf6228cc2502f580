"""Are responses written in few calls, in order and completely?"""

import asyncio
from typing import Any

import pytest
import uvloop

from mock_server.server.write_batching import BatchedTransport, WriteBatch

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"
STREAM = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


class Recorder:
    """A transport that records what is written to it."""

    def __init__(self) -> None:
        self.sent: list[bytes | str] = []

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def close(self) -> None:
        self.sent.append("closed")

    def is_closing(self) -> bool:
        return "closed" in self.sent


@pytest.fixture
def write() -> Any:
    """Write to a batched transport; returns what was sent immediately, and what was sent in the end."""

    def write(*steps: bytes | str) -> tuple[list[bytes | str], list[bytes | str]]:
        async def run() -> tuple[list[bytes | str], list[bytes | str]]:
            recorder = Recorder()
            transport = BatchedTransport(recorder, WriteBatch())  # type: ignore[arg-type]
            for step in steps:
                if isinstance(step, bytes):
                    transport.write(step)
                elif step == "close":
                    transport.close()
                else:
                    await asyncio.sleep(0)
            immediately = list(recorder.sent)
            await asyncio.sleep(0)
            return immediately, recorder.sent

        return asyncio.run(run())

    return write


def test_a_response_is_written_in_one_call_at_the_end_of_the_iteration(write: Any) -> None:
    assert write(HEAD, b"{}") == ([], [HEAD + b"{}"])


def test_a_head_without_a_body_is_written_too(write: Any) -> None:
    assert write(HEAD) == ([], [HEAD])


def test_a_stream_is_written_immediately_with_its_first_chunk(write: Any) -> None:
    assert write(STREAM, b"one", b"two")[0] == [STREAM + b"one", b"two"]


def test_data_after_the_batch_is_written_immediately(write: Any) -> None:
    assert write(HEAD, "next iteration", b"one", b"two")[0] == [HEAD, b"one", b"two"]


def test_a_body_that_looks_like_a_head_is_written_in_order(write: Any) -> None:
    assert b"".join(write(HEAD, b"HTTP/1.1", b" rest", b"HTTP/1.0", b"end")[1]) == (
        HEAD + b"HTTP/1.1 restHTTP/1.0end"
    )


def test_two_responses_keep_their_order(write: Any) -> None:
    assert b"".join(write(HEAD, b"1", HEAD, b"2")[1]) == HEAD + b"1" + HEAD + b"2"
    assert b"".join(write(HEAD, b"1", STREAM, b"2")[1]) == HEAD + b"1" + STREAM + b"2"


def test_close_writes_the_buffered_data_first(write: Any) -> None:
    assert write(HEAD, "close") == ([HEAD, "closed"], [HEAD, "closed"])


def test_a_batch_is_written_once_it_holds_16_responses() -> None:
    async def run() -> list[int]:
        batch, recorders = WriteBatch(), [Recorder() for _ in range(20)]
        sent = []
        for recorder in recorders:
            BatchedTransport(recorder, batch).write(HEAD)  # type: ignore[arg-type]
            sent.append(sum(len(one.sent) for one in recorders))
        await asyncio.sleep(0)
        return [*sent, sum(len(one.sent) for one in recorders)]

    assert asyncio.run(run()) == [0] * 15 + [16] * 5 + [20]


def test_other_attributes_come_from_the_transport(write: Any) -> None:
    async def run() -> None:
        recorder = Recorder()
        transport = BatchedTransport(recorder, WriteBatch())  # type: ignore[arg-type]
        assert not transport.is_closing()
        transport.close()
        assert transport.is_closing()

    asyncio.run(run())


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_lost_connection_does_not_block_the_rest_of_the_batch(loop: Any) -> None:
    async def run() -> bytes:
        transports: asyncio.Queue[BatchedTransport] = asyncio.Queue()
        batch = WriteBatch()

        class BatchedProtocol(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                transports.put_nowait(BatchedTransport(transport, batch))  # type: ignore[arg-type]

        server = await asyncio.get_running_loop().create_server(BatchedProtocol, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        _, lost_writer = await asyncio.open_connection("127.0.0.1", port)
        lost = await transports.get()
        reader, open_writer = await asyncio.open_connection("127.0.0.1", port)
        still_open = await transports.get()
        lost.abort()
        lost.write(HEAD)
        still_open.write(HEAD)
        try:
            return await asyncio.wait_for(reader.read(1000), 10)
        finally:
            for writer in (lost_writer, open_writer):
                writer.close()
            server.close()

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(run()) == HEAD
