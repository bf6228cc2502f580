"""Which faults can the pages of a list have?"""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tests.together.generated.document import Operation
from tests.together.generated.mutation.mutant import Answer, Asked, Fault, Mutant

Query = Callable[[Asked], Asked]


def limit_of(asked: Asked) -> int:
    """The limit that a request asks for, 20 where it asks for none."""
    text = asked.parameter("limit") or "20"
    return int(text) if text.isdigit() else 20


class QueryFault(Fault):
    """Changes the query of a list's requests."""

    def __init__(self, operation: str, change: Query) -> None:
        super().__init__()
        self.operation, self._change = operation, change

    def meant(self, asked: Asked) -> bool:
        """Whether the request is one of the operation."""
        return asked.operation is not None and asked.operation.id == self.operation

    def ask(self, asked: Asked) -> Asked:
        """The request with another query."""
        changed = self._change(asked) if self.meant(asked) else asked
        self.fired += changed.query != asked.query
        return changed


class PageFault(QueryFault):
    """Changes the pages of a list."""

    def __init__(self, operation: str, page: Callable[[Asked, dict[str, Any]], Any]) -> None:
        super().__init__(operation, lambda asked: asked)
        self._page = page

    async def answer(self, asked: Asked, answer: Answer) -> Answer:
        """The page, changed."""
        if not self.meant(asked) or answer.status != 200 or not isinstance(answer.json, dict):
            return answer
        page = json.loads(answer.body)
        self._page(asked, page)
        if page == answer.json:
            return answer
        self.fired += 1
        return answer.with_json(page)


def _more(value: Callable[[bool, dict[str, Any]], Any]) -> Callable[[Asked, dict[str, Any]], None]:
    def change(asked: Asked, page: dict[str, Any]) -> None:
        page["hasMore"] = value(page["hasMore"], page)

    return change


def _sorted(name: str) -> Callable[[Asked, dict[str, Any]], None]:
    def change(asked: Asked, page: dict[str, Any]) -> None:
        page["data"].sort(key=lambda item: item[name])
        page["firstId"], page["lastId"] = (
            (page["data"][0]["id"], page["data"][-1]["id"]) if page["data"] else (None, None)
        )

    return change


def _ids(first: int | None, last: int | None) -> Callable[[Asked, dict[str, Any]], None]:
    def change(asked: Asked, page: dict[str, Any]) -> None:
        ids = [item["id"] for item in page["data"]]
        if len(ids) > 1:
            page["firstId"] = ids[first] if first is not None else page["firstId"]
            page["lastId"] = ids[last] if last is not None else page["lastId"]

    return change


class Repeats(PageFault):
    """The page behind a cursor begins with the entry of the cursor."""

    def __init__(self, operation: str, name: str) -> None:
        super().__init__(operation, self._repeat)
        self._name, self._known = name, {}  # type: ignore[var-annotated]

    def _repeat(self, asked: Asked, page: dict[str, Any]) -> None:
        self._known.update({item["id"]: item for item in page["data"]})
        cursor = self._known.get(asked.parameter(self._name) or "")
        if cursor is not None:
            at = 0 if self._name == "after" else len(page["data"])
            page["data"].insert(at, cursor)


def _skip(name: str) -> Callable[[Asked, dict[str, Any]], None]:
    def change(asked: Asked, page: dict[str, Any]) -> None:
        if asked.parameter(name) and page["data"]:
            del page["data"][0 if name == "after" else -1]

    return change


def _unless_empty(asked: Asked, page: dict[str, Any]) -> None:
    if not page["data"]:
        page["hasMore"] = True


PAGES: dict[str, tuple[str, str, Callable[[Asked, dict[str, Any]], Any]]] = {
    "always true": ("hasMore", "hasMore", _more(lambda more, page: True)),
    "always false": ("hasMore", "hasMore", _more(lambda more, page: False)),
    "one too early": (
        "hasMore",
        "hasMore",
        lambda asked, page: page.update(hasMore=page["hasMore"] or len(page["data"]) == limit_of(asked)),
    ),
    "true on an empty page": ("hasMore", "hasMore", _unless_empty),
    "sorted by id": ("reorder", "data", _sorted("id")),
    "firstId of the second": ("off by one", "firstId", _ids(1, None)),
    "lastId of the last but one": ("off by one", "lastId", _ids(None, -2)),
    "skips behind after": ("off by one", "data", _skip("after")),
    "skips before before": ("off by one", "data", _skip("before")),
}


def page_mutants(operation: Operation) -> Iterator[Mutant]:
    """Every change of the pages of a list."""
    for detail, (operator, place, change) in PAGES.items():
        yield Mutant(
            operator,
            operation.id,
            place,
            operation.grade,
            partial(PageFault, operation.id, change),
            detail,
        )
    for name in ("after", "before"):
        yield Mutant(
            "off by one",
            operation.id,
            "data",
            operation.grade,
            partial(Repeats, operation.id, name),
            f"repeats {name}",
        )
