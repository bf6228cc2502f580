"""What can a user of the server configure?"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

DEFAULT_SCENARIO = "hello"
SAMPLE_KEY = "sk-tune-mock"
"""A key that the mock accepts unless it is started with `--key`."""


@dataclass(frozen=True)
class Settings:
    """The options of the server; the command line has one for most of them.

    Without `keys`, any non-empty key is accepted. At `speed` 0, runs play instantly. An empty `seed` means a
    new one at each start. `store` is the file in which all state is kept; None: in memory. `largest_body` is
    the size limit of request bodies, in bytes.
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
