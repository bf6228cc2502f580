"""What does a page show, block by block?"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", flags=re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#+ (?P<title>.+)$", flags=re.MULTILINE)
_NAME = re.compile(r"(?://|#|<!--) (?P<name>[\w./-]+\.\w+)(?: -->)?\n")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text and the line on which the text begins."""

    language: str
    text: str
    line: int

    @cached_property
    def name(self) -> str:
        """The file that a reader saves the block in, as its first line names it; empty if it names none."""
        found = _NAME.match(self.text)
        return found["name"] if found else ""


def blocks(text: str, *languages: str) -> list[Block]:
    """The fenced blocks of a Markdown text in these languages, or in all."""
    found = (
        Block(match["language"], match["text"], text.count("\n", 0, match.start()) + 2)
        for match in _FENCE.finditer(text)
    )
    return [block for block in found if not languages or block.language in languages]


def links(text: str) -> Iterator[tuple[str, str]]:
    """File and anchor of every link and picture of a Markdown text that stays within the repository."""
    for match in _LINK.finditer(_FENCE.sub("", text)):
        if not re.match(r"[a-z]+:", match["target"]):
            path, _, anchor = match["target"].partition("#")
            yield path, anchor


def anchors(text: str) -> set[str]:
    """The anchors of a Markdown text's headings, as GitHub makes them."""
    titles = (match["title"].lower() for match in _HEADING.finditer(_FENCE.sub("", text)))
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}


def prose(text: str) -> str:
    """The text without code, tables, headings, pictures, comments and the addresses of links."""
    text = re.sub(r"<!--.*?-->", "", _FENCE.sub("", text), flags=re.DOTALL)
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", text)
    text = re.sub(r"^(\||#).*$", "", text, flags=re.MULTILINE)
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)


def sentences(text: str) -> list[str]:
    """The sentences of a Markdown text; the entry of a list ends one, whether it has a full stop or not."""
    paragraphs = re.split(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )", prose(text))
    found = (one for part in paragraphs for one in re.split(r"(?<=[.!?])\s+", " ".join(part.split())))
    return [one for one in found if re.search(r"\w", one)]


def words(text: str) -> int:
    """How many words a sentence has; an inline piece of code is one word."""
    return len(re.findall(r"[\w'’.-]*\w[\w'’.-]*", re.sub(r"`[^`]*`", "code", text)))
