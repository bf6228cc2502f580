"""Which values of a request are secrets, by their names?"""

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, unquote, urlsplit

SHORTEST = 4
"""Shorter values are no secrets: without them, a report would be unreadable."""
_WORDS = ("auth", "key", "token", "secret", "cookie", "password", "signature")
# Values that are no secrets, although their names or reference pages suggest it.
_HARMLESS = frozenset({"", "null", "none", "true", "false", "bearer", "basic"})
_PIECE = 8


def is_secret(name: str) -> bool:
    """Whether the name of a header, query parameter or cookie says that its value is a secret."""
    return any(word in name.lower() for word in _WORDS)


def secrets_in(headers: Iterable[tuple[str, str]], url: str) -> set[str]:
    """The values in headers and URL of a request whose names say that they are secrets."""
    parts = urlsplit(url)
    values = [value for name, value in (*headers, *parse_qsl(parts.query)) if is_secret(name)]
    values += [unquote(text) for text in (parts.username, parts.password) if text]
    pieces = [piece for value in values for piece in re.split(r"[\s;,=]+", value) if len(piece) >= _PIECE]
    found = {text for text in (*values, *pieces) if len(text) >= SHORTEST and not text.isdigit()}
    return {text for text in found if text.lower() not in _HARMLESS}
