"""How is the key kept out of all output?"""

import base64
import html
import re
from collections.abc import Iterable, Mapping
from functools import partial
from urllib.parse import parse_qsl, unquote, urlsplit

KEY_VARIABLE = "$TUNE_API_KEY"
"""Replaces the key in output. A shell that has the variable still sends the key."""
KEY_MARK = re.compile(r"\$(?=TUNE_API_KEY|\{TUNE_API_KEY)")
KEY_ESCAPED = re.compile(r"\\\$(?=TUNE_API_KEY|\{TUNE_API_KEY)")
_WORDS = ("auth", "key", "token", "secret", "cookie", "password", "signature")
# Values that are no secrets, although their names or reference pages suggest it.
_HARMLESS = frozenset({"", "null", "none", "true", "false", "bearer", "basic"})
_SHORTEST, _PIECE = 4, 8
_BASE64 = r"[A-Za-z0-9+/_\-]"
# A bearer token is a secret, whether or not it is the key.
_BEARER = re.compile(r"(?<=[Bb]earer )[A-Za-z0-9._~+/\-]{12,}=*")
# Every escaped form of a character begins with one of these, a space and a quote excepted.
_ESCAPES = "\\%&"
_USERINFO = re.compile(r"(?<=://)[^/\s@'\"<>]+(?=@)")


class Secrets:
    """The texts that must not appear in any output, in any encoding."""

    def __init__(self, *secrets: str) -> None:
        self._secrets: frozenset[str] = frozenset()
        self._patterns: list[tuple[str, re.Pattern[str]]] = []
        self._needles: frozenset[str] = frozenset()
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """Add secrets. Texts of fewer than four characters are ignored."""
        fresh = {secret for secret in secrets if len(secret) >= _SHORTEST} - self._secrets
        if fresh:
            self._secrets |= fresh
            longest_first = sorted(self._secrets, key=len, reverse=True)
            self._patterns = [(secret, pattern) for secret in longest_first for pattern in _patterns(secret)]
            self._needles = frozenset(needle for secret in self._secrets for needle in _needles(secret))

    def redact(self, text: str) -> str:
        """The text with every secret replaced by the name of a variable."""
        for secret, pattern in (*self._patterns, ("", _BEARER), ("", _USERINFO)):
            text = pattern.sub(partial(_placeholder, secret), text)
        return text

    def found_in(self, text: str) -> bool:
        """Whether a text contains a secret."""
        if text.isascii() and not any(escape in text for escape in _ESCAPES):
            lower = text.lower()
            if not any(needle in lower for needle in self._needles):
                return False
        return any(pattern.search(text) for _, pattern in self._patterns)


def is_secret(name: str) -> bool:
    """Whether the name of a header, query parameter or cookie says that its value is a secret."""
    return any(word in name.lower() for word in _WORDS)


def secrets_in(headers: Iterable[tuple[str, str]], url: str) -> set[str]:
    """The values in headers and URL of a request whose names say that they are secrets."""
    parts = urlsplit(url)
    values = [value for name, value in (*headers, *parse_qsl(parts.query)) if is_secret(name)]
    values += [unquote(text) for text in (parts.username, parts.password) if text]
    pieces = [piece for value in values for piece in re.split(r"[\s;,=]+", value) if len(piece) >= _PIECE]
    found = {text for text in (*values, *pieces) if len(text) >= _SHORTEST and not text.isdigit()}
    return {text for text in found if text.lower() not in _HARMLESS}


def redacted(value: object, secrets: Secrets) -> object:
    """A JSON value with every text in it redacted."""
    if isinstance(value, str):
        return secrets.redact(value)
    if isinstance(value, Mapping):
        return {key: redacted(item, secrets) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(item, secrets) for item in value]
    return value


def _placeholder(secret: str, found: re.Match[str]) -> str:
    """The shell expression that stands for the secret, or for the part of it that was found."""
    text = found[0]
    if secret.startswith(text) and text != secret:
        return f"${{TUNE_API_KEY:0:{len(text)}}}"
    if text == secret.swapcase() and text != secret:
        return "${TUNE_API_KEY~~}"
    follows = found.string[found.end() : found.end() + 1]
    return "${TUNE_API_KEY}" if follows.isalnum() or follows == "_" else KEY_VARIABLE


def _patterns(secret: str) -> list[re.Pattern[str]]:
    """Patterns for a secret: plain, escaped, percent-encoded, truncated, in hexadecimal and in base64."""
    characters = [_character(character) for character in secret]
    plain = "".join(characters)
    if len(secret) < 8:
        return [re.compile(rf"(?<![\w-]){plain}(?![\w-])")]
    cut, encoded = "".join(characters[: _least(secret)]), _encoded(secret)
    token = rf"{_BASE64}{{0,2}}(?:{'|'.join(map(re.escape, encoded))}){_BASE64}{{0,4}}(?:=|%3D)*"
    return [re.compile(rf"{plain}|{cut}[\w.~+/\-]{{0,{len(secret)}}}", re.IGNORECASE), re.compile(token)]


def _needles(secret: str) -> list[str]:
    """Lower-case texts of which one appears in every plain text with the secret. An empty one always does."""
    if not secret.isascii() or " " in secret or "'" in secret:
        return [""]
    return [text.lower() for text in (secret[: _least(secret)], *_encoded(secret))]


def _least(secret: str) -> int:
    """From how many characters on a part of a secret counts as secret."""
    return max(9, len(secret) * 3 // 4)


def _encoded(secret: str) -> list[str]:
    return [*_base64_cores(secret.encode()), secret.encode().hex()]


def _character(character: str) -> str:
    """A pattern for a character in each form that URLs, JSON, HTML and shells give it."""
    code, octets = ord(character), character.encode()
    forms = [re.escape(character), rf"\\+u{code:04x}", rf"&\#x0*{code:x};", rf"&\#0*{code};"]
    forms += ["".join(f"{escape}{octet:02x}" for octet in octets) for escape in ("%(?:25)*", r"\\+x")]
    if not character.isalnum():
        forms += [rf"\\+{re.escape(character)}", re.escape(html.escape(character))]
        forms += {" ": [r"\+"], "'": ["'\"'\"'"]}.get(character, [])
    return f"(?:{'|'.join(forms)})"


def _base64_cores(secret: bytes) -> set[str]:
    """The characters that base64 has for a secret, at each of the three offsets within a longer text."""
    cores = set()
    for offset in range(3):
        text = base64.b64encode(b"\0" * offset + secret).decode().rstrip("=")
        whole = (offset + len(secret)) // 3 * 4
        core = text[-(-offset * 8 // 6) : whole]
        cores |= {core, core.replace("+", "-").replace("/", "_")}
    return {core for core in cores if len(core) >= 8}
