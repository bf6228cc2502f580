"""Is a small random edit of a document reported, at the right place and by the right kind of rule?

Run with `python -m tests.spec_review.mutations FILE [COUNT [SEED]]`. Each mutation edits one place that a
request or a response uses. The output: what share was reported at all, what share with the right rule near
the place, and each survivor.
"""

import copy
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from spec_review.loading.parsed import parse
from spec_review.loading.source import read_path
from spec_review.remainder import remaining
from spec_review.review import all_changes
from tests.spec_review.labelled import document

Content = dict[str, Any]
NEAR = 3
"""A change at most this many steps above or below the mutation is near it."""


@dataclass(frozen=True)
class Kind:
    """One kind of mutation: where it applies, what it does, and a part of the rule ids that name it."""

    name: str
    applies: Callable[[Content], bool]
    edit: Callable[[Content], None]
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """The result of one mutation."""

    kind: str
    pointer: str
    reported: bool
    named: bool


def _has(key: str, type_: type) -> Callable[[Content], bool]:
    return lambda value: isinstance(value.get(key), type_) and bool(value[key])


def _is(type_: str) -> Callable[[Content], bool]:
    return lambda value: value.get("type") == type_ and not {"enum", "const", "allOf", "format"} & set(value)


def _several(key: str, type_: type) -> Callable[[Content], bool]:
    return lambda value: isinstance(value.get(key), type_) and len(value[key]) > 2


def _optional(value: Content) -> list[str]:
    required = value.get("required", ())
    return [name for name in value.get("properties", {}) if name not in required]


def _drop_value(value: Content) -> None:
    value["enum"] = value["enum"][:-1]


def _add_value(value: Content) -> None:
    value["enum"] = [*value["enum"], "a new value"]


def _lower_length(value: Content) -> None:
    value["maxLength"] = max(int(value.get("maxLength", 90)) - 7, 0)


def _set_pattern(value: Content) -> None:
    value["pattern"] = "^[a-f]{3}$"


def _set_maximum(value: Content) -> None:
    value["maximum"] = int(value.get("minimum", 0)) + 3


def _raise_items(value: Content) -> None:
    value["minItems"] = int(value.get("minItems", 0)) + 2


def _add_property(value: Content) -> None:
    value["properties"]["brandNew"] = {"type": "string"}


def _require(value: Content) -> None:
    value["required"] = [*value.get("required", ()), _optional(value)[0]]


def _drop_property(value: Content) -> None:
    name = next(reversed(value["properties"]))
    del value["properties"][name]
    left = [one for one in value.get("required", ()) if one != name]
    value.pop("required", None)
    if left:
        value["required"] = left


def _other_type(value: Content) -> None:
    value["type"] = "boolean" if value["type"] != "boolean" else "integer"
    for key in ("format", "enum", "pattern", "maxLength", "minLength", "default", "example"):
        value.pop(key, None)


def _is_scalar(value: Content) -> bool:
    return value.get("type") in ("string", "integer", "number", "boolean")


TYPES = ("type", "nullable", "enum", "alternative", "const")
KINDS = (
    Kind("a value less", _several("enum", list), _drop_value, ("enum-value-removed",)),
    Kind("a value more", _has("enum", list), _add_value, ("enum-value-added", "type-widened")),
    Kind("a shorter text", _is("string"), _lower_length, ("max-length", "pattern", "min-length")),
    Kind("a pattern", _is("string"), _set_pattern, ("pattern", "max-length")),
    Kind("a maximum", _is("integer"), _set_maximum, ("maximum",)),
    Kind("another type", _is_scalar, _other_type, TYPES),
    Kind(
        "a property less", _several("properties", dict), _drop_property, ("property", "refused", "admitted")
    ),
    Kind("a property more", _has("properties", dict), _add_property, ("property-added", "property-admitted")),
    Kind("a property required", lambda value: bool(_optional(value)), _require, ("became-required",)),
    Kind("more items", _is("array"), _raise_items, ("min-items",)),
)
"""The kinds of mutation of a schema."""


