"""Which pages does a reader of this project read, and which files do they let the reader save?"""

from pathlib import Path

from tests.docs.snippets import Block, blocks
from tests.repository.sources import ROOT

README = ROOT / "README.md"
DOCS = tuple(sorted((ROOT / "docs").rglob("*.md")))
PAGES = (README, *DOCS)


def named(path: Path) -> str:
    """A page's path from the root."""
    return path.relative_to(ROOT).as_posix()


def shown(path: Path, *languages: str) -> list[Block]:
    """The blocks of a page."""
    return blocks(path.read_text(encoding="utf-8"), *languages)


SHOWN_FILES = {block.name: block.text for path in PAGES for block in shown(path) if block.name}
