"""What message shows the break, in a form to paste?"""

import json
import re
import shlex
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from spec_review.change import Change, Proof, Use
from spec_review.comparison import Comparison
from spec_review.loading import Cursor
from spec_review.operations import TEMPLATE, Operation
from spec_review.rules.parameters import schema_below, written_as
from spec_review.rules.site import Evidence, Site
from spec_review.values.grades import Reading
from spec_review.values.schema import Schema, View, schema_of
from spec_review.values.search import Search
from spec_review.values.shrink import shrunk
from spec_review.values.wire import read, written

LONG = 120
"""Runs of one character beyond this are written as a repetition."""


def proved(comparison: Comparison, change: Change) -> Change:
    """The change with its proof: a value found, or the plain request that a structural rule refuses."""
    if change.level != "error":
        return replace(change, evidence=None)
    if isinstance(change.evidence, Evidence):
        return replace(change, proof=_from_value(comparison, change.evidence), evidence=None)
    if isinstance(change.evidence, Operation):
        text = curl(comparison, Request(change.evidence))
        return replace(change, proof=Proof("curl", text, None, "base", "no such operation"), evidence=None)
    if change.id in WITHOUT and change.uses and change.uses[0].pair is not None:
        text = curl(comparison, Request(change.uses[0].pair.base, bare=change.id.startswith("request-body")))
        return replace(change, proof=Proof("curl", text, None, "base", WITHOUT[change.id]), evidence=None)
    return replace(change, evidence=None)


WITHOUT = {
    "security-tightened": "the credential is not enough",
    "request-parameter-required-added": "the new parameter is missing",
    "request-parameter-became-required": "the parameter is missing",
    "request-body-required-added": "the body is missing",
    "request-body-became-required": "the body is missing",
}


def _from_value(comparison: Comparison, evidence: Evidence) -> Proof | None:
    """A proof whose value the whole schemas of both versions have judged once more, in its smallest form."""
    for readings in READINGS:
        for literal in (True, False):
            trial = Trial.of(comparison, evidence.site, readings, literal)
            if trial.shows(evidence.value):
                reasons = trial.reasons(evidence.value)
                value = shrunk(evidence.value, lambda one: trial.shows(one) and trial.reasons(one) == reasons)  # noqa: B023
                return _proof(comparison, evidence, value, trial.refusal(value))
    return None


READINGS: tuple[tuple[Reading, Reading], ...] = (("strict", "lax"), ("full", "full"))


@dataclass(frozen=True)
class Trial:
    """Two whole schemas, one to accept a value, one to refuse it; `literal` reads `oneOf` word by word."""

    search: Search
    takes: Schema
    refuses: Schema
    literal: bool
    wire: bool

    @classmethod
    def of(
        cls, comparison: Comparison, site: Site, readings: tuple[Reading, Reading], literal: bool
    ) -> "Trial":
        """The trial of a site."""
        one, other = (site.base, site.head) if site.way == "request" else (site.head, site.base)
        takes, refuses = (
            schema_of(one, View(site.way, readings[0])),
            schema_of(other, View(site.way, readings[1])),
        )
        return cls(comparison.searches[site.wire], takes, refuses, literal, site.wire)

    def shows(self, value: Any) -> bool:
        """Whether the value is accepted by the one and refused by the other."""
        judge, oracle = self.search.judge, self.search.oracle
        if self.literal and not self.wire and not oracle.accepts(self.takes, value, exactly_one=True):
            return False
        return judge.accepts(oracle, self.takes, value) and not judge.accepts(
            oracle, self.refuses, value, strictly=True
        )

    def reasons(self, value: Any) -> set[tuple[str, int]]:
        """Why the value is refused: keywords, and how deep."""
        found = self.search.judge.refusals(self.search.oracle, self.refuses, value)
        return {(name, len(place)) for name, place, _ in found}

    def refusal(self, value: Any) -> str:
        """What the validator says of the value."""
        oracle = self.search.oracle
        judged = read(oracle, self.refuses, written(value)) if self.wire else value
        error = next(iter(oracle.validator(self.refuses, True).iter_errors(judged)), None)
        return _cut(error.message) if error is not None else "refused"


def _cut(text: str) -> str:
    return text if len(text) <= 160 else f"{text[:100]} … {text[-50:]}"


def _proof(comparison: Comparison, evidence: Evidence, value: Any, refusal: str) -> Proof:
    use = evidence.site.use
    if evidence.site.way == "request":
        text = _request(comparison, use, value)
        return Proof("curl" if use.pair is not None else "json", text, value, "base", refusal)
    return Proof("json", _response(use, value), value, "revision", refusal)


