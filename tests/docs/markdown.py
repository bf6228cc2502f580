"""How is a table written in Markdown?"""

import re
from collections.abc import Iterable, Sequence


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a cell holds Markdown on one line, and its bars are escaped."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|").strip()


def code(text: str) -> str:
    """The text as code; nothing if it is empty."""
    return f"`{text}`" if text else ""


def codes(texts: Iterable[str]) -> str:
    """Each of the texts as code, with commas between them."""
    return ", ".join(code(text) for text in texts)


def sentence(text: str) -> str:
    """The text with a capital letter first and a full stop last."""
    text = text.strip()
    return f"{text[:1].upper()}{text[1:]}{'' if not text or text[-1] in '.?!' else '.'}"
