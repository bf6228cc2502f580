"""Do the pages that the documentation shows work in a browser, loaded from another origin than the mock's?"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from tests.browser.conftest import origin
from tests.docs.pages import SHOWN_FILES

pytestmark = pytest.mark.xdist_group("browser")
PAGES = [name for name in SHOWN_FILES if name.endswith(".html")]


@pytest.fixture
def site(tmp_path: Path, base: str) -> Iterator[str]:
    """An origin that serves every page and script that the documentation shows."""
    for name, text in SHOWN_FILES.items():
        if name.endswith((".html", ".js")):
            page = text.replace("http://127.0.0.1:4010/v1", base)
            (tmp_path / name).write_text(page, encoding="utf-8")
    with origin(tmp_path) as url:
        yield url


def use(browser: Chrome) -> None:
    """Send a message, if the page has a form."""
    for field in browser.find_elements(By.TAG_NAME, "input"):
        field.send_keys("What is a run?\n")


def until(browser: Chrome, seen: Callable[[], object]) -> None:
    """Wait until something is seen."""
    WebDriverWait(browser, 60, poll_frequency=0.05).until(lambda _: seen())


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_a_reply(name: str, browser: Chrome, site: str) -> None:
    browser.get_log("browser")  # reading it empties it of what earlier pages left
    browser.get(f"{site}/{name}")
    use(browser)
    until(browser, lambda: "I am the mock" in browser.find_element(By.TAG_NAME, "body").text)
    complaints = [entry for entry in browser.get_log("browser") if "favicon" not in entry["message"]]
    assert complaints == []


def test_the_chat_page_shows_the_status_of_the_run(browser: Chrome, site: str) -> None:
    browser.get(f"{site}/chat.html")
    use(browser)
    status = browser.find_element(By.TAG_NAME, "output")
    until(browser, lambda: status.text == "completed")
    lines = [line.text for line in browser.find_elements(By.TAG_NAME, "li")]
    assert lines[0] == "What is a run?"
    assert lines[1].startswith('You said "What is a run?".')


def test_the_chat_page_keeps_half_an_answer_and_says_that_the_run_failed(browser: Chrome, site: str) -> None:
    browser.get(f"{site}/chat.html")
    browser.find_element(By.TAG_NAME, "input").send_keys("/mock fails-late+split\n")
    status = browser.find_element(By.TAG_NAME, "output")
    until(browser, lambda: status.text == "failed")
    assert browser.find_elements(By.TAG_NAME, "li")[1].text


def test_there_are_pages_to_try() -> None:
    assert PAGES == ["hello.html", "chat.html"]
