"""Do network conditions change streams reproducibly, and end them when the client disconnects?"""

from collections.abc import Callable

import pytest

from tests.mock_server.driver import Driver


def test_a_stalled_stream_ends_when_its_client_disconnects(mock: Driver) -> None:
    stream = mock.stream("hello+stall=2")
    mock.advance(60)
    assert len(stream.answer.events()) == 2
    assert not stream.done
    stream.go_away()
    assert stream.done


@pytest.mark.parametrize("conditions", ["split", "split+duplicate=2"])
def test_a_split_stream_has_the_same_bytes_however_often_the_clock_is_moved(
    make_mock: Callable[..., Driver], conditions: str
) -> None:
    def received(*steps: float) -> bytes:
        mock = make_mock(seed="same")
        exchange = mock.stream(f"hello+{conditions}")
        for step in steps:
            mock.advance(step)
        return mock.finished(exchange).body

    assert received(3) == received(*[0.1] * 30)
