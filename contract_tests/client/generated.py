"""Which requests does schemathesis generate, and how are they sent by the checker's client?

Schemathesis generates valid and invalid requests from the documented view. They count against the budget,
are recorded like all other requests, and are checked by the same checks. The checks of schemathesis itself
are off: they reject conforming variations, such as a clamped limit, a null that counts as missing, or a
limited rate.
"""

import copy
import json
import threading
import time
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

import requests
import schemathesis
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from schemathesis.core.transport import Response
from schemathesis.engine import events
from schemathesis.engine.core import Engine, ExecutionPlan
from schemathesis.engine.run import PhaseName
from schemathesis.generation.case import Case
from schemathesis.specs.openapi.schemas import OpenApiSchema
from schemathesis.transport import BaseTransport
from schemathesis.transport.requests import REQUESTS_TRANSPORT, RequestsTransport
from urllib3 import HTTPHeaderDict, HTTPResponse

from contract_tests.client.budget import BudgetExceeded
from contract_tests.client.client import Client
from contract_tests.client.hypothesis_cache import share_lambda_caches
from contract_tests.client.service import Service
from contract_tests.document import document
from contract_tests.observations.exchange import Exchange, Intent

_OWN_HEADERS = frozenset(
    {"user-agent", "accept-encoding", "accept", "connection", "content-length", "x-tune-key"}
    | {"x-org-id", "x-schemathesis-testcaseid"}
)
_SHARE = 0.2
_AT_ONCE = threading.Semaphore(3)


class Generator:
    """Sends the requests that schemathesis generates. `runs` is how many runs they may start."""

    def __init__(self, service: Service, ids: Mapping[str, str], runs: int) -> None:
        self._service, self._ids, self._limits = service, ids, service.limits
        self._deadline = time.monotonic() + max(0.0, service.client.budget.left * _SHARE)
        self._runs = threading.Semaphore(runs)
        self.errors: list[str] = []
        share_lambda_caches()

    def operation(self, operation: str) -> int:
        """Send examples, boundary values and random requests for one operation. Returns their number."""
        schema = self._schema(["examples", "coverage", "fuzzing"]).include(operation_id=operation)
        return self._execute(cast(OpenApiSchema, schema), operation)

    def links(self) -> int:
        """Send requests that follow the links of the document. Returns their number."""
        return self._execute(self._schema(["stateful"]), "links") if self._limits.steps else 0

    def _execute(self, schema: OpenApiSchema, purpose: str) -> int:
        adapter = Adapter(self._service.client, purpose, self._runs, self._deadline)
        schema.__class__ = _Metered
        cast("_Metered", schema).adapter_to_service = adapter
        with _AT_ONCE:
            if self._is_late():
                return 0
            stream = _Unprobed(schema).execute()
            for event in stream:
                if adapter.exhausted or self._is_late():
                    stream.stop()
                if isinstance(event, events.NonFatalError | events.FatalError) and not adapter.exhausted:
                    self.errors.append(str(getattr(event, "info", event)))
        return adapter.sent

    def _is_late(self) -> bool:
        return time.monotonic() > self._deadline or self._service.client.budget.left <= 0

    def _schema(self, phases: list[str]) -> OpenApiSchema:
        raw = copy.deepcopy(document().documented.raw)
        self._use_existing(raw)
        return schemathesis.openapi.from_dict(raw, config=self._config(phases))

    def _use_existing(self, raw: dict[str, Any]) -> None:
        """Restrict ids and the model to existing ones. Otherwise most requests would be rejected at once."""
        for parameter in raw["components"]["parameters"].values():
            if parameter["name"] in self._ids:
                parameter["schema"] = {"type": "string", "enum": [self._ids[parameter["name"]]]}
                parameter.pop("example", None)
        model = raw["components"]["schemas"]["CreateRunRequest"]["properties"]["model"]
        model["enum"] = [self._service.model]

    def _config(self, phases: list[str]) -> schemathesis.Config:
        chosen = {
            name: {"enabled": name in phases} for name in ("examples", "coverage", "fuzzing", "stateful")
        }
        chosen["stateful"] |= {"max-steps": max(2, self._limits.steps)}  # type: ignore[dict-item]
        checks = {"enabled": False, "not_a_server_error": {"enabled": True}}
        return schemathesis.Config.from_dict(
            {
                "seed": self._service.settings.seed,
                "base-url": self._service.client.base,
                "continue-on-failure": True,
                "workers": 1,
                "request-timeout": self._service.settings.max_wait + 10,
                "phases": chosen,
                "checks": checks,
                "generation": {
                    "max-examples": self._limits.examples,
                    "no-shrink": True,
                    "with-security-parameters": False,
                    "unique-inputs": True,
                    "database": "none",
                },
            }
        )


