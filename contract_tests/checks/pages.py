"""Do the pages of a list have every entry, once, in order?"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from contract_tests.checks.page_walks import (
    default_of,
    end_of_threads,
    ids_of,
    newest_threads,
    says_more,
    walk_all,
    whole_list,
)
from contract_tests.client.service import Inconclusive, Service
from contract_tests.findings import Deviation, check
from contract_tests.observations.exchange import Exchange
from contract_tests.observations.timestamps import parse_timestamp

_DEFAULT, _LARGEST = 20, 100
_MESSAGES = 5
# In seconds: a service may store threads that are created side by side in another order than their times.
_SIDE_BY_SIDE = 1.0


def _page(exchange: Exchange) -> list[Mapping[str, Any]] | None:
    """The entries of a page, None if the exchange has no page."""
    return exchange.entries


def _parameter(exchange: Exchange, name: str) -> str:
    """A query parameter, or its default in the document."""
    given = dict(exchange.query).get(name, "")
    return given or (default_of(exchange.operation.id, name) if exchange.operation else "")


@check("page-limit-obeyed", Exchange)
def limit_is_obeyed(exchange: Exchange) -> Iterator[Deviation]:
    """A page has at most `limit` entries, by default 20. A limit above 100 may be reduced, refused or obeyed.

    Source: the reference pages of the list operations
    Grade: documented
    Allows: limits above 100 that are reduced, refused or obeyed; 0 as the default
    Advice: count the entries after filtering, and use the default
    """
    page, limit = _page(exchange), _parameter(exchange, "limit")
    if page is None or not limit.isascii() or not limit.isdigit():
        return
    most = int(limit) or _DEFAULT
    if len(page) > most:
        yield Deviation(f"{len(page)} entries for limit={limit}", f"at most {most}", exchange)


@check("page-full-by-default", Exchange)
def page_is_full_by_default(exchange: Exchange) -> Iterator[Deviation]:
    """A page that more entries follow has `limit` entries, by default 20.

    Source: the reference pages of the list operations: limit, 1 to 100, default 20
    Grade: documented
    Allows: pages of any size at the end of a list, and behind or in front of a cursor; limits above 100
    Advice: count the entries after filtering; use 20 if the client gives no limit
    """
    page, limit = _page(exchange), _parameter(exchange, "limit")
    plain = {name for name, _ in exchange.query} <= {"limit", "order"} and limit.isascii() and limit.isdigit()
    if page is None or not plain or not says_more(exchange) or not 0 < int(limit) <= _LARGEST:
        return
    if len(page) < int(limit):
        yield Deviation(f"{len(page)} entries, and more follow", f"{limit} entries", exchange)


@check("page-ids-agree", Exchange)
def first_and_last_id_agree(exchange: Exchange) -> Iterator[Deviation]:
    """`firstId` and `lastId` are the ids of the first and the last entry.

    Source: the reference pages of the list operations
    Grade: documented
    Allows: null, empty or absent ids of an empty page
    Advice: take both from the entries in the response; clients continue after `lastId`
    """
    page = _page(exchange)
    for name, index in (("firstId", 0), ("lastId", -1)) if page is not None else ():
        value = exchange.json.get(name)
        expected = page[index].get("id") if page else None
        if isinstance(value, str) and value != (expected or ""):
            place = f"{exchange.label}: {name}"
            wanted = f"{expected!r}" if page else "no id on an empty page"
            yield Deviation(f"{name} {value!r}", wanted, exchange, place)


@check("page-entries-once", Exchange)
def entries_are_distinct(exchange: Exchange) -> Iterator[Deviation]:
    """A page has no entry twice.

    Source: the reference pages: the id identifies the object
    Grade: documented
    Allows: the same id in another thread
    Advice: look for joins that multiply rows
    """
    ids = [item.get("id") for item in _page(exchange) or []]
    twice = [name for index, name in enumerate(ids) if name in ids[:index]]
    if twice:
        yield Deviation(f"{twice[0]!r} {ids.count(twice[0])} times", "once", exchange)


@check("page-ordered", Exchange)
def entries_are_ordered(exchange: Exchange) -> Iterator[Deviation]:
    """The entries of a list are in the requested order of `createdAt`.

    Source: the reference pages: `order` asc or desc, with its default
    Grade: documented
    Allows: any order of what was created in one moment; truncated digits; threads of the same second, which
    are created side by side
    Advice: sort by `createdAt` in the direction of `order`; messages default to asc, runs to desc
    """
    order = _parameter(exchange, "order")
    times = [parse_timestamp(item.get("createdAt")) for item in _page(exchange) or []]
    apart = _SIDE_BY_SIDE if exchange.operation and exchange.operation.kind == "thread" else 0.0
    for one, other in pairwise(time for time in times if time is not None):
        late, early = (one, other) if order == "asc" else (other, one)
        if order in ("asc", "desc") and early.before(late) and late.seconds - early.seconds >= apart:
            seen, place = f"not in the order {order}", f"{exchange.label}: {order}"
            yield Deviation(seen, "by createdAt", exchange, place)
            return


@check("page-entries-belong", Exchange)
def entries_belong_to_the_list(exchange: Exchange) -> Iterator[Deviation]:
    """A list has only entries of the thread and the run in its path.

    Source: the paths of the reference pages
    Grade: documented
    Allows: entries without these ids
    Advice: filter by the ids of the path
    """
    for item in _page(exchange) or []:
        for name, expected in exchange.path_parameters.items():
            value = item.get(name)
            if isinstance(value, str) and value and value != expected:
                yield Deviation(f"{name} {value}", expected, exchange, f"{exchange.label}: {name}")


@check("page-cursor-excluded", Exchange)
def cursor_is_excluded(exchange: Exchange) -> Iterator[Deviation]:
    """The page after `after`, or before `before`, does not contain the cursor.

    Source: the reference pages of the list operations
    Grade: documented
    Allows: any answer for a cursor that names no entry
    Advice: compare with < and >, not with <= and >=
    """
    ids = [item.get("id") for item in _page(exchange) or []]
    for name in ("after", "before"):
        cursor = dict(exchange.query).get(name)
        if cursor and cursor in ids:
            place = f"{exchange.label}: {name}"
            yield Deviation(f"{name}={cursor} is on the page", "only other entries", exchange, place)


@check("message-pages-complete", Service)
def message_pages_are_complete(service: Service) -> Iterator[Deviation]:
    """Paging through the messages of a thread returns each once, in both orders.

    Source: the reference page of the message list: limit, order, after, before, hasMore
    Grade: documented
    Allows: a list that lags behind; messages of the service; both readings of before
    Advice: use one stable order for both, and compute hasMore from what follows
    """
    thread = service.fresh_thread()
    for number in range(_MESSAGES):
        service.message(thread, f"Message {number + 1} of {_MESSAGES}.")
    yield from walk_all(service, "listMessages", {"threadId": thread}, _MESSAGES)


@check("run-pages-complete", Service, needs=("three runs of one thread",))
def run_pages_are_complete(service: Service) -> Iterator[Deviation]:
    """Paging through the runs of a thread returns each once, in both orders.

    Source: the reference page of the run list: limit, order, after, before, hasMore
    Grade: documented
    Allows: a list that lags behind; further runs; both readings of before
    Advice: use one stable order for both, and compute hasMore from what follows
    """
    thread = service.once("conversation", lambda: None)
    if thread is None:
        raise Inconclusive("no thread has three runs")
    yield from walk_all(service, "listRuns", {"threadId": thread}, 3)


@check("step-pages-complete", Service, needs=("a run that may call a tool",))
def step_pages_are_complete(service: Service) -> Iterator[Deviation]:
    """Paging through the steps of a run returns each once, in both orders.

    Source: the reference page of the step list: limit, order, after, before, hasMore
    Grade: documented
    Allows: runs without steps; both readings of before
    Advice: use one stable order for both, and compute hasMore from what follows
    """
    path = service.once("run with a tool", lambda: None)
    if path is None or not ids_of(service.require("listRunSteps", path=path)):
        raise Inconclusive("no run has steps")
    yield from walk_all(service, "listRunSteps", path, 1)


@check("thread-pages-complete", Service)
def thread_pages_are_complete(service: Service) -> Iterator[Deviation]:
    """Paging through the threads repeats none and skips none.

    Source: the reference page of the thread list: limit, order, after, before, hasMore
    Grade: documented
    Allows: threads of other clients; both readings of before
    Advice: use one stable order for all pages
    """
    yield from newest_threads(service)
    whole = service.require("listThreads", params={"limit": 6, "order": "asc"})
    pages, after = [], ""
    expected = ids_of(whole)
    for _ in range(3):
        params = {"limit": 2, "order": "asc", **({"after": after} if after else {})}
        page = service.require("listThreads", params=params)
        ids = ids_of(page)
        pages += ids
        if len(pages) < len(expected) and not says_more(page):
            yield Deviation("hasMore false before the end", "true", page, "listThreads: hasMore")
        if not ids:
            break
        after = ids[-1]
    yield from end_of_threads(service)
    if expected:
        front = service.require("listThreads", params={"limit": 6, "order": "asc", "before": expected[-1]})
        if ids_of(front) != expected[:-1]:
            seen, wanted = f"{len(ids_of(front))} threads", f"the {len(expected) - 1} before it"
            yield Deviation(seen, wanted, front, "listThreads: before")
    if pages != expected[: len(pages)] or len(pages) < min(6, len(expected)):
        yield Deviation(
            f"{len(pages)} threads, not all or in another order", "the same threads as on one page", page
        )


@check("page-default-limit", Service)
def page_has_twenty_bydefault_of(service: Service) -> Iterator[Deviation]:
    """Without `limit`, a page has 20 entries if there are as many.

    Source: the reference pages of the list operations: limit, default 20
    Grade: documented
    Allows: a thread that does not take 62 messages
    Advice: use 20 if the client gives no limit
    """
    messages = [{"role": "user", "content": [{"type": "text", "text": f"{number}"}]} for number in range(62)]
    path = {"threadId": service.fresh_thread(messages=messages)}
    whole = ids_of(whole_list(service, "listMessages", path, "asc", len(messages)))
    page = service.require("listMessages", path=path)
    if len(whole) <= 20:
        raise Inconclusive("a new thread does not have the messages of its request")
    if len(ids_of(page)) != 20:
        yield Deviation(f"{len(ids_of(page))} of {len(whole)} entries", "20", page)
        return
    # All were created in one moment, so a cursor that is a time would lose some.
    rest = service.require("listMessages", path=path, params={"after": ids_of(page)[-1]})
    if [*ids_of(page), *ids_of(rest)] != whole[:40]:
        seen, wanted = f"{len(ids_of(rest))} entries follow the first 20", "the next 20 of the whole list"
        yield Deviation(seen, wanted, rest)


@check("page-beyond-the-end", Service)
def page_after_the_end_is_empty(service: Service) -> Iterator[Deviation]:
    """The page after the last entry is empty, and `hasMore` is false.

    Source: the reference pages of the list operations: after, hasMore
    Grade: documented
    Allows: a refused cursor
    Advice: return an empty `data` and `hasMore` false
    """
    thread = service.fresh_thread()
    message = service.message(thread)
    path = {"threadId": thread}
    whole_list(service, "listMessages", path, "asc", 1)
    page = service.require("listMessages", path=path, params={"after": message, "order": "asc"})
    if ids_of(page) or (isinstance(page.json, dict) and page.json.get("hasMore")):
        yield Deviation(
            f"{len(ids_of(page))} entries, hasMore {page.json.get('hasMore')}",
            "no entries, hasMore false",
            page,
        )
