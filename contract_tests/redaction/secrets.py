"""Which texts must not appear in any output, and what is shown in their place?"""

import re
from collections.abc import Iterable, Iterator, Mapping

from contract_tests.redaction.names import SHORTEST
from contract_tests.redaction.views import DECODED, Traced, View, seen_through
from contract_tests.redaction.windows import LENGTH, Windows, windows_of

KEY_VARIABLE = "$TUNE_API_KEY"
"""Replaces the key in output. A shell that has the variable still sends the key."""
KEY_MARK = re.compile(r"\$(?=TUNE_API_KEY|\{TUNE_API_KEY)")
KEY_ESCAPED = re.compile(r"\\\$(?=TUNE_API_KEY|\{TUNE_API_KEY)")
# A bearer token is a secret, whether or not it is the key. So is the user in a URL.
_ALWAYS = (
    re.compile(r"(?<=[Bb]earer )[A-Za-z0-9._~+/\-]{12,}=*"),
    re.compile(r"(?<=://)[^/\s@'\"<>]+(?=@)"),
)
Span = tuple[int, int]


class Secrets:
    """The texts of which no more than eight characters in a row may appear, however they are written."""

    def __init__(self, *secrets: str) -> None:
        self._secrets: frozenset[str] = frozenset()
        self._windows: list[Windows] = []
        self._most: list[Windows] = []
        self._words: list[re.Pattern[str]] = []
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """Add secrets. Texts of fewer than four characters are ignored."""
        fresh = {secret for secret in secrets if len(secret) >= SHORTEST} - self._secrets
        if fresh:
            self._secrets |= fresh
            self._windows = windows_of(sorted(self._secrets))
            self._most = [most for one in self._secrets for most in windows_of([one], _most_of(one))]
            short = [one for one in self._secrets if len(one) < LENGTH]
            # A short secret may be an ordinary word, or a part of one. So it counts as a whole word only.
            self._words = [re.compile(rf"(?<![\w-]){re.escape(one)}(?![\w-])") for one in sorted(short)]

    def redact(self, text: str) -> str:
        """The text with every secret replaced by the name of a variable."""
        pieces, done = [], 0
        for start, end in _merged(self._spans(text)):
            pieces += [text[done:start], self._placeholder(text, start, end)]
            done = end
        return "".join([*pieces, text[done:]])

    def found_in(self, text: str) -> bool:
        """Whether a text contains most of a secret. A masked one, such as `sk-1234...`, is not counted."""
        return bool(_suspicious(self._most, text)) or any(True for _ in self._word_spans(text))

    def _spans(self, text: str) -> Iterator[Span]:
        """Where something secret is in a text."""
        for one in _suspicious(self._windows, text):
            traced = Traced.through(one.view, text)
            yield from ((traced.starts[start], traced.ends[end - 1]) for start, end in one.runs(traced.text))
        yield from self._word_spans(text)
        for pattern in _ALWAYS:
            yield from (found.span() for found in pattern.finditer(text))

    def _word_spans(self, text: str) -> Iterator[Span]:
        if not self._words:
            return
        traced = Traced.through(DECODED[:1], text)
        for pattern in self._words:
            yield from (found.span() for found in pattern.finditer(text))
            for found in pattern.finditer(traced.text):
                yield traced.starts[found.start()], traced.ends[found.end() - 1]

    def _placeholder(self, text: str, start: int, end: int) -> str:
        """The shell expression that stands for a secret, or for the part of it that was found."""
        found = text[start:end]
        whole = found in self._secrets
        if not whole and any(secret.startswith(found) for secret in self._secrets):
            return f"${{TUNE_API_KEY:0:{len(found)}}}"
        if not whole and found.swapcase() in self._secrets:
            return "${TUNE_API_KEY~~}"
        follows = text[end : end + 1]
        return "${TUNE_API_KEY}" if follows.isalnum() or follows == "_" else KEY_VARIABLE


def _most_of(secret: str) -> int:
    """How many characters are most of a secret."""
    return max(LENGTH, len(secret) * 3 // 4)


def _suspicious(windows: Iterable[Windows], text: str) -> list[Windows]:
    """The windows of which a piece is in the text."""
    seen: dict[View, str] = {}
    return [one for one in windows if next(one.runs(seen_through(one.view, text, seen)), None)]


def _merged(spans: Iterable[Span]) -> list[Span]:
    """The spans in order. Those that overlap are one."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def redacted(value: object, secrets: Secrets) -> object:
    """A JSON value with every text in it redacted."""
    if isinstance(value, str):
        return secrets.redact(value)
    if isinstance(value, Mapping):
        return {key: redacted(item, secrets) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(item, secrets) for item in value]
    return value
