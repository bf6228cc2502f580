"""Answers: does an answer leave in one piece, and nothing stay behind?"""

import asyncio
from typing import Any

import pytest

from mock_server.connection import _Corked

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"


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
            transport = _Corked(wire)  # type: ignore[arg-type]
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


def test_a_head_and_what_follows_it_are_one_piece(talk: Any) -> None:
    assert talk(HEAD, b"{}") == ([HEAD + b"{}"], [HEAD + b"{}"])


def test_a_head_that_nothing_follows_leaves_in_the_next_turn(talk: Any) -> None:
    assert talk(HEAD) == ([], [HEAD])


def test_what_comes_later_leaves_by_itself(talk: Any) -> None:
    assert talk(HEAD, "turn", b"one", b"two")[0] == [HEAD, b"one", b"two"]


def test_a_body_that_looks_like_a_head_is_neither_lost_nor_reordered(talk: Any) -> None:
    assert b"".join(talk(HEAD, b"HTTP/1.1", b" rest", b"HTTP/1.0", b"end")[1]) == (
        HEAD + b"HTTP/1.1 restHTTP/1.0end"
    )


def test_two_answers_keep_their_order(talk: Any) -> None:
    assert talk(HEAD, b"1", HEAD, b"2")[0] == [HEAD + b"1", HEAD + b"2"]


def test_closing_sends_what_was_kept_first(talk: Any) -> None:
    assert talk(HEAD, "close") == ([HEAD, "closed"], [HEAD, "closed"])


def test_everything_else_is_the_transports_own(talk: Any) -> None:
    async def run() -> None:
        wire = Wire()
        transport = _Corked(wire)  # type: ignore[arg-type]
        assert not transport.is_closing()
        transport.close()
        assert transport.is_closing()

    asyncio.run(run())
