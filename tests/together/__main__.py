"""Serve one case until it is interrupted: `python -m tests.together NAME`."""

import sys
import time

from tests.together.cases import cases
from tests.together.deployment import KEY
from tests.together.serve import serving

if __name__ == "__main__":
    (case,) = cases(sys.argv[1])
    with serving(case.app(), **dict(case.serving)) as url:
        print(f"{case.name}: {case.fact}\n{url} accepts the key {KEY}", flush=True)
        while True:
            time.sleep(3600)
