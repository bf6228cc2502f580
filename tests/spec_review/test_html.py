"""Is the HTML report one page on which every text of a document is inert?"""

import re
from dataclasses import replace
from html.parser import HTMLParser

from spec_review.change import Position, Use
from spec_review.loading import Source
from spec_review.render.html import as_html
from spec_review.report import Report
from spec_review.review import all_changes
from tests.spec_review.labelled import base, document, patch

HOSTILE = "</pre><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[31m`code`"


class Tags(HTMLParser):
    """Collects the tags of a page and the names of their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes |= {name for name, _ in attrs}


def report() -> Report:
    """A report of a narrowed parameter."""
    head = base()
    patch(head, {"/components/parameters/Limit/schema/maximum": 99})
    documents = document(base(), "base.json"), document(head, "head.json")
    sources = {one.name: one.source for one in documents}
    return Report("base.json", "head.json", all_changes(*documents), (), ["A note."], 0, sources)


def test_a_page_shows_each_change_with_both_places_and_its_proof() -> None:
    page = as_html(report())
    assert page.count("<article") == len(report().changes)
    assert "Base: base.json:1" in page
    assert "Revision: head.json:1" in page
    assert "curl" in page
    assert "A note." in page


def test_a_page_needs_no_other_file() -> None:
    page = as_html(report())
    assert "default-src &#x27;none&#x27;" in page or "default-src 'none'" in page
    assert not re.search(r"""(src|href)\s*=|url\(|@import""", page)


def test_every_text_of_a_document_is_inert() -> None:
    found = report()
    at = Position("evil.json", 1, HOSTILE)
    uses = (Use(HOSTILE, HOSTILE),)
    changes = [replace(one, message=HOSTILE, subject=HOSTILE, base=at, uses=uses) for one in found.changes]
    sources = {"evil.json": Source("evil.json", HOSTILE.encode())}
    page = as_html(replace(found, changes=changes, notes=[HOSTILE], sources=sources, base=HOSTILE))
    plain = Tags(as_html(found))
    assert Tags(page).names.count("script") == 1
    assert set(Tags(page).names) <= {*plain.names, "option", "code", "ul", "li", "details", "summary"}
    assert "onerror" not in Tags(page).attributes
    assert "\x1b" not in page
