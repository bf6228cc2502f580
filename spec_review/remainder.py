"""Which places differ although no change reports them?

Both documents are compared as data, whatever their keys mean; only order and words do not count. A place is
reported if a change names it or a place near it. The others are listed, so that "nothing changed" is true.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from spec_review.change import Change
from spec_review.loading import Document
from spec_review.loading.unchanged import identical

Path = tuple[str, ...]
WORDS = {
    "description", "summary", "title", "example", "examples", "externalDocs", "xml", "$comment",
    "termsOfService", "contact", "license",
}  # fmt: skip
"""Keys whose values are words for people; another rule counts their changes."""

NAMED = {
    "properties",
    "patternProperties",
    "schemas",
    "parameters",
    "responses",
    "headers",
    "paths",
    "mapping",
}
"""Keys whose members have names: a member called `description` is not the keyword."""

UNORDERED = {"required", "enum", "type", "allOf", "anyOf", "oneOf", "parameters", "security", "tags"}
NEAR = 4
"""A change explains what is at most this many steps below it."""

SHOWN = 10


def remaining(base: Document, revision: Document, changes: Iterable[Change]) -> list[str]:
    """The positions that differ and that no change explains, as `file:line (pointer)`."""
    known: set[tuple[str, str]] = set()
    for change in changes:
        for at in (change.base, change.revision, *change.also):
            steps = at.pointer.split("/")[1:] if at else []
            # A change explains each place on the way to it.
            known |= (
                {(at.file, "/" + "/".join(steps[:end])) for end in range(1, len(steps) + 1)} if at else set()
            )
    result = []
    for one, other in _files(base, revision):
        for path in _differing(one.content, other.content, ()):
            if not any(_explained(known, document, path) for document in (one, other)):
                result.append(_place(one, other, path))
    return result


def sentence(places: list[str]) -> str:
    """The places in one sentence; empty when there are none."""
    if not places:
        return ""
    more = f" and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
    number = "One place differs" if len(places) == 1 else f"{len(places)} places differ"
    return (
        f"{number}, but no request or response was found that shows it: {', '.join(places[:SHOWN])}{more}. "
        "Compare them by hand."
    )


def _explained(known: set[tuple[str, str]], document: Document, path: Path) -> bool:
    pointers = [_pointer(path[:end]) for end in range(max(2, len(path) - NEAR), len(path) + 1)]
    return any((document.name, pointer) in known for pointer in pointers)


def _pointer(path: Path) -> str:
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in path)


def _place(one: Document, other: Document, path: Path) -> str:
    try:
        other.at(path)
        document = other
    except (KeyError, IndexError, ValueError, TypeError):
        document = one
    return f"{document.name}:{document.parsed.line(path)} ({_pointer(path)})"


def _files(base: Document, revision: Document) -> Iterator[tuple[Document, Document]]:
    """The documents, and the files with the same relative path that they refer to."""
    yield base, revision
    others = {_relative(one, revision): one for one in revision.others.values()}
    for one in base.others.values():
        other = others.get(_relative(one, base))
        if other is not None:
            yield one, other


def _relative(one: Document, main: Document) -> str:
    return one.label.removeprefix(main.label.rpartition("/")[0])


def _differing(one: Any, other: Any, path: Path) -> Iterator[Path]:
    """The deepest places that differ."""
    pending = [(one, other, path)]
    seen: set[tuple[int, int]] = set()
    while pending:
        left, right, at = pending.pop()
        if left is right or (id(left), id(right)) in seen:
            continue
        if isinstance(left, dict) and isinstance(right, dict):
            seen.add((id(left), id(right)))
            for key in sorted(left.keys() | right.keys(), reverse=True):
                if (key in WORDS and at[-1:] and at[-1] not in NAMED) or (at == ("info",) and key != "x"):
                    continue
                if key not in left or key not in right:
                    yield (*at, key)
                elif not identical(left[key], right[key]):
                    pending.append((left[key], right[key], (*at, key)))
        elif isinstance(left, list) and isinstance(right, list):
            yield from _lists(left, right, at, pending)
        elif left != right or isinstance(left, bool) != isinstance(right, bool):
            yield at


def _lists(
    left: list[Any], right: list[Any], at: Path, pending: list[tuple[Any, Any, Path]]
) -> Iterator[Path]:
    if at[-1:] and at[-1] in UNORDERED and sorted(map(_text, left)) == sorted(map(_text, right)):
        return
    if len(left) != len(right):
        yield at
        return
    pending.extend(
        (one, other, (*at, str(place))) for place, (one, other) in enumerate(zip(left, right, strict=True))
    )


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
