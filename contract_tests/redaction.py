"""How does a key stay out of everything that is written?"""

import base64
import html
import re
from collections.abc import Iterable, Mapping
from functools import partial
from urllib.parse import parse_qsl, unquote, urlsplit

KEY_VARIABLE = "$TUNE_API_KEY"
"""What stands in the place of the key: a shell that knows the variable sends the key all the same."""
KEY_MARK = re.compile(r"\$(?=TUNE_API_KEY|\{TUNE_API_KEY)")
KEY_ESCAPED = re.compile(r"\\\$(?=TUNE_API_KEY|\{TUNE_API_KEY)")
_WORDS = ("auth", "key", "token", "secret", "cookie", "password", "signature")
# What stands in a reference page or in a header's name without being a secret.
_HARMLESS = frozenset({"", "null", "none", "true", "false", "bearer", "basic"})
_SHORTEST, _PIECE = 4, 8
_BASE64 = r"[A-Za-z0-9+/_\-]"
# What follows the name of a scheme is a secret, whoever's it is.
_BEARER = re.compile(r"(?<=[Bb]earer )[A-Za-z0-9._~+/\-]{12,}=*")
# What begins every way of writing a character other than as itself, but for a space and a quote.
_ESCAPES = "\\%&"
_USERINFO = re.compile(r"(?<=://)[^/\s@'\"<>]+(?=@)")


class Secrets:
    """The texts that no output may hold, in whatever way they are encoded."""

    def __init__(self, *secrets: str) -> None:
        self._secrets: frozenset[str] = frozenset()
        self._patterns: list[tuple[str, re.Pattern[str]]] = []
        self._needles: frozenset[str] = frozenset()
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """Keep more texts out of every output; fewer than four characters are no secret."""
        fresh = {secret for secret in secrets if len(secret) >= _SHORTEST} - self._secrets
        if fresh:
            self._secrets |= fresh
            longest_first = sorted(self._secrets, key=len, reverse=True)
            self._patterns = [(secret, pattern) for secret in longest_first for pattern in _patterns(secret)]
            self._needles = frozenset(needle for secret in self._secrets for needle in _needles(secret))

    def redact(self, text: str) -> str:
        """The text with the name of a variable in the place of every secret."""
        for secret, pattern in (*self._patterns, ("", _BEARER), ("", _USERINFO)):
            text = pattern.sub(partial(_instead, secret), text)
        return text

    def within(self, text: str) -> bool:
        """Whether a text holds a secret."""
        if text.isascii() and not any(escape in text for escape in _ESCAPES):
            lower = text.lower()
            if not any(needle in lower for needle in self._needles):
                return False
        return any(pattern.search(text) for _, pattern in self._patterns)


def is_secret(name: str) -> bool:
    """Whether what stands under a name (of a header, a query parameter, a cookie) should stay unseen."""
    return any(word in name.lower() for word in _WORDS)


def secrets_in(headers: Iterable[tuple[str, str]], url: str) -> set[str]:
    """The secrets that a request carries by the names it gives them."""
    parts = urlsplit(url)
    values = [value for name, value in (*headers, *parse_qsl(parts.query)) if is_secret(name)]
    values += [unquote(text) for text in (parts.username, parts.password) if text]
    pieces = [piece for value in values for piece in re.split(r"[\s;,=]+", value) if len(piece) >= _PIECE]
    told = {text for text in (*values, *pieces) if len(text) >= _SHORTEST and not text.isdigit()}
    return {text for text in told if text.lower() not in _HARMLESS}


def redacted(value: object, secrets: Secrets) -> object:
    """A JSON value with every text in it redacted."""
    if isinstance(value, str):
        return secrets.redact(value)
    if isinstance(value, Mapping):
        return {key: redacted(item, secrets) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(item, secrets) for item in value]
    return value


def _instead(secret: str, found: re.Match[str]) -> str:
    """What a shell would make the secret of, also where a part of it was sent on purpose."""
    text = found[0]
    if secret.startswith(text) and text != secret:
        return f"${{TUNE_API_KEY:0:{len(text)}}}"
    if text == secret.swapcase() and text != secret:
        return "${TUNE_API_KEY~~}"
    follows = found.string[found.end() : found.end() + 1]
    return "${TUNE_API_KEY}" if follows.isalnum() or follows == "_" else KEY_VARIABLE


def _patterns(secret: str) -> list[re.Pattern[str]]:
    """What finds a secret as it is, escaped, percent-encoded, cut short, in hexadecimal or in base64."""
    characters = [_character(character) for character in secret]
    plain = "".join(characters)
    if len(secret) < 8:
        return [re.compile(rf"(?<![\w-]){plain}(?![\w-])")]
    cut, encoded = "".join(characters[: _least(secret)]), _encoded(secret)
    token = rf"{_BASE64}{{0,2}}(?:{'|'.join(map(re.escape, encoded))}){_BASE64}{{0,4}}(?:=|%3D)*"
    return [re.compile(rf"{plain}|{cut}[\w.~+/\-]{{0,{len(secret)}}}", re.IGNORECASE), re.compile(token)]


def _needles(secret: str) -> list[str]:
    """What, in lower case, stands in every plain text with the secret; nothing sure is an empty text."""
    if not secret.isascii() or " " in secret or "'" in secret:
        return [""]
    return [text.lower() for text in (secret[: _least(secret)], *_encoded(secret))]


def _least(secret: str) -> int:
    """How many characters of a secret are too many to tell."""
    return max(9, len(secret) * 3 // 4)


def _encoded(secret: str) -> list[str]:
    return [*_base64_cores(secret.encode()), secret.encode().hex()]


def _character(character: str) -> str:
    """What finds a character, whatever a URL, JSON, HTML or a shell makes of it."""
    code, octets = ord(character), character.encode()
    forms = [re.escape(character), rf"\\+u{code:04x}", rf"&\#x0*{code:x};", rf"&\#0*{code};"]
    forms += ["".join(f"{escape}{octet:02x}" for octet in octets) for escape in ("%(?:25)*", r"\\+x")]
    if not character.isalnum():
        forms += [rf"\\+{re.escape(character)}", re.escape(html.escape(character))]
        forms += {" ": [r"\+"], "'": ["'\"'\"'"]}.get(character, [])
    return f"(?:{'|'.join(forms)})"


def _base64_cores(secret: bytes) -> set[str]:
    """The characters that base64 makes of a secret wherever in a longer text it begins."""
    cores = set()
    for offset in range(3):
        text = base64.b64encode(b"\0" * offset + secret).decode().rstrip("=")
        whole = (offset + len(secret)) // 3 * 4
        core = text[-(-offset * 8 // 6) : whole]
        cores |= {core, core.replace("+", "-").replace("/", "_")}
    return {core for core in cores if len(core) >= 8}
