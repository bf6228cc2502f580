"""Which service is checked, with which key, how thoroughly, and at what cost at most?"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from openapi import Grade


@dataclass(frozen=True)
class Profile:
    """How thorough a check is, and its ceilings.

    `examples` is how many cases schemathesis draws for each operation, `fields` whether every optional
    field gets a run of its own, `rounds` how often each kind of run is started.
    """

    runs: int
    tokens: int
    requests: int
    seconds: float
    examples: int
    fields: bool
    rounds: int
    steps: int


PROFILES = {
    "smoke": Profile(5, 640, 2000, 120, examples=1, fields=False, rounds=1, steps=0),
    "standard": Profile(60, 7680, 4000, 120, examples=3, fields=True, rounds=1, steps=5),
    "deep": Profile(400, 102400, 20000, 900, examples=70, fields=True, rounds=3, steps=30),
}


@dataclass(frozen=True)
class Settings:
    """The settings of one check of one service, as its options give them."""

    url: str
    key: str = ""
    profile: str = "standard"
    model: str = ""
    thread: str = ""
    organization: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    proxy: str = ""
    insecure: bool = False
    ca: str = ""
    seed: int = 1
    grade: Grade = Grade.DOCUMENTED
    max_runs: int | None = None
    max_tokens: int | None = None
    max_requests: int | None = None
    max_seconds: float | None = None
    max_wait: float = 30.0
    timeout: float = 15.0
    wait: float = 0.0
    require: tuple[str, ...] = ()
    max_untried: int | None = None
    known: str = ""
    update_known: bool = False
    prune_known: bool = False
    known_strict: bool = False
    markdown: str = ""
    json: str = ""
    html: str = ""
    save_har: str = ""
    sarif: str = ""
    code_quality: str = ""
    baseline: str = ""

    @property
    def limits(self) -> Profile:
        """The profile, with the ceilings of the options."""
        asked = {
            "runs": self.max_runs,
            "tokens": self.max_tokens,
            "requests": self.max_requests,
            "seconds": self.max_seconds,
        }
        changes: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
        return replace(PROFILES[self.profile], **changes)

    @property
    def tokens_per_run(self) -> int:
        """How many tokens one run may write. Fewer runs do not make it more, unless `--max-tokens` does."""
        usual, limits = PROFILES[self.profile], self.limits
        share = limits.tokens // max(1, limits.runs)
        return max(1, share if self.max_tokens is not None else min(share, usual.tokens // usual.runs))


class UsageError(ValueError):
    """The options are wrong. The text names the option and says what to do."""


def base_url(url: str) -> str:
    """The base URL for a URL with or without its trailing `/v1`. Raises `UsageError`."""
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        port = parts.port
    except ValueError as error:
        raise UsageError(
            f"URL: {url!r} is not a URL: {error}; write it like https://studio.tune.app"
        ) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise UsageError(f"URL: {url!r} is not an http or https URL; write it like https://studio.tune.app")
    if parts.query or parts.fragment or parts.username:
        raise UsageError("URL: give only scheme, host and path; give the key with --key or TUNE_API_KEY")
    path = parts.path.rstrip("/")
    path = path if path.endswith("/v1") else f"{path}/v1"
    return f"{parts.scheme}://{parts.netloc}{path}"


def readable(option: str, path: str) -> Path:
    """The path of a file that an option names. Raises `UsageError` if there is no such file."""
    found = Path(path)
    if not found.is_file():
        raise UsageError(f"{option}: there is no file {path}; give the path of a readable file")
    return found
