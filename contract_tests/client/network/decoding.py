"""What does a compressed body say, without more of it being decompressed than is read?"""

import zlib
from collections.abc import Iterable, Sequence

from contract_tests.client.network.metering import BODY_LIMIT, TooLarge

_IDENTITY = ("", "identity")
_WINDOWS = {"gzip": 47, "x-gzip": 47, "deflate": 47}
_MOST_CODINGS = 3


class Undecodable(ValueError):
    """The body is not what its Content-Encoding says, or the encoding is unknown."""


class Decoder:
    """Undoes the content codings of one body, piece by piece, up to a ceiling of bytes."""

    def __init__(self, codings: Sequence[str], limit: int = BODY_LIMIT) -> None:
        """Raises `Undecodable` for a coding that is unknown, and for too many of them."""
        named = [one.strip().lower() for text in codings for one in text.split(",")]
        chosen = [one for one in named if one not in _IDENTITY]
        if unknown := [one for one in chosen if one not in _WINDOWS]:
            raise Undecodable(f"Content-Encoding: {unknown[0][:40]!r}, which was not asked for")
        if len(chosen) > _MOST_CODINGS:
            raise Undecodable(f"{len(chosen)} content codings")
        self._left = limit
        self._steps = [_Inflater(one) for one in reversed(chosen)]

    @property
    def compressed(self) -> bool:
        """Whether there is anything to undo."""
        return bool(self._steps)

    def decode(self, data: bytes) -> bytes:
        """The decoded form of the next piece. Raises `TooLarge` and `Undecodable`."""
        for step in self._steps:
            data = step.decode(data, self._left)
        self._left -= len(data)
        return data


class _Inflater:
    def __init__(self, coding: str) -> None:
        self._raw_allowed = coding == "deflate"
        self._inflate = zlib.decompressobj(_WINDOWS[coding])

    def decode(self, data: bytes, limit: int) -> bytes:
        try:
            plain = self._decompress(data, limit + 1)
        except zlib.error as error:
            raise Undecodable(f"the compressed body is damaged: {error}") from None
        if len(plain) > limit:
            raise TooLarge(f"more than {BODY_LIMIT // 2**20} MiB of decompressed body; reading stopped")
        return plain

    def _decompress(self, data: bytes, limit: int) -> bytes:
        """Some services send `deflate` without the header of zlib."""
        raw_allowed, self._raw_allowed = self._raw_allowed, False
        try:
            return self._inflate.decompress(data, limit)
        except zlib.error:
            if not raw_allowed:
                raise
            self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
            return self._inflate.decompress(data, limit)


def decoded(pieces: Iterable[bytes], codings: Sequence[str]) -> bytes:
    """A whole body, decoded. Raises `TooLarge` and `Undecodable`."""
    decoder = Decoder(codings)
    return b"".join(map(decoder.decode, pieces))
