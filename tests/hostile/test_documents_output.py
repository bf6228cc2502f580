"""Is every text of a hostile document inert in the terminal, in Markdown and in workflow commands?"""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from spec_review import compare, load
from spec_review.loading import Source
from spec_review.render import FORMATS
from spec_review.render.escape import cell, code, fenced, markdown
from spec_review.report import Report

PARSER = MarkdownIt("gfm-like", {"linkify": False}).enable(["table", "strikethrough"])
PIECES = st.sampled_from(
    [
        "`", "``", "```", "~~~", "*", "**",
        "_", "[a](http://x.example)", "![a](http://x.example/i.png)", "<!--", "-->", "<img src=x>",
        "</details>", "<script>", "# a", "\n", "\r", "\r\n",
        "\n\n", "    ", "\t", "- ", "1. ", "> ",
        "---", "===", "|", "\\", "&amp;", "&#64;",
        "@everyone", "#12", "http://x.example", "www.x.example", "::error::x", "\n::error::x",
        "##[error]x", "\x1b[31m", "\x9b31m", "\u202e", "\u2066", "\u2028",
        "\ufeff", "$x$", "~~a~~", "a", " ", "`a`",
        "[x]: http://x.example", "<http://x.example>", "^", "{", "}", "é",
        "\U0001f44d",
    ]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=8).map("".join)
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
INERT = {"text", "code_inline", "text_special"}


def kinds(text: str) -> set[str]:
    """The kinds of inline nodes of a Markdown text, and of its blocks."""
    found = set()
    for token in PARSER.parse(text):
        found.add(token.type)
        found |= {child.type for child in token.children or ()}
    return found


@given(TEXTS)
@settings(max_examples=400, deadline=None)
def test_only_text_and_code_come_out_of_markdown(text: str) -> None:
    assert kinds(f"- {markdown(text)}") <= INERT | {
        "bullet_list_open", "list_item_open", "paragraph_open", "inline",
        "paragraph_close", "list_item_close", "bullet_list_close",
    }  # fmt: skip
    assert kinds(f"#### x {markdown(text)}") <= INERT | {"heading_open", "inline", "heading_close"}
    assert kinds(f"x {code(text)}") <= INERT | {"paragraph_open", "inline", "paragraph_close"}
    assert kinds(fenced(text, "sh")) == {"fence"}
    rows = PARSER.parse(f"| a | b |\n| --- | --- |\n| {cell(text)} | x |")
    assert sum(token.type == "td_open" for token in rows) == 2
    assert not UNSAFE.search(markdown(text) + code(text) + fenced(text, "sh"))


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_no_mention_reference_or_address_is_left_outside_of_code(text: str) -> None:
    inline = [child for token in PARSER.parse(markdown(text)) for child in token.children or ()]
    prose = "".join(" " if child.type == "code_inline" else child.content for child in inline)
    assert not re.search(r"[@#]\w|\bwww\.|://|:\w+:", prose)


def hostile(text: str) -> Report:
    """The report of two documents whose every name and value contains a text."""

    def document(values: list[Any], maximum: int) -> dict[str, Any]:
        schema = {
            "type": "object",
            "required": [text + "r"] if maximum == 1 else [],
            "properties": {
                text + "p": {"enum": [text, *values]},
                text + "q": {"pattern": text, "maximum": maximum},
            },
        }
        content = {"content": {"application/json": {"schema": schema}}}
        return {
            "openapi": "3.1.0",
            "info": {"title": text, "version": "1"},
            "tags": [{"name": f"{text}{maximum}"}],
            "paths": {
                "/a": {
                    "post": {
                        "operationId": text + "o",
                        "tags": [text],
                        "parameters": [{"in": "query", "name": text + str(maximum), "schema": {}}],
                        "requestBody": content,
                        "responses": {"200": {"description": text, **content}},
                    }
                }
            },
            "x": {"$ref": f"#/{text}gone"},
        }

    base = load(Source("a.json", json.dumps(document([1], 2)).encode()))
    head = load(Source("b.json", json.dumps(document([text + "v"], 1)).encode()))
    changes = compare(base, head)
    return Report("a.json", f"b{text}.json", changes, notes=[*base.warnings, *head.warnings])


@pytest.mark.parametrize(
    "text",
    [
        "\x1b]0;x\x07", "\u202ecba", "\n::error::forged", "`\n\n# Forged\n\n<!--", "](http://x) ![](http://x)",
        "```\n</details>@everyone", "##[error]x", "\ud83d", "a`b``c\\", "%0A::error::",
    ],
)  # fmt: skip
def test_a_report_about_a_hostile_document_is_inert(text: str) -> None:
    report = hostile(text)
    assert report.changes
    for name in ("text", "github", "markdown", "changelog"):
        written = FORMATS[name](report)
        written.encode()
        assert not UNSAFE.search(written), name
        assert "##[" not in written
    for line in FORMATS["text"](report).splitlines():
        assert not line.lstrip().startswith("::")
    assert all(
        re.match(r"::(error|warning|notice) [^\n]*$", line) for line in FORMATS["github"](report).splitlines()
    )
    allowed = {"html_inline", "html_block", "fence", "softbreak", "code_inline", "text", "text_special"}
    for token in PARSER.parse(FORMATS["markdown"](report)):
        assert "link" not in token.type
        for child in token.children or ():
            assert child.type in allowed, (child.type, child.content)
            if child.type == "html_inline":
                assert child.content in ("<sub>", "</sub>")
        if token.type == "html_block":
            assert re.fullmatch(
                r"(<!-- tune-review -->|<details><summary>(Proof|[A-Za-z ]+ \(\d+\))</summary>"
                r"|</details>)\s*",
                token.content,
            ), token.content


def test_json_and_sarif_of_a_hostile_document_are_valid() -> None:
    for text in ("\ud83d", "\x1b", '"\\'):
        for name in ("json", "sarif"):
            json.loads(FORMATS[name](replace(hostile(text), stale=())).encode())
