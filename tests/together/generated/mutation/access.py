"""Which faults can a deployment have with keys, paths and methods?"""

from collections.abc import Callable, Iterator
from functools import partial

from openapi import Grade
from tests.together.deployment import KEY
from tests.together.generated.document import operations
from tests.together.generated.mutation.mutant import Answer, Asked, Fault, Mutant

_HEADER = "x-tune-key"
_PATHS = "any path"
Test = Callable[[Asked], bool]


class Admits(Fault):
    """Lets in whom it should not."""

    def __init__(self, operation: str, test: Test) -> None:
        super().__init__()
        self._operation, self._test = operation, test

    def ask(self, asked: Asked) -> Asked:
        """The request with the right key."""
        named = asked.operation is not None and asked.operation.id == self._operation
        if not named or asked.header(_HEADER) == KEY or not self._test(asked):
            return asked
        self.fired += 1
        return asked.with_header(_HEADER, KEY)


class Instead(Fault):
    """Answers some requests otherwise."""

    def __init__(self, test: Test, answer: Callable[[Asked], Answer]) -> None:
        super().__init__()
        self._test, self._answer = test, answer

    def instead(self, asked: Asked) -> Answer | None:
        """The other answer."""
        if not self._test(asked):
            return None
        self.fired += 1
        return self._answer(asked)


class Reveals(Fault):
    """Repeats the key."""

    def __init__(self, operation: str, status: int, where: str) -> None:
        super().__init__()
        self._operation, self._status, self._where = operation, status, where

    async def answer(self, asked: Asked, answer: Answer) -> Answer:
        """The answer with the key that was shown."""
        named = asked.operation is not None and asked.operation.id == self._operation
        key = asked.header(_HEADER)
        if not named or not key or answer.status != self._status:
            return answer
        self.fired += 1
        if self._where == "header" or not isinstance(answer.json, dict):
            return answer.with_header("x-debug", key)
        return answer.with_json({**answer.json, "debug": {"key": key}})


def _cookie(asked: Asked) -> bool:
    return KEY in (asked.header("cookie") or "")


ADMITTED: dict[str, Test] = {
    "no key": lambda asked: asked.header(_HEADER) is None,
    "an empty key": lambda asked: asked.header(_HEADER) == "",
    "any key": lambda asked: bool(asked.header(_HEADER)),
    "a key of the right form": lambda asked: (asked.header(_HEADER) or "").startswith("sk-tune-"),
    "a longer key": lambda asked: (asked.header(_HEADER) or "").startswith(KEY),
    "a shorter key": lambda asked: (
        len(asked.header(_HEADER) or "") > 8 and KEY.startswith(asked.header(_HEADER) or "")
    ),
    "a key in another case": lambda asked: (asked.header(_HEADER) or "").lower() == KEY.lower(),
    "a key in the query": lambda asked: any(value == KEY for _, value in asked.query),
    "a key in a cookie": _cookie,
    "a bearer token": lambda asked: (asked.header("authorization") or "").endswith(KEY),
    "a key in X-Api-Key": lambda asked: asked.header("x-api-key") == KEY,
}


_SECOND_HEADERS = ("a bearer token", "a key in X-Api-Key")


class Elsewhere(Fault):
    """Takes the key from another place, and from its header no more."""

    def __init__(self, test: Test) -> None:
        super().__init__()
        self._test = test

    def ask(self, asked: Asked) -> Asked:
        """The request with the key that counts."""
        self.fired += asked.header(_HEADER) == KEY
        return asked.with_header(_HEADER, KEY if self._test(asked) else "not a key")


def access_mutants() -> Iterator[Mutant]:
    """Every fault with keys, paths and methods."""
    for operation in operations().values():
        name = operation.id
        for detail, test in ADMITTED.items():
            # The pages do not say that no second header is accepted.
            grade = Grade.OBSERVED if detail in _SECOND_HEADERS else Grade.DOCUMENTED
            yield Mutant("admit", name, "key", grade, partial(Admits, name, test), detail)
        for status in (200, 400, 404):
            for where in ("body", "header"):
                make = partial(Reveals, name, status, where)
                yield Mutant("reveal the key", name, str(status), Grade.DOCUMENTED, make, where)
    for detail in ("a bearer token", "a key in X-Api-Key", "a key in the query", "a key in a cookie"):
        make = partial(Elsewhere, ADMITTED[detail])
        yield Mutant("key elsewhere", _PATHS, "key", Grade.DOCUMENTED, make, detail)
    yield from _methods()
    yield from _paths()


def _takes(method: str, asked: Asked) -> bool:
    """Whether a request uses a method that its path does not take."""
    return asked.operation is None and asked.method == method and asked.header(_HEADER) == KEY


def _is_unknown(asked: Asked) -> bool:
    return asked.operation is None and asked.method in ("GET", "POST")


def _said(status: int, asked: Asked) -> Answer:
    return Answer.of(status, {"object": "thread", "id": "thread_1", "data": []}, location="/")


def _methods() -> Iterator[Mutant]:
    for method in ("PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"):
        for status in (200, 500):
            free = status == 200 and method in ("HEAD", "OPTIONS")
            why = f"RFC 9110 lets {method} be answered" if free else ""
            make = partial(Instead, partial(_takes, method), partial(_said, status))
            # No page says that a path takes no further methods, nor that there are no further paths.
            grade = Grade.ASSUMED if status == 200 else Grade.DOCUMENTED
            detail = str(status)
            yield Mutant("take another method", _PATHS, method, grade, make, detail, equivalent=why)


def _paths() -> Iterator[Mutant]:
    for status in (200, 302, 500):
        make = partial(Instead, _is_unknown, partial(_said, status))
        grade = Grade.DOCUMENTED if status == 500 else Grade.OBSERVED
        yield Mutant("take an unknown path", _PATHS, "path", grade, make, str(status))
    for spelled in ("X-Tune-Key", "x-tune-key"):
        make = partial(
            Instead, partial(_is_spelled, spelled), lambda asked: Answer.refusal(401, "unauthenticated")
        )
        yield Mutant("refuse a header", _PATHS, "key", Grade.DOCUMENTED, make, f"all but {spelled}")
    for name, text, why in (
        ("accept", "*/*", ""),
        ("user-agent", "tune-check", "a service may refuse agents"),
    ):
        make = partial(
            Instead, partial(_has, name, text), lambda asked: Answer.refusal(406, "invalid_argument")
        )
        yield Mutant("refuse a header", _PATHS, name, Grade.DOCUMENTED, make, text, equivalent=why)


def _is_spelled(spelled: str, asked: Asked) -> bool:
    """Whether the key's header is written otherwise."""
    return asked.header(_HEADER) == KEY and spelled not in asked.spelled


def _has(name: str, text: str, asked: Asked) -> bool:
    return asked.header(name) == text
