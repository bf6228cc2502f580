"""How is a message's content, which clients send in several ways, kept and answered?

A text is answered as `{"value": ...}`, which serves every client seen; whatever object a client sent in
place of a text stands under `value` as it was.
"""

from collections.abc import Mapping
from typing import Any

Part = Mapping[str, Any]


def parts(content: Any) -> tuple[Part, ...]:
    """The parts of a message's content as they are answered."""
    if isinstance(content, str):
        return (_text_part(content),)
    return tuple(_part(part) for part in content)


def _text_part(text: Any) -> Part:
    return {"type": "text", "text": _text(text)}


def _text(text: Any) -> Mapping[str, Any]:
    held = isinstance(text, dict) and isinstance(text.get("value"), str | dict)
    return {"value": text["value"] if held else text, "annotations": []}


def _part(part: Part) -> Part:
    kept = {name: part[name] for name in ("type", "imageFile", "imageUrl") if name in part}
    if "text" in part:
        kept["text"] = _text(part["text"])
    return kept
