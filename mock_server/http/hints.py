"""Is an unknown body field a misspelling of a known one?"""

import difflib
from collections.abc import Collection, Iterable
from functools import lru_cache

_CLOSE = 0.75
_SYNONYMS = {"maxtokens": "maxCompletionTokens", "systemprompt": "instructions", "assistant": "assistantId"}
"""Names of fields in other chat APIs."""


def hints(sent: Iterable[str], fields: frozenset[str], also_known: Collection[str]) -> list[str]:
    """A sentence for each unknown field whose name is similar to a known one."""
    unknown = (name for name in sent if name not in fields and name not in also_known)
    return [hint for name in unknown if len(name) < 50 and (hint := _hint(name, fields))]


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
