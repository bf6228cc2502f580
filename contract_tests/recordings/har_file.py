"""How is the traffic of the checker saved as a HAR file?"""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from typing import Any

from contract_tests.observations.exchange import Exchange
from contract_tests.redaction import Secrets, redacted

_DEEPER = "\n   "
"""A new line inside the list of entries."""


def save(path: str, exchanges: Sequence[Exchange], secrets: Secrets) -> None:
    """Write every exchange with its response, without secrets. Raises `OSError`.

    One entry at a time is in memory: the bodies together may have many megabytes.
    """
    creator = {"name": "tune-check", "version": version("tune-contract")}
    empty = json.dumps({"log": {"version": "1.2", "creator": creator, "entries": []}}, indent=1)
    before, after = empty.split("[]")
    # Characters outside ASCII are escaped: no text of the service reaches a terminal that shows the file.
    with Path(path).open("w", encoding="ascii") as file:
        file.write(f"{before}[")
        for number, one in enumerate(sorted(exchanges, key=lambda one: one.sent)):
            entry = json.dumps(redacted(_entry(one), secrets), indent=1)
            file.write(("," if number else "") + _DEEPER + entry.replace("\n", _DEEPER))
        file.write(f"\n  ]{after}\n" if exchanges else f"]{after}\n")


def _entry(exchange: Exchange) -> dict[str, Any]:
    started = datetime.fromtimestamp(exchange.wall, UTC)
    took = (exchange.received - exchange.sent) * 1000
    return {
        "startedDateTime": started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "time": round(took, 3),
        "request": _request(exchange),
        "response": _response(exchange),
        "cache": {},
        "timings": {"send": 0, "wait": round(took, 3), "receive": 0},
        "comment": ", ".join([exchange.label, *sorted(exchange.intents)]),
    }


def _request(exchange: Exchange) -> dict[str, Any]:
    body = exchange.request_body
    media_type = exchange.request_header("content-type") or "application/octet-stream"
    posted = {"postData": {"mimeType": media_type, "text": _text(body)}} if body else {}
    return {
        "method": exchange.method,
        "url": exchange.url,
        "httpVersion": "HTTP/1.1",
        "headers": _pairs(exchange.request_headers),
        "queryString": _pairs(exchange.query),
        "cookies": [],
        "headersSize": -1,
        "bodySize": len(body),
        **posted,
    }


def _response(exchange: Exchange) -> dict[str, Any]:
    known = exchange.status in HTTPStatus._value2member_map_
    return {
        "status": exchange.status,
        "statusText": HTTPStatus(exchange.status).phrase if known else "",
        "httpVersion": "HTTP/1.1",
        "headers": _pairs(exchange.headers),
        "cookies": [],
        "content": {
            "size": len(exchange.body),
            "mimeType": exchange.media_type or "x-unknown",
            "text": _text(exchange.body),
        },
        "redirectURL": exchange.header("location"),
        "headersSize": -1,
        "bodySize": len(exchange.body),
        "comment": exchange.error,
    }


def _pairs(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def _text(body: bytes) -> str:
    """The body as text. Base64 would hide secrets from the search for them."""
    return body.decode("utf-8", "backslashreplace")
