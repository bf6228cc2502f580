"""Which base URLs were removed or added? A part of the path may move between base URL and path."""

from collections.abc import Iterable, Iterator

from spec_review.change import Change, Use
from spec_review.comparison import Comparison, make_change
from spec_review.operations import TEMPLATE, Operation, Server

Uses = dict[str, list[tuple[Operation, Server]]]
"""For each base URL: its operations, and the server of each."""


def base_urls(comparison: Comparison) -> Iterator[Change]:
    """Base URLs at which operations are no longer or newly available; one change per URL."""
    base, revision = comparison.base.root, comparison.revision.root
    pairs = [(pair.base, pair.revision) for pair in comparison.changed_with("servers")]
    removed = _missing(pairs)
    added = _missing((new, old) for old, new in pairs)
    instead = f" Added: {', '.join(f'`{url}`' for url in added)}." if added else ""
    for url, affected in removed.items():
        message = f"The base URL `{url}` was removed; requests to it fail.{instead}"
        at = affected[0][1].cursor or base, revision.get("servers") or revision
        uses, new = _uses(affected), next(iter(added), None)
        yield make_change("server-removed", message, *at, *uses, subject=url, old=url, new=new)
    for url, affected in added.items():
        message = f"The base URL `{url}` was added."
        cursor = affected[0][1].cursor or revision
        yield make_change("server-added", message, None, cursor, *_uses(affected), subject=url, new=url)


def _missing(pairs: Iterable[tuple[Operation, Operation]]) -> Uses:
    """The servers of the first operation of each pair at which the second is not available."""
    missing: Uses = {}
    for one, other in pairs:
        known = _urls(other)
        for server in one.servers:
            if not _is_known(server, one, known):
                missing.setdefault(server.url, []).append((one, server))
    return missing


def _uses(affected: list[tuple[Operation, Server]]) -> list[Use]:
    return [Use(operation.name, "") for operation, _ in affected]


def _urls(one: Operation) -> set[tuple[str, str]]:
    return {(server.origin, _below(server, one)) for server in one.servers}


def _below(server: Server, one: Operation) -> str:
    return TEMPLATE.sub("{}", server.path) + one.normalized_path


def _is_known(server: Server, one: Operation, known: set[tuple[str, str]]) -> bool:
    """A URL without a host matches any host: it is relative to where the document is served."""
    path = _below(server, one)
    return (server.origin, path) in known or any(
        other == path and (not server.origin or not origin) for origin, other in known
    )
