"""Do pages that follow one another have every entry of a list?"""

from collections.abc import Iterator, Mapping
from typing import Any

from contract_tests.client.service import Service
from contract_tests.document import document
from contract_tests.findings import Deviation
from contract_tests.observations.exchange import Exchange

_LARGEST = 100
_THREAD_PAGES = 5
_PAUSES = (0.5, 1.5)


def default_of(operation: str, name: str) -> str:
    """The default of a query parameter in the document, empty if it has none."""
    schema = document().assumed.parameter(operation, name)
    return str((schema or {}).get("default", ""))


def says_more(page: Exchange) -> bool:
    """Whether a page has `hasMore` true."""
    return isinstance(page.json, dict) and bool(page.json.get("hasMore"))


def newest_threads(service: Service) -> Iterator[Deviation]:
    """Create threads of several kinds, and look for them at the end of the list. It may lag behind."""
    messages = [{"role": "user", "content": [{"type": "text", "text": "Hello."}]}]
    kinds: tuple[dict[str, Any], ...] = (
        {},
        {"title": "New", "metadata": {"new": "yes"}},
        {"messages": messages},
    )
    created = [service.fresh_thread(**fields) for fields in kinds]
    missing: list[str] = []
    for pause in (*_PAUSES, None):
        page = service.require("listThreads", params={"limit": _LARGEST, "order": "desc"})
        missing = [name for name in created if name not in ids_of(page)]
        if not missing or pause is None:
            break
        service.client.wait(pause)
    if missing:
        seen = f"{len(missing)} new threads are missing"
        yield Deviation(seen, "the newest threads", page, "listThreads: newest")


def end_of_threads(service: Service) -> Iterator[Deviation]:
    """Follow `hasMore` from the newest thread to the oldest, through some pages at most."""
    params: dict[str, Any] = {"limit": _LARGEST, "order": "desc"}
    for _ in range(_THREAD_PAGES):
        page = service.require("listThreads", params=params)
        if not says_more(page):
            return
        ids = ids_of(page)
        following = service.require("listThreads", params={**params, "after": ids[-1]}) if ids else page
        if not ids_of(following):
            yield Deviation("hasMore true, but no entries follow", "false", page, "listThreads: hasMore")
            return
        params["after"] = ids[-1]


def walk_all(service: Service, operation: str, path: Mapping[str, str], least: int) -> Iterator[Deviation]:
    """Compare pages of every kind with the whole list. It must have at least `least` entries."""
    wholes = {order: whole_list(service, operation, path, order, least) for order in ("asc", "desc")}
    for order, whole in wholes.items():
        expected = ids_of(whole)
        if len(expected) < least or {*expected} != {*ids_of(wholes["asc"])}:
            seen, place = f"{len(expected)} entries after {least} were created", f"{operation}: all"
            yield Deviation(seen, f"at least {least}, the same in both orders", whole, place)
            return
        for limit in (1, 2):
            yield from _walk(service, operation, path, {"order": order, "limit": limit}, expected)
        yield from _before(service, operation, path, order, expected)
    default = default_of(operation, "order")
    plain = service.require(operation, path=path)
    if ids_of(plain) != ids_of(wholes[default])[:20]:
        yield Deviation("another order without `order`", default, plain, f"{operation}: default order")


def whole_list(service: Service, operation: str, path: Mapping[str, str], order: str, least: int) -> Exchange:
    """A whole list in an order. A list may lag behind, so a short one is requested again a little later."""
    for pause in (*_PAUSES, None):
        whole = service.require(operation, path=path, params={"limit": 100, "order": order})
        if pause is None or len(ids_of(whole)) >= least:
            break
        service.client.wait(pause)
    return whole


def _walk(
    service: Service, operation: str, path: Mapping[str, str], params: Mapping[str, Any], expected: list[str]
) -> Iterator[Deviation]:
    """Follow `after` from page to page."""
    seen: list[str] = []
    place = f"{operation}: {params['order']}"
    for _ in range(len(expected) + 2):
        after = {"after": seen[-1]} if seen else {}
        page = service.require(operation, path=path, params={**params, **after})
        ids = ids_of(page)
        more = page.json.get("hasMore") if isinstance(page.json, dict) else None
        seen += ids
        remain = len(expected) - len(seen)
        if seen != expected[: len(seen)] or not ids:
            yield Deviation(_difference(seen, expected), "each entry once, in order", page, f"{place}: after")
            return
        if bool(more) != (remain > 0):
            yield Deviation(
                f"hasMore {more} with {remain} entries left", str(remain > 0), page, f"{place}: hasMore"
            )
        if remain <= 0:
            return


def _before(
    service: Service, operation: str, path: Mapping[str, str], order: str, expected: list[str]
) -> Iterator[Deviation]:
    """Read the page before the last entry: all entries but the last."""
    params = {"order": order, "limit": 100, "before": expected[-1]}
    page = service.require(operation, path=path, params=params)
    if ids_of(page) != expected[:-1]:
        place = f"{operation}: {order}: before"
        yield Deviation(_difference(ids_of(page), expected[:-1]), "the entries before it", page, place)


def _difference(seen: list[str], expected: list[str]) -> str:
    if len(set(seen)) < len(seen):
        return f"{len(seen)} entries, {len(set(seen))} of them distinct"
    if len(seen) != len(expected):
        return f"{len(seen)} of {len(expected)} entries"
    return "another order"


def ids_of(page: Exchange) -> list[str]:
    """The ids of the entries of a page, in its order."""
    return [str(item.get("id")) for item in page.entries or []]
