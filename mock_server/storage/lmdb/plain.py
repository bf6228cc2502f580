"""How is JSON read as a dataclass?

A reader follows the annotations of a dataclass and accepts only what they allow. Bytes from an untrusted
file give a value of the right types, or a `PlainError`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import is_dataclass
from functools import cache
from itertools import product
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import orjson

Reader = Callable[[Any], Any]

DEEPEST = 120
"""The allowed levels of nesting. Requests are limited to 100 levels; orjson writes at most 254."""


class PlainError(ValueError):
    """A value does not match the annotation: which field, what is allowed, what was found."""


def parse(data: bytes) -> Any:
    """Decode JSON. Raises `PlainError`."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise PlainError(f"is not JSON: {error}") from None
    brackets = data.count(b"[") + data.count(b"{") if len(data) > 2 * DEEPEST else 0
    if brackets > DEEPEST and _depth(value) > DEEPEST:
        raise PlainError(f"is nested deeper than {DEEPEST} levels")
    return value


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level:
        depth += 1
        containers = [item for item in level if isinstance(item, dict | list)]
        level = [inner for item in containers for inner in _inside(item)]
    return depth


def _inside(container: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return container.values() if isinstance(container, dict) else container


@cache
def reader(kind: Any) -> Reader:
    """A function that reads decoded JSON as a type. It raises `PlainError` for other values.

    A dataclass is read from an object with exactly its fields; in a union of dataclasses, the fields decide.
    A tuple or frozenset is read from a list.
    """
    if kind is Any:
        return lambda value: value
    if is_dataclass(kind):
        return _of_dataclasses((kind,))
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _of_union(arguments)
    if origin is Literal:
        return _one_of(arguments)
    if origin is tuple or origin is frozenset:
        return _of_list(origin, arguments[0])
    if origin is Mapping:
        return _of_mapping(arguments[1])
    return _of_type(kind)


_ACCEPTED: Mapping[type, tuple[frozenset[type], str]] = {
    str: (frozenset({str}), "a string"),
    int: (frozenset({int}), "an integer"),
    float: (frozenset({float, int}), "a number"),
    bool: (frozenset({bool}), "true or false"),
    NoneType: (frozenset({NoneType}), "null"),
}


def _of_type(kind: type) -> Reader:
    accepted, name = _ACCEPTED[kind]

    def read(value: Any) -> Any:
        if type(value) not in accepted:
            raise _mismatch(name, value)
        return value

    return read


def _one_of(allowed: tuple[Any, ...]) -> Reader:
    def read(value: Any) -> Any:
        if type(value) is not str or value not in allowed:
            raise _mismatch(f"one of {', '.join(allowed)}", value)
        return value

    return read


def _of_list(made: Callable[[list[Any]], Any], kind: Any) -> Reader:
    read_item, objects = reader(kind), {dict} if kind == Mapping[str, Any] else None

    def read(value: Any) -> Any:
        if type(value) is not list:
            raise _mismatch("a list", value)
        if objects is not None and {*map(type, value)} == objects:
            return made(value)
        return made([read_item(item) for item in value])

    return read


def _of_mapping(kind: Any) -> Reader:
    read_item = reader(kind)

    def read(value: Any) -> Any:
        if type(value) is not dict:
            raise _mismatch("an object", value)
        return value if kind is Any else {name: read_item(item) for name, item in value.items()}

    return read


def _of_union(kinds: tuple[Any, ...]) -> Reader:
    if all(is_dataclass(kind) for kind in kinds):
        return _of_dataclasses(kinds)
    optional = NoneType in kinds
    [kind] = [kind for kind in kinds if kind is not NoneType]
    read_value = reader(kind)
    return lambda value: None if optional and value is None else read_value(value)


def _of_dataclasses(kinds: tuple[Any, ...]) -> Reader:
    readers = {frozenset(get_type_hints(kind)): (kind, _field_readers(kind)) for kind in kinds}

    def read(value: Any) -> Any:
        found = readers.get(frozenset(value)) if type(value) is dict else None
        if found is None:
            known = " or ".join(f"({', '.join(sorted(fields))})" for fields in readers)
            raise _mismatch(f"an object with the fields {known}", value)
        kind, of_field = found
        return kind(**{name: _named(name, of_field[name], item) for name, item in value.items()})

    return read


def _field_readers(kind: Any) -> dict[str, Reader]:
    return {name: reader(hint) for name, hint in get_type_hints(kind).items()}


def _named(name: str, read: Reader, value: Any) -> Any:
    """Read a field; an error names the field."""
    try:
        return read(value)
    except PlainError as error:
        raise PlainError(f"{name}: {error}") from None


class Columns:
    """Reads the fields of a dataclass from a JSON list."""

    def __init__(self, kind: Any, *, without: str = "") -> None:
        hints = get_type_hints(kind)
        hints.pop(without, None)
        self._readers = {name: reader(hint) for name, hint in hints.items()}
        # For most lists, one comparison of types is enough.
        self._accepted = frozenset(product(*map(_plain_types, hints.values())))
        self._lists = [
            (at, name) for at, (name, hint) in enumerate(hints.items()) if get_origin(hint) is tuple
        ]

    def read(self, data: bytes) -> list[Any]:
        """The values of the fields. Raises `PlainError`."""
        values = parse(data)
        if type(values) is not list or len(values) != len(self._readers):
            raise _mismatch(f"a list of {len(self._readers)} values", values)
        if tuple(map(type, values)) not in self._accepted:
            named = zip(self._readers.items(), values, strict=True)
            return [_named(name, read, value) for (name, read), value in named]
        for at, name in self._lists:
            values[at] = _named(name, self._readers[name], values[at]) if values[at] else ()
        return values


def _plain_types(hint: Any) -> tuple[type, ...]:
    """The types that a field may have after JSON is decoded."""
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return tuple(kind for inner in get_args(hint) for kind in _plain_types(inner))
    plain: type = {tuple: list, Mapping: dict}.get(origin, hint)
    return (plain,)


def _mismatch(expected: str, value: Any) -> PlainError:
    found = orjson.dumps(value).decode()
    return PlainError(f"must be {expected}, not {found if len(found) <= 60 else f'{found[:60]}...'}")
