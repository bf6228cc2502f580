"""Which retired words does a file contain, and how long are its sentences?

A person reads comments, docstrings, string literals, the names of functions and classes, Markdown and YAML.
Other identifiers in code are not checked.
"""

import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDERS = (
    "openapi",
    "mock_server",
    "contract_tests",
    "spec_review",
    "docs",
    "tests",
    "benchmarks",
    "clients",
    ".github",
)
WHOLE = frozenset({".md", ".yaml", ".yml", ".toml", ".json", ".html", ".jinja", ".css", ".lua", ".sh"})
SCRIPTS = frozenset({".js", ".mjs", ".cjs", ".ts", ".tsx"})


@dataclass(frozen=True)
class Retired:
    """A regular expression for a retired word, and what to write instead. A space matches line breaks too."""

    pattern: str
    write: str

    @property
    def expression(self) -> re.Pattern[str]:
        """The pattern for whole words in any case."""
        spaced = self.pattern.replace(" ", r"\s+")
        return re.compile(rf"(?<!\w)(?:{spaced})(?!\w)", re.IGNORECASE)


RETIRED = (
    Retired("judg(?:e|es|ed|ing|ments?|ements?)", "check, checked, checker or conformance check"),
    Retired("(?:un)?lawful(?:ly)?", "conforming, valid or compatible"),
    Retired("told", "reported"),
    Retired("teach(?:es|ing)?", "suggests"),
    Retired("sights?", "values or observations"),
    Retired("grave(?:r|st|ly)?", "severe"),
    Retired("wire[ -]conditions?", "network condition"),
    Retired("(?:a|its|this|each|every|another|own) world|worlds", "sandbox"),
    Retired("tall(?:y|ies)", "counters"),
    Retired("outbox", "write batching"),
    Retired("seams?", "connexion API"),
    Retired("instants", "timestamps"),
    Retired("(?-i:WrongUse)", "UsageError"),
    Retired("(?-i:CannotTry)", "Inconclusive"),
    Retired("(?-i:Exhausted)", "BudgetExceeded"),
    Retired("how-manieth", "the number or index of"),
    Retired("so many", "the number of, or N"),
    Retired("of more \\w+,", "at most N are kept"),
    Retired("if nobody chooses", "by default"),
    Retired("nobody|somebody|whoever", "the client, the user or the caller"),
    Retired("the mock's own", "the name of the thing in the mock"),
    Retired("(?:is|are|was|were) over(?! \\d)", "has ended or is terminal"),
    Retired("alike", "equal, equally or both"),
    Retired("for a while|after a while|a while ago", "a time"),
    Retired("puts? (?:its|their) feet", "the capabilities of"),
    Retired("let the next one", "release the lock"),
    Retired("speed of life|the wall's", "real time"),
    Retired("stor(?:y|ies)", "scenario, sequence or history"),
)


@dataclass(frozen=True)
class Exempt:
    """Text that may contain a retired word: a regular expression, the files it applies to, and the reason."""

    pattern: str
    files: str
    because: str


EXEMPT = (
    Exempt(r"[\"'`]teaches[\"'`]", "**", "the key of the JSON report of tune-check stays"),
    Exempt(r"required-action-told", "**", "the slug of a check stays"),
    Exempt(r"(?s)\n## \[\d.*", "CHANGELOG.md", "entries of released versions are history"),
    Exempt(
        r"(?m)^(?!\s*#|summary:|reveals:).*$",
        "mock_server/scenarios/*.yaml",
        "the canned answers of a model are sample texts",
    ),
    Exempt(r"(?s).*", "tests/repository/words.py", "the list itself"),
    Exempt(r"(?s).*", "tests/repository/test_words.py", "the tests of the list"),
    Exempt(r"(?s).*", "**/package-lock.json", "names of packages"),
    Exempt(r"(?s).*", "tests/spec_review/sarif-2.1.0.schema.json", "a published schema of others"),
)


def is_read(path: Path) -> bool:
    """Whether a tracked file holds text that is checked."""
    if len(path.parts) == 1:
        return path.suffix in {".md", ".toml"} or path.name == "Makefile"
    return path.parts[0] in FOLDERS and path.suffix in {".py", *WHOLE, *SCRIPTS}


def retired_words(path: Path, text: str) -> list[str]:
    """The retired words of a file, one string each: file, line, word and replacement."""
    found = []
    for line, part in sorted(_parts(path, _without_exempt(path, text))):
        for word in RETIRED:
            for match in word.expression.finditer(part):
                at = line + part.count("\n", 0, match.start())
                shown = " ".join(match.group().split())
                found.append(f"{path.as_posix()}:{at}: '{shown}': write {word.write}")
    return list(dict.fromkeys(found))


def _without_exempt(path: Path, text: str) -> str:
    """The text with exempt passages replaced by spaces; line breaks are kept."""
    for exempt in EXEMPT:
        if path.match(exempt.files) or exempt.files == "**":
            text = re.sub(exempt.pattern, lambda found: re.sub(".", " ", found.group()), text)
    return text


def _parts(path: Path, text: str) -> Iterator[tuple[int, str]]:
    """The readable parts of a file, each with the number of its first line."""
    if path.suffix == ".py":
        return _python(text)
    if path.suffix in SCRIPTS:
        return _script(text)
    return iter([(1, text)])


def _python(text: str) -> Iterator[tuple[int, str]]:
    before = ""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        kind = tokenize.tok_name[token.type]
        if kind in ("COMMENT", "FSTRING_MIDDLE"):
            yield token.start[0], token.string
        elif kind == "STRING":
            formatted = "f" in token.string.partition(token.string.lstrip("rRbBuUfF")[:1])[0].lower()
            yield token.start[0], re.sub(r"\{[^{}]*\}", "", token.string) if formatted else token.string
        elif kind == "NAME" and before in ("def", "class"):
            yield token.start[0], _name_words(token.string)
        before = token.string


def _name_words(name: str) -> str:
    """The words of a name in snake case or camel case, and the name itself."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ")
    return f"{spaced} {name}" if spaced != name else name


_SCRIPT = re.compile(
    r"//[^\n]*|/\*.*?\*/" r"|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`",
    re.DOTALL,
)


def _script(text: str) -> Iterator[tuple[int, str]]:
    for match in _SCRIPT.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match.group()


def sentences(text: str) -> list[str]:
    """The sentences of a Markdown text, without code blocks, tables, headings and HTML comments."""
    prose = re.sub(r"(?ms)^ *```.*?^ *```$|<!--.*?-->", "\n\n", text)
    prose = re.sub(r"(?m)^(?:#|\||---|!!!).*$", "", prose)
    prose = re.sub(r"!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])", r"\1", prose)
    prose = re.sub(r"`[^`]*`", "code", prose)
    prose = re.sub(r"(?m)^\s*(?:[-*+]|\d+\.) ", "\n\n", prose)
    found = re.split(r"(?<=[.!?])[\"')*_]*\s+|:?\s*\n\s*\n", prose)
    return [one for one in found if re.search(r"\w", one)]


def words(sentence: str) -> int:
    """The number of words in a sentence."""
    return len(re.findall(r"\w[\w'’.-]*", sentence))
