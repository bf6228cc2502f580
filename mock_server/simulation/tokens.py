"""How is a text split into deltas, and when does each delta come?"""

import random
import re
from itertools import pairwise

_TOKEN = re.compile(r"\s*\S+(?:\s+$)?|\s+$")


def tokens(text: str) -> list[str]:
    """The text in word-sized pieces, which join to the text again. No character is cut in half."""
    return _TOKEN.findall(text)


def pieces(text: str, count: int | None, rng: random.Random) -> list[str]:
    """The text in at most `count` pieces with random borders; without a count, one piece for each token."""
    words = tokens(text)
    if count is None or count >= len(words):
        return words
    borders = [0, *sorted(rng.sample(range(1, len(words)), count - 1)), len(words)]
    return ["".join(words[start:end]) for start, end in pairwise(borders)]


def spread(start: int, until: int, count: int, rng: random.Random) -> list[int]:
    """A number of timestamps from `start` on and before `until`, in order and unevenly spaced."""
    if not count:
        return []
    gap = (until - start) / count
    return [start + int(gap * (index + 0.8 * rng.random())) for index in range(count)]


def count(text: str) -> int:
    """The number of tokens in a text."""
    return len(text.split())
