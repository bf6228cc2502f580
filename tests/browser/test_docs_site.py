"""Does the built documentation work in a browser, from a server and from a folder?"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from tests.browser.conftest import origin
from tests.repository.sources import ROOT

pytestmark = pytest.mark.xdist_group("browser")
SITE = ROOT / "build/docs"


@pytest.fixture
def built() -> Path:
    """The folder of the built site; without it the test is skipped, and fails in CI."""
    if not (SITE / "index.html").exists():
        assert not os.environ.get("CI"), "run make docs first"
        pytest.skip("the documentation is not built: run make docs")
    return SITE


@pytest.fixture(params=["http", "file"])
def site(request: pytest.FixtureRequest, built: Path) -> Iterator[str]:
    """The address of the built site, on a server or in its folder."""
    if request.param == "file":
        yield built.as_uri()
    else:
        with origin(built) as url:
            yield url


@pytest.mark.parametrize(
    ("words", "page"),
    [
        ("late-poll", "reference/network-conditions.html"),
        ("freeze time", "how-to/control-time.html"),
        ("wrong-key-refused", "reference/checks.html"),
    ],
)
def test_the_search_finds_the_page(words: str, page: str, site: str, browser: Chrome) -> None:
    browser.get(f"{site}/index.html")
    browser.find_element(By.CSS_SELECTOR, "input[name=q]").send_keys(f"{words}\n")
    WebDriverWait(browser, 30, poll_frequency=0.1).until(
        lambda _: page in {link.split("?")[0].split("#")[0] for link in results(browser, site)}
    )


def results(browser: Chrome, site: str) -> list[str]:
    """Where the results of the search lead, within the site."""
    links = browser.find_elements(By.CSS_SELECTOR, "#search-results li a")
    return [(link.get_attribute("href") or "").removeprefix(f"{site}/") for link in links]


@pytest.mark.parametrize("page", ["index.html", "reference/checks.html", "how-to/read-the-stream.html"])
def test_a_page_loads_only_what_is_its_own(page: str, site: str, browser: Chrome) -> None:
    browser.get(f"{site}/{page}")
    loaded = browser.execute_script("return performance.getEntriesByType('resource').map((one) => one.name)")
    assert [address for address in loaded if not address.startswith((site, "data:"))] == []


def test_no_page_is_wider_than_a_telephone(built: Path, browser: Chrome) -> None:
    size = {"width": 380, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        assert [page.name for page in built.rglob("*.html") if overflows(browser, page.as_uri())] == []
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def overflows(browser: Chrome, url: str) -> bool:
    """Whether a page is wider than the window."""
    browser.get(url)
    script = "return document.documentElement.scrollWidth > document.documentElement.clientWidth"
    return bool(browser.execute_script(script))
