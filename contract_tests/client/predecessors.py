"""Which requests have to come before a request, so that the resources that it names exist?"""

import threading
from collections import defaultdict
from urllib.parse import parse_qsl, unquote, urlsplit

from contract_tests.document import Role
from contract_tests.observations.exchange import Exchange, Intent
from contract_tests.observations.reproduction import created_ids

_MOST = 8
_WRITES = (Role.CREATE, Role.MODIFY, Role.ACT)


class Predecessors:
    """Remembers what was written to each thread."""

    def __init__(self) -> None:
        self._writes: dict[str, list[Exchange]] = defaultdict(list)
        self._created: dict[str, Exchange] = {}
        self._lock = threading.Lock()

    def note(self, exchange: Exchange) -> None:
        """Remember a request that created a resource or wrote to one."""
        if not exchange.ok or exchange.operation is None or exchange.operation.role not in _WRITES:
            return
        created = created_ids(exchange)
        own = created.get("id", "") if exchange.operation.kind == "thread" else created.get("threadId", "")
        thread = exchange.path_parameters.get("threadId") or own
        with self._lock:
            self._writes[thread].append(exchange)
            self._created.update(dict.fromkeys(created.values(), exchange))

    def of(self, address: str) -> tuple[Exchange, ...]:
        """The requests before a request to an address: the newest of its thread, oldest first."""
        parts = urlsplit(address)
        named = [unquote(part) for part in parts.path.split("/")] + [
            value for _, value in parse_qsl(parts.query)
        ]
        with self._lock:
            needed = [self._created[name] for name in named if name in self._created]
            others = [one for name in named for one in self._writes.get(name, [])]
        planned = [one for one in others if Intent.GENERATED not in one.intents and one not in needed]
        room = max(0, _MOST - len(needed))
        chosen = {id(one): one for one in [*needed, *(planned[-room:] if room else [])]}
        return tuple(sorted(chosen.values(), key=lambda one: one.sent))
