"""Which exchanges with the API are in a HAR file, the recording of a browser?"""

import base64
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from contract_tests.document import EVENT_STREAM, Operation, document
from contract_tests.observations.exchange import KEY_HEADER, Chunk, Exchange, Intent
from contract_tests.plain_text import one_line
from contract_tests.redaction import Secrets, secrets_in
from contract_tests.settings import UsageError

# A browser adds these headers to every request. No response depends on them, and some are private.
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
# In seconds. A timeline draws the whole time of a recording; no response takes longer than a day.
_LONGEST = 86_400.0
_SECONDS = 1000.0
# What an entry with values of other types than the format has may raise.
_MALFORMED = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError)


@dataclass(frozen=True)
class Recording:
    """The exchanges of one deployment in a HAR file. `skipped` counts the other entries by reason."""

    base: str
    exchanges: tuple[Exchange, ...]
    skipped: Mapping[str, int]
    secrets: Secrets
    without_body: tuple[str, ...] = ()

    @property
    def unrecorded(self) -> str:
        """Which responses were recorded without their body, empty if none was."""
        names = Counter(self.without_body)
        listed = ", ".join(f"{name} ({number})" for name, number in names.items())
        return (
            one_line(f"{names.total()} responses were recorded without their body: {listed}") if names else ""
        )

    @property
    def described(self) -> str:
        """How many entries were checked, and why others were skipped, in one line."""
        reasons = ", ".join(f"{reason} ({number})" for reason, number in self.skipped.items())
        checked = len(self.exchanges)
        text = f"{checked} of {checked + sum(self.skipped.values())} entries checked"
        return f"{text}; skipped: {reasons}" if reasons else text


@dataclass(frozen=True)
class _ApiRequest:
    """An entry whose URL is a path of the API."""

    base: str
    path: str
    entry: Mapping[str, Any]


class _SkippedError(Exception):
    """An entry cannot be checked. The text says why."""


class _NoBodyError(_SkippedError):
    """The body of the response was not recorded."""


def read(path: str, base: str = "") -> Recording:
    """The exchanges in a HAR file with the deployment at `base`, or with the one that most entries are for.

    Raises `UsageError` if the file is not a HAR or has no request to the API.
    """
    entries = _entries(path)
    skipped: Counter[str] = Counter()
    requests = list(_requests(entries, skipped))
    chosen = base or _chosen(requests)
    if not any(one.base == chosen for one in requests):
        where = f" at {base}" if base else ""
        raise UsageError(
            f"--har: {path}: none of its {len(entries)} entries is a request to the run API{where} "
            "(paths like /v1/threads); record the page while it uses the API"
        )
    return _recording(requests, chosen, skipped)


def _recording(requests: Iterable[_ApiRequest], chosen: str, skipped: Counter[str]) -> Recording:
    """The recording of these requests. Those that cannot be checked are counted as skipped."""
    secrets = Secrets()
    exchanges, without_body = [], []
    for one in requests:
        try:
            if one.base != chosen:
                raise _SkippedError("other deployment")
            exchanges.append(_exchange(one, secrets))
        except _SkippedError as reason:
            skipped[str(reason)] += 1
            if isinstance(reason, _NoBodyError):
                without_body.append(_label(one))
        except _MALFORMED:
            skipped["malformed entry"] += 1
    exchanges.sort(key=lambda one: one.sent)
    return Recording(chosen, tuple(exchanges), dict(skipped), secrets, tuple(without_body))


def _label(found: _ApiRequest) -> str:
    """The id of the operation that an entry is a request to, or its method and path."""
    method = str(found.entry["request"].get("method", "GET")).upper()
    operation, _ = document().match(method, found.path)
    return operation.id if operation else f"{method} {found.path}"


def _entries(path: str) -> list[Any]:
    try:
        plain = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise UsageError(f"--har: there is no file {path}") from None
    except OSError as error:
        raise UsageError(f"--har: {path} cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"--har: {path} is not JSON: {error}; export a HAR from the network panel of the browser"
        ) from None
    log = plain.get("log") if isinstance(plain, dict) else None
    entries = log.get("entries") if isinstance(log, dict) else None
    if not isinstance(entries, list):
        raise UsageError(
            f"--har: {path}: log.entries is not a list, so this is not a HAR; export one from the browser"
        )
    return entries


