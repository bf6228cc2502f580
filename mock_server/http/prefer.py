"""Which preferences are in the `Prefer` headers of a request? (RFC 7240)

A scanner reads each character at most a few times, so any header is read in linear time.
"""

import string
from collections.abc import Iterable, Mapping

_TOKEN = frozenset("!#$%&'*+.^_`|~-" + string.digits + string.ascii_letters)
_OPTION = frozenset("-" + string.ascii_letters)
_OWN = ("scenario", "wire")


def preferences(headers: Iterable[str]) -> Mapping[str, str]:
    """The preferences of all `Prefer` headers by lower-case name. Of a repeated one, the first is used.

    Text that is not a preference is skipped up to the next comma, since preferences never cause errors. A
    quoted string without an end is skipped with everything after it.
    `scenario` and `wire` may contain more characters than tokens do: `wire=status=429;first=2`.
    """
    found: dict[str, str] = {}
    for header in headers:
        scanner = _Scanner(header)
        while not scanner.at_end:
            start = scanner.position
            read = scanner.own()
            if read is None:
                scanner.position = start
                read = scanner.preference()
            if read is None:
                scanner.position = start
                scanner.skip()
            else:
                found.setdefault(*read)
    return found


class _Scanner:
    """Reads one header. Methods that read something return a false value if it is not there."""

    def __init__(self, text: str) -> None:
        self._text, self._length = text, len(text)
        self.position = 0

    @property
    def at_end(self) -> bool:
        """Whether everything is read."""
        return self.position >= self._length

    def own(self) -> tuple[str, str] | None:
        """`scenario` or `wire`, its value with its options, and the comma or semicolon after it."""
        self._space()
        name = next((name for name in _OWN if self._follows(name)), "")
        self.position += len(name)
        if not (name and self._mark("=")):
            return None
        self._space()
        start = self.position
        if not self._characters():
            return None
        ends = [self.position]
        while self._option():
            ends.append(self.position)
        self.position = ends[-1]
        if not self._border(",;"):
            if len(ends) == 1:
                return None
            # The last option is followed by something else, so it is not an option of this value.
            self.position = ends[-2]
            ends.pop()
            self._border(",;")
        return name, "".join(self._text[start : ends[-1]].split())

    def preference(self) -> tuple[str, str] | None:
        """A name with its value and its parameters, which are ignored, and the comma after it."""
        self._space()
        name = self._run(_TOKEN)
        value = self._value()
        while self._mark(";"):
            self._space()
            if self._run(_TOKEN):
                self._value()
        complete = self.position <= self._length and self._border(",")
        return (name.lower(), value) if name and complete else None

    def skip(self) -> None:
        """Skip everything up to the next comma that is not in a quoted string."""
        while not self.at_end:
            character = self._text[self.position]
            if character == '"':
                self._quoted()
                continue
            self.position += 1
            if character == ",":
                return

    def _follows(self, name: str) -> bool:
        return self._text[self.position : self.position + len(name)].lower() == name

    def _space(self) -> None:
        while self.position < self._length and self._text[self.position].isspace():
            self.position += 1

    def _mark(self, marks: str) -> bool:
        """One of the marks, after white space."""
        self._space()
        if self.at_end or self._text[self.position] not in marks:
            return False
        self.position += 1
        return True

    def _border(self, marks: str) -> bool:
        """One of the marks or the end, after white space."""
        return self._mark(marks) or self.at_end

    def _run(self, allowed: frozenset[str]) -> str:
        start = self.position
        while self.position < self._length and self._text[self.position] in allowed:
            self.position += 1
        return self._text[start : self.position]

    def _characters(self) -> bool:
        """Characters of the value of `scenario` or `wire`."""
        start = self.position
        while self.position < self._length:
            character = self._text[self.position]
            if character in ',;"' or character.isspace():
                break
            self.position += 1
        return self.position > start

    def _option(self) -> bool:
        """`;NAME=VALUE` after the value of `scenario` or `wire`."""
        if not self._mark(";"):
            return False
        self._space()
        if not self._run(_OPTION) or not self._mark("="):
            return False
        self._space()
        return self._characters()

    def _value(self) -> str:
        """`=VALUE`, where the value is a token, a quoted string, or missing."""
        if not self._mark("="):
            return ""
        self._space()
        if not self.at_end and self._text[self.position] == '"':
            return self._quoted()
        return self._run(_TOKEN)

    def _quoted(self) -> str:
        """A quoted string without its quotes and backslashes. Without an end, it reaches to the end."""
        self.position += 1
        parts: list[str] = []
        while not self.at_end:
            character = self._text[self.position]
            self.position += 1
            if character == '"':
                return "".join(parts)
            if character == "\\":
                character = self._text[self.position : self.position + 1]
                self.position += 1
            parts.append(character)
        # Beyond the end: this was no complete string.
        self.position = self._length + 1
        return ""
