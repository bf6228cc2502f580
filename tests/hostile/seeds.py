"""Which seeds do the generators of hostile input start from?

`make test` uses fixed seeds: a change is not to fail for what it did not cause. `make fuzz`, which also runs
every night, draws fresh seeds beside the first.
"""

import os
import secrets

EXAMPLES = int(os.environ.get("HOSTILE_EXAMPLES", "0"))
"""How long `make fuzz` is to try. It is 0 in `make test`."""


def seed(number: int) -> int:
    """The seed of a round, which are counted from 1. Printed, so that a failure can be repeated."""
    chosen = secrets.randbelow(10**6) if EXAMPLES and number > 1 else number
    print(f"seed {chosen}")
    return chosen
