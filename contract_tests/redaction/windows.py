"""Which pieces of a secret may not appear in any view of a text?"""

import base64
import codecs
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from contract_tests.redaction.views import (
    BASE32,
    BASE64,
    DECODED,
    HEXADECIMAL,
    LETTERS,
    NUMBERS,
    RAW,
    View,
    seen_through,
)

LENGTH = 9
"""How many characters of a secret in a row may not appear."""


@dataclass(frozen=True)
class Windows:
    """All pieces of one length that may not appear in a view."""

    view: View
    length: int
    pieces: frozenset[str]
    blocks: frozenset[str]

    @classmethod
    def of(cls, view: View, length: int, texts: Iterable[str]) -> "Windows":
        """All pieces of texts."""
        known = list(texts)
        block = _block(length)
        return cls(view, length, frozenset(_pieces(known, length)), frozenset(_pieces(known, block)))

    def runs(self, text: str) -> Iterator[tuple[int, int]]:
        """Where pieces are in a text that is already in the view.

        Every piece covers a whole block at a multiple of the block's length. So only those are looked up.
        """
        block, blocks = _block(self.length), self.blocks
        for at in range(0, len(text) - block + 1, block):
            if text[at : at + block] in blocks:
                for start in range(max(0, at - self.length + block), at + 1):
                    if text[start : start + self.length] in self.pieces:
                        yield start, start + self.length


def windows_of(secrets: Sequence[str], length: int = LENGTH) -> list[Windows]:
    """The pieces of `length` characters that may not appear, for each view. Shorter secrets have none."""
    found = (
        Windows.of(view, size * length // LENGTH, _all(secrets, length, forms))
        for view, size, forms in _FORMS
    )
    return [one for one in found if one.pieces]


def _all(secrets: Iterable[str], length: int, forms: Callable[[str], Iterable[str]]) -> Iterator[str]:
    return (text for secret in secrets if len(secret) >= length for text in forms(secret))


def _block(length: int) -> int:
    return (length + 1) // 2


def _pieces(texts: Iterable[str], length: int) -> Iterator[str]:
    return (text[start : start + length] for text in texts for start in range(len(text) - length + 1))


def _turned(secret: str) -> list[str]:
    """The secret, backwards, and with the alphabet rotated."""
    return [secret, secret[::-1], codecs.encode(secret, "rot13")]


def _seen(view: View) -> Callable[[str], Iterable[str]]:
    return lambda secret: [seen_through(view, text) for text in _turned(secret)]


def _hexadecimal(secret: str) -> list[str]:
    return [secret.encode("utf-8", "surrogatepass").hex()]


def _hexadecimal_of_utf16(secret: str) -> list[str]:
    return [secret.encode(f"utf-16-{order}", "surrogatepass").hex() for order in ("le", "be")]


def _core(encode: Callable[[bytes], bytes], bits: int, before: int, secret: bytes) -> str:
    """The characters that encode the secret alone when `before` octets stand before it."""
    text = encode(b"\0" * before + secret).decode().rstrip("=")
    return text[-(-before * 8 // bits) : (before + len(secret)) * 8 // bits]


def _base64(secret: str) -> list[str]:
    """The secret in base64, and in base64 twice, at each place within a longer text."""
    octets = secret.encode("utf-8", "surrogatepass")
    once = [_core(base64.b64encode, 6, before, octets) for before in range(3)]
    twice = [_core(base64.b64encode, 6, before, text.encode()) for text in once for before in range(3)]
    return [*once, *twice]


def _base32(secret: str) -> list[str]:
    octets = secret.encode("utf-8", "surrogatepass")
    return [_core(base64.b32encode, 5, before, octets).lower() for before in range(5)]


_FORMS: tuple[tuple[View, int, Callable[[str], Iterable[str]]], ...] = (
    (RAW, LENGTH, _seen(RAW)),
    (DECODED, LENGTH, _seen(DECODED)),
    (LETTERS, LENGTH, _seen(LETTERS)),
    (HEXADECIMAL, 2 * LENGTH, _hexadecimal),
    (HEXADECIMAL, 4 * LENGTH - 2, _hexadecimal_of_utf16),
    (NUMBERS, LENGTH, _turned),
    (BASE64, 11, _base64),
    (BASE32, 13, _base32),
)
