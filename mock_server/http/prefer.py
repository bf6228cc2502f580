"""Which preferences are in the `Prefer` headers of a request? (RFC 7240)"""

import re
from collections.abc import Iterable, Mapping

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_WORD = rf"{_TOKEN}|{_QUOTED}"
_PREFERENCE = re.compile(
    rf"\s*(?P<name>{_TOKEN})(?:\s*=\s*(?P<value>{_WORD})?)?"
    rf"(?:\s*;\s*(?:{_TOKEN}(?:\s*=\s*(?:{_WORD})?)?)?)*\s*(?:,|$)"
)
_CHARACTERS = r'[^\s,;"]+'
_OWN = re.compile(
    rf"\s*(?P<name>scenario|wire)\s*=\s*(?P<value>{_CHARACTERS}(?:\s*;\s*[a-z-]+\s*=\s*{_CHARACTERS})*)"
    r"\s*(?:[,;]|$)",
    re.IGNORECASE,
)
_REST = re.compile(rf'(?:[^,"]|{_QUOTED}|")*,?')


def preferences(headers: Iterable[str]) -> Mapping[str, str]:
    """The preferences of all `Prefer` headers by lower-case name. Of a repeated one, the first is used.

    Text that is not a preference is skipped up to the next comma, since preferences never cause errors.
    `scenario` and `wire` may contain more characters than tokens do: `wire=status=429;first=2`.
    """
    found: dict[str, str] = {}
    for header in headers:
        position = 0
        while position < len(header):
            if match := _OWN.match(header, position):
                found.setdefault(match["name"].lower(), re.sub(r"\s", "", match["value"]))
            elif match := _PREFERENCE.match(header, position):
                found.setdefault(match["name"].lower(), _unquoted(match["value"] or ""))
            else:
                match = _REST.match(header, position)
            position = max(match.end() if match else 0, position + 1)
    return found


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