def places(content: Content) -> list[tuple[str, ...]]:
    """The schemas of all operations, also behind `$ref`, that a request or a response uses."""
    found: dict[tuple[str, ...], None] = {}
    pending = [("paths", path, method) for path, item in content["paths"].items() for method in item]
    while pending:
        path = pending.pop()
        if path in found:
            continue
        found[path] = None
        value = at(content, path)
        if isinstance(value, dict):
            reference = value.get("$ref")
            if isinstance(reference, str) and reference.startswith("#/"):
                target = tuple(
                    step.replace("~1", "/").replace("~0", "~") for step in reference.split("/")[1:]
                )
                pending.append(target)
            skipped = ("example", "examples", "x-", "default", "enum", "not", "if")
            inside = "properties" in path[-1:]
            pending.extend((*path, key) for key in value if inside or not str(key).startswith(skipped))
        elif isinstance(value, list):
            pending.extend((*path, str(place)) for place in range(len(value)))
    return [path for path in found if _is_schema(path) and isinstance(at(content, path), dict)]


def _is_schema(path: tuple[str, ...]) -> bool:
    holders = ("properties", "allOf", "schemas")
    return path[-1] in ("schema", "items", "additionalProperties") or (path[-2:-1] and path[-2] in holders)


def at(content: Any, path: Sequence[str]) -> Any:
    """The value at a path."""
    for step in path:
        content = content[int(step)] if isinstance(content, list) else content[step]
    return content


def mutations(content: Content, count: int, seed: int) -> Iterator[tuple[Kind, tuple[str, ...], Content]]:
    """Random mutations: the kind, the place and the mutated document."""
    random_ = random.Random(seed)
    known = places(content)
    while count:
        path, kind = random_.choice(known), random_.choice(KINDS)
        value = at(content, path)
        if "$ref" in value or not kind.applies(value):
            continue
        mutated = copy.deepcopy(content)
        kind.edit(at(mutated, path))
        count -= 1
        yield kind, path, mutated


def outcome(content: Content, kind: Kind, path: tuple[str, ...], mutated: Content) -> Outcome:
    """Whether the mutation is reported, and whether by its rule near its place."""
    base, head = document(content, "base.json"), document(mutated, "head.json")
    changes = all_changes(base, head)
    pointer = "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in path)
    found = [change for change in changes if change.id not in ("texts-changed", "example-no-longer-fits")]
    named = any(
        any(rule in change.id for rule in kind.rules)
        and any(_near(pointer, place.pointer) for place in (change.base, change.revision) if place)
        for change in found
    )
    return Outcome(kind.name, pointer, bool(found) or bool(remaining(base, head, changes)), named)


def _near(one: str, other: str) -> bool:
    left, right = one.split("/"), other.split("/")
    short = min(len(left), len(right))
    return left[:short] == right[:short] and abs(len(left) - len(right)) <= NEAR


def main(argv: Sequence[str]) -> int:
    """Print the figures for a document; 2 for wrong usage."""
    if not argv:
        print("usage: python -m tests.spec_review.mutations FILE [COUNT [SEED]]", file=sys.stderr)
        return 2
    content = parse(read_path(argv[0])).content
    count, seed = (
        (int(word) for word in [*argv[1:3], "100", "1"][:2]) if len(argv) < 3 else map(int, argv[1:3])
    )
    results = [outcome(content, *one) for one in mutations(content, count, seed)]
    reported, named = sum(one.reported for one in results), sum(one.named for one in results)
    print(f"{argv[0]}: {len(results)} mutations, {reported} reported, {named} with the right rule and place")
    for one in results:
        if not one.named:
            print(f"  {'not named' if one.reported else 'NOT REPORTED'}: {one.kind} at {one.pointer}")
    print(Counter(one.kind for one in results if not one.named))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
