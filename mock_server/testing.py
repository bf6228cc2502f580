"""How does a Python program run a mock in the background and control it?"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

import openapi
from mock_server.app import build
from mock_server.server.server import listen, server
from mock_server.settings import SAMPLE_KEY, Settings

Json = dict[str, Any]


class ControlError(Exception):
    """A control call that the mock refused, with the message of its answer."""


class TuneMock:
    """A running mock, or the sandbox of one test in it."""

    def __init__(self, origin: str, *, token: str = "", test: str = "", key: str = SAMPLE_KEY) -> None:
        self.origin = origin
        self.url = f"{origin}/v1"
        self.key = key
        self.test = test
        self._token = token

    @property
    def headers(self) -> dict[str, str]:
        """The headers that a request to the API needs: the key, and the name of the test if there is one."""
        return {"X-Tune-Key": self.key, **self._of_test()}

    def client(self) -> httpx.Client:
        """A client of the API. The caller closes it."""
        return httpx.Client(base_url=self.url, headers=self.headers)

    def for_test(self, test: str) -> "TuneMock":
        """The sandbox of a test. Its threads, runs, clock, default scenario and journal are isolated."""
        return TuneMock(self.origin, token=self._token, test=test, key=self.key)

    def overview(self) -> Json:
        """The mock's version, seed, clock, default scenario and assignments, and the number of its runs."""
        return self._call("GET", "")

    def use_scenario(self, scenario: str) -> None:
        """Set the default scenario, such as `tool-call` or `hello+cut=5`."""
        self._call("PUT", "/scenario", {"scenario": scenario})

    def assign(self, scenario: str, runs: int | None = None) -> None:
        """Make the next runs play a scenario, whatever their requests select; None: all further runs."""
        self._call("POST", "/assignments", {"scenario": scenario, **({} if runs is None else {"runs": runs})})

    def unassign(self) -> None:
        """Remove all assignments."""
        self._call("DELETE", "/assignments")

    def clock(self, run: str | None = None) -> Json:
        """The time, the speed, and the time of the next change."""
        return self._call("GET", "/clock", query={"run": run} if run else {})

    def freeze(self, run: str | None = None) -> Json:
        """Stop the clock."""
        return self.scale(0, run)

    def scale(self, speed: float, run: str | None = None) -> Json:
        """Set the speed of the clock: 1 is real time, 0 stops it."""
        return self._call("PUT", "/clock", _with_run({"speed": speed}, run))

    def advance(self, seconds: float, run: str | None = None) -> Json:
        """Move the clock forward by a number of seconds."""
        return self._call("POST", "/clock/advance", _with_run({"by": seconds}, run))

    def jump(self, to: str = "next", run: str | None = None) -> Json:
        """Move the clock to the `next` change, to the first time of a status (`expired`), or to a time."""
        return self._call("POST", "/clock/advance", _with_run({"to": to}, run))

    def reset(self) -> None:
        """Delete all state, or all state of this test."""
        self._call("POST", "/reset")

    def state(self) -> Json:
        """All threads and runs."""
        return self._call("GET", "/state")

    def runs(self) -> list[Json]:
        """All runs as the API shows them, oldest first."""
        return [entry["run"] for entry in self.state()["runs"]]

    def journal(self, operation: str | None = None, after: int = 0) -> list[Json]:
        """The requests to the API, oldest first: of one operation, and with a number above `after`."""
        query: dict[str, str] = {"after": str(after), **({"operation": operation} if operation else {})}
        requests: list[Json] = self._call("GET", "/journal", query=query)["requests"]
        return requests

    def _of_test(self) -> dict[str, str]:
        return {"X-Mock-Test": self.test} if self.test else {}

    def _call(
        self, method: str, path: str, body: Json | None = None, query: Mapping[str, str] | None = None
    ) -> Json:
        headers = self._of_test()
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        answer = httpx.request(
            method, f"{self.origin}/_mock{path}", json=body, params=query, headers=headers, trust_env=False
        )
        content: Json = answer.json()
        if answer.is_error:
            raise ControlError(content["message"])
        return content


def _with_run(body: Json, run: str | None) -> Json:
    return {**body, "run": run} if run else body


@contextmanager
def running(settings: Settings) -> Iterator[TuneMock]:
    """Run a mock in a thread for the duration of the block. Port 0 selects a free port."""
    app, sandboxes = build(openapi.load(), None, settings)
    listening = listen(settings.host, settings.port)
    serving = server(app, sandboxes)
    thread = threading.Thread(
        target=serving.run, kwargs={"sockets": [listening]}, name="tune-mock", daemon=True
    )
    thread.start()
    try:
        key = settings.keys[0] if settings.keys else SAMPLE_KEY
        origin = f"http://{settings.host}:{listening.getsockname()[1]}"
        yield TuneMock(origin, token=settings.control_token, key=key)
    finally:
        serving.should_exit = True
        thread.join()
        listening.close()
