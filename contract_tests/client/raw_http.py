"""Which bytes does the service send, before an HTTP library normalizes them?"""

import re
import socket
import ssl
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from contract_tests.client.client import Client, verification
from contract_tests.client.network.metering import HEAD_LIMIT
from contract_tests.observations.exchange import KEY_HEADER

_LIMIT = 4_000_000
# After the announced bytes, this many seconds are waited for further ones.
_GRACE = 0.2
_LENGTH = re.compile("[0-9]{1,18}")
_STATUS = re.compile("[0-9]{3}")


class Unavailable(Exception):
    """The raw bytes cannot be read. The text says why."""


@dataclass(frozen=True)
class RawResponse:
    """A response, and what is wrong with its framing (`flaw`, empty if nothing is)."""

    status: int
    head: tuple[tuple[str, str], ...]
    body: bytes
    flaw: str


def send_raw(client: Client, method: str, path: str) -> RawResponse:
    """Send a request without a body on a new connection and read until the service closes it."""
    if client.settings.proxy:
        raise Unavailable("with --proxy, the bytes come from the proxy")
    client.budget.take_request()
    parts = urlsplit(f"{client.base}{path}")
    lines = [
        f"{method} {parts.path}{'?' + parts.query if parts.query else ''} HTTP/1.1",
        f"Host: {parts.netloc}",
    ]
    lines += [f"{KEY_HEADER}: {client.settings.key}", "Accept-Encoding: identity", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in client.settings.headers]
    try:
        raw = _talk(client, parts.hostname or "", parts.port, ("\r\n".join(lines) + "\r\n\r\n").encode())
    except OSError as error:
        raise Unavailable(f"no connection: {error}") from None
    return parse(raw, method)


def _talk(client: Client, host: str, port: int | None, request: bytes) -> bytes:
    secure = client.base.startswith("https")
    timeout = max(0.1, min(client.settings.timeout, client.budget.left))
    with socket.create_connection((host, port or (443 if secure else 80)), timeout) as plain:
        connection = _secured(client, plain, host) if secure else plain
        connection.sendall(request)
        received, end, complete = bytearray(), time.monotonic() + timeout, False
        while len(received) < _LIMIT and (left := end - time.monotonic()) > 0:
            try:
                connection.settimeout(min(left, _GRACE) if complete else left)
                data = connection.recv(65536)
            except TimeoutError:
                break
            if not data:
                break
            received += data
            complete = complete or _complete(received)
        return bytes(received)


def _secured(client: Client, plain: socket.socket, host: str) -> ssl.SSLSocket:
    wanted = verification(client.settings)
    context = wanted if isinstance(wanted, ssl.SSLContext) else ssl.create_default_context()
    if wanted is False:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(plain, server_hostname=host)


def _complete(raw: bytearray) -> bool:
    """Whether the announced bytes are complete. Further bytes would be too many."""
    end = raw.find(b"\r\n\r\n", 0, HEAD_LIMIT)
    for line in raw[:end].split(b"\r\n")[1:] if end >= 0 else ():
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and _LENGTH.fullmatch(value.strip().decode("latin-1")):
            return len(raw) - end - 4 >= int(value)
    return False


def parse(raw: bytes, method: str) -> RawResponse:
    """Parse a response."""
    head, blank, body = raw.partition(b"\r\n\r\n")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    words = status_line.split(" ", 2)
    if not blank or not words[0].startswith("HTTP/1.") or len(words) < 2 or not _STATUS.fullmatch(words[1]):
        return RawResponse(0, (), b"", f"not an HTTP response: {raw[:60]!r}")
    headers = tuple(
        (name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines)
    )
    return RawResponse(int(words[1]), headers, body, _flaw(headers, body, method))


def _flaw(headers: tuple[tuple[str, str], ...], body: bytes, method: str) -> str:
    lengths = [value for name, value in headers if name.lower() == "content-length"]
    chunked = any(name.lower() == "transfer-encoding" for name, _ in headers)
    if lengths and chunked:
        return "both Content-Length and Transfer-Encoding"
    if len(set(lengths)) > 1:
        return f"several values of Content-Length: {', '.join(lengths)[:200]}"
    if lengths and not _LENGTH.fullmatch(lengths[0]):
        return f"Content-Length: {lengths[0][:60]}"
    if lengths and method != "HEAD" and int(lengths[0]) != len(body):
        return f"Content-Length: {lengths[0]}, but {len(body)} bytes of body"
    return ""
