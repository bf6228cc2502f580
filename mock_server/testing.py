"""How does a Python program run a mock in its own process and control it?"""

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
    """The mock rejected a control call; the message is the mock's error message."""


class TuneMock:
    """A running mock, or one test's isolated sandbox in it."""

    def __init__(self, origin: str, *, token: str = "", test: str = "", key: str = SAMPLE_KEY) -> None:
        self.origin = origin
        self.url = f"{origin}/v1"
        self.key = key
        self.test = test
        self._token = token

    @property
    def headers(self) -> dict[str, str]:
        """The headers for requests to the API: the key, and the test's name if there is one."""
        return {"X-Tune-Key": self.key, **self._test_header()}

    def client(self) -> httpx.Client:
        """An HTTP client for the API; the caller closes it."""
        return httpx.Client(base_url=self.url, headers=self.headers)

    def for_test(self, test: str) -> "TuneMock":
        """The same mock for one test, with its own threads, runs, clock, scenario and journal."""
        return TuneMock(self.origin, token=self._token, test=test, key=self.key)

    def overview(self) -> Json:
        """The seed, default scenario, assignments, clock, and counts of threads, runs and requests."""
        return self._request("GET", "")

    def use_scenario(self, scenario: str) -> None:
        """Set the default scenario, such as `tool-call` or `hello+cut=5`; a request can choose another."""
        self._request("PUT", "/scenario", {"scenario": scenario})

    def assign(self, scenario: str, runs: int | None = None) -> None:
        """Set the scenario of the next `runs` runs, or of all later runs, whatever their requests choose."""
        self._request(
            "POST", "/assignments", {"scenario": scenario, **({} if runs is None else {"runs": runs})}
        )

    def unassign(self) -> None:
        """Remove all assignments; requests choose their scenarios again."""
        self._request("DELETE", "/assignments")

    def clock(self, run: str | None = None) -> Json:
        """The virtual time, the speed of the clock, and the time of the next change to a run, if any."""
        return self._request("GET", "/clock", query={"run": run} if run else {})

    def freeze(self, run: str | None = None) -> Json:
        """Stop the clock."""
        return self.scale(0, run)

    def scale(self, speed: float, run: str | None = None) -> Json:
        """Set the speed of the clock: 2 is twice as fast as real time, 0 stops it."""
        return self._request("PUT", "/clock", _with_run({"speed": speed}, run))

    def advance(self, seconds: float, run: str | None = None) -> Json:
        """Move the clock forward by a number of virtual seconds."""
        return self._request("POST", "/clock/advance", _with_run({"by": seconds}, run))

    def jump(self, to: str = "next", run: str | None = None) -> Json:
        """Move the clock to the next moment (`next`), to a status (`expired`) or to an ISO timestamp."""
        return self._request("POST", "/clock/advance", _with_run({"to": to}, run))

    def reset(self) -> None:
        """Delete all state, or only the state of this test."""
        self._request("POST", "/reset")

    def state(self) -> Json:
        """All threads and runs."""
        found = page = self._request("GET", "/state")
        while page["more"]:
            page = self._request("GET", "/state", query={"after": page["threads"][-1]["id"]})
            found = {
                **page,
                "threads": found["threads"] + page["threads"],
                "runs": found["runs"] + page["runs"],
            }
        found["runs"].sort(key=lambda entry: entry["run"]["createdAt"])
        return found

    def runs(self) -> list[Json]:
        """All runs as the API shows them, oldest first."""
        return [entry["run"] for entry in self.state()["runs"]]

    def journal(self, operation: str | None = None, after: int = 0) -> list[Json]:
        """The requests that the mock received after entry `after`, oldest first."""
        query: dict[str, str] = {"after": str(after), **({"operation": operation} if operation else {})}
        requests: list[Json] = self._request("GET", "/journal", query=query)["requests"]
        return requests

    def _test_header(self) -> dict[str, str]:
        return {"X-Mock-Test": self.test} if self.test else {}

    def _request(
        self, method: str, path: str, body: Json | None = None, query: Mapping[str, str] | None = None
    ) -> Json:
        headers = self._test_header()
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        response = httpx.request(
            method, f"{self.origin}/_mock{path}", json=body, params=query, headers=headers, trust_env=False
        )
        content: Json = response.json()
        if response.is_error:
            raise ControlError(content["message"])
        return content


def _with_run(body: Json, run: str | None) -> Json:
    return {**body, "run": run} if run else body


@contextmanager
def running(settings: Settings) -> Iterator[TuneMock]:
    """Run a mock in a background thread while the block lasts; port 0 picks a free port."""
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
