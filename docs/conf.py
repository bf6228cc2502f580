"""How does Sphinx build this site? `make docs` runs it; the pages are Markdown that GitHub shows as well."""

import os
import re
from importlib.metadata import version as installed
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

HERE = Path(__file__).parent
ROOT = HERE.parent

project = "Tune Studio run API"
author = "Maintainers of the reference contract"
project_copyright = author
version = release = installed("tune-contract")
language = "en"

extensions = ["myst_parser"]
exclude_patterns = ["conf.py"]
myst_heading_anchors = 4  # every heading has the anchor that GitHub gives it
nitpicky = True
smartquotes = False  # as on GitHub

html_theme = "furo"
html_title = "Tune Studio run API"
html_copy_source = False
html_use_index = False
html_show_sphinx = False
html_static_path = ["site.css"]
html_css_files = ["site.css"]
highlight_language = "text"

# GitHub's jobs say where the repository is. Elsewhere links to its files lead into the checkout.
_REPOSITORY = os.environ.get("GITHUB_REPOSITORY", "")
_SERVER = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
if _REPOSITORY:
    html_theme_options = {
        "source_repository": f"{_SERVER}/{_REPOSITORY}",
        "source_branch": os.environ.get("GITHUB_REF_NAME", "main"),
        "source_directory": "docs/",
    }

_FENCE = re.compile(r"^(```.*?^```)$", flags=re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]+)\]\((?P<target>(?:\.\./)+[^)\s#]+)(?P<anchor>#[^)\s]*)?\)")
_ENTRY = re.compile(r"^[-*] \[[^\]]+\]\((?P<page>[\w./-]+)\.md\)", flags=re.MULTILINE)


def _outward(page: PurePosixPath, text: str) -> str:
    """The text with its links that leave `docs/` written as HTML, which MyST does not look up."""

    def replaced(link: re.Match[str]) -> str:
        path = Path(os.path.normpath(HERE / page.parent / link["target"]))
        if path.is_relative_to(HERE) or not path.is_relative_to(ROOT):
            return link.group()
        inside = path.relative_to(ROOT).as_posix()
        up = "../" * (len(page.parts) + 1)
        address = f"{_SERVER}/{_REPOSITORY}/blob/HEAD/{inside}" if _REPOSITORY else f"{up}{inside}"
        return f'<a href="{address}{link["anchor"] or ""}">{link["text"]}</a>'

    parts = _FENCE.split(text)
    return "".join(part if part.startswith("```") else _LINK.sub(replaced, part) for part in parts)


def _navigation(text: str) -> str:
    """A contents tree of the pages that an index lists: GitHub shows the list, Sphinx needs the tree."""
    pages = [entry["page"] for entry in _ENTRY.finditer(text)]
    return "\n".join(["", "```{toctree}", ":hidden:", "", *pages, "```", ""])


def _read(_: "Sphinx", page: str, source: list[str]) -> None:
    """Make of a page for GitHub one for Sphinx."""
    source[0] = _outward(PurePosixPath(page), source[0])
    if PurePosixPath(page).name == "index":
        source[0] += _navigation(source[0])


def setup(app: "Sphinx") -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("source-read", _read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