def _request(comparison: Comparison, use: Use, value: Any) -> str:
    if use.pair is None:
        return as_json(value)
    base: Operation = use.pair.base
    if use.carrier[:1] == ("parameter",):
        return curl(comparison, Request(base, parameter=(use.carrier[1], use.carrier[2]), value=value))
    return curl(comparison, Request(base, body=value, media=use.carrier[1] if use.carrier else ""))


def _response(use: Use, value: Any) -> str:
    status = use.status.replace("XX", "00").replace("DEFAULT", "500") or "200"
    if use.carrier[:1] == ("header",):
        return f"HTTP/1.1 {status}\n{use.carrier[1]}: {_joined(value)}"
    media = use.carrier[1] if use.carrier else "application/json"
    return f"HTTP/1.1 {status}\nContent-Type: {media}\n\n{as_json(value)}"


MISSING = object()


@dataclass(frozen=True)
class Request:
    """A request that says no more than it must, and what it is meant to show."""

    operation: Operation
    parameter: tuple[str, str] | None = None
    value: Any = None
    body: Any = MISSING
    media: str = ""
    bare: bool = False


def curl(comparison: Comparison, request: Request) -> str:
    """The request as a curl line."""
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
            sent.update(_spread(key, cursor, request.value))
        elif cursor.flag("required") or key[0] == "path":
            sample = comparison.searches[True].sample(
                schema_of(schema_below(cursor), View("request", "full"))
            )
            sent.update(
                _spread(key, cursor, next((value for value in sample if value not in ("", None)), "id"))
            )
    return sent


def _spread(key: tuple[str, str], cursor: Cursor, value: Any) -> dict[tuple[str, str], list[str]]:
    """A parameter's value as the texts that travel."""
    way = written_as(cursor)
    name = cursor.text("name")
    if way[0] == "content":
        return _header_named(key, name, [json.dumps(value, ensure_ascii=False)])
    if isinstance(value, dict) and key[0] == "query":
        named = {
            ("query", f"{name}[{k}]" if way[0] == "deepObject" else k): [_joined(v)] for k, v in value.items()
        }
        return named if way[0] == "deepObject" or way[1] else {("query", name): [_joined(value)]}
    if isinstance(value, list) and way[1] and key[0] == "query":
        return {("query", name): [_joined(item) for item in value]}
    return _header_named(key, name, [_joined(value)])


def _header_named(key: tuple[str, str], name: str, texts: list[str]) -> dict[tuple[str, str], list[str]]:
    if key[0] == "header":
        return {key: [f"{name}: {texts[0]}"]}
    return {key if key[0] == "path" else (key[0], name): texts}


def _joined(value: Any) -> str:
    wire = written(value)
    if isinstance(wire, list):
        return ",".join(map(_joined, wire))
    if isinstance(wire, dict):
        return ",".join(f"{name},{_joined(inner)}" for name, inner in wire.items())
    return str(wire)


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
    """The media type and value to send, if any."""
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
    """A word for the shell; our own variables stay variables."""
    return f'"{word}"' if "$" in word and not set(word) & set('"\\`') else shlex.quote(word)


def _has_run(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) > LONG and len(set(value)) == 1
    if isinstance(value, list):
        return (len(value) > 20 and all(item == value[0] for item in value)) or any(map(_has_run, value))
    return isinstance(value, dict) and any(map(_has_run, value.values()))


def _expression(value: Any) -> str:
    """A value as Python writes it, long runs as repetitions."""
    if isinstance(value, str) and _has_run(value):
        return f"{value[0]!r} * {len(value)}"
    if isinstance(value, list) and len(value) > 20 and all(item == value[0] for item in value):
        return f"[{_expression(value[0])}] * {len(value)}"
    if isinstance(value, list):
        return f"[{', '.join(map(_expression, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_expression(inner)}" for key, inner in value.items()) + "}"
    return repr(value)


RUN = re.compile(r'"(.)\1{119,}"')


def as_json(value: Any) -> str:
    """A value as JSON to read: long runs of one character are counted instead of written."""
    text = json.dumps(value, ensure_ascii=False, indent=1 if len(json.dumps(value)) > 100 else None)
    text = RUN.sub(lambda run: f'"{run[1] * 20}…" /* {len(run[0]) - 2} characters */', text)
    return text if len(text) <= 4000 else text[:4000] + " …"
