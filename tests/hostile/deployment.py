"""How would a hostile deployment behave? A server of raw bytes whose behaviours come from a grammar.

Each choice of `Grammar` is one of the ways in which a part of a response can be wrong. A behaviour is one
choice for each part. Most responses are plausible, so that the checker gets as far as it can.
"""

import gzip
import json
import random
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.hostile.deployment_bodies import BODIES, STREAMS, plausible
from tests.hostile.key_forms import forms

Send = Callable[[bytes], None]
LINE = b"\r\n"
ENDLESS = 10**9


@dataclass
class Request:
    """What arrived, and how to respond to it."""

    method: str
    path: str
    body: bytes
    send: Send
    key: str
    random: random.Random
    sleep: Callable[[float], None]
    is_over: Callable[[], bool]
    status: bytes = b"200 OK"
    headers: list[bytes] = field(default_factory=list)

    def repeat(self, data: bytes, pause: float = 0.0) -> None:
        """Send the same bytes until the client or the test ends."""
        while not self.is_over():
            self.send(data)
            if pause:
                self.sleep(pause)


def _head(request: Request, *headers: bytes) -> None:
    lines = [b"HTTP/1.1 " + request.status, *request.headers, *headers]
    request.send(LINE.join(lines) + LINE + LINE)


# What comes before the head.
def _nothing(request: Request) -> None:
    """Begin with the head."""


def _silence(request: Request) -> None:
    request.sleep(ENDLESS)


def _reset(_: Request) -> None:
    raise ConnectionResetError


def _endless_continue(request: Request) -> None:
    request.repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


def _dripping_continue(request: Request) -> None:
    request.repeat(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", 0.05)


def _head_drip(request: Request) -> None:
    request.send(b"HTTP/1.1 200 OK\r\nX-A: ")
    request.repeat(b"a", 0.05)


def _endless_head(request: Request) -> None:
    request.send(b"HTTP/1.1 200 OK\r\n")
    request.repeat(b"X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 100)


def _garbage(request: Request) -> None:
    request.send(request.random.randbytes(200))
    raise ConnectionResetError


def _another_protocol(request: Request) -> None:
    request.send(b"SSH-2.0-OpenSSH_9.6\r\n\x16\x03\x01" + b"\0" * 50)


BEFORE = [
    _silence, _reset, _endless_continue, _dripping_continue, _head_drip, _endless_head, _garbage,
    _another_protocol,
]  # fmt: skip

STATUSES = [
    b"200 OK", b"200", b"200 " + b"x" * 50_000, b"999 @everyone ::error::x", b"600 x", b"204 No Content",
    b"304 Not Modified", b"101 Switching Protocols", b"199 x", b"000 x", b"-200 x", b"2000 x", b"\xff\xfe",
    b"500 \xe2\x80\xae", b"503 x", b"429 x", b"404 x", b"301 x", b"401 x", b"418 \x1b]0;x\x07",
]  # fmt: skip
HEADERS = [
    [b"X-%d: a" % number for number in range(30_000)],
    [b"X: " + b"a" * 60_000],
    [b"X: \xff\xfe\x80", "X-Ü: é".encode(), b"X-Bidi: \xe2\x80\xae"],
    [b"Retry-After: " + b"9" * 5000],
    [b"Retry-After: \xb2"],
    [b"Retry-After: Fri, 99 Foo 99999999 99:99:99 +9999"],
    [b"Location: http://[", b"Retry-After: -1"],
    [b"Location: //\xff\xff/\x7f"],
    [b"Location: /v1/threads/?limit=1"],
    [b"Content-Type: text/event-stream; charset=\xff"],
    [b"Content-Type: application/json; charset=utf-16"],
    [b"Content-Type: application/json", b"Content-Type: text/html"],
    [b"Set-Cookie: a=b", b"X-Forged: ::error::forged", b"X-Mention: @everyone ##[error]forged"],
    [b" folded: x", b"\tX: y"],
    [b"no colon"],
    [b": no name"],
]


# How the body is sent.
def _sized(request: Request, body: bytes) -> None:
    _head(request, b"Content-Length: %d" % len(body))
    request.send(body)


def _too_long(request: Request, body: bytes) -> None:
    _head(request, b"Content-Length: %d" % (len(body) + 10))
    request.send(body)
    raise ConnectionResetError


def _too_short(request: Request, body: bytes) -> None:
    _head(request, b"Content-Length: %d" % max(0, len(body) - 3))
    request.send(body)


def _odd_length(request: Request, body: bytes) -> None:
    _head(
        request,
        b"Content-Length: "
        + request.random.choice([b"-1", b"9" * 5000, b"\xb2", b"1, 2", b"x", b"+3", b"0x9"]),
    )
    request.send(body)


def _both_framings(request: Request, body: bytes) -> None:
    _head(request, b"Content-Length: 3", b"Transfer-Encoding: chunked")
    request.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))


