"""Are many concurrent streams complete and in order, cheap, and closed when their clients disconnect?

Uses a real server and raw sockets, with small numbers. `python -m benchmarks.limits` measures the limits.
"""

import asyncio
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.serving import mock

pytestmark = pytest.mark.xdist_group("streams")

ORDER = ["created", "queued", "in_progress", "completed"]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A mock whose `hello` scenario takes half a second."""
    with mock(tmp_path_factory.mktemp("streams") / "log", "--quiet", "--speed", "5") as address:
        yield address


async def _open(url: str, thread: str, model: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    body = json.dumps({"model": model, "stream": True})
    writer.write(
        f"POST {parts.path}/threads/{thread}/runs HTTP/1.1\r\nHost: localhost\r\nX-Tune-Key: k\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    )
    await reader.readuntil(b"event: thread.run.created")
    return reader, writer


def _waiting(url: str) -> int:
    with urllib.request.urlopen(f"{url.removesuffix('/v1')}/_mock") as answer:
        return int(json.load(answer)["waiting"])


async def _until_waiting(url: str, count: int) -> None:
    """Return once the mock holds `count` open requests; the test's time limit bounds the wait."""
    while await asyncio.to_thread(_waiting, url) != count:
        pass


def test_many_concurrent_streams_are_complete_and_in_order(url: str) -> None:
    async def one(number: int) -> str:
        reader, writer = await _open(url, f"whole_{number}", "org/name")
        text = await reader.readuntil(b"data: [DONE]\n\n")
        writer.close()
        return text.decode()

    async def all_streams() -> list[str]:
        return await asyncio.gather(*(one(number) for number in range(150)))

    for text in asyncio.run(all_streams()):
        names = [line for line in text.splitlines() if line.startswith("event: thread.run.")]
        statuses = [name.removeprefix("event: thread.run.") for name in names if ".step." not in name]
        assert ["created", *statuses] == ORDER
        pieces, whole = [], ""
        for block in text.split("\n\n"):
            if "event: thread.message.delta" in block:
                data = json.loads(block[block.index("data: ") + 6 :].splitlines()[0])
                pieces.append(data["delta"]["content"][0]["text"]["value"])
            if "event: thread.message.completed" in block:
                data = json.loads(block[block.index("data: ") + 6 :].splitlines()[0])
                whole = data["content"][0]["text"]["value"]
        assert "".join(pieces) == whole != ""


def test_a_stream_ends_when_its_client_disconnects(url: str) -> None:
    async def work() -> None:
        opened = await asyncio.gather(
            *(_open(url, f"gone_{number}", "mock/tool-expired+stall=1") for number in range(40))
        )
        await _until_waiting(url, 40)
        for _, writer in opened[:25]:
            writer.transport.abort()
        await _until_waiting(url, 15)
        for _, writer in opened[25:]:
            writer.close()
        await _until_waiting(url, 0)

    asyncio.run(asyncio.wait_for(work(), 30))


def test_a_silent_stream_uses_little_memory(url: str) -> None:
    async def silent(kind: str, count: int) -> list[asyncio.StreamWriter]:
        opened = [_open(url, f"{kind}_{number}", "mock/slow-queue") for number in range(count)]
        return [writer for _, writer in await asyncio.gather(*opened)]

    async def work() -> float:
        warm = await silent("warm", 50)
        process = await asyncio.to_thread(_process, url)
        before = _resident(process)
        held = await silent("silent", 400)
        after = _resident(process)
        for writer in warm + held:
            writer.close()
            await writer.wait_closed()
        return (after - before) / len(held)

    assert asyncio.run(asyncio.wait_for(work(), 60)) < 40


def _process(url: str) -> int:
    """The id of the process that serves a URL."""
    port = str(urlsplit(url).port)
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        words = entry.read_bytes().decode(errors="replace").split("\0")
        if "mock_server" in words and port in words:
            return int(entry.parent.name)
    pytest.skip("this system has no /proc to read memory from")


def _resident(process: int) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
