"""Which values does careless code stumble over, and how does it spoil others?"""

import html
import json
from collections.abc import Callable, Iterator
from typing import Any

from openapi import Grade
from tests.together.generated.document import ITEM, Place
from tests.together.generated.mutation.grading import worse

Test = Callable[[Any], bool]
VALID = {"string": "x", "integer": 7, "number": 0.5, "boolean": False, "array": [], "object": {}}
_PYTHON: dict[str, Any] = {"string": str, "object": dict, "array": list, "boolean": bool}
_MUCH = ("long", "seventeen items", "seventeen names", "more than 32 bits", "nested")
_NEEDED = ("model", "content", "text", "role")
_FILES = ("fileId", "fileIds", "vectorStoreIds")
_NAMES = ("model", "runId", "datasetId", "toolCallId")
_FILLED = ("content", "function", "toolOutputs", "submitToolOutputs")


def of_type(value: Any, kind: str) -> bool:
    """Whether a JSON value is of a schema's type."""
    if kind in ("integer", "number"):
        fits = isinstance(value, int if kind == "integer" else int | float)
        return fits and not isinstance(value, bool)
    return isinstance(value, _PYTHON[kind])


def tolerable(value: Any, kind: str) -> bool:
    """Whether a tolerant reader takes a value of another type for one of this."""
    if value is None or value == "":
        return True
    if kind in ("integer", "number") and isinstance(value, str):
        return value.strip().lstrip("-").replace(".", "", 1).isdigit()
    return kind == "integer" and isinstance(value, float) and value.is_integer()


_CLASSES: dict[str, dict[str, Test]] = {
    "string": {
        "empty": lambda value: value == "",
        "beyond ASCII": lambda value: isinstance(value, str) and not value.isascii(),
        "beyond the BMP": lambda value: isinstance(value, str) and any(ord(one) > 0xFFFF for one in value),
        "several lines": lambda value: isinstance(value, str) and "\n" in value,
        "long": lambda value: isinstance(value, str) and len(value) > 4000,
    },
    "number": {
        "zero": lambda value: of_type(value, "number") and value == 0,
        "written as an integer": lambda value: type(value) is int,
    },
    "integer": {
        "one": lambda value: type(value) is int and value == 1,
        "more than 32 bits": lambda value: type(value) is int and value >= 1 << 31,
    },
    "boolean": {"false": lambda value: value is False, "true": lambda value: value is True},
    "array": {
        "empty list": lambda value: value == [],
        "two items": lambda value: isinstance(value, list) and len(value) > 1,
        "seventeen items": lambda value: isinstance(value, list) and len(value) > 16,
    },
    "object": {
        "empty object": lambda value: value == {},
        "nested": lambda value: (
            isinstance(value, dict) and any(isinstance(one, dict) for one in value.values())
        ),
        "seventeen names": lambda value: isinstance(value, dict) and len(value) > 16,
    },
}


def classes(place: Place) -> Iterator[tuple[str, Test, Grade]]:
    """The kinds of valid values of a place, and how well it is known that each is valid."""
    known = dict(place.alternatives)
    # A bound is as well known as the value next to it.
    bounded = worse(place.grade, *(grade for _, _, grade in place.bounds))
    for kind in place.types if not place.enum else ():
        for name, test in (
            _CLASSES.get(kind, {}).items() if kind != "object" or place.names[-1] != ITEM else ()
        ):
            near = name in ("zero", "one")
            yield name, test, bounded if near else worse(place.grade, known.get(kind, place.grade))
    for keyword, bound, grade in place.bounds:
        if keyword == "maximum":
            yield "the largest", lambda value, bound=bound: of_type(value, "number") and value == bound, grade
    for word in place.enum:
        yield f"value {word}", lambda value, word=word: value == word, place.grade


def free(place: Place, detail: str) -> str:
    """Why a valid value may be refused; empty if it may not. Without a detail, why any value may be."""
    if place.name in _FILES or place.name == "assistantId":
        return "no page of ours says how the file, or assistant, is made that it names"
    if detail not in ("", "empty", "empty list") and place.name in _NAMES:
        return "a service may refuse a name that names nothing"
    if detail in _MUCH:
        return "no page says how much is taken"
    if detail == "empty" and place.name in _NEEDED:
        return "an empty value is refused like a missing one, or no page says that it may be empty"
    if detail in ("empty list", "empty object") and place.name in _FILLED:
        return "no page says that it may be empty"
    return ""


TEXTS: dict[str, Callable[[str], str]] = {
    "lower case": str.lower,
    "trimmed": str.strip,
    "ASCII": lambda text: text.encode("ascii", "replace").decode(),
    "BMP": lambda text: "".join(one for one in text if ord(one) < 0x10000),
    "escaped": html.escape,
    "one line": lambda text: " ".join(text.splitlines()),
    "255 characters": lambda text: text[:255],
    "4000 characters": lambda text: text[:4000],
}
OBJECTS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "lower names": lambda value: {name.lower(): item for name, item in value.items()},
    "first pair": lambda value: dict(list(value.items())[:1]),
    "sixteen pairs": lambda value: dict(list(value.items())[:16]),
    "texts": lambda value: {
        name: item if isinstance(item, str) else json.dumps(item) for name, item in value.items()
    },
    "without the falsy": lambda value: {name: item for name, item in value.items() if item},
    "ASCII names": lambda value: {
        name.encode("ascii", "ignore").decode(): item for name, item in value.items()
    },
    "floats": lambda value: {
        name: float(item) if type(item) is int else item for name, item in value.items()
    },
}
