"""How often is the result wrong over many smoke runs of one conforming deployment?

`python -m tests.together.stress --runs 1000` runs half of them undisturbed, a quarter on a loaded machine,
and a quarter with requests that meet a reset connection. Each must end with exit code 0.
"""

import argparse
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from tests.together.deployment import KEY, Deployment
from tests.together.resetting import Resets, resetting
from tests.together.serve import serving

PLAIN, LOAD, RESETS = "plain", "load", "resets"
MODES = (PLAIN, LOAD, PLAIN, RESETS)
RESET_SHARE = 0.01
# One deployment keeps its data for this many runs.
_BATCH = 5
_LONGEST = 180
_ROOT = Path(__file__).parents[2]
_BUSY = "import os\nparent = os.getppid()\nwhile os.getppid() == parent: sum(range(10**6))"


@contextmanager
def load(processes: int) -> Iterator[None]:
    """Keep the processors busy for the duration of the block."""
    burning = [subprocess.Popen([sys.executable, "-c", _BUSY]) for _ in range(processes)]
    try:
        yield
    finally:
        for one in burning:
            one.kill()
            one.wait()


def smoke(url: str, folder: Path, name: str, seed: int) -> int:
    """The exit code of one smoke run, -1 if it does not end. The output is kept unless the code is 0."""
    command = [sys.executable, "-m", "contract_tests", url, "--profile", "smoke", "--seed", str(seed)]
    environment = {**os.environ, "TUNE_API_KEY": KEY, "PYTHONPATH": str(_ROOT)}
    log = folder / f"{name}-{seed}.txt"
    with log.open("wb") as output:
        try:
            done = subprocess.run(
                command, env=environment, cwd=folder, stdout=output, stderr=output, timeout=_LONGEST
            )
        except subprocess.TimeoutExpired:
            return -1
    if done.returncode == 0:
        log.unlink()
    return done.returncode


def batch(mode: str, seeds: Sequence[int], share: float, at_once: int, folder: Path) -> Counter[int]:
    """The exit codes of the runs with these seeds, all against one deployment."""
    with ExitStack() as stack:
        url = stack.enter_context(serving(Deployment()))
        if mode == LOAD:
            stack.enter_context(load(os.cpu_count() or 1))
        if mode == RESETS:
            url = stack.enter_context(resetting(url, Resets(share, random.Random(seeds[0]))))
        with ThreadPoolExecutor(at_once) as pool:
            return Counter(pool.map(partial(smoke, url, folder, mode), seeds))


def main() -> int:
    """Run all batches and print the exit codes of each mode."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1, help="seed of the first run")
    parser.add_argument("--modes", nargs="+", default=MODES, choices=sorted(set(MODES)))
    parser.add_argument("--share", type=float, default=RESET_SHARE, help="of requests that meet a reset")
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=_ROOT / "build" / "stress", help="for wrong output")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    codes: dict[str, Counter[int]] = {mode: Counter() for mode in given.modes}
    for number, first in enumerate(range(given.seed, given.seed + given.runs, _BATCH)):
        mode = given.modes[number % len(given.modes)]
        seeds = range(first, min(first + _BATCH, given.seed + given.runs))
        codes[mode] += batch(mode, seeds, given.share, given.at_once, given.folder)
        lines = [f"{name}: {dict(sorted(found.items()))}" for name, found in codes.items()]
        print("; ".join(lines), flush=True)
    return int(any(set(found) - {0} for found in codes.values()))


if __name__ == "__main__":
    sys.exit(main())
