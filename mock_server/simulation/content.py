"""In which form is a message's content stored and shown?

Clients send it in several forms. A text is shown as `{"value": ...}`, which every observed client can read.
If a client sent an object instead of a text, the object is shown under `value` unchanged. An empty one, or
null, says nothing and is shown as the empty text.
"""

from collections.abc import Mapping
from typing import Any

Part = Mapping[str, Any]


def parts(content: Any) -> tuple[Part, ...]:
    """The parts of a message's content as the API shows them."""
    if isinstance(content, str):
        return (_text_part(content),)
    return tuple(_part(part) for part in content)


def _text_part(text: Any) -> Part:
    return {"type": "text", "text": _text(text)}


def _text(text: Any) -> Mapping[str, Any]:
    held = isinstance(text, dict) and isinstance(text.get("value"), str | dict)
    return {"value": (text["value"] if held else text) or "", "annotations": []}


def _part(part: Part) -> Part:
    kept = {name: part[name] for name in ("type", "imageFile", "imageUrl") if name in part}
    if "text" in part:
        kept["text"] = _text(part["text"])
    return kept
