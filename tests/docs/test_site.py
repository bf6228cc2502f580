"""Is the site built from the pages as they are, and would one that loads from elsewhere be found?"""

import re
import runpy
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, named
from tests.docs.site import main, mistakes
from tests.repository.sources import ROOT


def source(page: str, text: str, monkeypatch: pytest.MonkeyPatch, repository: str = "") -> str:
    """The text that Sphinx reads in place of a page's own, on GitHub if a repository is named."""
    monkeypatch.setenv("GITHUB_REPOSITORY", repository)
    read = runpy.run_path(str(ROOT / "docs/conf.py"))["_read"]
    held = [text]
    read(None, page, held)
    return held[0]


def test_a_link_out_of_the_documentation_leads_into_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "See [the `document`](../../openapi/README.md#grades) and [a page](../index.md)."
    assert source("how-to/upgrade", text, monkeypatch) == (
        'See <a href="../../../openapi/README.md#grades">the `document`</a> and [a page](../index.md).'
    )


def test_on_github_a_link_out_of_the_documentation_leads_to_the_repository(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = source("how-to/upgrade", "[It](../../LICENSE)", monkeypatch, "owner/name")
    assert read == '<a href="https://github.com/owner/name/blob/HEAD/LICENSE">It</a>'


def test_a_block_of_code_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "```text\n[It](../../LICENSE)\n```\n"
    assert source("how-to/upgrade", text, monkeypatch) == text


def test_an_index_gets_a_tree_of_the_pages_that_it_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    read = source("how-to/index", "# Guides\n\n- [One](one.md): first.\n- [Two](two.md)\n", monkeypatch)
    assert read.endswith("\n```{toctree}\n:hidden:\n\none\ntwo\n```\n")


def test_every_page_is_listed_by_the_index_of_its_folder() -> None:
    lost = []
    for page in DOCS:
        index = page.parent / "index.md" if page.name != "index.md" else page.parent.parent / "index.md"
        entry = page.relative_to(index.parent).as_posix()
        if page != ROOT / "docs/index.md" and not re.search(
            rf"^- \[[^\]]+\]\({re.escape(entry)}\)", index.read_text(encoding="utf-8"), flags=re.MULTILINE
        ):
            lost.append(named(page))
    assert lost == []


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://cdn.example/a.js"></script>',
        '<script src="//cdn.example/a.js"></script>',
        '<link rel="stylesheet" href="https://fonts.example/a.css">',
        '<link rel="preconnect" href="https://fonts.example">',
        '<img src="https://badges.example/a.svg">',
        '<img srcset="https://badges.example/a.png 2x">',
        "<style>@import 'https://fonts.example/a.css';</style>",
        '<p style="background: url(https://a.example/b.png)">',
        '<iframe src="https://a.example">',
    ],
)
def test_a_page_that_loads_from_elsewhere_is_found(text: str, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(text, encoding="utf-8")
    (found,) = mistakes(tmp_path)
    assert found.startswith("index.html: loads ")
    assert main(tmp_path) == 1


def test_a_style_sheet_that_loads_from_elsewhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text(
        "@font-face { src: url('https://fonts.example/a.woff2') }", encoding="utf-8"
    )
    assert len(list(mistakes(tmp_path))) == 1


def test_a_file_that_is_not_there_is_found(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text('<script src="lost.js?v=1"></script>', encoding="utf-8")
    assert list(mistakes(tmp_path)) == ["index.html: loads lost.js?v=1, which is not there"]


def test_a_page_may_link_to_another_site_and_load_its_own_files(tmp_path: Path) -> None:
    (tmp_path / "a.js").touch()
    text = (
        '<a href="https://a.example">A</a><script src="a.js?v=1"></script><img src="data:image/png;base64,">'
    )
    (tmp_path / "index.html").write_text(text, encoding="utf-8")
    assert list(mistakes(tmp_path)) == []
    assert main(tmp_path) == 0


def test_a_folder_without_pages_is_a_mistake(tmp_path: Path) -> None:
    assert main(tmp_path) == 1
