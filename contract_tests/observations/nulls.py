"""Which JSON bodies mean the same as one without null? Null means absent, in requests and responses."""

from typing import Any


def without_nulls(body: Any) -> Any:
    """The JSON body without its null fields, at every depth. The entries of its lists stay, also null."""
    if isinstance(body, dict):
        return {name: without_nulls(value) for name, value in body.items() if value is not None}
    if isinstance(body, list):
        return [without_nulls(item) for item in body]
    return body
