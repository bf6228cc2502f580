"""Which exchanges with the API does a HAR file hold, a browser's record of its traffic?"""

import base64
import binascii
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from contract_tests.document import Operation, document
from contract_tests.observations.exchange import KEY_HEADER, Chunk, Exchange, Intent
from contract_tests.redaction import Secrets, secrets_in
from contract_tests.settings import UsageError

# What a browser adds to every request: no answer depends on it, and some of it is nobody's business.
_NOISE = frozenset(
    {
        "authorization",
        "cookie",
        "origin",
        "referer",
        "user-agent",
        "accept-encoding",
        "accept-language",
        "dnt",
    }
    | {"cache-control", "pragma", "priority", "connection", "host", "content-length", "te", "keep-alive"}
)
_SECONDS = 1000.0


@dataclass(frozen=True)
class Recording:
    """What a HAR file holds of one deployment; `left_out` counts what was not judged, by its reason."""

    base: str
    exchanges: tuple[Exchange, ...]
    left_out: Mapping[str, int]
    secrets: Secrets

    @property
    def described(self) -> str:
        """What was judged and what was not, in one line."""
        rest = ", ".join(f"{number} {reason}" for reason, number in self.left_out.items())
        judged = len(self.exchanges)
        return f"{judged} of {judged + sum(self.left_out.values())} entries judged" + (
            f"; {rest}" if rest else ""
        )


@dataclass(frozen=True)
class _Call:
    """An entry that asks for a path of the API."""

    base: str
    path: str
    entry: Mapping[str, Any]


class _LeftOutError(Exception):
    """An entry cannot be judged; the text says why."""


def read(path: str, base: str = "") -> Recording:
    """The exchanges in a HAR file with the deployment at `base`, or else with the one it mostly speaks to.

    Raises `UsageError` when the file is no HAR or holds nothing of the API.
    """
    entries = _entries(path)
    left_out: Counter[str] = Counter()
    calls = list(_calls(entries, left_out))
    chosen = base or _chosen(calls)
    if not any(call.base == chosen for call in calls):
        where = f" at {base}" if base else ""
        raise UsageError(
            f"--har: {path}: none of its {len(entries)} entries is a call of the run API{where} "
            "(paths like /v1/threads); record the page while it talks to the API"
        )
    secrets = Secrets()
    exchanges = []
    for call in calls:
        try:
            if call.base != chosen:
                raise _LeftOutError("of other deployments")
            exchanges.append(_exchange(call, secrets))
        except _LeftOutError as reason:
            left_out[str(reason)] += 1
    exchanges.sort(key=lambda one: one.sent)
    return Recording(chosen, tuple(exchanges), dict(left_out), secrets)


def _entries(path: str) -> list[Any]:
    try:
        plain = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise UsageError(f"--har: there is no file {path}") from None
    except OSError as error:
        raise UsageError(f"--har: {path} cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"--har: {path} is not JSON: {error}; export a HAR from the browser's network panel"
        ) from None
    log = plain.get("log") if isinstance(plain, dict) else None
    entries = log.get("entries") if isinstance(log, dict) else None
    if not isinstance(entries, list):
        raise UsageError(
            f"--har: {path}: log.entries is no list, so this is no HAR; export one from the browser"
        )
    return entries


def _calls(entries: Iterable[Any], left_out: Counter[str]) -> Iterator[_Call]:
    """The entries that ask for a path of the API; preflights do so for the browser, not for the page."""
    for entry in entries:
        request = entry.get("request") if isinstance(entry, dict) else None
        if not isinstance(request, dict) or not isinstance(request.get("url"), str):
            left_out["that are no requests"] += 1
            continue
        base, path = _split(request["url"])
        if not path:
            left_out["of other addresses"] += 1
        elif request.get("method") == "OPTIONS":
            left_out["that are CORS preflights"] += 1
        else:
            yield _Call(base, path, entry)


