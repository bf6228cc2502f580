"""How does a tolerant service read a body? Only what no service may accept counts as invalid."""

from typing import Any


def without_nulls(body: Any) -> Any:
    """The JSON body without its null fields. A conforming service may treat null like a missing field."""
    if isinstance(body, dict):
        return {name: without_nulls(value) for name, value in body.items() if value is not None}
    if isinstance(body, list):
        return [without_nulls(item) for item in body]
    return body
