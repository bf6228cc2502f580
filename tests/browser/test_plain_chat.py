"""Does a plain chat frontend find the reply in the thread as soon as the run is answered?"""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import PAGES, program

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(scope="module")
def said(base: str) -> dict[str, Any]:
    """What the frontend has read from the mock."""
    command: list[str | Path] = [program("node"), PAGES / "plain-chat.mjs", base, "How warm is it?"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = json.loads(done.stdout)
    return read


def test_the_run_has_ended_when_it_is_answered(said: dict[str, Any]) -> None:
    assert said["run"]["status"] == "completed"
    assert said["run"]["threadId"] == said["thread"]["id"]


def test_the_reply_stands_in_the_thread_right_after_the_run(said: dict[str, Any]) -> None:
    assert [message["role"] for message in said["messages"]] == ["system", "user", "assistant"]
    reply = said["messages"][-1]
    assert reply["runId"] == said["run"]["id"]
    assert "How warm is it?" in reply["content"][0]["text"]["value"]


def test_what_clients_index_without_asking_is_there(said: dict[str, Any]) -> None:
    assert all(isinstance(message["metadata"], dict) for message in said["messages"])
    assert all(message["id"] and message["createdAt"] for message in said["messages"])
    assert said["thread"]["title"] == "Plain"
    assert isinstance(said["thread"]["metadata"], dict)


def test_threads_are_listed_with_a_limit_of_1000(said: dict[str, Any]) -> None:
    assert said["thread"]["id"] in [thread["id"] for thread in said["threads"]]
