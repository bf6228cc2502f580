"""How was this server asked to behave?"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

DEFAULT_SCENARIO = "hello"
SAMPLE_KEY = "sk-tune-mock"


@dataclass(frozen=True)
class Settings:
    """Everything that the command line decides.

    `keys` empty: any key that is not empty is taken. `speed` 0: everything happens at once. `seed` empty: a
    new one at each start. `store`: the file in which everything is kept; None: the process's memory.
    """

    host: str = "127.0.0.1"
    port: int = 4010
    keys: tuple[str, ...] = ()
    scenario: str = DEFAULT_SCENARIO
    create: Literal["blocking", "background"] = "blocking"
    speed: float = 1.0
    clock: Literal["real", "manual"] = "real"
    seed: str = ""
    strict_threads: bool = False
    concurrent_runs: bool = False
    cors_origins: tuple[str, ...] = ("*",)
    control_origins: tuple[str, ...] = ()
    control_token: str = ""
    scenarios: Path | None = None
    self_check: bool = False
    quiet: bool = False
    workers: int = 1
    store: Path | None = None
    max_runs: int = 100_000
    largest_body: int = 1024 * 1024
