"""Is the service gone, or does it only fail now and then?"""

import threading
import time

from contract_tests.observations.exchange import Exchange

UNAVAILABLE = (502, 503, 504)
"""What a gateway answers for a service that is not there."""
CONFIRMED_AFTER = 1.5
"""The number of seconds that the service has to stay away before it counts as gone."""
_REFUSED, _MOST_UNAVAILABLE = 6, 30


class Outage:
    """Notices that nothing but refused connections, or nothing but 502, 503 and 504, has come for some time.

    A connection that breaks is no reason: a service may break each of them and go on. `elapsed` is how many
    seconds have passed since the session began.
    """

    def __init__(self, elapsed: float) -> None:
        self._began = time.monotonic() - elapsed
        self._lock = threading.Lock()
        self._failed = 0
        self._since = 0.0
        self._last = ""

    def suspected(self, exchange: Exchange) -> bool:
        """Whether the service may be gone after this exchange."""
        refused = not exchange.status and exchange.error.startswith(("ConnectError", "ConnectTimeout"))
        with self._lock:
            if not refused and exchange.status not in UNAVAILABLE:
                if exchange.status:
                    self._failed, self._last = 0, f"{exchange.method} {exchange.label}"
                return False
            self._since = self._since if self._failed else exchange.sent
            self._failed += 1
            return bool(self._last) and self._failed >= (_REFUSED if refused else _MOST_UNAVAILABLE)

    def is_part(self, exchange: Exchange) -> bool:
        """Whether an exchange failed because the service was gone."""
        failed = not exchange.status or exchange.status in UNAVAILABLE
        return failed and exchange.received >= self._since - CONFIRMED_AFTER

    @property
    def described(self) -> str:
        """Since when the service is gone."""
        return (
            f"the service is gone since second {max(0.0, self._since - self._began):.1f}, after {self._last}"
        )
