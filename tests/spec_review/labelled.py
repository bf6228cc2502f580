"""Which labelled pairs of documents exist?"""

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from spec_review import Document, load
from spec_review.loading import Source

PAIRS = Path(__file__).with_name("pairs")
GONE = "<gone>"
DIRECTIONS = {"request": "NewParcel", "response": "Parcel"}
"""The schema that each direction uses."""


@dataclass(frozen=True)
class Labelled:
    """Two documents, the expected verdict, and the rules that are expected or excluded."""

    name: str
    verdict: str
    ids: tuple[str, ...]
    without: tuple[str, ...]
    base: dict[str, Any]
    head: dict[str, Any]
    count: int | None = None

    def documents(self) -> tuple[Document, Document]:
        """The base and the revision."""
        return document(self.base, "base.yaml"), document(self.head, "head.yaml")


def document(content: Any, name: str = "document.yaml") -> Document:
    """A document with this content."""
    return load(Source(name, json.dumps(content).encode()))


@cache
def _base() -> str:
    return json.dumps(yaml.safe_load((PAIRS / "base.yaml").read_text(encoding="utf-8")))


def base() -> dict[str, Any]:
    """A copy of the document that all pairs start from."""
    content: dict[str, Any] = json.loads(_base())
    return content


def labelled() -> Iterator[Labelled]:
    """All labelled pairs."""
    yield from _structure()
    yield from _keywords()
    yield from _equal()


def _entries(name: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = yaml.safe_load((PAIRS / name).read_text(encoding="utf-8"))
    return entries


def _structure() -> Iterator[Labelled]:
    for entry in _entries("structure.yaml"):
        given = base()
        patch(given, entry.get("given", {}))
        head = copy.deepcopy(given)
        for old, new in entry.get("move", {}).items():
            patch(head, {new: patch(head, {old: GONE})})
        patch(head, entry.get("patch", {}))
        if "prefix" in entry:
            head["paths"] = {entry["prefix"] + path: item for path, item in head["paths"].items()}
        yield Labelled(
            entry["name"],
            entry["verdict"],
            tuple(entry["ids"]),
            tuple(entry.get("without", ())),
            given,
            head,
            entry.get("count"),
        )


def _keywords() -> Iterator[Labelled]:
    """Each entry as four pairs: in both directions, in a request and in a response."""
    for entry in _entries("keywords.yaml"):
        narrowed, widened = entry["narrowed"], entry.get("widened", entry.get("both"))
        both = "both" in entry
        for direction, schema in DIRECTIONS.items():
            request = direction == "request"
            from_, to = _with(schema, entry["from"]), _with(schema, entry["to"])
            base_, head = (from_, to) if request else (to, from_)
            breaking, compatible = (narrowed, widened) if request else (widened, narrowed)
            location, name = f"{direction}-property", f"{entry['name']}, {direction}"
            verdict = "breaking" if request else entry.get("response", "breaking")
            yield Labelled(name, verdict, (f"{location}-{breaking}",), (), base_, head)
            verdict = "breaking" if both else "compatible"
            ids = (f"{location}-{breaking if both else compatible}",)
            yield Labelled(f"{name}, back", verdict, ids, (), head, base_)


def _equal() -> Iterator[Labelled]:
    for entry in _entries("equal.yaml"):
        for direction, schema in DIRECTIONS.items():
            one, other = _with(schema, entry["from"]), _with(schema, entry["to"])
            yield Labelled(f"{entry['name']}, {direction}", "none", (), (), one, other)
            yield Labelled(f"{entry['name']}, {direction}, back", "none", (), (), other, one)


def _with(schema: str, probe: Any) -> dict[str, Any]:
    content = base()
    content["components"]["schemas"][schema]["properties"]["probe"] = probe
    return content


def patch(content: Any, changes: dict[str, Any]) -> Any:
    """Set or remove the values at the pointers; returns the previous value at the last one."""
    before = None
    for pointer, value in changes.items():
        *parents, last = _steps(pointer)
        place = content
        for step in parents:
            place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
        before = place[int(last)] if isinstance(place, list) else place.get(last)
        if value == GONE:
            del place[int(last) if isinstance(place, list) else last]
        elif isinstance(place, list):
            place[int(last)] = value
        else:
            place[last] = copy.deepcopy(value)
    return before


def _steps(pointer: str) -> list[str]:
    if pointer.startswith("$"):
        schema, *rest = pointer[1:].split("/")
        return ["components", "schemas", schema, "properties", *rest]
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
