"""Which base URLs are gone or new, once the paths below them are counted in?"""

from collections.abc import Iterator

from spec_review.change import Change, Use
from spec_review.comparison import Comparison, found
from spec_review.operations import TEMPLATE, Operation, Server


def moved(comparison: Comparison) -> Iterator[Change]:
    """An operation no longer stands where clients look for it; told once per base URL."""
    gone: dict[str, list[tuple[Operation, Server]]] = {}
    new: dict[str, list[tuple[Operation, Server]]] = {}
    for pair in comparison.matching.pairs:
        for one, other, into in ((pair.base, pair.head, gone), (pair.head, pair.base, new)):
            known = _urls(other)
            for server in one.servers:
                if not _stands(server, one, known):
                    into.setdefault(server.url, []).append((one, server))
    for url, met in gone.items():
        instead = ", ".join(f"`{other}`" for other in new) or "no other"
        message = f"The base URL `{url}` is gone; clients that use it find nothing there (now: {instead})."
        uses = [Use(one.name, "") for one, _ in met]
        cursor = met[0][1].cursor or comparison.base.root
        head = comparison.head.root.get("servers") or comparison.head.root
        yield found(
            "server-removed", message, cursor, head, *uses, subject=url, old=url, new=next(iter(new), None)
        )
    for url, met in new.items():
        uses = [Use(one.name, "") for one, _ in met]
        cursor = met[0][1].cursor or comparison.head.root
        yield found(
            "server-added", f"The base URL `{url}` is new.", None, cursor, *uses, subject=url, new=url
        )


def _urls(one: Operation) -> set[tuple[str, str]]:
    return {(server.origin, _below(server, one)) for server in one.servers}


def _below(server: Server, one: Operation) -> str:
    return TEMPLATE.sub("{}", server.path) + one.erased


def _stands(server: Server, one: Operation, known: set[tuple[str, str]]) -> bool:
    """A URL without a host, where the document itself is served, may be any host."""
    path = _below(server, one)
    return (server.origin, path) in known or any(
        other == path and (not server.origin or not origin) for origin, other in known
    )