def _tiny_chunks(request: Request, body: bytes) -> None:
    _head(request, b"Transfer-Encoding: chunked")
    request.send(b"".join(b"1\r\n%c\r\n" % octet for octet in body[:200_000]) + b"0\r\n\r\n")


def _huge_chunk_size(request: Request, body: bytes) -> None:
    _head(request, b"Transfer-Encoding: chunked")
    request.send(
        request.random.choice([b"f" * 19, b"f" * 60_000, b"-1", b"\xb2", b"fffffff;" + b"x" * 90_000])
    )
    request.send(LINE + body)
    request.sleep(ENDLESS)


def _endless_trailer(request: Request, body: bytes) -> None:
    _head(request, b"Transfer-Encoding: chunked")
    request.send(b"%x\r\n%s\r\n0\r\n" % (len(body), body))
    request.repeat(b"X: y\r\n" * 100)


def _dripping(request: Request, body: bytes) -> None:
    _head(request, b"Content-Length: %d" % (len(body) + 1000))
    for octet in body[:200]:
        request.send(bytes([octet]))
        request.sleep(0.02)
    request.repeat(b" ", 0.02)


def _endless(request: Request, body: bytes) -> None:
    _head(request, b"Connection: close")
    request.repeat((body or b" ") * (1 + 65536 // max(1, len(body))))


def _never_ending(request: Request, body: bytes) -> None:
    _head(request, b"Content-Length: 999999999")
    request.send(body)
    request.sleep(ENDLESS)


def _reset_within(request: Request, body: bytes) -> None:
    _head(request, b"Content-Length: %d" % len(body))
    request.send(body[: len(body) // 2])
    raise ConnectionResetError


def _bomb(request: Request, body: bytes) -> None:
    _head(request, b"Content-Encoding: gzip", b"Connection: close")
    packer = zlib.compressobj(9, wbits=31)
    request.send(packer.compress(body))
    zeros = b"0" * 2**20
    for _ in range(500):
        request.send(packer.compress(zeros))


def _nested_bomb(request: Request, body: bytes) -> None:
    data = gzip.compress(gzip.compress(body + b"0" * 20_000_000))
    _head(request, b"Content-Encoding: gzip, gzip", b"Content-Length: %d" % len(data))
    request.send(data)


def _odd_coding(request: Request, body: bytes) -> None:
    coding = request.random.choice(
        [b"br", b"zstd", b"gzip", b"deflate", b"identity, gzip" * 50, b"\xff", b""]
    )
    _head(request, b"Content-Encoding: " + coding, b"Content-Length: %d" % len(body))
    request.send(body)


def _compressed(request: Request, body: bytes) -> None:
    data = gzip.compress(body)
    _head(request, b"Content-Encoding: gzip", b"Content-Length: %d" % len(data))
    request.send(data)


FRAMINGS = [
    _sized, _too_long, _too_short, _odd_length, _both_framings, _tiny_chunks, _huge_chunk_size,
    _endless_trailer,
    _dripping, _endless, _never_ending, _reset_within, _bomb, _nested_bomb, _odd_coding, _compressed,
]  # fmt: skip


@dataclass(frozen=True)
class Behaviour:
    """One choice for each part of a response."""

    before: Callable[[Request], None] = _nothing
    status: bytes = b""
    headers: tuple[bytes, ...] = ()
    framing: Callable[[Request, bytes], None] = _sized
    body: str = ""

    @property
    def name(self) -> str:
        """The choices that are not plausible."""
        parts = [self.before.__name__, self.framing.__name__, self.body, repr(self.status[:12])]
        parts += [repr(self.headers[0][:20])] if self.headers else []
        return " ".join(part for part in parts if part not in ("_nothing", "_sized", "", "b''"))

    def perform(self, request: Request) -> None:
        """Respond to a request."""
        self.before(request)
        status, kind, body = plausible(request.method, request.path, request.body)
        if self.body:
            body = BODIES[self.body](body, forms(request.key))
            kind = b"text/event-stream" if self.body in STREAMS else kind
        request.status = self.status or status
        request.headers = list(self.headers)
        if not any(one.lower().startswith(b"content-type") for one in self.headers):
            request.headers.append(b"Content-Type: " + kind)
        self.framing(request, body)


def every_behaviour() -> Iterator[Behaviour]:
    """Each choice of the grammar once, everything else plausible."""
    yield from (Behaviour(before=one) for one in BEFORE)
    yield from (Behaviour(status=one) for one in STATUSES)
    yield from (Behaviour(headers=tuple(one)) for one in HEADERS)
    yield from (Behaviour(framing=one) for one in FRAMINGS[1:])
    yield from (Behaviour(body=name) for name in BODIES)


def random_behaviour(source: random.Random) -> Behaviour:
    """A behaviour with one to three hostile parts."""
    parts = source.sample(["before", "status", "headers", "framing", "body"], source.choice([1, 1, 2, 2, 3]))
    choices = {
        "before": lambda: source.choice(BEFORE),
        "status": lambda: source.choice(STATUSES),
        "headers": lambda: tuple(source.choice(HEADERS)),
        "framing": lambda: source.choice(FRAMINGS),
        "body": lambda: source.choice(list(BODIES)),
    }
    return Behaviour(**{part: choices[part]() for part in parts})  # type: ignore[arg-type]


class HostileDeployment:
    """Serves behaviours on a port. `share` is the share of responses that are hostile."""

    def __init__(
        self, key: str, seed: int, share: float, only: Behaviour | None, polite: int, dies_after: int
    ) -> None:
        self._key, self._share, self._only, self._polite = key, share, only, polite
        self._dies_after, self._arrived = dies_after, threading.Condition()
        self._random, self._lock = random.Random(seed), threading.Lock()
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.performed: dict[str, int] = {}
        self.requests = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """End every response and stop listening."""
        self._over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def reached(self, requests: int, seconds: float) -> bool:
        """Wait for a number of requests. Returns whether they arrived in time."""
        with self._arrived:
            return self._arrived.wait_for(lambda: self.requests >= requests, seconds)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(30)
        with connection, suppress(OSError, ValueError):
            reader = connection.makefile("rb")
            while not self._over.is_set() and self._respond(reader, connection):
                pass

    def _respond(self, reader: object, connection: socket.socket) -> bool:
        first = reader.readline(65536).split()  # type: ignore[attr-defined]
        if len(first) < 3:
            return False
        length = 0
        while (line := reader.readline(65536)).strip():  # type: ignore[attr-defined]
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        body = reader.read(length)  # type: ignore[attr-defined]
        behaviour, source = self._next()
        if self.requests == self._dies_after:
            self.close()
            raise OSError
        request = Request(
            first[0].decode(), first[1].decode(), body, connection.sendall, self._key, source,
            self._sleep, self._over.is_set,
        )  # fmt: skip
        try:
            behaviour.perform(request)
        except ConnectionResetError:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        return behaviour == Behaviour()

    def _next(self) -> tuple[Behaviour, random.Random]:
        with self._lock:
            with self._arrived:
                self.requests += 1
                self._arrived.notify_all()
            source = random.Random(self._random.random())
            hostile = self.requests > self._polite and self._random.random() < self._share
            behaviour = (self._only or random_behaviour(source)) if hostile else Behaviour()
            self.performed[behaviour.name] = self.performed.get(behaviour.name, 0) + 1
            return behaviour, source

    def _sleep(self, seconds: float) -> None:
        if self._over.wait(min(seconds, 60)):
            raise ConnectionResetError


@contextmanager
def hostile_deployment(
    key: str,
    seed: int = 1,
    share: float = 0.3,
    only: Behaviour | None = None,
    polite: int = 0,
    dies_after: int = 0,
) -> Iterator[HostileDeployment]:
    """A hostile deployment for the duration of the block."""
    deployment = HostileDeployment(key, seed, share, only, polite, dies_after)
    try:
        yield deployment
    finally:
        deployment.close()


if __name__ == "__main__":
    with hostile_deployment("sk-tune-4f9Lq81aZpW3") as served:
        print(json.dumps(served.url))
        time.sleep(600)
