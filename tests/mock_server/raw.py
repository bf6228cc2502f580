"""How does a test read the exact bytes of a response from a socket?"""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from mock_server.testing import TuneMock

TIMEOUT_SECONDS = 20


@dataclass
class Raw:
    """A connection that has sent one request."""

    connection: socket.socket
    received: bytes = b""

    def read_until(self, text: bytes) -> bytes:
        """Read until the text arrives; returns everything received so far."""
        while text not in self.received:
            more = self.connection.recv(65536)
            assert more, f"the connection ended before {text!r}: {self.received[-300:]!r}"
            self.received += more
        return self.received

    def read_to_the_end(self) -> bytes:
        """Read until the server closes the connection; returns everything received."""
        while more := self.connection.recv(65536):
            self.received += more
        return self.received

    def pending(self) -> bytes:
        """Bytes that have arrived but are not read yet."""
        self.connection.setblocking(False)
        try:
            return self.connection.recv(65536)
        except BlockingIOError:
            return b""
        finally:
            self.connection.settimeout(TIMEOUT_SECONDS)


@contextmanager
def sent(
    mock: TuneMock, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
) -> Iterator[Raw]:
    """Send a request as raw bytes on a new connection."""
    url = urlsplit(mock.url)
    content = b"" if body is None else json.dumps(body).encode()
    given = {"Host": url.netloc, "Connection": "close", "Content-Length": str(len(content)), **mock.headers}
    if content:
        given["Content-Type"] = "application/json"
    lines = [
        f"{method} {url.path}{path} HTTP/1.1",
        *(f"{n}: {v}" for n, v in {**given, **(headers or {})}.items()),
    ]
    with socket.create_connection((url.hostname, url.port), timeout=TIMEOUT_SECONDS) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + content)
        yield Raw(connection)


def streamed(mock: TuneMock, choice: str, **fields: Any) -> Any:
    """Create and stream a run; `choice` is a scenario with network conditions, such as `hello+cut=5`."""
    body = {"model": "acme/m", "stream": True, **fields}
    return sent(mock, "POST", "/threads/runs", body, {"Prefer": f"scenario={choice}"})


def chunks(response: bytes) -> list[bytes]:
    """The chunks of a chunked body; if it was cut off, only the complete ones."""
    body, found = response.partition(b"\r\n\r\n")[2], []
    while b"\r\n" in body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        if length == 0 or len(rest) < length + 2:
            break
        found.append(rest[:length])
        body = rest[length + 2 :]
    return found


def data_lines(stream: bytes) -> list[bytes]:
    """The data of each event of a stream; handles all line endings, comments and multi-line data."""
    lines = stream.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    found, data = [], []
    for line in lines:
        if line.startswith(b"data:"):
            data.append(line[5:].removeprefix(b" "))
        elif not line and data:
            found.append(b"\n".join(data))
            data = []
    return found
