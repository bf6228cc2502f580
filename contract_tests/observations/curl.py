"""How is a request repeated in a shell, without showing the key?"""

import re
import shlex
from collections.abc import Iterable, Mapping

from contract_tests.plain_text import COMMAND, HIDDEN
from contract_tests.redaction import KEY_ESCAPED, KEY_MARK, Secrets

_VARIABLE = re.compile(r"(\$TUNE_API_KEY|\$\{TUNE_API_KEY[^}]*\})")
_BODY_LIMIT = 2000


def command_line(words: Iterable[str], secrets: Secrets) -> str:
    """The words, quoted for a shell. A variable stands for the key."""
    return secrets.redact(" ".join(_quoted(word, secrets) for word in words))


def shown(body: bytes) -> str:
    """A request body as text, truncated if it is long."""
    text = body.decode("utf-8", "backslashreplace").replace("\x00", "\\x00")
    return text if len(text) <= _BODY_LIMIT else f"{text[:_BODY_LIMIT]}... ({len(body)} bytes)"


def _quoted(word: str, secrets: Secrets) -> str:
    """A quoted word in which the variable for the key is still expanded."""
    text = secrets.redact(word)
    if "\n" in text or HIDDEN.search(text) or COMMAND.search(text):
        return "".join(
            f'"{part}"' if index % 2 else _escaped(part)
            for index, part in enumerate(_VARIABLE.split(text))
            if part
        )
    if not KEY_MARK.search(text):
        return shlex.quote(text)
    escaped = "".join(f"\\{char}" if char in '\\"`$' else char for char in text)
    return '"' + KEY_ESCAPED.sub("$", escaped) + '"'


def quoted_with(word: str, secrets: Secrets, names: Mapping[str, str]) -> str:
    """A quoted word. Variables stand for the secrets, and for the texts that `names` has variables for."""
    known = sorted((name for name in names if name), key=len, reverse=True)
    pattern = re.compile("|".join([_VARIABLE.pattern[1:-1], *map(re.escape, known)]))
    text = secrets.redact(word)
    parts, end = [], 0
    for found in pattern.finditer(text):
        parts += [
            _plain(text[end : found.start()]),
            f'"${{{names[found[0]]}}}"' if found[0] in names else f'"{found[0]}"',
        ]
        end = found.end()
    return "".join([*parts, _plain(text[end:])]) or "''"


def _plain(text: str) -> str:
    if not text:
        return ""
    hidden = "\n" in text or HIDDEN.search(text) or COMMAND.search(text)
    return _escaped(text) if hidden else shlex.quote(text)


def _escaped(text: str) -> str:
    """A word of bash on one line, with escapes for hidden characters."""
    safe = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    safe = COMMAND.sub(lambda found: "\\x23", safe)
    return "$'" + HIDDEN.sub(lambda found: _octets(found[0]), safe) + "'"


def _octets(char: str) -> str:
    return "".join(f"\\x{octet:02x}" for octet in char.encode("utf-8", "surrogatepass"))