def _split(url: str) -> tuple[str, str]:
    """The base URL and the path below it, the path empty where it is none of the API."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    for slash in re.finditer("/", parts.path):
        path = parts.path[slash.start() :]
        if document().knows_path(path):
            return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path[: slash.start()]}", path
    return "", ""


def _chosen(calls: Iterable[_Call]) -> str:
    """The base URL that most calls with a key have; where no call has one, that most calls have."""
    votes: Counter[str] = Counter()
    for call in calls:
        names = {name.lower() for name, _ in _headers(call.entry["request"])}
        votes[call.base] += 1_000_000 if KEY_HEADER.lower() in names else 1
    return votes.most_common(1)[0][0] if votes else ""


def _exchange(call: _Call, secrets: Secrets) -> Exchange:
    request, response = call.entry["request"], _answer(call.entry)
    sent, received = _moments(call.entry)
    headers = _headers(request)
    secrets.add(*secrets_in([*headers, *_cookies(request), *_cookies(response)], request["url"]))
    method = str(request.get("method", "GET")).upper()
    operation, parameters = document().match(method, call.path)
    body = _response_body(response, method)
    return Exchange(
        method=method,
        url=request["url"],
        operation=operation,
        path_parameters=parameters,
        query=tuple(parse_qsl(urlsplit(request["url"]).query, keep_blank_values=True)),
        request_headers=tuple((name, value) for name, value in headers if not is_noise(name)),
        request_body=_request_body(request, operation),
        sent=sent,
        received=received,
        status=response["status"],
        headers=_response_headers(response),
        chunks=(Chunk(received, body),) if body else (),
        wall=sent,
        intents=frozenset({Intent.RECORDED, Intent.UNTIMED}),
        secrets=secrets,
    )


def _answer(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer of the service itself."""
    response = entry.get("response")
    status = response.get("status") if isinstance(response, dict) else None
    if not isinstance(response, dict) or not isinstance(status, int) or status < 100:
        raise _LeftOutError("without an answer")
    if status == 304:
        raise _LeftOutError("that the browser's cache answered")
    return response


def _moments(entry: Mapping[str, Any]) -> tuple[float, float]:
    """When the request was sent and the answer complete, in seconds since 1970."""
    try:
        sent = datetime.fromisoformat(str(entry["startedDateTime"])).timestamp()
        return sent, sent + max(0.0, float(entry.get("time") or 0)) / _SECONDS
    except (KeyError, ValueError, TypeError):
        raise _LeftOutError("without a time") from None


def _headers(message: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and values; the pseudo headers of HTTP/2 are none."""
    found = message.get("headers")
    plain = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    pairs = [(str(one.get("name", "")), str(one.get("value", ""))) for one in plain]
    return [(name, value) for name, value in pairs if name and not name.startswith(":")]


def _cookies(message: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = message.get("cookies")
    plain = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    return [("cookie", str(one.get("value", ""))) for one in plain]


def is_noise(name: str) -> bool:
    """Whether a browser adds this header to everything, so that no curl line needs it."""
    return name.lower() in _NOISE or name.lower().startswith("sec-")


def _response_headers(response: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    headers = [(name, value) for name, value in _headers(response) if name.lower() != "set-cookie"]
    content = response.get("content")
    kind = content.get("mimeType") if isinstance(content, dict) else None
    if kind and kind != "x-unknown" and not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("content-type", str(kind)))
    return tuple(headers)


def _request_body(request: Mapping[str, Any], operation: Operation | None) -> bytes:
    data = request.get("postData")
    if isinstance(data, dict) and isinstance(data.get("text"), str):
        return str(data["text"]).encode()
    if isinstance(data, dict) and data.get("params"):
        return urlencode([(one.get("name", ""), one.get("value", "")) for one in data["params"]]).encode()
    if isinstance(size := request.get("bodySize"), int) and size > 0 and operation is not None:
        raise _LeftOutError("whose request body was not recorded")
    return b""


def _response_body(response: Mapping[str, Any], method: str) -> bytes:
    content = response.get("content")
    content = content if isinstance(content, dict) else {}
    text = content.get("text")
    if isinstance(text, str) and content.get("encoding") == "base64":
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error:
            raise _LeftOutError("whose base64 is broken") from None
    if isinstance(text, str):
        return text.encode("utf-8", "surrogatepass")
    if method == "HEAD" or response["status"] in (204, 205) or content.get("size") == 0:
        return b""
    raise _LeftOutError("whose body was not recorded")
