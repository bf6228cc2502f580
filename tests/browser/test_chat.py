"""Does a page on another origin live through a run, as its user sees it?"""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

pytestmark = pytest.mark.xdist_group("browser")
PATIENCE = 60


class Chat:
    """What a user does with the page, and what the user sees."""

    def __init__(self, browser: Chrome, url: str) -> None:
        self._browser = browser
        browser.get(url)

    def say(self, words: str) -> None:
        """Type a message and send it."""
        self._browser.find_element(By.ID, "words").send_keys(words)
        self._browser.find_element(By.CSS_SELECTOR, "#ask button").click()

    def stop(self) -> None:
        """Press the button that stops the run."""
        self._browser.find_element(By.ID, "stop").click()

    def answer(self, output: str) -> None:
        """Answer the tool call that the page shows."""
        self._browser.find_element(By.ID, "output").send_keys(output)
        self._browser.find_element(By.CSS_SELECTOR, "#tool button").click()

    def until(self, seen: Callable[[], object]) -> None:
        """Wait until something is seen."""
        WebDriverWait(self._browser, PATIENCE, poll_frequency=0.05).until(lambda _: seen())

    def wait_for(self, status: str) -> None:
        """Wait until the page shows the status; an error it shows instead ends the wait."""
        self.until(lambda: self.status == status or "error" in self.status)
        assert self.status == status, self.complaints

    def wait_for_the_end(self, streams: int = 1) -> None:
        """Wait until the page has read the end of this number of streams."""
        self.until(lambda: sum("done" in one for one in self.shown) == streams or "error" in self.status)
        assert "error" not in self.status, (self.status, self.complaints)

    @property
    def status(self) -> str:
        """The status that the page shows."""
        return self._browser.find_element(By.ID, "status").text

    @property
    def statuses(self) -> list[str]:
        """Every status that the page has shown."""
        return [one["status"] for one in self.shown if "status" in one]

    @property
    def reply(self) -> str:
        """The last reply that the page shows."""
        replies = self._browser.find_elements(By.CSS_SELECTOR, "li.assistant")
        return replies[-1].text if replies else ""

    @property
    def call(self) -> str:
        """The tool call that the page shows."""
        return self._browser.find_element(By.ID, "call").text

    @property
    def shown(self) -> list[dict[str, Any]]:
        """What the page has shown, in order, with times in milliseconds."""
        found: list[dict[str, Any]] = self._browser.execute_script("return window.shown")
        return found

    @property
    def complaints(self) -> list[str]:
        """What the browser's console holds against the page or the server."""
        return [entry["message"] for entry in self._browser.get_log("browser")]


@pytest.fixture
def chat(browser: Chrome, pages: str, base: str) -> Chat:
    """The chat page, opened anew."""
    return Chat(browser, f"{pages}/chat.html?base={base}")


def test_the_reply_grows_before_the_users_eyes(chat: Chat) -> None:
    chat.say("What is a run?")
    chat.wait_for_the_end()
    growth = [(one["length"], one["at"]) for one in chat.shown if "length" in one]
    assert chat.statuses[-1] == "completed"
    assert "What is a run?" in chat.reply
    assert len(growth) >= 5
    assert [length for length, _ in growth] == sorted({length for length, _ in growth})
    # Not all at once: the words come over more than half a second, at more than three moments.
    moments = {round(at / 50) for _, at in growth}
    assert max(moments) - min(moments) >= 10
    assert len(moments) > 3


def test_the_page_reads_every_status_and_the_browser_has_nothing_to_complain_of(chat: Chat) -> None:
    chat.say("Hello")
    chat.wait_for_the_end()
    assert list(dict.fromkeys(chat.statuses)) == ["queued", "in_progress", "completed"]
    assert [entry for entry in chat.complaints if "favicon" not in entry] == []


def test_a_second_message_goes_into_the_same_thread(chat: Chat) -> None:
    chat.say("The first")
    chat.wait_for_the_end()
    chat.say("The second")
    chat.wait_for_the_end(streams=2)
    assert "The second" in chat.reply


def test_a_run_is_stopped_and_keeps_what_it_has_said(chat: Chat) -> None:
    chat.say("/mock cancel")
    chat.until(lambda: chat.reply)
    chat.stop()
    chat.wait_for("cancelled")
    chat.wait_for_the_end()
    assert chat.statuses[-2:] == ["cancelling", "cancelled"]
    assert chat.reply


def test_a_tool_call_is_shown_answered_and_goes_into_the_reply(chat: Chat) -> None:
    chat.say("/mock tool-call")
    chat.wait_for("requires_action")
    assert chat.call.endswith(")")
    chat.answer("21 °C and sunny")
    chat.wait_for("completed")
    assert chat.statuses.index("requires_action") < chat.statuses.index("completed")
    assert chat.reply


def test_a_run_expires_when_the_clock_is_moved_to_its_end(chat: Chat, base: str) -> None:
    chat.say("/mock expired")
    chat.until(lambda: chat.reply)
    moved = httpx.post(f"{base.removesuffix('/v1')}/_mock/clock/advance", json={"to": "expired"})
    assert moved.status_code == 200, moved.text
    chat.wait_for("expired")
    chat.wait_for_the_end()
    assert chat.reply


def test_a_stream_that_is_cut_is_made_up_for_by_asking(chat: Chat) -> None:
    chat.say("/mock hello+cut=6")
    chat.wait_for("completed")
    assert "reconnecting" in chat.statuses
    assert not any("done" in one for one in chat.shown)
    assert "/mock hello+cut=6" in chat.reply


def test_an_error_reaches_the_page_with_its_message(chat: Chat) -> None:
    chat.say("/mock no-such-scenario")
    chat.until(lambda: "error" in chat.status)
    assert "400" in chat.status
    assert "no-such-scenario" in chat.status
