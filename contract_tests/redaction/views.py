"""How may a text hide a secret? Each view undoes some ways of writing it.

A view is a list of substitutions. Each substitution takes linear time, whatever the text.
"""

import re
import string
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

Replacement = Callable[[re.Match[str]], str]


class Substitution(NamedTuple):
    """A pattern, and what replaces it: nothing, unless `replace` says it.

    `dropped` are the characters that the pattern matches. With them it takes less time.
    """

    pattern: re.Pattern[str]
    replace: Replacement | None = None
    dropped: bytes = b""

    def apply(self, text: str) -> str:
        """The text with the pattern replaced."""
        if self is _LOWER and text.isascii():
            return text.lower()
        if self.dropped:
            return text.encode("latin-1", "ignore").translate(None, self.dropped).decode("latin-1")
        return self.pattern.sub(self.replace or "", text)


View = tuple[Substitution, ...]
_INVISIBLE = frozenset({"Mn", "Me", "Cf", "Cc"})
_NAMED = {"quot": '"', "apos": "'", "lt": "<", "gt": ">", "amp": "&", "nbsp": " "}
# A run of backslashes is always taken whole. Otherwise each of them would be a new beginning.
_ESCAPE = re.compile(
    r"""
    \\+ (?: u(?P<unicode>[0-9a-f]{4}) | u\{(?P<braced>[0-9a-f]{1,6})\}
          | x(?P<octet>[0-9a-f]{2}) | (?P<octal>[0-3][0-7]{2}) | (?P<end>[nrtfv]) )?
    | %(?:25)*(?: u(?P<percent_unicode>[0-9a-f]{4}) | (?P<percent>[0-9a-f]{2}) )
    | &(?:amp;)*\#(?: x0*(?P<hexadecimal>[0-9a-f]{1,6}) | 0*(?P<decimal>[0-9]{1,7}) );?
    | &(?:amp;)*(?P<named>quot|apos|lt|gt|amp|nbsp);
    | =?[\r\n]+[ \t]*
    | (?P<other>[^\x00-\x7f])
    """,
    re.IGNORECASE | re.VERBOSE,
)
_NUMBER = re.compile(r"([0-9]{1,9})|[^0-9]+")


def _octets(text: str) -> str:
    """The UTF-8 octets of a text as characters, so that an escaped octet is one character."""
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


def _character(number: int) -> str:
    return _octets(chr(number)) if number < 0x110000 else ""


def _unescaped(found: re.Match[str]) -> str:
    kind, text = found.lastgroup, found[found.lastgroup] if found.lastgroup else ""
    if kind in ("unicode", "braced", "percent_unicode", "hexadecimal"):
        return _character(int(text, 16))
    if kind in ("octet", "percent"):
        return chr(int(text, 16))
    if kind in ("octal", "decimal"):
        return _character(int(text, 8 if kind == "octal" else 10))
    if kind == "other":
        return (
            "" if unicodedata.category(text) in _INVISIBLE else _octets(unicodedata.normalize("NFKC", text))
        )
    return _NAMED[text.lower()] if kind == "named" else ""


def _numbered(found: re.Match[str]) -> str:
    text = found[1]
    if text is None:
        return ""
    number = int(text, 2) if len(text) == 8 and not text.strip("01") else int(text)
    return chr(number) if number < 128 else "\0"


def _keep(kept: str) -> Substitution:
    others = bytes(octet for octet in range(256) if chr(octet) not in kept)
    return Substitution(re.compile(f"[^{re.escape(kept)}]+"), None, others)


def _map(pattern: str, to: dict[str, str]) -> Substitution:
    return Substitution(re.compile(pattern), lambda found: to[found[0]])


_UNESCAPE = Substitution(_ESCAPE, _unescaped)
_LOWER = Substitution(re.compile("[A-Z\xc0-\xde]+"), lambda found: found[0].lower())
RAW: View = (_LOWER,)
"""The text, in lower case."""
DECODED: View = (_UNESCAPE, _LOWER)
"""The text without escapes, line ends and invisible characters, in lower case."""
LETTERS: View = (_UNESCAPE, _LOWER, _keep(string.ascii_lowercase + string.digits))
"""Its letters and digits."""
HEXADECIMAL: View = (_LOWER, Substitution(re.compile("0x")), _keep("0123456789abcdef"))
"""Its hexadecimal digits."""
NUMBERS: View = (Substitution(_NUMBER, _numbered),)
"""The characters that its decimal and binary numbers are the codes of."""
BASE64: View = (
    _UNESCAPE,
    _map("[_-]", {"-": "+", "_": "/"}),
    _keep(string.ascii_letters + string.digits + "+/"),
)
"""Its characters of base64."""
BASE32: View = (_UNESCAPE, _LOWER, _keep(string.ascii_lowercase + "234567"))
"""Its characters of base32."""


def seen_through(view: View, text: str, seen: dict[View, str] | None = None) -> str:
    """The text in a view. `seen` keeps it in each view, and in each beginning of one."""
    seen = {} if seen is None else seen
    if not view:
        return text
    if view not in seen:
        seen[view] = view[-1].apply(seen_through(view[:-1], text, seen))
    return seen[view]


@dataclass(frozen=True)
class Traced:
    """A text in a view. For each of its characters, `starts` and `ends` are the place in the source."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    @classmethod
    def through(cls, view: View, source: str) -> "Traced":
        """A source in a view."""
        traced = cls(source, range(len(source)), range(1, len(source) + 1))
        for substitution in view:
            traced = traced._substituted(substitution.pattern, substitution.replace)
        return traced

    def _substituted(self, pattern: re.Pattern[str], replace: Replacement | None) -> "Traced":
        pieces: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        done = 0
        for found in pattern.finditer(self.text):
            first, last = found.span()
            pieces.append(self.text[done:first])
            starts += self.starts[done:first]
            ends += self.ends[done:first]
            new = replace(found) if replace else ""
            pieces.append(new)
            whole = len(new) == last - first
            starts += self.starts[first:last] if whole else [self.starts[first]] * len(new)
            ends += self.ends[first:last] if whole else [self.ends[last - 1]] * len(new)
            done = last
        rest = slice(done, None)
        return Traced(
            "".join([*pieces, self.text[rest]]), [*starts, *self.starts[rest]], [*ends, *self.ends[rest]]
        )
