"""How is a text that a service wrote made harmless before it is shown?"""

import re

HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Characters that move the cursor, change the direction of text, cannot be seen or cannot be written."""
# Runners of GitHub and Azure look for these anywhere in a line.
COMMAND = re.compile(r"#(?=#(?:\[|vso\[|teamcity\[))")
_AT_START = re.compile(r"^(\s*)::", re.MULTILINE)


def visible(text: str) -> str:
    """The text with an escape such as `\\x1b` for each hidden character. Line ends and tabs stay."""
    return HIDDEN.sub(lambda found: escaped(found[0]), COMMAND.sub(r"\\x23", text))


def one_line(text: str, limit: int = 500) -> str:
    """The text as one visible line, truncated if it is long."""
    start = (
        text[: 2 * limit].replace("\r\n", "\n").replace("\n", "\\n").replace("\r", "\\r").replace("\t", " ")
    )
    line = visible(start).strip()
    return line if len(line) <= limit and len(text) <= 2 * limit else f"{line[:limit]}..."


def log_lines(text: str) -> str:
    """The text, visible, without a line that a runner reads as a workflow command."""
    return _AT_START.sub(r"\1\\::", visible(text))


def escaped(char: str) -> str:
    """The escape for a character, as Python writes it."""
    number = ord(char)
    if number < 256:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 65536 else f"\\U{number:08x}"