def _requests(entries: Iterable[Any], skipped: Counter[str]) -> Iterator[_ApiRequest]:
    """The entries for paths of the API. CORS preflights are skipped: the browser sends them, not the page."""
    for entry in entries:
        request = entry.get("request") if isinstance(entry, dict) else None
        if not isinstance(request, dict) or not isinstance(request.get("url"), str):
            skipped["not a request"] += 1
            continue
        try:
            base, path = _split(request["url"])
        except _MALFORMED:
            skipped["malformed entry"] += 1
            continue
        if not path:
            skipped["other address"] += 1
        elif request.get("method") == "OPTIONS":
            skipped["CORS preflight"] += 1
        else:
            yield _ApiRequest(base, path, entry)


def _split(url: str) -> tuple[str, str]:
    """The base URL and the path below it. Both are empty if the path is not one of the API."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    for slash in re.finditer("/", parts.path):
        path = parts.path[slash.start() :]
        if document().knows_path(path):
            return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path[: slash.start()]}", path
    return "", ""


def _chosen(requests: Iterable[_ApiRequest]) -> str:
    """The base URL of most requests with a key. If none has a key, that of most requests."""
    votes: Counter[str] = Counter()
    for one in requests:
        names = {name.lower() for name, _ in _headers(one.entry["request"])}
        votes[one.base] += 1_000_000 if KEY_HEADER.lower() in names else 1
    return votes.most_common(1)[0][0] if votes else ""


def _exchange(found: _ApiRequest, secrets: Secrets) -> Exchange:
    request, response = found.entry["request"], _response(found.entry)
    sent, received = _times(found.entry)
    headers = _headers(request)
    secrets.add(*secrets_in([*headers, *_cookies(request), *_cookies(response)], request["url"]))
    method = str(request.get("method", "GET")).upper()
    operation, parameters = document().match(method, found.path)
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


def _response(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """The response of the service, not of the browser cache."""
    response = entry.get("response")
    status = response.get("status") if isinstance(response, dict) else None
    if not isinstance(response, dict) or type(status) is not int or not 100 <= status <= 999:
        raise _SkippedError("no response")
    if status == 304:
        raise _SkippedError("answered from the browser cache")
    return response


def _times(entry: Mapping[str, Any]) -> tuple[float, float]:
    """When the request was sent and the response was complete, in seconds since 1970."""
    try:
        sent = datetime.fromisoformat(str(entry["startedDateTime"])).timestamp()
        took = min(max(0.0, float(entry.get("time") or 0)) / _SECONDS, _LONGEST)
    except (KeyError, ValueError, TypeError, OverflowError):
        raise _SkippedError("no time") from None
    if not isfinite(took):
        raise _SkippedError("no time")
    return sent, sent + took


def _headers(message: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The names and values, without the pseudo headers of HTTP/2."""
    found = message.get("headers")
    plain = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    pairs = [(str(one.get("name", "")), str(one.get("value", ""))) for one in plain]
    return [(name, value) for name, value in pairs if name and not name.startswith(":")]


def _cookies(message: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = message.get("cookies")
    plain = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    return [("cookie", str(one.get("value", ""))) for one in plain]


def is_noise(name: str) -> bool:
    """Whether a browser adds this header to every request. A curl line does not need it."""
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
        return str(data["text"]).encode("utf-8", "surrogatepass")
    if isinstance(data, dict) and data.get("params"):
        pairs = [(str(one.get("name", "")), str(one.get("value", ""))) for one in data["params"]]
        return urlencode(pairs, errors="surrogatepass").encode()
    if isinstance(size := request.get("bodySize"), int) and size > 0 and operation is not None:
        raise _SkippedError("request body not recorded")
    return b""


def _response_body(response: Mapping[str, Any], method: str) -> bytes:
    content = response.get("content")
    content = content if isinstance(content, dict) else {}
    text = content.get("text")
    if isinstance(text, str) and content.get("encoding") == "base64":
        try:
            return base64.b64decode(text, validate=True)
        except ValueError:
            raise _SkippedError("invalid base64") from None
    kind = str(content.get("mimeType", "")).lower()
    if isinstance(text, str) and (text or not kind.startswith(EVENT_STREAM)):
        return text.encode("utf-8", "surrogatepass")
    is_empty = content.get("size") == 0 and not kind.startswith(EVENT_STREAM)
    if method == "HEAD" or response["status"] in (204, 205) or is_empty:
        return b""
    raise _NoBodyError("body not recorded")
