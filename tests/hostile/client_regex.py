"""How many steps does a backtracking matcher take for a regular expression and a text?

A small matcher over the parse tree of `re`. It tries alternatives in the order in which `re` does, and counts
each attempt. So growth is measured in steps and not in seconds.
"""

import re
import string
from collections.abc import Iterator
from itertools import islice
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

MAX_STEPS = 2_000_000
CATEGORIES = {
    codes.CATEGORY_DIGIT: str.isdigit,
    codes.CATEGORY_SPACE: str.isspace,
    codes.CATEGORY_WORD: lambda character: character.isalnum() or character == "_",
    codes.CATEGORY_NOT_SPACE: lambda character: not character.isspace(),
    codes.CATEGORY_NOT_DIGIT: lambda character: not character.isdigit(),
    codes.CATEGORY_NOT_WORD: lambda character: not (character.isalnum() or character == "_"),
}


class TooManyStepsError(Exception):
    """The matcher has taken `MAX_STEPS` steps."""


class Matcher:
    """Matches one pattern and counts steps."""

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self._tree = parser.parse(pattern, flags)
        self.steps = 0

    def ends(self, text: str, start: int) -> Iterator[int]:
        """The ends of all matches from a start, in the order in which a matcher finds them."""
        yield from self._sequence(list(self._tree), text, start)

    def search(self, text: str, method: str) -> int:
        """The steps that a method of `re` takes for a text."""
        self.steps, start = 0, 0
        while start <= len(text):
            # `fullmatch` tries all ends, the other methods take the first.
            ends = self.ends(text, start) if method == "fullmatch" else islice(self.ends(text, start), 1)
            end = max(ends, default=0)
            if method in ("match", "fullmatch"):
                break
            start = max(start + 1, end)
        return self.steps

    def _count(self) -> None:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise TooManyStepsError

    def _sequence(self, items: list[Any], text: str, at: int) -> Iterator[int]:
        if not items:
            yield at
            return
        for end in self._item(items[0], text, at):
            yield from self._sequence(items[1:], text, end)

    def _item(self, item: Any, text: str, at: int) -> Iterator[int]:
        self._count()
        kind, value = item
        if kind in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            yield from self._repeat(*value, text, at)
        elif kind is codes.SUBPATTERN:
            yield from self._sequence(list(value[3]), text, at)
        elif kind is codes.BRANCH:
            for branch in value[1]:
                yield from self._sequence(list(branch), text, at)
        elif kind is codes.AT:
            if value is not codes.AT_END or at == len(text):
                yield at
        elif at < len(text) and matches(item, text[at]):
            yield at + 1

    def _repeat(self, least: int, most: int, inner: Any, text: str, at: int) -> Iterator[int]:
        """Greedy repetition. `re` too matches single characters in a loop and gives them back one by one."""
        if len(inner) == 1 and inner[0][0] in (codes.LITERAL, codes.NOT_LITERAL, codes.IN, codes.ANY):
            end = at
            while end < len(text) and end - at < most and matches(inner[0], text[end]):
                self._count()
                end += 1
            for stop in range(end, at + least - 1, -1):
                self._count()
                yield stop
            return
        if most:
            for end in self._sequence(list(inner), text, at):
                if end > at:
                    yield from self._repeat(max(least - 1, 0), most - 1, inner, text, end)
        if not least:
            yield at


def matches(item: Any, character: str) -> bool:
    """Whether an item of a parse tree matches a character."""
    kind, value = item
    if kind is codes.ANY:
        return True
    if kind is codes.LITERAL:
        return ord(character) == value
    if kind is codes.NOT_LITERAL:
        return ord(character) != value
    if kind is codes.RANGE:
        return bool(value[0] <= ord(character) <= value[1])
    if kind is codes.CATEGORY:
        return bool(CATEGORIES[value](character))
    if kind is codes.IN:
        negated = value[0][0] is codes.NEGATE
        return negated != any(matches(one, character) for one in value if one[0] is not codes.NEGATE)
    raise NotImplementedError(kind)


def growth(pattern: str, flags: int, method: str, prefix: str, unit: str, suffix: str) -> float:
    """By what factor the steps grow when a repeated part of the text becomes twice as long."""
    matcher = Matcher(pattern, flags)
    try:
        first, second = (matcher.search(prefix + unit * count + suffix, method) for count in (40, 80))
    except (TooManyStepsError, RecursionError):
        return float("inf")
    return second / max(first, 1)


def texts(pattern: str) -> Iterator[tuple[str, str, str]]:
    """Beginnings, repeated parts and ends of texts that a pattern may find hard."""
    literals = [one for one in pattern if one in string.punctuation and one not in "\\[](){}?*+|^"]
    characters = list(dict.fromkeys([*literals, "a", "0", " ", "{", "/", '"', "é"]))
    units = [*characters, *(a + b for a in characters for b in characters if a != b)]
    starts = ["", *re.findall(r"[a-z/{}]{2,}", pattern)]
    for unit in units:
        for start in starts:
            yield start, unit, "!"
            yield start, unit, ""
