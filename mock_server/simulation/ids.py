"""Which id does a new resource get?

Resources that clients create get ids from a seeded source. The messages, steps and tool calls of a run get
ids that are computed from the run's id, so every process computes the same ones and nothing is stored.
`makers` finds the run of such an id.
"""

import random
import re
from collections.abc import Iterator

_CHILD = re.compile(r"[a-z]+_([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")

MOST_CHILDREN = 64
"""The largest number of messages and steps of a run; a scenario with more is refused."""


class Ids:
    """A seeded source of ids."""

    def __init__(self, seed: str) -> None:
        self._bits = random.Random(f"ids {seed}").getrandbits

    def new(self, kind: str) -> str:
        """A new id such as `run_5b0c...`: the kind, and a version 4 UUID."""
        number = self._bits(128) & ~(0xF << 76 | 0x3 << 62) | (0x4 << 76 | 0x2 << 62)
        digits = f"{number:032x}"
        return f"{kind}_{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def child(kind: str, run_id: str, number: int) -> str:
    """The id of a child of a run: the run's UUID, with the second group XORed with the number + 1."""
    uuid = run_id.partition("_")[2]
    return f"{kind}_{uuid[:8]}-{int(uuid[9:13], 16) ^ (number + 1):04x}{uuid[13:]}"


def makers(child_id: str) -> Iterator[str]:
    """The ids of all runs that could have a child with this id."""
    if found := _CHILD.fullmatch(child_id):
        first, second, rest = found.groups()
        for number in range(1, MOST_CHILDREN + 1):
            yield f"run_{first}-{int(second, 16) ^ number:04x}-{rest}"
