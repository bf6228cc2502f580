"""What is the text of a message, in any of the known forms of its content?"""

from collections.abc import Mapping
from typing import Any


def text_of(content: Any) -> str | None:
    """The text of a message's content, None if it has an unknown form.

    A missing or null text is an empty one, and so is content without a text.
    """
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list):
        return None
    parts = [_part(part) for part in content if isinstance(part, Mapping) and part.get("type") == "text"]
    return None if None in parts else "".join(str(part) for part in parts)


def _part(part: Mapping[str, Any]) -> str | None:
    text = part.get("text")
    value = text.get("value") if isinstance(text, Mapping) else text
    return (value or "") if value is None or isinstance(value, str) else None
