"""In which forms could a deployment repeat a secret, and is any part of it left in a text?"""

import base64
import codecs
import html
import json
import random
import re
import shlex
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus

Form = Callable[[str], str]


def _each(template: str, separator: str = "") -> Form:
    """Every character by its number."""
    return lambda key: separator.join(template % ord(char) for char in key)


def _base64(before: str, after: str = "") -> Form:
    return lambda key: base64.b64encode(f"{before}{key}{after}".encode()).decode()


FORMS: dict[str, Form] = {
    "plain": str,
    "without its prefix": lambda key: key.removeprefix("sk-tune-"),
    "last 80 %": lambda key: key[len(key) // 5 :],
    "first 80 %": lambda key: key[: len(key) * 4 // 5],
    "first half": lambda key: key[: len(key) // 2],
    "middle": lambda key: key[len(key) // 4 : -(len(key) // 4)],
    "upper case": str.upper,
    "lower case": str.lower,
    "swapped case": str.swapcase,
    "reversed": lambda key: key[::-1],
    "hexadecimal": lambda key: key.encode().hex(),
    "upper-case hexadecimal": lambda key: key.encode().hex().upper(),
    "hexadecimal with colons": lambda key: key.encode().hex(":"),
    "hexadecimal with spaces": lambda key: key.encode().hex(" "),
    "hexadecimal numbers": _each("0x%02x", ", "),
    "hexadecimal of the last 80 %": lambda key: key[len(key) // 5 :].encode().hex(),
    "hexadecimal of UTF-16": lambda key: key.encode("utf-16-le").hex(),
    "decimal numbers": _each("%d", ", "),
    "decimal numbers with spaces": _each("%d", " "),
    "octal escapes": _each("\\%03o"),
    "binary": lambda key: " ".join(f"{ord(char):08b}" for char in key),
    "percent-encoded": lambda key: "".join(f"%{ord(char):02X}" for char in key),
    "percent-encoded in lower case": lambda key: "".join(f"%{ord(char):02x}" for char in key),
    "percent-encoded twice": lambda key: quote("".join(f"%{ord(char):02X}" for char in key)),
    "percent-encoded where needed": lambda key: quote(key, safe=""),
    "form-encoded": quote_plus,
    "%u escapes": _each("%%u%04x"),
    "quoted-printable": lambda key: "".join(f"={ord(char):02X}" for char in key),
    "HTML decimal": _each("&#%d;"),
    "HTML hexadecimal": _each("&#x%X;"),
    "HTML with leading zeros": _each("&#0000%d;"),
    "HTML without semicolons": _each("&#%d", ""),
    "HTML escaped twice": lambda key: html.escape("".join(f"&#{ord(char)};" for char in key)),
    "HTML": html.escape,
    "JSON": json.dumps,
    "JSON in JSON": lambda key: json.dumps(json.dumps({"key": key})),
    "unicode escapes": _each("\\u%04x"),
    "unicode escapes in JSON": lambda key: json.dumps("".join(f"\\u{ord(char):04X}" for char in key)),
    "braced unicode escapes": _each("\\u{%x}"),
    "\\x escapes": _each("\\x%02x"),
    "every other character escaped": lambda key: "".join(
        f"\\u{ord(char):04x}" if number % 2 else char for number, char in enumerate(key)
    ),
    "a backslash before each sign": lambda key: re.sub(r"(\W)", r"\\\1", key),
    "a shell word": shlex.quote,
    "base64": _base64(""),
    "base64 after one character": _base64("a"),
    "base64 after two characters": _base64("ab", "!"),
    "base64 of user and key": _base64("user:"),
    "base64 without padding": lambda key: _base64("")(key).rstrip("="),
    "base64 for URLs": lambda key: base64.urlsafe_b64encode(f">{key}?".encode()).decode(),
    "base64 of the last 80 %": lambda key: _base64("")(key[len(key) // 5 :]),
    "base64 in lines": lambda key: "\n".join(_pieces(_base64("Basic ")(key), 10)),
    "base64 percent-encoded": lambda key: quote(_base64("")(key), safe=""),
    "base64 twice": lambda key: base64.b64encode(_base64("ab")(key).encode()).decode(),
    "base32": lambda key: base64.b32encode(f"a{key}".encode()).decode(),
    "rot13": lambda key: codecs.encode(key, "rot13"),
    "broken by a newline": lambda key: "\n".join(_pieces(key, 7)),
    "broken by CRLF and blanks": lambda key: "\r\n   ".join(_pieces(key, 5)),
    "broken by an escaped newline": lambda key: "\\n".join(_pieces(key, 6)),
    "spaced out": " ".join,
    "dashes between": "-".join,
    "a list of characters": lambda key: json.dumps(list(key)),
    "in parts": lambda key: '" + "'.join(_pieces(key, 4)),
    "zero-width characters between": "\u200b".join,
    "soft hyphens between": "\u00ad".join,
    "fullwidth": lambda key: "".join(chr(ord(char) + 0xFEE0) for char in key),
    "combining marks": lambda key: "".join(f"{char}\u0336" for char in key),
    "in a URL": lambda key: f"https://host/v1?key={quote_plus(key)}&limit=1",
}  # fmt: skip


def _pieces(text: str, length: int) -> list[str]:
    return [text[start : start + length] for start in range(0, len(text), length)]


def forms(key: str) -> dict[str, str]:
    """The key in each form."""
    return {name: form(key) for name, form in FORMS.items()}


def new_key(source: random.Random, length: int = 32) -> str:
    """A key as the service gives them."""
    letters = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    return "sk-tune-" + "".join(source.choice(letters) for _ in range(length))


def leaks(text: str, key: str) -> Iterator[str]:
    """Pieces of a text that show more than eight characters of a key, and their form. Slow and obvious."""
    for name, form in FORMS.items():
        if name in _MIXED:
            continue
        written = form(key)
        length = -(-9 * len(written) // len(key)) + 2
        skipped = 5 if name.startswith("base") else 0
        for start in range(skipped, len(written) - length - skipped):
            if (piece := written[start : start + length]) in text:
                yield f"{piece!r}, {name}"


# These forms have other text beside the key, or only a part of it, so that the proportion tells nothing.
_MIXED = frozenset(
    name
    for name in FORMS
    if "80 %" in name
    or name
    in ("first half", "middle", "without its prefix", "in a URL", "JSON in JSON", "base64 of user and key")
)
