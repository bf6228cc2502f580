"""How is a request written as a curl command?"""

import json
import shlex
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from spec_review.comparison import Comparison
from spec_review.loading import Cursor
from spec_review.operations import TEMPLATE, Operation
from spec_review.rules.parameters import parameter_schema, serialization_of
from spec_review.values.schema import View, schema_of
from spec_review.values.serialization import serialized

MAX_RUN = 120
"""Longer runs of one character are written as a repetition."""

MISSING = object()


@dataclass(frozen=True)
class Request:
    """A minimal request, with the parameter or body that it is to show.

    A `bare` request has no body, even if the operation requires one.
    """

    operation: Operation
    parameter: tuple[str, str] | None = None
    value: Any = None
    body: Any = MISSING
    media: str = ""
    bare: bool = False


def curl(comparison: Comparison, request: Request) -> str:
    """The curl command for a request, in one line."""
    operation = request.operation
    sent = _parameters(comparison, request)
    path = operation.path
    for position, name in enumerate(TEMPLATE.findall(operation.path)):
        text = sent.get(("path", str(position)), ["id"])[0]
        path = path.replace("{" + name + "}", quote(text, safe=""))
    pairs = [(name, text) for (place, name), texts in sent.items() if place == "query" for text in texts]
    query = "&".join(f"{quote(name)}={quote(text)}" for name, text in pairs)
    server = operation.servers[0]
    url = f"{server.origin or 'http://localhost'}{server.path}{path}" + (f"?{query}" if query else "")
    words = ["curl", *(["-X", operation.method.upper()] if operation.method != "get" else []), url]
    words += _credentials(operation)
    words += [word for (place, _), texts in sent.items() if place == "header" for word in ("-H", texts[-1])]
    cookies = "; ".join(f"{name}={texts[0]}" for (place, name), texts in sent.items() if place == "cookie")
    words += ["-b", cookies] if cookies else []
    return _line(words, *_body(comparison, request))


def _parameters(comparison: Comparison, request: Request) -> dict[tuple[str, str], list[str]]:
    sent: dict[tuple[str, str], list[str]] = {}
    for key, cursor in request.operation.parameters.items():
        if key == request.parameter:
            sent.update(_texts(key, cursor, request.value))
        elif cursor.flag("required") or key[0] == "path":
            sample = comparison.searches[True].sample(
                schema_of(parameter_schema(cursor), View("request", "full"))
            )
            sent.update(
                _texts(key, cursor, next((value for value in sample if value not in ("", None)), "id"))
            )
    return sent


def _texts(key: tuple[str, str], cursor: Cursor, value: Any) -> dict[tuple[str, str], list[str]]:
    """The names and texts that a parameter is sent as."""
    style = serialization_of(cursor)
    name = cursor.text("name")
    if style[0] == "content":
        return _header_named(key, name, [json.dumps(value, ensure_ascii=False)])
    if isinstance(value, dict) and key[0] == "query":
        named = {
            ("query", f"{name}[{k}]" if style[0] == "deepObject" else k): [joined(v)]
            for k, v in value.items()
        }
        return named if style[0] == "deepObject" or style[1] else {("query", name): [joined(value)]}
    if isinstance(value, list) and style[1] and key[0] == "query":
        return {("query", name): [joined(item) for item in value]}
    return _header_named(key, name, [joined(value)])


def _header_named(key: tuple[str, str], name: str, texts: list[str]) -> dict[tuple[str, str], list[str]]:
    if key[0] == "header":
        return {key: [f"{name}: {texts[0]}"]}
    return {key if key[0] == "path" else (key[0], name): texts}


def joined(value: Any) -> str:
    """A value as one text: items and properties are separated by commas."""
    text = serialized(value)
    if isinstance(text, list):
        return ",".join(map(joined, text))
    if isinstance(text, dict):
        return ",".join(f"{name},{joined(inner)}" for name, inner in text.items())
    return str(text)


def _credentials(operation: Operation) -> list[str]:
    owner = operation.cursor if "security" in operation.cursor.value else operation.document.root
    listed = owner.value.get("security")
    first = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
    words: list[str] = []
    for name in first:
        scheme = operation.document.root.get("components", "securitySchemes", str(name))
        if scheme is None:
            continue
        if scheme.text("type") == "apiKey" and scheme.text("in") == "header":
            words += ["-H", f"{scheme.text('name')}: $KEY"]
        elif scheme.text("scheme").lower() == "basic":
            words += ["-u", "$USER:$PASSWORD"]
        elif scheme.text("type") in ("http", "oauth2", "openIdConnect"):
            words += ["-H", "Authorization: Bearer $TOKEN"]
    return words


def _body(comparison: Comparison, request: Request) -> tuple[str, Any]:
    """The media type and value to send; `MISSING` when no body is sent."""
    body = request.operation.cursor.get("requestBody")
    if request.body is not MISSING:
        return request.media or "application/json", request.body
    if body is None or request.bare or not body.flag("required"):
        return "", MISSING
    for media, cursor in body.entries("content"):
        sample = comparison.searches[False].sample(schema_of(cursor.get("schema"), View("request", "full")))
        return media, sample[0] if sample else {}
    return "", MISSING


def _line(words: list[str], media: str, body: Any) -> str:
    if body is MISSING:
        return " ".join(map(_quoted, words))
    words = [*words, "-H", f"Content-Type: {media}"]
    if not _has_run(body):
        data = body if isinstance(body, str) and "json" not in media else json.dumps(body, ensure_ascii=False)
        return " ".join([*map(_quoted, words), "-d", shlex.quote(data)])
    code = f"import json; print(json.dumps({_expression(body)}))"
    return " ".join(["python3", "-c", shlex.quote(code), "|", *map(_quoted, words), "-d", "@-"])


def _quoted(word: str) -> str:
    """A word quoted for the shell; variables such as `$KEY` are kept."""
    return f'"{word}"' if "$" in word and not set(word) & set('"\\`') else shlex.quote(word)


def _has_run(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) > MAX_RUN and len(set(value)) == 1
    if isinstance(value, list):
        return (len(value) > 20 and all(item == value[0] for item in value)) or any(map(_has_run, value))
    return isinstance(value, dict) and any(map(_has_run, value.values()))


def _expression(value: Any) -> str:
    """A value as a Python expression, with long runs as repetitions."""
    if isinstance(value, str) and _has_run(value):
        return f"{value[0]!r} * {len(value)}"
    if isinstance(value, list) and len(value) > 20 and all(item == value[0] for item in value):
        return f"[{_expression(value[0])}] * {len(value)}"
    if isinstance(value, list):
        return f"[{', '.join(map(_expression, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_expression(inner)}" for key, inner in value.items()) + "}"
    return repr(value)
