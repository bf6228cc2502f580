"""Which faults can a list have: its parameters, its order, its borders?"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from openapi import Grade
from tests.together.generated.document import Operation, operations
from tests.together.generated.mutation.mutant import Answer, Asked, Mutant
from tests.together.generated.mutation.pages import Query, QueryFault, limit_of, page_mutants

_REFUSED = Answer.refusal(400, "invalid_argument", "this is not taken")
_CRASH = Answer.refusal(500, "internal")
_LARGEST = 100


class RefusesQuery(QueryFault):
    """Answers requests with such a query otherwise."""

    def __init__(self, operation: str, test: Callable[[Asked], bool], answer: Answer) -> None:
        super().__init__(operation, lambda asked: asked)
        self._test, self._answer = test, answer

    def instead(self, asked: Asked) -> Answer | None:
        """The answer, to those who have shown a key."""
        if self.meant(asked) and asked.header("x-tune-key") and self._test(asked):
            self.fired += 1
            return self._answer
        return None


def _with_limit(limit: Callable[[int], int]) -> Query:
    def change(asked: Asked) -> Asked:
        before = limit_of(asked)
        return asked if limit(before) == before else asked.with_query(limit=str(limit(before)))

    return change


def _without(name: str) -> Query:
    return lambda asked: asked.with_query(**{name: None})


def _turned(asked: Asked) -> Asked:
    default = _default(asked.operation, "order")
    order = asked.parameter("order") or default
    return asked.with_query(order="desc" if order == "asc" else "asc")


def _default(operation: Operation | None, name: str) -> Any:
    found = [
        one["schema"].get("default")
        for one in (operation.parameters if operation else ())
        if one["name"] == name
    ]
    return found[0] if found else None


def _by_default(change: Query, name: str) -> Query:
    return lambda asked: asked if asked.parameter(name) else change(asked)


def _mended(name: str, valid: Callable[[str], bool], value: str | None) -> Query:
    """Takes an invalid value for another."""

    def change(asked: Asked) -> Asked:
        given = asked.parameter(name)
        return asked if given is None or valid(given) else asked.with_query(**{name: value})

    return change


def _is_number(text: str) -> bool:
    return text.lstrip("-").isdigit()


_FEW = "no run has that many steps, and a thread with that many runs costs as many"
_UPPER = "a limit is an upper bound, and more of the list is reported by hasMore"
QUERIES: dict[str, tuple[str, str, Query, str]] = {
    "ignore limit": ("ignore a parameter", "limit", _without("limit"), ""),
    "ignore order": ("ignore a parameter", "order", _without("order"), ""),
    "ignore after": ("ignore a parameter", "after", _without("after"), ""),
    "ignore before": ("ignore a parameter", "before", _without("before"), ""),
    "ignore datasetId": ("ignore a parameter", "datasetId", _without("datasetId"), ""),
    "limit + 1": ("off by one", "limit", _with_limit(lambda limit: limit + (limit < _LARGEST)), ""),
    "limit - 1": ("off by one", "limit", _with_limit(lambda limit: max(1, limit - 1)), ""),
    "at most 10": ("limit", "limit", _with_limit(lambda limit: min(limit, 10)), ""),
    "at most 50": ("limit", "limit", _with_limit(lambda limit: min(limit, 50)), _UPPER),
    "at least 2": ("limit", "limit", _with_limit(lambda limit: max(limit, 2)), ""),
    "default 10": ("default", "limit", _by_default(_with_limit(lambda limit: 10), "limit"), ""),
    "default 100": ("default", "limit", _by_default(_with_limit(lambda limit: 100), "limit"), ""),
    "other default": ("default", "order", _by_default(_turned, "order"), ""),
    "turned": ("reorder", "order", _turned, ""),
    "turned behind a cursor": (
        "reorder",
        "order",
        lambda asked: _turned(asked) if asked.parameter("after") else asked,
        "",
    ),
    "any order": (
        "accept beyond the enum",
        "order",
        _mended("order", lambda text: text in ("asc", "desc"), None),
        "",
    ),
    "any limit": ("accept a wrong type", "limit", _mended("limit", _is_number, None), ""),
    "no dataset": (
        "ignore a parameter",
        "datasetId, empty",
        lambda asked: asked.with_query(datasetId="none") if asked.parameter("datasetId") == "" else asked,
        "",
    ),
    "before as after": (
        "swap",
        "before",
        lambda asked: (
            asked.with_query(before=None, after=asked.parameter("before"))
            if asked.parameter("before")
            else asked
        ),
        "",
    ),
}


def _tests(operation: Operation) -> Iterator[tuple[str, Callable[[Asked], bool], Grade, str]]:
    """Queries that are valid; refusing them breaks a fact of the grade, unless there is a reason."""
    for limit in ("1", "2", "20", "50", "100"):
        yield (
            f"limit {limit}",
            lambda asked, limit=limit: asked.parameter("limit") == limit,
            Grade.DOCUMENTED,
            "",
        )
    for order in ("asc", "desc"):
        yield (
            f"order {order}",
            lambda asked, order=order: asked.parameter("order") == order,
            Grade.DOCUMENTED,
            "",
        )
    for name in ("after", "before"):
        yield name, lambda asked, name=name: bool(asked.parameter(name)), Grade.DOCUMENTED, ""
    both = "no page says what both cursors together mean"
    yield (
        "both cursors",
        lambda asked: bool(asked.parameter("after") and asked.parameter("before")),
        Grade.DOCUMENTED,
        both,
    )
    yield "without limit", lambda asked: asked.parameter("limit") is None, Grade.DOCUMENTED, ""
    yield "without order", lambda asked: asked.parameter("order") is None, Grade.DOCUMENTED, ""
    for one in operation.parameters:
        if one["name"] == "datasetId":
            # No page says that a service takes a dataset which it does not know.
            yield "datasetId", lambda asked: bool(asked.parameter("datasetId")), Grade.OBSERVED, ""
            yield "empty datasetId", lambda asked: asked.parameter("datasetId") == "", Grade.OBSERVED, ""
        if one["name"] == "limit" and "maximum" not in one["schema"]:
            yield "limit 1000", lambda asked: limit_of(asked) > _LARGEST, Grade.OBSERVED, ""


def _odd() -> Iterator[tuple[str, Callable[[Asked], bool]]]:
    """Queries that are invalid or odd: refusing them is right, failing on them is not."""
    for text in ("0", "-1", "abc", "", "1.5"):
        yield f"limit {text!r}", lambda asked, text=text: asked.parameter("limit") == text
    yield (
        "limit beyond 32 bits",
        lambda asked: (asked.parameter("limit") or "").isdigit() and limit_of(asked) > 1 << 31,
    )
    yield "an unknown order", lambda asked: asked.parameter("order") not in (None, "asc", "desc")
    yield "an empty order", lambda asked: asked.parameter("order") == ""
    yield (
        "an unknown cursor",
        lambda asked: "unknown" in (asked.parameter("after") or "") or asked.parameter("after") == "missing",
    )
    yield "an empty cursor", lambda asked: "" in (asked.parameter("after"), asked.parameter("before"))
    yield (
        "an unknown parameter",
        lambda asked: any(
            name not in ("limit", "order", "after", "before", "datasetId") for name, _ in asked.query
        ),
    )


def list_mutants() -> Iterator[Mutant]:
    """Every change of every list."""
    for operation in operations().values():
        if operation.lists:
            yield from _queries(operation)
            yield from page_mutants(operation)


def _queries(operation: Operation) -> Iterator[Mutant]:
    known = {one["name"] for one in operation.parameters}
    for detail, (operator, place, change, why) in QUERIES.items():
        if place.partition(",")[0] in known:
            few = operation.id in ("listRuns", "listRunSteps") and detail.startswith(
                ("default 1", "at most 10")
            )
            why = _FEW if few else why
            # No page says what a dataset does.
            grade = Grade.OBSERVED if detail in ("no dataset", "ignore datasetId") else operation.grade
            yield Mutant(
                operator,
                operation.id,
                f"query {place}",
                grade,
                partial(QueryFault, operation.id, change),
                detail,
                equivalent=why,
            )
    for detail, test, grade, why in _tests(operation):
        make = partial(RefusesQuery, operation.id, test, _REFUSED)
        yield Mutant("refuse a query", operation.id, "query", grade, make, detail, equivalent=why)
    for detail, test in _odd():
        make = partial(RefusesQuery, operation.id, test, _CRASH)
        yield Mutant("fail on a query", operation.id, "query", Grade.DOCUMENTED, make, detail)
