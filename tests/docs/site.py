"""Does the built site work without a network?

    python -m tests.docs.site build/docs      (part of make docs)

A page may link to other sites; it may not load anything from them.
"""

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

# The attributes by which an element loads something; a link to a style sheet or an icon is one.
LOADING = {
    "audio": "src",
    "embed": "src",
    "iframe": "src",
    "image": "href",
    "img": "src",
    "input": "src",
    "object": "data",
    "script": "src",
    "source": "src",
    "use": "href",
    "video": "src",
}
_OUTSIDE = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//", flags=re.IGNORECASE)
_IN_STYLE = re.compile(r"(?:url\(|@import)\s*[\"']?([^\"')\s]+)")


class _Loaded(HTMLParser):
    """Collects what a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note what an element loads."""
        given = {name: value or "" for name, value in attributes}
        if tag == "link" and given.get("rel") not in (
            "canonical",
            "next",
            "prev",
            "index",
            "search",
            "author",
        ):
            self.addresses.append(given.get("href", ""))
        self.addresses += [given[name] for name in (LOADING.get(tag, ""),) if name in given]
        self.addresses += [part.split()[0] for part in given.get("srcset", "").split(",") if part.strip()]
        self.addresses += _IN_STYLE.findall(given.get("style", ""))


def loaded(path: Path) -> list[str]:
    """The addresses that a file of the site loads."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".css":
        return list(_IN_STYLE.findall(text))
    page = _Loaded()
    page.feed(text)
    return page.addresses + _IN_STYLE.findall(
        " ".join(re.findall(r"<style.*?</style>", text, flags=re.DOTALL))
    )


def mistakes(folder: Path) -> Iterator[str]:
    """What a page loads from elsewhere, or from a file that is not there, a line each."""
    for path in sorted(one for one in folder.rglob("*") if one.suffix in (".css", ".html", ".svg")):
        for address in loaded(path):
            place = f"{path.relative_to(folder)}: loads {address}"
            if _OUTSIDE.match(address):
                yield f"{place}, which is another site's"
            elif not re.match(r"(?:data:|#|$)", address) and not _file(path, address).is_file():
                yield f"{place}, which is not there"


def _file(page: Path, address: str) -> Path:
    return page.parent / re.split(r"[?#]", address)[0]


def main(folder: Path) -> int:
    """Print what is wrong with the site in the folder; 1 if anything is."""
    pages, found = len(list(folder.rglob("*.html"))), list(mistakes(folder))
    print("\n".join(found) or f"{folder}/index.html: {pages} pages that load nothing from elsewhere")
    return 1 if found or not pages else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
