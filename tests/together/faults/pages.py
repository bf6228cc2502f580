"""Which deployments page through lists wrongly?"""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request

from tests.together.cases import fault
from tests.together.deployment import Deployment
from tests.together.service import Json


def paged(change: Callable[[Json, Request], Json]) -> Callable[..., Json]:
    """A `page` method that changes what the good one gives."""

    def page(
        self: Deployment, items: list[Json], request: Request, default: str, lenient: bool = False
    ) -> Json:
        return change(Deployment.page(self, items, request, default, lenient), request)

    return page


@fault()
class LimitIsIgnored(Deployment):
    """A page has at most `limit` entries."""

    def limit(self, request: Request, lenient: bool) -> int:
        super().limit(request, lenient)
        return 20


@fault()
class OneMoreThanTheLimit(Deployment):
    """A page does not have one entry more than `limit`."""

    def limit(self, request: Request, lenient: bool) -> int:
        return super().limit(request, lenient) + 1


@fault()
class OneLessThanTheLimit(Deployment):
    """A page has `limit` entries if the list has as many."""

    def limit(self, request: Request, lenient: bool) -> int:
        return max(1, super().limit(request, lenient) - 1)

    def select(self, items: list[Json], request: Request, limit: int) -> tuple[list[Json], bool]:
        page, _ = super().select(items, request, limit)
        return page, False


@fault()
class OrderIsIgnored(Deployment):
    """A list is in the requested order."""

    def order(self, request: Request, default: str) -> str:
        super().order(request, default)
        return default


@fault()
class RunsOldestFirst(Deployment):
    """Without `order`, the newest run is first."""

    async def list_runs(self, request: Request, thread_id: str) -> Any:
        return self.page([self.show_run(run) for run in self.thread(thread_id).runs], request, "asc")


@fault()
class MessagesNewestFirst(Deployment):
    """Without `order`, the oldest message is first."""

    async def list_messages(self, request: Request, thread_id: str) -> Any:
        return self.page([self.show_message(one) for one in self.thread(thread_id).messages], request, "desc")


@fault()
class ThreadsInNoOrder(Deployment):
    """Threads are in the order of their creation."""

    async def list_threads(self, request: Request) -> Any:
        threads = sorted(self.threads.values(), key=lambda thread: thread.row["id"][-8:])
        return self.page([self.show_thread(thread) for thread in threads], request, "asc", lenient=True)


class Cursor(Deployment):
    """A deployment that changes where its pages begin and end."""

    start = 0
    end = 0

    def select(self, items: list[Json], request: Request, limit: int) -> tuple[list[Json], bool]:
        """A page with a wrong beginning or end."""
        page, _ = super().select(items, request, len(items) + 1)
        after, before = (request.query_params.get(name) for name in ("after", "before"))
        first = items.index(page[0]) + (self.start if after else 0) if page else 0
        last = items.index(page[-1]) + 1 + (self.end if before else 0) if page else 0
        first = max(first, last - limit) if before else first
        return items[first : min(last, first + limit)], bool(page) and first + limit < len(items)


@fault()
class AfterIncludesTheCursor(Cursor):
    """A page begins after the entry that `after` names."""

    start = -1


@fault()
class AfterSkipsOne(Cursor):
    """A page begins directly after the entry that `after` names."""

    start = 1


@fault()
class BeforeIncludesTheCursor(Cursor):
    """A page ends before the entry that `before` names."""

    end = 1


@fault()
class AfterIsIgnored(Deployment):
    """`after` sets the beginning of the page."""

    def select(self, items: list[Json], request: Request, limit: int) -> tuple[list[Json], bool]:
        return items[:limit], len(items) > limit


@fault()
class BeforeIsIgnored(Deployment):
    """`before` sets the end of the page."""

    def select(self, items: list[Json], request: Request, limit: int) -> tuple[list[Json], bool]:
        if request.query_params.get("before"):
            return items[:limit], len(items) > limit
        return super().select(items, request, limit)


@fault()
class AfterInTheOtherOrder(Deployment):
    """`after` follows the requested order."""

    def select(self, items: list[Json], request: Request, limit: int) -> tuple[list[Json], bool]:
        ids = [item["id"] for item in items]
        after = request.query_params.get("after")
        if after in ids and request.query_params.get("order") == "desc":
            return items[: ids.index(after)][:limit], False
        return super().select(items, request, limit)


@fault()
class HasMoreIsAlwaysFalse(Deployment):
    """`hasMore` is true if entries follow."""

    page = paged(lambda page, request: {**page, "hasMore": False})


@fault()
class HasMoreIsAlwaysTrue(Deployment):
    """`hasMore` is false on the last page."""

    page = paged(lambda page, request: {**page, "hasMore": True})


@fault()
class HasMoreOnAFullPage(Deployment):
    """`hasMore` is false on the last page, also if it is full."""

    page = paged(
        lambda page, request: {
            **page,
            "hasMore": len(page["data"]) >= int(request.query_params.get("limit", "20")),
        }
    )


