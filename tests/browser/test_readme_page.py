"""Do the pages that the README shows work in a browser, loaded from another origin?"""

from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from tests.browser.conftest import origin
from tests.repository.snippets import Block, blocks
from tests.repository.sources import ROOT

pytestmark = pytest.mark.xdist_group("browser")
SHOWN = blocks((ROOT / "README.md").read_text(encoding="utf-8"), "html")


@pytest.mark.parametrize("block", SHOWN, ids=[f"line {block.line}" for block in SHOWN])
def test_a_page_of_the_readme_shows_a_reply(block: Block, browser: Chrome, base: str, tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    page.write_text(block.text.replace("http://127.0.0.1:4010/v1", base), encoding="utf-8")
    browser.get_log("browser")  # reading it empties it of what earlier pages left
    with origin(tmp_path) as url:
        browser.get(url)
        WebDriverWait(browser, 60, poll_frequency=0.05).until(
            lambda driver: driver.find_element(By.TAG_NAME, "body").text.strip()
        )
        complaints = [entry for entry in browser.get_log("browser") if "favicon" not in entry["message"]]
    assert complaints == []
