"""Which value is in a JSON text that anybody may have written?"""

import json
from itertools import accumulate
from typing import Any, NoReturn

DEPTH_LIMIT = 100
"""How deep arrays and objects may be nested. Deeper values exhaust the programs that read them."""
_BRACKETS = str.maketrans({"[": "+", "{": "+", "]": "-", "}": "-"})
_STEPS = {"+": 1, "-": -1}


class TooDeep(ValueError):
    """A text may be JSON, but is nested too deeply to be read."""


def read_json(text: str | bytes) -> Any:
    """The value. Raises `ValueError` if the text is not JSON, and `TooDeep` if it is nested too deeply."""
    plain = text.decode(json.detect_encoding(text), "surrogatepass") if isinstance(text, bytes) else text
    if _may_be_deep(plain) and _depth(plain) > DEPTH_LIMIT:
        raise TooDeep(f"JSON of more than {DEPTH_LIMIT} levels")
    return json.loads(plain, parse_constant=_refuse)


def is_cut_off(text: bytes) -> bool:
    """Whether a text is the beginning of JSON."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated")
    except (ValueError, RecursionError):
        return False
    return False


def _may_be_deep(text: str) -> bool:
    return text.count("[") + text.count("{") > DEPTH_LIMIT


def _depth(text: str) -> int:
    """The depth of nesting. Text in quotes does not count."""
    outside = "".join(text.replace("\\\\", "").replace('\\"', "").split('"')[::2])
    steps = (_STEPS[char] for char in outside.translate(_BRACKETS) if char in "+-")
    return max(accumulate(steps), default=0)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
