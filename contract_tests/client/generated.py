"""Which requests does schemathesis generate, and how are they sent by the checker's client?

Schemathesis generates valid and invalid requests from the documented view. They count against the budget,
are recorded like all other requests, and are checked by the same checks. The checks of schemathesis itself
are off: they reject conforming variations, such as a clamped limit, a null that counts as missing, or a
limited rate. Only public names of schemathesis and hypothesis are used here.
"""

import copy
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import HypothesisException
from schemathesis import Case, GenerationMode

from contract_tests.client.adapter import Adapter
from contract_tests.client.concurrency import Workers
from contract_tests.client.service import Service
from contract_tests.document import Operation, document

_SHARE = 0.2
# More entries of a list or object take more time to draw, and find nothing that these do not.
_MOST_ENTRIES = 3
_MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
# To describe a strategy, hypothesis looks at all modules and parses Python. Both fail if another thread
# imports a module, or parses Python (before 3.11.8), at the same time.
_RACES = (RuntimeError, SystemError)
_ATTEMPTS = 3


class _Late(Exception):
    """No time is left to draw further cases."""


class Generator:
    """Sends the requests that schemathesis generates. `runs` is how many runs they may start.

    Hypothesis keeps caches for each thread, so `drawing`, which draws everything, has one thread.
    """

    def __init__(self, service: Service, ids: Mapping[str, str], runs: int, drawing: Workers) -> None:
        self._service, self._limits = service, service.limits
        self._deadline = time.monotonic() + max(0.0, service.client.budget.left * _SHARE)
        self._runs = threading.Semaphore(runs)
        self._drawing = drawing
        self._schema: schemathesis.BaseSchema = self._drawing.submit(partial(self._load, ids)).result()
        self.errors: list[str] = []

    def operation(self, operation: str) -> int:
        """Send random requests for one operation, valid and invalid ones. Returns their number."""
        adapter = self._adapter(operation)
        draw = partial(self._cases, document().operations[operation])
        with adapter.session() as session:
            for case in self._drawing.submit(draw).result():
                if adapter.exhausted or self._is_late():
                    break
                self._send(case, session)
        return adapter.sent

    def links(self) -> int:
        """Send requests that follow the links of the document. Returns their number."""
        adapter = self._adapter("links")
        if self._limits.steps and not self._is_late():
            with adapter.session() as session:
                self._drawing.submit(partial(self._follow_links, adapter, session)).result()
        return adapter.sent

    def _adapter(self, purpose: str) -> Adapter:
        return Adapter(self._service.client, purpose, self._runs, self._deadline)

    def _is_late(self) -> bool:
        return time.monotonic() > self._deadline or self._service.client.budget.left <= 0

    def _send(self, case: "Case[Any]", session: requests.Session) -> None:
        try:
            case.call(session=session)
        except (requests.exceptions.RequestException, ValueError) as error:
            self.errors.append(str(error))

    def _cases(self, operation: Operation) -> "list[Case[Any]]":
        """The cases of an operation, always the same for a seed."""
        found: list[Case[Any]] = []
        for mode in () if self._is_late() else _MODES:
            try:
                found += self._drawn_undisturbed(operation, mode)
            except (HypothesisException, schemathesis.errors.SchemathesisError) as error:
                # An operation without parameters has no invalid requests.
                self.errors.append(str(error))
        return found

    def _drawn_undisturbed(self, operation: Operation, mode: GenerationMode) -> "list[Case[Any]]":
        """The cases, drawn again if another thread disturbed hypothesis; none if it always did."""
        for _ in range(_ATTEMPTS):
            try:
                return self._drawn(operation, mode)
            except _RACES as error:
                self.errors.append(str(error))
        return []

    def _drawn(self, operation: Operation, mode: GenerationMode) -> "list[Case[Any]]":
        strategy = self._schema[operation.path][operation.method].as_strategy(generation_mode=mode)
        drawn: list[Case[Any]] = []

        @seed(f"{self._service.settings.seed}:{operation.id}")
        @_settings(self._limits.examples)
        @given(strategy)
        def draw(case: "Case[Any]") -> None:
            drawn.append(case)
            if self._is_late():
                raise _Late

        with suppress(_Late):
            draw()
        return drawn

    def _follow_links(self, adapter: Adapter, session: requests.Session) -> None:
        class Machine(self._schema.as_state_machine()):  # type: ignore[misc]
            """Follows links and checks nothing."""

            def get_call_kwargs(self, case: "Case[Any]") -> dict[str, Any]:
                """Send by our session. The adapter ends the session when no time is left."""
                return {"session": session}

            def validate_response(self, *arguments: Any, **options: Any) -> None:
                """Our own checks look at the record."""

        number, steps = self._service.settings.seed, self._limits.steps
        machine = seed(number)(Machine)
        try:
            machine.run(settings=_settings(self._limits.examples, stateful_step_count=max(2, steps)))
        except (requests.exceptions.RequestException, HypothesisException, *_RACES) as error:
            self.errors.append(str(error))

    def _load(self, ids: Mapping[str, str]) -> schemathesis.BaseSchema:
        raw = copy.deepcopy(document().documented.raw)
        for parameter in _restricted(raw, ids):
            parameter.pop("example", None)
        _bound(raw["components"]["schemas"])
        model = raw["components"]["schemas"]["CreateRunRequest"]["properties"]["model"]
        model["enum"] = [self._service.model]
        generation = {"with-security-parameters": False, "database": "none"}
        config = {"base-url": self._service.client.base, "generation": generation}
        return schemathesis.openapi.from_dict(raw, config=schemathesis.Config.from_dict(config))


def _restricted(raw: Mapping[str, Any], ids: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Restrict ids to existing ones: otherwise most requests would be rejected at once."""
    for parameter in raw["components"]["parameters"].values():
        if parameter["name"] in ids:
            parameter["schema"] = {"type": "string", "enum": [ids[parameter["name"]]]}
            yield parameter


def _bound(node: Any) -> None:
    """Limit the size of lists and free objects, at every depth."""
    if isinstance(node, dict):
        if node.get("type") == "array":
            node.setdefault("maxItems", _MOST_ENTRIES)
        if node.get("type") == "object" and "properties" not in node:
            node.setdefault("maxProperties", _MOST_ENTRIES)
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _bound(child)


def _settings(examples: int, **more: Any) -> settings:
    return settings(
        max_examples=examples,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        **more,
    )
