"""Are two names similar?"""

import re
from difflib import SequenceMatcher

WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
NEAR = 0.7
"""The least ratio of `SequenceMatcher` for two similar names."""


def similar(one: str, other: str) -> bool:
    """Whether two names are similar: by letters, by abbreviation, or because one contains the other."""
    left, right = _letters(one), _letters(other)
    if left == right:
        return True
    inside = min(len(left), len(right)) >= 4 and (left in right or right in left)
    return inside or _shortened(one, other) or SequenceMatcher(None, left, right).ratio() >= NEAR


def _shortened(one: str, other: str) -> bool:
    """Whether the names have the same words, some abbreviated: `X-Org-Id` and `X-Organization-Id`."""
    left, right = _words(one), _words(other)
    return len(left) == len(right) > 1 and all(
        a.startswith(b) or b.startswith(a) for a, b in zip(left, right, strict=True)
    )


def _words(name: str) -> list[str]:
    return [word.lower() for word in WORD.findall(name)]


def _letters(name: str) -> str:
    return "".join(char for char in name.lower() if char.isalnum())
