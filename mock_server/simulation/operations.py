"""Which operations create a run, and which ones poll it?

Read from the document by tag, method and path. Standard library only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_METHODS = ("get", "post", "put", "patch", "delete")
_POLLED_TAGS = frozenset({"Runs", "Run steps", "Messages"})
"""The tags of everything that changes while a run plays."""


@dataclass(frozen=True)
class Operations:
    """Sets of operation ids: all of a document, those that create a run, those that poll what a run does."""

    all: frozenset[str]
    create: frozenset[str]
    polls: frozenset[str]


def operations(document: Mapping[str, Any]) -> Operations:
    """The operations of a document."""
    found = [
        (operation["operationId"], method, path, set(operation.get("tags", ())))
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in _METHODS
    ]
    return Operations(
        all=frozenset(name for name, *_ in found),
        create=frozenset(
            name
            for name, method, path, tags in found
            if method == "post" and "Runs" in tags and "{runId}" not in path
        ),
        polls=frozenset(name for name, method, _, tags in found if method == "get" and tags & _POLLED_TAGS),
    )
