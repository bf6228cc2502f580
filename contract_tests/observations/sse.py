"""Which events are in a text/event-stream, and where does it violate the standard?

https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
This file follows the standard alone. It does not know what the events mean.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_FIELDS = ("event", "data", "id", "retry")
_BOM = b"\xef\xbb\xbf"
_END_OF_LINE = re.compile(rb"[\r\n]")


@dataclass(frozen=True)
class Event:
    """One dispatched event. `at` is when its last byte arrived, `line` the number of its first line."""

    data: str
    event: str = ""
    id: str = ""
    at: float = 0.0
    line: int = 0


@dataclass(frozen=True)
class Flaw:
    """A place where the stream violates the standard."""

    line: int
    what: str


@dataclass
class Parser:
    """Parses a stream in chunks, as they arrive, and collects its flaws.

    Lines end only at CR, LF or CRLF. A block without its blank line is not an event.
    """

    flaws: list[Flaw] = field(default_factory=list)
    _rest: bytes = b""
    _started: bool = False
    _after_cr: bool = False
    _line: int = 0
    _first_line: int = 0
    _data: list[str] = field(default_factory=list)
    _event: str = ""
    _id: str = ""
    _block: bool = False

    def feed(self, data: bytes, at: float = 0.0) -> Iterator[Event]:
        """The events that these bytes complete."""
        for line in self._lines(data):
            self._line += 1
            event = self._take(line, at)
            if event is not None:
                yield event

    def close(self) -> None:
        """End the stream. A block that is not closed by a blank line is a flaw."""
        if self._rest:
            self._flaw(f"the stream ends inside a line: {self._rest[:60]!r}", self._line + 1)
        elif self._block:
            self._flaw("the stream ends without the blank line that closes its last block", self._first_line)

    def _lines(self, data: bytes) -> Iterator[bytes]:
        """The lines that these bytes complete."""
        data = self._rest + data
        if not self._started:
            if len(data) < len(_BOM) and _BOM.startswith(data):
                self._rest = data
                return
            data, self._started = data.removeprefix(_BOM), True
        if self._after_cr and data:
            data, self._after_cr = data.removeprefix(b"\n"), False
        start = 0
        while end := _END_OF_LINE.search(data, start):
            yield data[start : end.start()]
            start = end.end()
            if end.group() == b"\r":
                self._after_cr = start == len(data)
                start += data[start : start + 1] == b"\n"
        self._rest = data[start:]

    def _take(self, raw: bytes, at: float) -> Event | None:
        """Interpret one line. Returns the event if the line dispatches one."""
        if not raw:
            return self._dispatch(at)
        if raw.startswith(b":"):
            return None
        if not self._block:
            self._block, self._first_line = True, self._line
        name, _, value = self._decode(raw).partition(":")
        self._field(name, value.removeprefix(" "))
        return None

    def _field(self, name: str, value: str) -> None:
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._event = value
        elif name == "id":
            self._id = self._id if "\0" in value else value
        elif name == "retry":
            if not (value.isascii() and value.isdigit()):
                self._flaw(f"retry is not a number: {value[:40]!r}", self._line)
        elif name.lower() in _FIELDS or not name.replace("-", "_").isidentifier():
            # The standard tells readers to ignore fields with other names.
            self._flaw(f"a line is neither a field nor a comment: {f'{name}:{value}'[:60]!r}", self._line)

    def _dispatch(self, at: float) -> Event | None:
        """The event that a blank line completes. A block without data is not an event."""
        event = Event("\n".join(self._data), self._event, self._id, at, self._first_line)
        dispatched = event if self._data else None
        self._data, self._event, self._block = [], "", False
        return dispatched

    def _decode(self, raw: bytes) -> str:
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            self._flaw(f"the bytes {raw[error.start : error.end]!r} are not UTF-8", self._line)
            return raw.decode("utf-8", "replace")

    def _flaw(self, what: str, line: int) -> None:
        self.flaws.append(Flaw(line, what))


def parse(chunks: Iterable[bytes]) -> list[Event]:
    """The events of a whole stream."""
    parser = Parser()
    return [event for chunk in chunks for event in parser.feed(chunk)]
