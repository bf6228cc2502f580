"""At which line of the document does a finding belong? Code scanning shows findings at a file and a line."""

import re
from functools import cache
from importlib.resources import files

DOCUMENT = "openapi/openapi.yaml"


def line_of(place: str) -> int:
    """The line of the operation that a place names, 1 if it names none."""
    known = _lines()
    return next((known[word] for word in re.findall(r"\w+", place) if word in known), 1)


@cache
def _lines() -> dict[str, int]:
    """The line of each operation id in the document."""
    text = files("openapi").joinpath("openapi.yaml").read_text(encoding="utf-8")
    named = (re.fullmatch(r"\s*operationId:\s*(\w+)\s*", line) for line in text.splitlines())
    return {found[1]: number for number, found in enumerate(named, 1) if found}
