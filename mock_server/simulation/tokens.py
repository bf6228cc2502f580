"""Where may a text be cut, and into which pieces does a run's seed cut it?"""

import random
import re
from itertools import pairwise

_TOKEN = re.compile(r"\s*\S+(?:\s+$)?|\s+$")


def tokens(text: str) -> list[str]:
    """The text in word-sized pieces that join to the text again; no character is ever cut."""
    return _TOKEN.findall(text)


def pieces(text: str, count: int | None, dice: random.Random) -> list[str]:
    """The text in about so many pieces (one per token if not told), borders thrown by the dice."""
    words = tokens(text)
    if count is None or count >= len(words):
        return words
    borders = [0, *sorted(dice.sample(range(1, len(words)), count - 1)), len(words)]
    return ["".join(words[start:end]) for start, end in pairwise(borders)]


def instants(start: int, until: int, count: int, dice: random.Random) -> list[int]:
    """When each of so many pieces comes: in order, unevenly, all before `until`."""
    gap = (until - start) / count
    return [start + int(gap * (index + 0.8 * dice.random())) for index in range(count)]


def count(text: str) -> int:
    """How many tokens a text has."""
    return len(text.split())
