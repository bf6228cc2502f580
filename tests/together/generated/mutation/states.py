"""Which faults can a deployment have in what it keeps: created, listed, modified, apart, forgotten?"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from openapi import Grade
from tests.together.generated.document import Operation, lifecycle, operations
from tests.together.generated.mutation.grading import kind_of, worse
from tests.together.generated.mutation.mutant import Answer, Asked, Fault, Mutant
from tests.together.service import TERMINAL

_LISTS = {"run": "listRuns", "thread": "listThreads", "message": "listMessages", "step": "listRunSteps"}


def _named(asked: Asked, *names: str) -> bool:
    return asked.operation is not None and asked.operation.id in names


class Forgets(Fault):
    """What an operation has created, or changed, is not there for others."""

    def __init__(self, operation: str, how: str) -> None:
        super().__init__()
        self._operation, self._how, self._ids = operation, how, set()  # type: ignore[var-annotated]

    async def answer(self, asked: Asked, answer: Answer) -> Answer:
        """The answer, without what is forgotten."""
        if answer.status != 200 or not isinstance(answer.json, dict):
            return answer
        if _named(asked, self._operation):
            self._ids.add(answer.json.get("id"))
        elif self._how == "retrieve" and asked.method == "GET" and answer.json.get("id") in self._ids:
            self.fired += 1
            return Answer.refusal(404, "not_found")
        elif self._how == "list" and isinstance(answer.json.get("data"), list):
            return self._unlisted(answer)
        return answer

    def _unlisted(self, answer: Answer) -> Answer:
        page = json.loads(answer.body)
        kept = [item for item in page["data"] if item["id"] not in self._ids]
        if len(kept) == len(page["data"]):
            return answer
        self.fired += 1
        ids = [item["id"] for item in kept] or [None]
        return answer.with_json({**page, "data": kept, "firstId": ids[0], "lastId": ids[-1]})


class Repeats(Fault):
    """A request that was answered before is answered as it was then."""

    def __init__(self, operation: str) -> None:
        super().__init__()
        self._operation, self._known = operation, {}  # type: ignore[var-annotated]

    def instead(self, asked: Asked) -> Answer | None:
        """The answer of the first time."""
        known: Answer | None = self._known.get(_key(asked)) if _named(asked, self._operation) else None
        self.fired += known is not None
        return known

    async def answer(self, asked: Asked, answer: Answer) -> Answer:
        """The answer as it is; it is remembered."""
        if _named(asked, self._operation) and answer.status == 200 and answer.body:
            self._known[_key(asked)] = answer
        return answer


def _key(asked: Asked) -> Any:
    return asked.path, asked.query, asked.body, asked.header("x-tune-key")


class Pretends(Fault):
    """A modification is answered as if it were done, and is not."""

    def __init__(self, operation: str) -> None:
        super().__init__()
        self._operation = operation

    def ask(self, asked: Asked) -> Asked:
        """The request without anything to change."""
        if not _named(asked, self._operation) or not isinstance(asked.json, dict) or not asked.json:
            return asked
        self.fired += 1
        return asked.with_json({})

    async def answer(self, asked: Asked, answer: Answer) -> Answer:
        """The answer that shows the change."""
        if not _named(asked, self._operation) or answer.status != 200 or not isinstance(asked.json, dict):
            return answer
        shown = {name: value for name, value in asked.json.items() if name in answer.json}
        return answer.with_json({**answer.json, **shown})


class Resets(Fault):
    """A modification that leaves a field away resets it."""

    def __init__(self, operation: str, name: str) -> None:
        super().__init__()
        self._operation, self._name = operation, name

    def ask(self, asked: Asked) -> Asked:
        """The request that also resets the field."""
        if not _named(asked, self._operation) or not isinstance(asked.json, dict) or self._name in asked.json:
            return asked
        self.fired += 1
        return asked.with_json({**asked.json, self._name: "" if self._name == "title" else {}})


class Confuses(Fault):
    """What is asked of one resource is answered of another, the one that was created before it."""

    def __init__(self, operation: str, parameter: str) -> None:
        super().__init__()
        self._operation, self._parameter, self._seen = operation, parameter, []  # type: ignore[var-annotated]

    def ask(self, asked: Asked) -> Asked:
        """The request for the other resource."""
        name = asked.ids.get(self._parameter)
        if not name:
            return asked
        place = (asked.ids.get("threadId"), name)
        if place not in self._seen:
            self._seen.append(place)
        others = [one for thread, one in self._seen if one != name and self._fits(thread, asked)]
        if not _named(asked, self._operation) or not others:
            return asked
        self.fired += 1
        return replace(asked, path=asked.path.replace(name, others[-1]))

    def _fits(self, thread: str | None, asked: Asked) -> bool:
        return self._parameter == "threadId" or thread == asked.ids.get("threadId")


class Unguarded(Fault):
    """A resource is found under the path of another thread."""

    def __init__(self, operation: str, parameter: str) -> None:
        super().__init__()
        self._operation, self._parameter, self._homes = operation, parameter, {}  # type: ignore[var-annotated]

    async def answer(self, asked: Asked, answer: Answer) -> Answer:
        """The answer; where each resource lives is remembered."""
        name = asked.ids.get(self._parameter)
        if answer.status == 200 and name:
            self._homes.setdefault(name, answer)
        home = self._homes.get(name or "")
        if _named(asked, self._operation) and answer.status == 404 and home is not None:
            self.fired += 1
            return home
        created = asked.operation is not None and asked.operation.id.startswith("create")
        if created and answer.status == 200 and isinstance(answer.json, dict):
            self._homes.setdefault(str(answer.json.get("id")), answer)
        return answer


class Invents(Fault):
    """A resource that does not exist is answered with one."""

    def __init__(self, operation: str) -> None:
        super().__init__()
        self._operation, self._last = operation, None  # type: ignore[var-annotated]

    async def answer(self, asked: Asked, answer: Answer) -> Answer:
        """The answer, or the last good one."""
        if not _named(asked, self._operation):
            return answer
        if answer.status == 200:
            self._last = answer
        elif answer.status == 404 and self._last is not None:
            self.fired += 1
            return self._last
        return answer


class Moves(Fault):
    """A run, or step, that has ended shows another status after some looks."""

    def __init__(self, operation: str, status: str, looks: int) -> None:
        super().__init__()
        self._operation, self._status, self._looks = operation, status, looks
        self._seen: dict[str, int] = {}

    async def answer(self, asked: Asked, answer: Answer) -> Answer:
        """The answer with the other status."""
        if answer.status != 200 or not isinstance(answer.json, dict) or not _named(asked, self._operation):
            return answer
        value, before = json.loads(answer.body), self.fired
        for row in value.get("data", [value]):
            if row.get("status") in TERMINAL and row["status"] != self._status:
                self._seen[row["id"]] = self._seen.get(row["id"], 0) + 1
                if self._seen[row["id"]] > self._looks:
                    row["status"] = self._status
                    self.fired += 1
        return answer.with_json(value) if self.fired > before else answer


class MovesLater(Moves):
    """A run, or step, that has ended shows another status some seconds later."""

    def __init__(self, operation: str, status: str, seconds: float) -> None:
        super().__init__(operation, status, 0)
        self._seconds, self._since = seconds, {}  # type: ignore[var-annotated]

    async def answer(self, asked: Asked, answer: Answer) -> Answer:
        """The answer, with the other status once the time has come."""
        rows = answer.json.get("data", [answer.json]) if isinstance(answer.json, dict) else []
        for row in rows if answer.status == 200 and isinstance(rows, list) else ():
            if row.get("status") in TERMINAL:
                self._since.setdefault(row["id"], time.monotonic())
        ended = [one for one in self._since.values() if time.monotonic() - one >= self._seconds]
        return await super().answer(asked, answer) if ended else answer


class Races(Fault):
    """Of two resources that are created in the same moment, both are answered as the first."""

    def __init__(self, operation: str) -> None:
        super().__init__()
        self._operation, self._last = operation, (0.0, Answer.of(200))

    async def answer(self, asked: Asked, answer: Answer) -> Answer:
        """The answer, or that of the request before it."""
        if not _named(asked, self._operation) or answer.status != 200 or not answer.body:
            return answer
        before, now = self._last, time.monotonic()
        self._last = (now, answer)
        if now - before[0] > 0.005:
            return answer
        self.fired += 1
        return before[1]


class Omits(Fault):
    """A list leaves away what is of such a kind."""

    def __init__(self, operation: str, test: Callable[[dict[str, Any]], bool]) -> None:
        super().__init__()
        self._operation, self._test = operation, test

    async def answer(self, asked: Asked, answer: Answer) -> Answer:
        """The page without these entries."""
        if answer.status != 200 or not _named(asked, self._operation):
            return answer
        page = json.loads(answer.body)
        kept = [item for item in page["data"] if not self._test(item)]
        if len(kept) == len(page["data"]):
            return answer
        self.fired += 1
        ids = [item["id"] for item in kept] or [None]
        return answer.with_json({**page, "data": kept, "firstId": ids[0], "lastId": ids[-1]})


def state_mutants() -> Iterator[Mutant]:
    """Every fault of what is kept."""
    for operation in operations().values():
        kind = kind_of(operation)
        if operation.id.startswith("create"):
            yield from _created(operation, kind)
        if operation.id.startswith("modify"):
            yield from _modified(operation)
        if "/{" in operation.path and operation.method == "GET":
            yield from _found(operation)
        for detail, test in _OMITTED.items() if operation.lists else ():
            grade = Grade.OBSERVED if detail == "replies" else operation.grade
            make = partial(Omits, operation.id, test)
            yield Mutant("omit", operation.id, "data", grade, make, detail)
        if kind in ("run", "step") and operation.method == "GET":
            yield from _moved(operation, kind)


_OMITTED: dict[str, Callable[[dict[str, Any]], bool]] = {
    "replies": lambda item: item.get("role") == "assistant",
    "with metadata": lambda item: bool(item.get("metadata")),
    "without metadata": lambda item: not item.get("metadata"),
    "ended ones": lambda item: item.get("status") in TERMINAL,
    "tool calls": lambda item: item.get("type") == "tool_calls",
    "without a title": lambda item: item.get("object") == "thread" and not item.get("title"),
}


def _created(operation: Operation, kind: str) -> Iterator[Mutant]:
    name, grade = operation.id, operation.grade
    for how in ("retrieve", "list"):
        yield Mutant("forget", name, kind, grade, partial(Forgets, name, how), how)
    yield Mutant("duplicate", name, kind, grade, partial(Repeats, name), "the first answer again")
    if name in ("createMessage", "createThread"):
        yield Mutant("race", name, kind, grade, partial(Races, name))


def _modified(operation: Operation) -> Iterator[Mutant]:
    name, grade = operation.id, operation.grade
    yield Mutant("forget", name, "body", grade, partial(Pretends, name), "modification")
    for place in operation.body():
        if len(place.names) == 1:
            make = partial(Resets, name, place.name)
            yield Mutant("reset", name, place.text, worse(place.grade, grade), make)


def _found(operation: Operation) -> Iterator[Mutant]:
    name, grade = operation.id, operation.grade
    for parameter in operation.path.split("{")[1:]:
        key = parameter.partition("}")[0]
        yield Mutant("confuse", name, key, grade, partial(Confuses, name, key))
        if key != "threadId":
            yield Mutant("mix threads", name, key, grade, partial(Unguarded, name, key))
    yield Mutant("invent a resource", name, "id", grade, partial(Invents, name))
    yield Mutant("duplicate", name, "answer", grade, partial(Repeats, name), "the first answer again")


def _moved(operation: Operation, kind: str) -> Iterator[Mutant]:
    table = lifecycle("RunStepStatus" if kind == "step" else "RunStatus")
    grade = worse(operation.grade, Grade(table["grades"]["terminal"]))
    for status in table["statuses"]:
        for looks in (1, 3):
            make = partial(Moves, operation.id, status, looks)
            detail = f"to {status} after {looks} looks"
            yield Mutant("move after the end", operation.id, "status", grade, make, detail)
        make = partial(MovesLater, operation.id, status, 2.0)
        yield Mutant("move after the end", operation.id, "status", grade, make, f"to {status} after 2 s")
