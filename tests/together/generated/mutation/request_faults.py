"""How does a deployment treat the field of a request otherwise than it should?"""

import json
from collections.abc import Callable
from typing import Any

from tests.together.generated.mutation.field_faults import visit
from tests.together.generated.mutation.mutant import Answer, Asked, Fault

Test = Callable[[Any], bool]
Names = tuple[str, ...]
DROP = object()
REFUSED = Answer.refusal(400, "invalid_argument", "this is not taken")
CRASH = Answer.refusal(500, "internal")
_KEY = "x-tune-key"
_MINIMAL = {
    "createRun": {"model": "a/b"},
    "createThreadAndRun": {"model": "a/b"},
    "createMessage": {"role": "user", "content": "x"},
}


class RequestFault(Fault):
    """Changes, or refuses, requests of one operation that hold a field."""

    def __init__(self, operation: str, names: Names) -> None:
        super().__init__()
        self.operation, self.names = operation, names

    def meant(self, asked: Asked) -> bool:
        """Whether the request is one of the operation, with an object."""
        named = asked.operation is not None and asked.operation.id == self.operation
        return named and isinstance(asked.json, dict)

    def parents(self, value: Any) -> list[Any]:
        """The objects in a body that hold the field, or could."""
        found: list[Any] = [] if self.names[:-1] else [value]
        if self.names[:-1]:
            visit(value, self.names[:-1], lambda holder, key: found.append(holder[key]))
        return [one for one in found if isinstance(one, dict)]


class Refuses(RequestFault):
    """Refuses requests in which the field has such a value."""

    def __init__(self, operation: str, names: Names, test: Test, answer: Answer = REFUSED) -> None:
        super().__init__(operation, names)
        self._test, self._answer = test, answer

    def instead(self, asked: Asked) -> Answer | None:
        """The refusal, to those who have shown a key."""
        held: list[Any] = []
        if self.meant(asked) and asked.header(_KEY):
            visit(asked.json, self.names, lambda holder, key: held.append(holder[key]))
        if not any(map(self._test, held)):
            return None
        self.fired += 1
        return self._answer


class Requires(RequestFault):
    """Refuses requests in which the field is missing."""

    def instead(self, asked: Asked) -> Answer | None:
        """The refusal, to those who have shown a key."""
        parents = self.parents(asked.json) if self.meant(asked) and asked.header(_KEY) else []
        if all(self.names[-1] in parent for parent in parents):
            return None
        self.fired += 1
        return Answer.refusal(400, "invalid_argument", f"{self.names[-1]}: is required")


class Rewrites(RequestFault):
    """Changes the field before the deployment sees it; `change` may answer `DROP`."""

    def __init__(self, operation: str, names: Names, change: Callable[[Any], Any]) -> None:
        super().__init__(operation, names)
        self._change = change

    def ask(self, asked: Asked) -> Asked:
        """The request, changed."""
        if not self.meant(asked):
            return asked
        value, before = json.loads(asked.body), self.fired
        visit(value, self.names, self._apply)
        return asked.with_json(value) if self.fired > before else asked

    def _apply(self, holder: Any, key: Any) -> None:
        value = self._change(holder[key])
        if value is DROP:
            self.fired += 1
            del holder[key]
        elif json.dumps(value) != json.dumps(holder[key]):
            self.fired += 1
            holder[key] = value


class Completes(RequestFault):
    """Takes requests in which a required field is missing."""

    def __init__(self, operation: str, names: Names, value: Any) -> None:
        super().__init__(operation, names)
        self._value = value

    def ask(self, asked: Asked) -> Asked:
        """The request with the field."""
        if not self.meant(asked):
            return asked
        value = json.loads(asked.body)
        for parent in self.parents(value):
            if self.names[-1] not in parent:
                parent[self.names[-1]] = self._value
                self.fired += 1
        return asked.with_json(value)


class Leaks(RequestFault):
    """Gives a request the field of an earlier one, where it has none of its own."""

    last: Any = None

    def ask(self, asked: Asked) -> Asked:
        """The request, with what an earlier one set."""
        if not self.meant(asked):
            return asked
        name, value = self.names[0], dict(asked.json)
        if value.get(name):
            self.last = value[name]
        elif self.last is not None:
            self.fired += 1
            return asked.with_json({**value, name: self.last})
        return asked


class TakesBody(Fault):
    """Takes a body that is none for an empty or minimal one."""

    def __init__(self, operation: str, test: Callable[[Asked], bool]) -> None:
        super().__init__()
        self._operation, self._test = operation, test

    def meant(self, asked: Asked) -> bool:
        """Whether the request is one of the operation, with such a body."""
        return asked.operation is not None and asked.operation.id == self._operation and self._test(asked)

    def ask(self, asked: Asked) -> Asked:
        """The request with a body that is taken."""
        if not self.meant(asked):
            return asked
        self.fired += 1
        value = asked.json if isinstance(asked.json, dict) else _MINIMAL.get(self._operation, {})
        return asked.with_json(value).with_header("content-type", "application/json")


class FailsOnBody(TakesBody):
    """Fails on such a body."""

    def instead(self, asked: Asked) -> Answer | None:
        """The failure."""
        if not self.meant(asked) or not asked.header(_KEY):
            return None
        self.fired += 1
        return CRASH
