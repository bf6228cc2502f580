"""How does a tolerant service read a body, so that only what nobody can accept counts as invalid?"""

from typing import Any


def as_read(body: Any) -> Any:
    """The body without the fields that are null: lawful services read null as absent."""
    if isinstance(body, dict):
        return {name: as_read(value) for name, value in body.items() if value is not None}
    if isinstance(body, list):
        return [as_read(item) for item in body]
    return body
