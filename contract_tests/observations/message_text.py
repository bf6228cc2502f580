"""What is the text of a message, in any of the known forms of its content?"""

from collections.abc import Mapping
from typing import Any


def text_of(content: Any) -> str | None:
    """The text of a message's content, None if it has no text or an unknown form."""
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
