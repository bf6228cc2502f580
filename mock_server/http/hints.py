"""Is an unknown body field a misspelling of a known one?"""

import difflib
from collections.abc import Collection, Iterable
from functools import lru_cache
from itertools import islice

MOST_HINTS = 3
_MOST_NAMES = 30
"""Unknown fields of one body that are looked at: a comparison with all fields takes time."""
_CLOSE = 0.75
_SYNONYMS = {"maxtokens": "maxCompletionTokens", "systemprompt": "instructions", "assistant": "assistantId"}
"""Names of fields in other chat APIs."""


def hints(sent: Iterable[str], fields: frozenset[str], also_known: Collection[str]) -> list[str]:
    """A sentence for each of the first unknown fields whose name is similar to a known one."""
    unknown = (name for name in sent if name not in fields and name not in also_known)
    found = (_hint(name, fields) for name in islice(unknown, _MOST_NAMES) if len(name) < 50)
    return list(islice(filter(None, found), MOST_HINTS))


@lru_cache(maxsize=1024)
def _hint(name: str, fields: frozenset[str]) -> str:
    plain = {_plain(field): field for field in sorted(fields)}
    meant = _SYNONYMS.get(_plain(name))
    if meant not in fields:
        close = difflib.get_close_matches(_plain(name), plain, n=1, cutoff=_CLOSE)
        meant = plain[close[0]] if close else None
    return f"{name!a} is not a field and was ignored; did you mean {meant!a}?" if meant else ""


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()
