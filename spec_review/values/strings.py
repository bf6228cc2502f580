"""Which strings are worth trying for a format, a length or a pattern?"""

import re
import re._constants as codes  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Iterator
from itertools import islice
from typing import Any

FORMATS: dict[str, tuple[str, ...]] = {
    "date-time": (
        "2024-08-11T10:21:28Z", "2024-08-11T10:21:28.861Z", "2024-08-11T10:21:28+02:00",
        "0001-01-01T00:00:00Z",
    ),
    "date": ("2024-08-11", "0001-01-01"),
    "time": ("10:21:28Z", "10:21:28+02:00"),
    "duration": ("P1D", "PT1H", "P1Y2M3DT4H5M6S"),
    "uuid": (
        "26734565-dbcc-449a-a370-0beaaf04b0e8", "00000000-0000-0000-0000-000000000000",
        "26734565-DBCC-449A-A370-0BEAAF04B0E8",
    ),
    "uri": ("https://example.com", "urn:a:b", "mailto:a@example.com", "https://example.com/a?b=c#d"),
    "uri-reference": ("/a", "a", "https://example.com", ""),
    "iri": ("https://example.com", "https://example.com/ü"),
    "iri-reference": ("/a", "ü"),
    "uri-template": ("/a/{b}", "https://example.com/{id}"),
    "email": ("a@example.com", "a.b+c@example.com"),
    "idn-email": ("a@example.com", "ü@example.com"),
    "hostname": ("example.com", "localhost", "a-b.example.com"),
    "idn-hostname": ("example.com", "bücher.example"),
    "ipv4": ("192.0.2.1", "0.0.0.0"),
    "ipv6": ("2001:db8::1", "::"),
    "json-pointer": ("/a", "", "/a/0"),
    "relative-json-pointer": ("0", "1/a"),
    "regex": ("a", "^a+$"),
    "byte": ("YQ==", "", "AAAA"),
}  # fmt: skip

PLAIN = (
    "a",
    "",
    "0",
    "A",
    "ab",
    " ",
    "a b",
    "1",
    "1.5",
    "-1",
    "true",
    "ü",
    "a-b",
    "a_b",
    "a.b",
    "a/b",
    "aB0",
    "é\n",
    "Z9",
)
MAX_LENGTH = 12_000_000


def lengths(bounds: list[Any]) -> list[int]:
    """The lengths at and next to each bound."""
    near = {int(bound) + step for bound in bounds if isinstance(bound, int | float) for step in (-1, 0, 1)}
    return sorted(length for length in near if 0 <= length <= MAX_LENGTH)


def padded(text: str, length: int) -> str:
    """The text cut or padded to a length."""
    return text[:length] if len(text) >= length else text + (text[-1:] or "a") * (length - len(text))


def from_pattern(pattern: str, limit: int = 24) -> list[str]:
    """Some strings that match a pattern, shortest first; none when the pattern is not supported."""
    try:
        tree = parser.parse(pattern.replace("\\/", "/"))
        found = list(islice(dict.fromkeys(_sequence(list(tree), 0)), limit * 4))
    except (re.error, RecursionError, OverflowError):
        return []
    return sorted(found, key=len)[:limit]


def _sequence(items: list[Any], depth: int) -> Iterator[str]:
    """Varies one item at a time; the others keep their first choice."""
    if depth > 12:
        return
    choices = [list(islice(_item(item, depth + 1), 12)) for item in items]
    if any(not choice for choice in choices):
        return
    first = [choice[0] for choice in choices]
    yield "".join(first)
    for position, choice in enumerate(choices):
        for other in choice[1:]:
            yield "".join([*first[:position], other, *first[position + 1 :]])
    if len(choices) > 1:
        yield "".join(choice[-1] for choice in choices)


def _item(item: tuple[Any, Any], depth: int) -> Iterator[str]:
    code, value = item
    if code is codes.LITERAL:
        yield chr(value)
    elif code is codes.NOT_LITERAL:
        yield from (char for char in "a0 _" if ord(char) != value)
    elif code is codes.ANY:
        yield from ("a", "0", " ", "-")
    elif code is codes.IN:
        yield from _class(value)
    elif code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
        yield from _repeat(value, depth)
    elif code is codes.SUBPATTERN:
        yield from _sequence(list(value[-1]), depth)
    elif code is codes.ATOMIC_GROUP:
        yield from _sequence(list(value), depth)
    elif code is codes.BRANCH:
        for branch in value[1]:
            yield from islice(_sequence(list(branch), depth), 4)
    elif code in (codes.AT, codes.ASSERT, codes.ASSERT_NOT):
        yield ""


def _repeat(value: tuple[int, Any, Any], depth: int) -> Iterator[str]:
    low, high, inner = value
    units = list(islice(_sequence(list(inner), depth), 12)) or [""]
    most = low + 3 if high is codes.MAXREPEAT else min(int(high), low + 300)
    for count in dict.fromkeys((low, min(low + 1, most), most)):
        if count <= 2000:
            yield units[0] * count
    for unit in units[1:]:
        yield unit * max(low, 1)


CLASSES = {
    codes.CATEGORY_DIGIT: "0579",
    codes.CATEGORY_SPACE: " \t",
    codes.CATEGORY_WORD: "a0_Z",
    codes.CATEGORY_NOT_DIGIT: "a -",
    codes.CATEGORY_NOT_SPACE: "a0-",
    codes.CATEGORY_NOT_WORD: " -.",
}


def _class(members: list[tuple[Any, Any]]) -> Iterator[str]:
    if members and members[0][0] is codes.NEGATE:
        banned = set(_class(members[1:]))
        ranges = [value for code, value in members if code is codes.RANGE]
        yield from (
            char
            for char in "a0 -_.Aß"
            if char not in banned and not any(low <= ord(char) <= high for low, high in ranges)
        )
        return
    for code, value in members:
        if code is codes.LITERAL:
            yield chr(value)
        elif code is codes.RANGE:
            yield from dict.fromkeys((chr(value[0]), chr(value[1]), chr((value[0] + value[1]) // 2)))
        elif code is codes.CATEGORY:
            yield from CLASSES.get(value, "")