@fault()
class FirstAndLastAreSwapped(Deployment):
    """`firstId` and `lastId` are the ids of the first and the last entry."""

    page = paged(lambda page, request: {**page, "firstId": page["lastId"], "lastId": page["firstId"]})


@fault()
class LastIdOfTheWholeList(Deployment):
    """`lastId` is the id of the last entry of the page, not of the list."""

    def page(self, items: list[Json], request: Request, default: str, lenient: bool = False) -> Json:
        page = super().page(items, request, default, lenient)
        ordered = items if self.order(request, default) == "asc" else items[::-1]
        return {**page, "lastId": ordered[-1]["id"] if page["data"] else None}


@fault()
class LimitCountsFromTheEnd(Deployment):
    """A page with a limit is the beginning of the list in its order."""

    def select(self, items: list[Json], request: Request, limit: int) -> tuple[list[Json], bool]:
        if not request.query_params.get("after") and not request.query_params.get("before"):
            return items[-limit:], len(items) > limit
        return super().select(items, request, limit)


@fault()
class PagesRepeatAnEntry(Deployment):
    """A page has no entry twice."""

    page = paged(lambda page, request: {**page, "data": page["data"][:-1] + page["data"][:1]})


@fault()
class ThreadsNewestFirst(Deployment):
    """Without `order`, the oldest thread is first."""

    async def list_threads(self, request: Request) -> Any:
        threads = [self.show_thread(thread) for thread in self.threads.values()]
        return self.page(threads, request, "desc", lenient=True)


@fault()
class StepsOldestFirst(Deployment):
    """Without `order`, the newest step is first."""

    async def list_steps(self, request: Request, thread_id: str, run_id: str) -> Any:
        steps = [self.show_step(step) for step in self.run(thread_id, run_id).steps]
        return self.page(steps, request, "asc")


@fault()
class StepsAreOnePage(Deployment):
    """The list of a run's steps respects `limit`."""

    async def list_steps(self, request: Request, thread_id: str, run_id: str) -> Any:
        steps = [self.show_step(step) for step in self.run(thread_id, run_id).steps][::-1]
        ids = [step["id"] for step in steps] or [None]
        return {"object": "list", "data": steps, "firstId": ids[0], "lastId": ids[-1], "hasMore": False}


@fault()
class ThreadsIgnoreAfter(Deployment):
    """The list of threads respects `after`."""

    async def list_threads(self, request: Request) -> Any:
        threads = [self.show_thread(thread) for thread in self.threads.values()]
        limit = self.limit(request, lenient=True)
        page = threads[:: 1 if self.order(request, "asc") == "asc" else -1][:limit]
        ids = [thread["id"] for thread in page] or [None]
        more = len(threads) > limit
        return {"object": "list", "data": page, "firstId": ids[0], "lastId": ids[-1], "hasMore": more}


@fault()
class IdsOfAPageAreMissing(Deployment):
    """A page has `firstId` and `lastId`."""

    page = paged(lambda page, request: {**page, "firstId": None, "lastId": None})


@fault()
class DefaultLimitIsTen(Deployment):
    """Without `limit`, a page has up to 20 entries."""

    def limit(self, request: Request, lenient: bool) -> int:
        return super().limit(request, lenient) if "limit" in request.query_params else 10


@fault()
class StepsIgnoreTheLimit(Deployment):
    """A page of steps has at most `limit` entries, and says whether more follow."""

    async def list_steps(self, request: Request, thread_id: str, run_id: str) -> Any:
        whole = Request({**request.scope, "query_string": b""}, request.receive)
        return await super().list_steps(whole, thread_id, run_id)


@fault("warning")
class DatasetIsIgnored(Deployment):
    """The list of a dataset has only its threads."""

    async def list_threads(self, request: Request) -> Any:
        query = "&".join(
            f"{name}={text}" for name, text in request.query_params.items() if name != "datasetId"
        )
        return await super().list_threads(
            Request({**request.scope, "query_string": query.encode()}, request.receive)
        )


@fault()
class ThreadsAreTenAPage(Deployment):
    """Without `limit`, a page of threads has 20 entries."""

    def limit(self, request: Request, lenient: bool) -> int:
        return 10 if lenient and "limit" not in request.query_params else super().limit(request, lenient)


@fault("warning")
class DoesNotNameTheDataset(Deployment):
    """A list of the threads of a dataset names the dataset."""

    async def list_threads(self, request: Request) -> Any:
        page = await super().list_threads(request)
        return {name: value for name, value in page.items() if name != "datasetId"}


@fault()
class PagesOfFiftyAtMost(Deployment):
    """A page of 100 entries is possible."""

    def limit(self, request: Request, lenient: bool) -> int:
        return min(50, super().limit(request, lenient))