class _Unprobed(Engine):
    """The engine without its probes, which would bypass the budget."""

    def _create_execution_plan(self) -> ExecutionPlan:
        whole = super()._create_execution_plan()
        return ExecutionPlan([phase for phase in whole.phases if phase.name is not PhaseName.PROBING])


class _Metered(OpenApiSchema):
    """A schema whose requests are sent by our client."""

    adapter_to_service: "Adapter"

    @property
    def transport(self) -> BaseTransport[Any]:
        """The transport for every case of this schema."""
        return _Transport(self.adapter_to_service)


class _Transport(RequestsTransport):
    def __init__(self, adapter: "Adapter") -> None:
        super().__init__()
        self._adapter = adapter
        self._copy_serializers_from(REQUESTS_TRANSPORT)

    def send(self, case: Case[Any], *, session: requests.Session | None = None, **kwargs: Any) -> Response:
        """Send a case by a session that uses our adapter only."""
        own = session or requests.Session()
        own.mount("http://", self._adapter)
        own.mount("https://", self._adapter)
        return super().send(case, session=own, **kwargs)


class Adapter(BaseAdapter):
    """Sends prepared requests of the library `requests` by our client."""

    def __init__(self, client: Client, purpose: str, runs: threading.Semaphore, deadline: float) -> None:
        super().__init__()
        self._client, self._runs, self._deadline = client, runs, deadline
        self._purpose = purpose
        self.exhausted = ""
        self.sent = 0

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        """Send one request within the budget."""
        if self.exhausted or time.monotonic() > self._deadline:
            raise requests.exceptions.ConnectionError(self.exhausted or "no time is left", request=request)
        parts = urlsplit(str(request.url))
        path = parts.path.removeprefix(urlsplit(self._client.base).path)
        try:
            exchange = self._forward(str(request.method), path, parts.query, request)
        except BudgetExceeded as reason:
            self.exhausted = str(reason)
            raise requests.exceptions.ConnectionError(str(reason), request=request) from None
        self.sent += 1
        if not exchange.status:
            raise requests.exceptions.ConnectionError(exchange.error, request=request)
        return _response(request, exchange)

    def close(self) -> None:
        """There is nothing to close."""

    def _forward(self, method: str, path: str, query: str, request: requests.PreparedRequest) -> Exchange:
        headers = {
            name: text if isinstance(text, str) else text.decode("latin-1")
            for name, text in request.headers.items()
            if name.lower() not in _OWN_HEADERS
        }
        body = request.body.encode() if isinstance(request.body, str) else cast("bytes | None", request.body)
        target = f"{path}?{query}" if query else path
        operation, _ = document().match(method, path)
        starts_run = operation is not None and operation.starts_run
        if starts_run and not self._runs.acquire(blocking=False):
            raise BudgetExceeded("no runs are left for generated requests")
        exchange = self._client.send(
            method,
            target,
            content=self._capped(body) if starts_run else body,
            headers=headers,
            intents=[Intent.GENERATED],
            generated_for=self._purpose,
        )
        if starts_run and not exchange.ok:
            self._runs.release()
        return exchange

    def _capped(self, body: bytes | None) -> bytes | None:
        """The body of a new run with our token limit, unless it has a smaller one or is not an object."""
        try:
            plain = json.loads(body or b"")
        except ValueError:
            return body
        most = self._client.budget.tokens_per_run
        asked = plain.get("maxCompletionTokens", most) if isinstance(plain, dict) else ""
        if (
            isinstance(asked, int)
            and not isinstance(asked, bool)
            and (asked > most or "maxCompletionTokens" not in plain)
        ):
            return json.dumps({**plain, "maxCompletionTokens": min(asked, most)}).encode()
        return body


def _response(request: requests.PreparedRequest, exchange: Exchange) -> requests.Response:
    """The recorded response as an object of the library `requests`."""
    headers = HTTPHeaderDict(exchange.headers)
    response = requests.Response()
    response.status_code = exchange.status
    response.headers = CaseInsensitiveDict(headers)
    response.raw = HTTPResponse(
        body=b"", headers=headers, status=exchange.status, version=11, preload_content=False
    )
    response._content = exchange.body
    response.encoding = "utf-8"
    response.reason = str(exchange.status)
    response.url = str(request.url)
    response.request = request
    return response
