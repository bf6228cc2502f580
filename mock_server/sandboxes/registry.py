"""Which mock does a request belong to?"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from mock_server.sandboxes.sandbox import Sandbox

TEST_HEADER = b"x-mock-test"
FOLLOWING = 0.05
"""After so many seconds at most a process hears of what another one changed."""
MOST_TESTS = 1000
"""So many tests are kept; of more, the one that was least recently heard of is forgotten."""


class Sandboxes:
    """The shared mock, and one for each test that has named itself."""

    def __init__(self, make: Callable[[str], Sandbox]) -> None:
        self._make = make
        self._tests: OrderedDict[str, Sandbox] = OrderedDict()
        self.shared = make("")

    def of_test(self, test: str) -> Sandbox:
        """The mock of a test; it begins when the test is first heard of. The shared one for no name."""
        if not test:
            return self.shared
        if test not in self._tests:
            self._tests[test] = self._make(test)
            if len(self._tests) > MOST_TESTS:
                self._tests.popitem(last=False)[1].close()
        self._tests.move_to_end(test)
        return self._tests[test]

    def tests(self) -> list[str]:
        """The names of the tests."""
        return sorted(self._tests)

    async def reset(self, test: str) -> Sandbox:
        """Begin again: with the mock of a test, or, without a name, with everything."""
        forgotten = [self._tests.pop(test)] if test in self._tests else []
        if not test:
            forgotten = [self.shared, *self._tests.values()]
            self._tests.clear()
        for sandbox in forgotten:
            sandbox.close()
            await sandbox.store.clear()
        if not test:
            self.shared = self._make("")
        for sandbox in forgotten:
            if sandbox.store is not self.shared.store:
                sandbox.store.close()
        return self.of_test(test)

    async def follow(self) -> None:
        """Wake, for as long as the server lives, whoever waits for a run that another process has changed."""
        while True:
            await asyncio.sleep(FOLLOWING)
            for run_id in self.shared.store.changes():
                for sandbox in (self.shared, *self._tests.values()):
                    sandbox.clock_of(run_id).wake(run_id)

    def close(self) -> None:
        """Let everybody who waits go."""
        for sandbox in (self.shared, *self._tests.values()):
            sandbox.close()

    def end(self) -> None:
        """Let go of every store; nothing is asked afterwards."""
        for sandbox in (self.shared, *self._tests.values()):
            sandbox.store.close()
