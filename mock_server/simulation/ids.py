"""Which id does a new thing get?

Ids of what clients create come from one seeded source. Ids of what a run makes (its messages and steps)
follow from the run's own id, so every process computes the same ones and nothing has to be remembered;
`makers` goes the way back.
"""

import random
import re
from collections.abc import Iterator

_CHILD = re.compile(r"[a-z]+_([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")

MOST_CHILDREN = 64
"""So many messages and steps a run can make; a scenario that wants more does not load."""


class Ids:
    """One seeded source of ids."""

    def __init__(self, seed: str) -> None:
        self._bits = random.Random(f"ids {seed}").getrandbits

    def new(self, kind: str) -> str:
        """A new id such as `run_5b0c...`: the kind and a version 4 UUID."""
        number = self._bits(128) & ~(0xF << 76 | 0x3 << 62) | (0x4 << 76 | 0x2 << 62)
        digits = f"{number:032x}"
        return f"{kind}_{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def child(kind: str, run_id: str, number: int) -> str:
    """The id of the n-th thing of a kind that a run makes: the run's own, its second group moved by n + 1."""
    uuid = run_id.partition("_")[2]
    return f"{kind}_{uuid[:8]}-{int(uuid[9:13], 16) ^ (number + 1):04x}{uuid[13:]}"


def makers(child_id: str) -> Iterator[str]:
    """Every run id that could have made this child."""
    if found := _CHILD.fullmatch(child_id):
        first, second, rest = found.groups()
        for number in range(1, MOST_CHILDREN + 1):
            yield f"run_{first}-{int(second, 16) ^ number:04x}-{rest}"
