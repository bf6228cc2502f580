"""Can the service be reached, where, and does it accept the key?"""

import time
from typing import Any

from contract_tests.client.client import Client
from contract_tests.client.network.outage import UNAVAILABLE
from contract_tests.client.samples import valid_body
from contract_tests.document import Operation, Role, document
from contract_tests.observations.exchange import KEY_HEADER, Exchange, Intent

# How often a service that is starting is asked for, and how long the pause between is at least.
_ATTEMPTS, _PAUSE = 12, 0.5
_LIST_THREADS = "listThreads"


class CannotCheck(Exception):
    """Nothing can be checked at all. The text says why and what to do."""


class Connection:
    """The first requests to a service. `waited` is for how many seconds it was waited for."""

    def __init__(self, client: Client) -> None:
        self._client, self._settings = client, client.settings
        self.waited = 0.0

    def connect(self) -> None:
        """Find the base URL and test the key.

        Raises `CannotCheck` if the service rejects the key. A service that accepts the key elsewhere than in
        its header can be checked: it does not conform.
        """
        first = self.find_base()
        rejected = first.status in (401, 403) and all(
            self._first_of(one).status in (401, 403) for one in _free_operations()
        )
        if rejected and not self.accepts_key_elsewhere():
            hint = "another key" if self._settings.key else "a key"
            reason = f"{self._client.base} rejects the key ({first.status})"
            raise CannotCheck(f"{reason}; give {hint} with --key or TUNE_API_KEY")

    def find_base(self) -> Exchange:
        """Find out whether paths begin with /v1. Returns the first exchange. Raises `CannotCheck`."""
        first = self._awaited()
        if not first.status:
            advice = self._advice("check the URL")
            raise CannotCheck(f"{self._client.base} cannot be reached: {first.error}; {advice}")
        if _is_starting(first) and all(_is_starting(self._first_of(one)) for one in _free_operations()):
            raise CannotCheck(
                f"{self._client.base} is unavailable ({first.status}); {self._advice('start it')}"
            )
        if first.status == 404 and self._client.base.endswith("/v1"):
            self._try_without_version()
        return first

    def _awaited(self) -> Exchange:
        """The first response of a service that may still be starting."""
        patience = self._settings.wait
        began = time.monotonic()
        first = self._listed()
        if not first.status and not patience:
            self._client.wait(_PAUSE)
            return self._listed()
        while _is_starting(first) and (left := began + patience - time.monotonic()) > 0:
            self._client.wait(min(left, max(_PAUSE, patience / _ATTEMPTS)))
            self.waited = time.monotonic() - began
            first = self._listed()
        self._client.budget.extend(self.waited)
        return first

    def _advice(self, what: str) -> str:
        waited = f"waited {self.waited:.0f} s for it"
        return waited if self.waited else f"{what}, or give --wait SECONDS if it is starting"

    def _listed(self) -> Exchange:
        return self._request(_LIST_THREADS, params={"limit": 1})

    def _request(self, operation: str, **options: Any) -> Exchange:
        found = document().operations[operation]
        path = {"threadId": self._settings.thread or "thread_unknown"}
        address = found.address({name: path[name] for name in found.parameters})
        marks = [Intent.CONNECT]
        return self._client.send(found.method, address, intents=marks, patient=False, **options)

    def _try_without_version(self) -> None:
        versioned, self._client.base = self._client.base, self._client.base.removesuffix("/v1")
        if self._listed().status == 404:
            self._client.base = versioned

    def accepts_key_elsewhere(self) -> bool:
        """Whether the service accepts the key in the query, a cookie or another header."""
        key = self._settings.key
        headers = {
            "Authorization": f"Bearer {key}",
            "X-Api-Key": key,
            "Cookie": f"{KEY_HEADER}={key}; key={key}",
        }
        params = [("limit", "1"), *((name, key) for name in (KEY_HEADER, "key", "api_key", "token"))]
        return bool(key) and self._request(_LIST_THREADS, key=None, headers=headers, params=params).ok

    def _first_of(self, operation: Operation) -> Exchange:
        return self._request(operation.id, body=valid_body(operation))


def _free_operations() -> list[Operation]:
    """The operations that need no run and change nothing but the number of threads."""
    lists = document().documented_operations(Role.LIST)
    return [
        document().operation(Role.CREATE, "thread"),
        *(one for one in lists if len(one.parameters) < 2),
    ]


def _is_starting(exchange: Exchange) -> bool:
    return not exchange.status or exchange.status in UNAVAILABLE
