"""What is wrong with the README and the documentation, as far as a quick look shows?

python -m tests.docs.lint      (part of make check)
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.docs.pages import PAGES, README
from tests.docs.snippets import anchors, blocks, links, sentences, words
from tests.repository.sources import ROOT, tracked

LANGUAGES = frozenset({"bash", "console", "html", "js", "json", "python", "text", "toml", "yaml"})
README_LINES = 160
MEAN_WORDS, MOST_WORDS = 16, 32


def mistakes(path: Path, text: str, is_page: bool) -> Iterator[str]:
    """The mistakes of a Markdown file, a line each; those of style only for a page of the documentation."""
    rules: tuple[Callable[[Path, str], Iterator[str]], ...] = (_lost_links,)
    if is_page:
        rules = (_lost_links, _languages, _long_sentences, _headings, _length)
    for rule in rules:
        yield from rule(path, text)


def _lost_links(path: Path, text: str) -> Iterator[str]:
    for target, anchor in links(text):
        found = path.parent / target if target else path
        if not found.exists():
            yield f"the link to {target} leads nowhere"
        elif anchor and anchor not in anchors(text if found == path else found.read_text(encoding="utf-8")):
            yield f"the link to {target}#{anchor} leads to no heading"


def _languages(_: Path, text: str) -> Iterator[str]:
    for block in blocks(text):
        if block.language not in LANGUAGES:
            known = ", ".join(sorted(LANGUAGES))
            yield f"line {block.line}: a block is marked as one of {known}, not {block.language!r}"


def _long_sentences(_: Path, text: str) -> Iterator[str]:
    counted = [(words(sentence), sentence) for sentence in sentences(text)]
    mean = sum(count for count, _ in counted) / max(1, len(counted))
    if mean >= MEAN_WORDS:
        yield f"a sentence has {mean:.1f} words on average; keep it under {MEAN_WORDS}"
    for count, sentence in counted:
        if count > MOST_WORDS:
            yield f"a sentence has {count} words; at most {MOST_WORDS}: {sentence[:60]}..."


def _headings(_: Path, text: str) -> Iterator[str]:
    outside = "".join(part for index, part in enumerate(text.split("```")) if index % 2 == 0)
    titles = [line for line in outside.splitlines() if line.startswith("# ")]
    if len(titles) != 1 or not text.startswith("# "):
        yield f"a page begins with its one title; here are {len(titles)}"


def _length(path: Path, text: str) -> Iterator[str]:
    count = len(text.splitlines())
    if path == README and count > README_LINES:
        yield f"the README has {count} lines; at most {README_LINES}"


def main() -> int:
    """Print the mistakes of all Markdown files; 1 if there are any."""
    paths = {ROOT / path for path in tracked("*.md")} | set(PAGES)
    found = [
        f"{path.relative_to(ROOT)}: {mistake}"
        for path in sorted(paths)
        for mistake in mistakes(path, path.read_text(encoding="utf-8"), path in PAGES)
    ]
    print("\n".join(found) or "Documentation: links, languages and sentences are in order.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
