"""How is text from a document made inert in a terminal, in Markdown and in workflow commands?"""

import re

HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Characters that move the cursor, change the direction of text, or cannot be seen."""

JOINER = "\u2060"
"""A word joiner: it has no width and ends what would be a mention, a reference or an address."""

SPECIAL = re.compile(r"[\\`*_{}\[\]<>|~&^$]")
ADDRESS = re.compile(r"(?<=[@#:])(?=[\w+/])|(?<=\b[wW][wW][wW])(?=\.)")
START = re.compile(r"^(?=[-+=#])|^(\d+)(?=[.)])")
CODE = re.compile(r"(?<!`)`([^`]+)`(?!`)")


def visible(text: str) -> str:
    """The text with each hidden character as an escape such as `\\x1b`; line ends and tabs stay."""
    return HIDDEN.sub(lambda found: _escaped(found[0]), text.replace("##[", f"##{JOINER}["))


def _escaped(char: str) -> str:
    number = ord(char)
    if number < 256:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 65536 else f"\\U{number:08x}"


def one_line(text: str) -> str:
    """The text as one visible line."""
    return visible(" ".join(text.split()))


def line_for_log(text: str) -> str:
    """A line that a CI runner does not read as a workflow command."""
    safe = visible(text)
    return re.sub(r"^(\s*)::", r"\1\\::", safe)


def markdown(text: str) -> str:
    """The text as one line of Markdown: nothing but text, and code for what stands between backticks."""
    parts, end = [], 0
    line = one_line(text)
    for found in CODE.finditer(line):
        parts += [_prose(line[end : found.start()], not end), code(found[1])]
        end = found.end()
    return "".join([*parts, _prose(line[end:], not end)])


def _prose(text: str, first: bool) -> str:
    safe = SPECIAL.sub(lambda found: f"\\{found[0]}", text)
    safe = ADDRESS.sub(JOINER, safe)
    return START.sub(lambda found: f"{found[1] or ''}\\", safe) if first else safe


def code(text: str) -> str:
    """The text as a code span; empty for an empty text."""
    line = one_line(text)
    if not line:
        return ""
    runs = {len(run) for run in re.findall("`+", line)}
    fence = "`" * next(length for length in range(1, len(runs) + 2) if length not in runs)
    pad = " " if line[0] in "` " or line[-1] in "` " else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def cell(text: str) -> str:
    """The text as Markdown in a cell of a table."""
    return markdown(text.replace("|", "\u00a6"))


def fenced(text: str, language: str) -> str:
    """The text as a code block that nothing in it can end."""
    lines = visible(text)
    longest = max((len(run) for run in re.findall("`+", lines)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{lines}\n{fence}"


def encodable(text: str) -> str:
    """The text without lone surrogates, which UTF-8 cannot hold; a file name may contain them."""
    return text.encode("utf-8", "replace").decode("utf-8")
