"""Is the documentation free of lost links, unknown languages and long sentences, and would one be found?"""

from pathlib import Path

import pytest

from tests.docs.lint import main, mistakes
from tests.docs.pages import DOCS, PAGES, README
from tests.docs.snippets import Block, anchors, blocks, links, prose, sentences, words

GOOD = "# Title\n\nA short sentence, with a [link](#title).\n\n"


def found(text: str, path: Path = README) -> list[str]:
    """The mistakes of a page with this text."""
    return list(mistakes(path, text, is_page=True))


def test_the_documentation_has_no_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert main() == 0, capsys.readouterr().out


def test_a_sentence_of_the_documentation_has_fewer_than_16_words_on_average() -> None:
    counts = [words(one) for path in PAGES for one in sentences(path.read_text(encoding="utf-8"))]
    assert sum(counts) / len(counts) < 16


def test_a_page_without_mistakes_has_none() -> None:
    assert found(GOOD) == []


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (GOOD + "[lost](docs/lost.md)\n", "the link to docs/lost.md leads nowhere"),
        (GOOD + "[lost](#nowhere)\n", "the link to #nowhere leads to no heading"),
        (GOOD + "[lost](docs/index.md#nowhere)\n", "the link to docs/index.md#nowhere leads to no heading"),
        (GOOD + "```\ncall();\n```\n", "line 6: a block is marked as one of bash"),
        (GOOD + "```mermaid\na --> b\n```\n", "line 6: a block is marked as one of bash"),
        (GOOD + f"One {'word ' * 40}ends.\n", "a sentence has 42 words; at most 32"),
        ("# Title\n\n" + f"One {'word ' * 20}ends.\n", "a sentence has 22.0 words on average"),
        (GOOD + "\n# Another title\n", "a page begins with its one title; here are 2"),
        (GOOD + "\n" * 160, "the README has 164 lines; at most 160"),
    ],
)
def test_a_mistake_is_found(text: str, mistake: str) -> None:
    assert [one for one in found(text) if one.startswith(mistake)]


def test_another_markdown_file_is_asked_for_its_links_only() -> None:
    assert list(mistakes(README, "```\ncall();\n```\n", is_page=False)) == []


def test_a_block_a_link_and_an_anchor_are_read_as_markdown_has_them() -> None:
    text = "# `A` title, again\n\n[b](c.md#d) [e](https://f.example) ![g](h.svg)\n\n```js\ng(1)\n```\n"
    assert blocks(text) == [Block("js", "g(1)\n", 6)]
    assert blocks(text, "python") == []
    assert list(links(text)) == [("c.md", "d"), ("h.svg", "")]
    assert anchors(text) == {"a-title-again"}


@pytest.mark.parametrize("comment", ["// a/b.js", "# a/b.js", "<!-- a/b.js -->"])
def test_the_first_line_of_a_block_may_name_its_file(comment: str) -> None:
    assert Block("js", f"{comment}\nf();\n", 1).name == "a/b.js"


@pytest.mark.parametrize("line", ["// sends b.js", "f(); // b.js", "# a comment"])
def test_another_first_line_names_no_file(line: str) -> None:
    assert Block("js", f"{line}\nf();\n", 1).name == ""


def test_sentences_are_counted_without_code_tables_and_headings() -> None:
    text = "# A title\n\nOne, `two words` [three](four.md).\nFive six.\n\n- Seven\n- eight\n\n| nine |\n"
    assert sentences(text) == ["One, `two words` three.", "Five six.", "- Seven", "- eight"]
    assert [words(one) for one in sentences(text)] == [3, 2, 1, 1]
    assert "nine" not in prose(text)


def test_every_page_of_the_documentation_is_read() -> None:
    assert len(DOCS) > 30
