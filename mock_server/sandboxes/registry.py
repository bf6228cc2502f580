"""Which sandbox does a request belong to?"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from mock_server.sandboxes.sandbox import Sandbox

TEST_HEADER = b"x-mock-test"
POLL_SECONDS = 0.05
"""How often a process looks for changes that other processes made."""
KEEP_TIME_SECONDS = 0.5
"""How often it is checked whether the virtual time has to be kept again."""
MAX_TESTS = 1000
"""Sandboxes of tests. The one that was used least recently is dropped."""


class Sandboxes:
    """The shared sandbox, and one for each test that has sent its name."""

    def __init__(self, make: Callable[[str], Sandbox]) -> None:
        self._make = make
        self._tests: OrderedDict[str, Sandbox] = OrderedDict()
        self._dropping: set[asyncio.Future[None]] = set()
        self.shared = make("")

    def of_test(self, test: str) -> Sandbox:
        """The sandbox of a test, created at its first request; the shared one for an empty name."""
        if not test:
            return self.shared
        if test not in self._tests:
            self._tests[test] = self._make(test)
            if len(self._tests) > MAX_TESTS:
                self._drop(self._tests.popitem(last=False)[1])
        self._tests.move_to_end(test)
        sandbox = self._tests[test]
        sandbox.note_use(MAX_TESTS)
        return sandbox

    def _drop(self, sandbox: Sandbox) -> None:
        """Close a sandbox and delete what it holds. Of several workers, the store knows which is to go."""
        sandbox.close()
        task = asyncio.ensure_future(_clear(sandbox))
        self._dropping.add(task)
        task.add_done_callback(self._dropping.discard)

    def tests(self) -> list[str]:
        """The names of the tests, sorted."""
        return sorted(self._tests)

    async def reset(self, test: str) -> Sandbox:
        """Reset the sandbox of a test; without a name, reset the shared one and delete all others."""
        dropped = [self._tests.pop(test)] if test in self._tests else []
        if not test:
            dropped = [self.shared, *self._tests.values()]
            self._tests.clear()
        for sandbox in dropped:
            sandbox.close()
            await sandbox.store.clear()
        if not test:
            self.shared = self._make("")
        for sandbox in dropped:
            if sandbox.store is not self.shared.store:
                sandbox.store.close()
        return self.of_test(test)

    async def follow(self) -> None:
        """Wake requests that wait for a run when another process has changed it. Runs until cancelled."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            for run_id in self.shared.store.changes():
                for sandbox in (self.shared, *self._tests.values()):
                    sandbox.clock_of(run_id).wake(run_id)

    def close(self) -> None:
        """End all waiting requests."""
        for sandbox in (self.shared, *self._tests.values()):
            sandbox.close()

    def end(self) -> None:
        """Close every store. No request may follow."""
        for sandbox in (self.shared, *self._tests.values()):
            sandbox.end()

    async def keep_time(self) -> None:
        """Keep the virtual times in the stores. Runs until cancelled."""
        while True:
            for sandbox in (self.shared, *self._tests.values()):
                sandbox.keep_time()
            await asyncio.sleep(KEEP_TIME_SECONDS)


async def _clear(sandbox: Sandbox) -> None:
    """Delete all data of a sandbox and close its store, once its open requests have noticed that it ends."""
    await asyncio.sleep(0)
    if sandbox.settings.workers == 1:
        await sandbox.store.clear()
    sandbox.store.close()
