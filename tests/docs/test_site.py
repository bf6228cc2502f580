"""Would a page that loads something from elsewhere be found?"""

from pathlib import Path

import pytest

from tests.docs.site import main, mistakes


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
