"""Does a running mock load only the modules that it needs to serve requests?"""

import subprocess
import sys

import pytest

from mock_server.http.lazy_imports import placeholders

# Connexion or a careless import would load these. None of them is needed to serve a request.
HEAVY = (
    *("httpx", "requests", "urllib3", "charset_normalizer", "starlette.testclient", "rich", "pygments"),
    *("openapi_core", "openapi_spec_validator", "schemathesis", "hypothesis", "pytest", "selenium", "flask"),
    *("mock_server.response_check", "mock_server.testing", "mock_server.pytest_plugin"),
    *("mock_server.server.workers", "mock_server.storage.lmdb.store", "lmdb", "sqlite3", "websockets"),
)
SERVING = """
import asyncio, json, sys
from mock_server.cli import main
from mock_server.server.server import _Server

async def serve(self, sockets=None):
    app = self.config.app
    answers = []
    async def receive():
        return {"type": "http.request", "body": b'{"model": "mock/instant"}', "more_body": False}
    async def send(message):
        answers.append(message)
    await app({
        "type": "http", "method": "POST", "path": "/v1/threads/t/runs", "raw_path": b"/v1/threads/t/runs",
        "query_string": b"", "headers": [(b"x-tune-key", b"k"), (b"content-type", b"application/json")],
    }, receive, send)
    assert answers[0]["status"] == 200, answers
    print("LOADED", json.dumps(sorted(sys.modules)))

_Server.serve = serve
main(["--port", "0"])
"""


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """The modules that are loaded after a mock, started by its command, has answered its first request."""
    done = subprocess.run(
        [sys.executable, "-c", SERVING], capture_output=True, text=True, timeout=60, check=False
    )
    assert "LOADED" in done.stdout, done.stderr
    line = next(line for line in done.stdout.splitlines() if line.startswith("LOADED"))
    return set(line.replace('"', " ").replace(",", " ").split())


def test_the_modules_that_serve_requests_are_loaded(loaded: set[str]) -> None:
    assert {"connexion.middleware", "jsonschema_rs", "mock_server.api.handlers", "uvicorn"} <= loaded


@pytest.mark.parametrize("module", HEAVY)
def test_a_heavy_module_is_not_loaded_for_serving(loaded: set[str], module: str) -> None:
    assert module not in loaded


def test_a_stand_in_loads_the_real_module_when_it_is_used() -> None:
    with placeholders(["this_is_no_module", "json.tool"], ["wave.Wave_read"]):
        import json.tool as tool
        from wave import Wave_read
    assert "json.tool" not in sys.modules
    assert tool.main.__module__ == "json.tool"
    assert sys.modules["json.tool"].main is tool.main
    with pytest.raises(FileNotFoundError):
        Wave_read("no such file")
    assert "this_is_no_module" not in sys.modules


def test_a_module_that_is_already_loaded_is_not_replaced() -> None:
    with placeholders(["json"], ["subprocess.Popen"]):
        assert sys.modules["json"].loads("1") == 1
        assert sys.modules["subprocess"] is subprocess
