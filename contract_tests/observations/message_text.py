"""What words does a message hold, whichever of the known forms it has?"""

from collections.abc import Mapping
from typing import Any


def text_of(content: Any) -> str | None:
    """The words of a message's content, None where it has none or is of another form."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return None
    parts = [_part(part) for part in content if isinstance(part, Mapping) and part.get("type") == "text"]
    return None if None in parts or not parts else "".join(str(part) for part in parts)


def _part(part: Mapping[str, Any]) -> str | None:
    text = part.get("text")
    value = text.get("value") if isinstance(text, Mapping) else text
    return value if isinstance(value, str) else None
